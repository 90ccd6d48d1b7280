"""The client of an S3 service, configured by the environment."""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import certifi
import urllib3
from minio import Minio
from minio.credentials.credentials import Credentials
from minio.credentials.providers import (
    AWSConfigProvider,
    ChainedProvider,
    EnvAWSProvider,
    EnvMinioProvider,
    IamAwsProvider,
    Provider,
)
from urllib3.exceptions import NewConnectionError, ProtocolError, ProxyError, SSLError
from urllib3.exceptions import TimeoutError as HTTPTimeoutError

from tidegate.core.errors import StorageError
from tidegate.platform.storage.proxies import Proxy, proxy_for
from tidegate.platform.storage.retry import retried

_AWS: Final = "https://s3.amazonaws.com"
#: HTTP statuses of a busy server.
_BUSY: Final = frozenset({429, 500, 502, 503, 504})
_TIMEOUT: Final = urllib3.Timeout(connect=10, read=60)
#: The timeout for the instance metadata service, which is near or absent.
_NEAR: Final = urllib3.Timeout(connect=1, read=5)
_CONNECTIONS: Final = 10
#: What versions of OpenSSL say of an answer that is no TLS.
_PLAIN_ANSWERS: Final = frozenset(
    {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"}
)
_PROXY_CREDENTIALS: Final = 407
#: If any of these is set, the platform provides credentials.
_PLATFORM: Final = (
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)


class BusyError(Exception):
    """A server that stayed busy through all retries."""

    def __init__(self, status: int) -> None:
        """Store the HTTP status."""
        super().__init__(f"HTTP status {status}")
        self.status = status


class _Pool(urllib3.PoolManager):
    """A connection pool that retries every single request until the deadline.

    It is below the client, so that one part of a large upload is repeated and not the whole. Bodies
    are passed on as they are stored: an object stored with `Content-Encoding` is not unpacked. Each
    request goes through the proxy that the environment sets for its URL, if any.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._options = options
        self._proxied: dict[str, urllib3.ProxyManager] = {}

    def urlopen(self, method: str, url: str, redirect: bool = True, **kw: Any) -> Any:  # type: ignore[override]
        proxy = proxy_for(url)
        send = self._through(proxy).urlopen if proxy else super().urlopen
        kw.update(retries=False, decode_content=False)

        def once() -> urllib3.BaseHTTPResponse:
            response = send(method, url, redirect=redirect, **kw)
            if proxy and response.status == _PROXY_CREDENTIALS:
                raise StorageError(
                    f"the proxy {proxy.url} wants other credentials; put them in its URL in the "
                    "environment, or name the store's host in NO_PROXY"
                )
            if response.status in _BUSY:
                response.drain_conn()
                raise BusyError(response.status)
            return response

        return retried(once, transient=_may_pass)

    def _through(self, proxy: Proxy) -> urllib3.ProxyManager:
        # Two threads may each make one: the later is kept, and either works.
        if proxy.url not in self._proxied:
            self._proxied[proxy.url] = urllib3.ProxyManager(
                proxy.url, proxy_headers=proxy.headers, **self._options
            )
        return self._proxied[proxy.url]


class _Identity(Provider):
    """Credentials from the first place that has them.

    If there are none, the error lists the possible places.
    """

    def __init__(self, places: list[Provider], endpoint: str) -> None:
        self._chain = ChainedProvider(places)
        self._endpoint = endpoint

    def retrieve(self) -> Credentials:
        # A provider's message may quote the answer of a token service: it is not passed on.
        try:
            return self._chain.retrieve()
        except (ValueError, KeyError, OSError, urllib3.exceptions.HTTPError, BusyError):
            configured = next((v for v in _PLATFORM if os.environ.get(v)), None)
            tried = f" ({configured} is set, and gave none)" if configured else ""
            raise StorageError(
                f"no credentials for {self._endpoint}{tried}; set AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, mount a credentials file, or set TIDEGATE_S3_ANONYMOUS=1 "
                "for public data"
            ) from None


def endpoint() -> str:
    """The service's URL.

    Raises:
        StorageError: the environment's value is no URL of a server.
    """
    for variable in ("S3_ENDPOINT", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"):
        if value := os.environ.get(variable):
            break
    else:
        return _AWS
    parts = urlsplit(value if "://" in value else f"https://{value}")
    if parts.username or parts.password:
        raise StorageError(
            f"{variable} holds credentials; give them in AWS_ACCESS_KEY_ID and so on"
        )
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.path.strip("/")
        or parts.query
    ):
        raise StorageError(f"{variable} is {value!r}; give scheme and host: https://minio:9000")
    return f"{parts.scheme}://{parts.netloc}"


def client() -> Minio:
    """A client for `endpoint()` with the environment's identity.

    It makes no request yet.

    Raises:
        StorageError: the environment contradicts itself.
    """
    where = endpoint()
    scheme, _, host = where.partition("://")
    style = os.environ.get("S3_ADDRESSING_STYLE") or "auto"
    if style not in ("auto", "path", "virtual"):
        raise StorageError(f"S3_ADDRESSING_STYLE is {style!r}; give path, virtual or auto")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if not region and where != _AWS:
        region = "us-east-1"
    try:
        made = Minio(
            host,
            secure=scheme == "https",
            region=region,
            http_client=_pool(),
            credentials=_identity(where),
        )
    except ValueError as error:
        raise StorageError(f"cannot use {where}: {error}") from None
    if style == "virtual":
        made.enable_virtual_style_endpoint()  # type: ignore[no-untyped-call]
    elif style == "path":
        made.disable_virtual_style_endpoint()  # type: ignore[no-untyped-call]
    return made


def _identity(where: str) -> Provider | None:
    if _switched_on("TIDEGATE_S3_ANONYMOUS") or _switched_on("AWS_NO_SIGN_REQUEST"):
        return None
    key, secret = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"
    given = [v for v in (key, secret) if os.environ.get(v)]
    if len(given) == 1:
        missing = secret if given == [key] else key
        raise StorageError(f"{given[0]} is set and {missing} is not; set both or neither")
    places: list[Provider] = [EnvAWSProvider(), EnvMinioProvider(), AWSConfigProvider()]
    platform = any(os.environ.get(v) for v in _PLATFORM)
    if platform or (urlsplit(where).hostname or "").endswith(
        (".amazonaws.com", ".amazonaws.com.cn")
    ):
        # Nobody but AWS has the instance metadata service: elsewhere it would only cost time.
        token = os.environ.get("AWS_WEB_IDENTITY_TOKEN_FILE")
        places.append(
            IamAwsProvider(
                custom_endpoint=os.environ.get("AWS_ENDPOINT_URL_STS") if token else None,
                http_client=_pool() if platform else _plain_pool(),
            )
        )
    return _Identity(places, where)


def _switched_on(variable: str) -> bool:
    value = os.environ.get(variable, "").lower()
    if value in ("", "0", "false", "no"):
        return False
    if value in ("1", "true", "yes"):
        return True
    raise StorageError(f"{variable} is {value!r}; give 1 or 0")


def _pool() -> _Pool:
    variable = "AWS_CA_BUNDLE" if os.environ.get("AWS_CA_BUNDLE") else "SSL_CERT_FILE"
    bundle = os.environ.get(variable) or certifi.where()
    if not Path(bundle).is_file():
        raise StorageError(f"{variable} is {bundle!r}, which is no file; mount the CA certificates")
    return _Pool(timeout=_TIMEOUT, maxsize=_CONNECTIONS, cert_reqs="CERT_REQUIRED", ca_certs=bundle)


def _plain_pool() -> urllib3.PoolManager:
    return urllib3.PoolManager(timeout=_NEAR, retries=urllib3.Retry(total=1))


def tls_problem(error: SSLError, where: str) -> str:
    """Describe why there is no TLS connection to an endpoint, and the remedy."""
    if _distrusted(error):
        return f"no trusted connection to {where}; name its CA in AWS_CA_BUNDLE"
    if _not_tls(error):
        plain = where.replace("https://", "http://", 1)
        return f"{where} answers without TLS; if it is to, set S3_ENDPOINT to {plain}"
    return f"no TLS connection to {where} ({_cause(error)}); check the server and the network"


def _cause(error: BaseException) -> BaseException:
    """The error of the TLS library that an error of urllib3 was made from."""
    inner = error.args[0] if error.args else None
    return _cause(inner) if isinstance(inner, BaseException) else error


def _distrusted(error: SSLError) -> bool:
    return isinstance(_cause(error), ssl.SSLCertVerificationError)


def _not_tls(error: SSLError) -> bool:
    return getattr(_cause(error), "reason", None) in _PLAIN_ANSWERS


def _may_pass(error: Exception) -> bool:
    if isinstance(error, ProxyError):
        return _may_pass(error.original_error)
    if isinstance(error, SSLError):
        # A server that restarts, or is busy, drops a handshake; a certificate does not get better.
        return not (_distrusted(error) or _not_tls(error))
    return isinstance(error, (BusyError, NewConnectionError, HTTPTimeoutError, ProtocolError))
