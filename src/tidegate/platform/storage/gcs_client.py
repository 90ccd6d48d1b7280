"""The Google Cloud Storage client from the environment, and its errors."""

from __future__ import annotations

import functools
import os
import re
from typing import Any, Final

from tidegate.core.errors import StorageError

EMULATOR_VARIABLE: Final = "STORAGE_EMULATOR_HOST"
ANONYMOUS_VARIABLE: Final = "TIDEGATE_GCS_ANONYMOUS"
_KEY_VARIABLE: Final = "GOOGLE_APPLICATION_CREDENTIALS"
_SCOPE: Final = "https://www.googleapis.com/auth/devstorage.read_write"


def client() -> Any:
    """A client with the environment's identity, one per process.

    It makes no request yet.

    Raises:
        StorageError: the library is not installed, or there are no credentials.
    """
    return _made(
        os.getpid(),  # connections do not survive a fork
        os.environ.get(EMULATOR_VARIABLE),
        os.environ.get(ANONYMOUS_VARIABLE) == "1",
        os.environ.get(_KEY_VARIABLE),
    )


@functools.lru_cache(maxsize=8)
def _made(_process: int, emulator: str | None, anonymous: bool, _key: str | None) -> Any:
    try:
        import google.auth
        from google.auth.credentials import AnonymousCredentials
        from google.auth.exceptions import GoogleAuthError
        from google.cloud import storage  # type: ignore[attr-defined,import-untyped,unused-ignore]
    except ImportError:
        raise StorageError(
            "gs:// needs google-cloud-storage, which is not installed; install the package "
            "google-cloud-storage beside tidegate"
        ) from None
    try:
        if emulator or anonymous:
            credentials: Any = AnonymousCredentials()  # type: ignore[no-untyped-call,unused-ignore]
        else:
            credentials, _ = google.auth.default(scopes=[_SCOPE])
        return storage.Client(project=None, credentials=credentials)
    except (GoogleAuthError, OSError, ValueError) as error:
        # Never the error's own text: it may quote a key file.
        raise StorageError(
            f"no credentials for Google Cloud Storage ({type(error).__name__}): use workload "
            f"identity, or mount a key file and name it in {_KEY_VARIABLE}, or run `gcloud auth "
            f"application-default login`; set {ANONYMOUS_VARIABLE}=1 for public buckets"
        ) from None


def transient(error: BaseException) -> bool:
    """Whether an error of the client is temporary."""
    import requests  # type: ignore[import-untyped,unused-ignore]
    from google.api_core.exceptions import (
        BadGateway,
        GatewayTimeout,
        InternalServerError,
        ServiceUnavailable,
        TooManyRequests,
    )
    from google.auth.exceptions import TransportError
    from google.cloud.storage.exceptions import InvalidResponse  # type: ignore[import-untyped]

    # Transfers raise it before the client converts it into one of the others.
    if isinstance(error, InvalidResponse):
        return error.response.status_code in (408, 429, 500, 502, 503, 504)
    return isinstance(
        error,
        BadGateway
        | GatewayTimeout
        | InternalServerError
        | ServiceUnavailable
        | TooManyRequests
        | TransportError
        | requests.ConnectionError
        | requests.Timeout
        | requests.exceptions.ChunkedEncodingError,
    )


def reason(error: BaseException) -> str:
    """Describe a client error in one line without URLs or tokens."""
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.auth.exceptions import GoogleAuthError
    from google.cloud.storage.exceptions import DataCorruption

    if isinstance(error, RetryError) and error.cause is not None:
        return reason(error.cause)
    if isinstance(error, DataCorruption):
        return "it arrived damaged, its checksum is another; start again"
    if isinstance(error, GoogleAuthError):
        return (
            f"the credentials were refused or could not be renewed ({type(error).__name__}); "
            "check the workload's identity or the key file"
        )
    if isinstance(error, GoogleAPICallError):
        # The library's text begins with the request, whose URL can be a session's secret.
        text = re.sub(r"\w+ https?://\S+ *", "", (error.message or "").split("\n")[0])
        text = text.split(": ('Request failed")[0]
        return f"the server answered {error.code}: {text.strip() or 'no reason given'}"
    return f"the server could not be reached or broke off ({type(error).__name__})"
