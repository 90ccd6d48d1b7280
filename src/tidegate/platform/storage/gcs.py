"""A Google Cloud Storage bucket or folder as an object store."""

from __future__ import annotations

import base64
import io
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar, cast

from tidegate.core.errors import PreconditionError, StorageError
from tidegate.platform.storage import ObjectInfo, check_name
from tidegate.platform.storage.gcs_client import client, reason, transient
from tidegate.platform.storage.ranged import PIECE, RangedFile
from tidegate.platform.storage.retry import deadline

T = TypeVar("T")

_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
#: The longest silence of a connection, in seconds.
_TIMEOUT: Final = 60.0
#: Metadata of an object written on a condition: the id of the write.
_MARK: Final = "tidegate-write"


class GcsStore:
    """A bucket or a folder in it as an object store.

    Credentials come from the platform (workload identity, or whatever Application Default
    Credentials find); there are none for an emulator in `STORAGE_EMULATOR_HOST`, and none with
    `TIDEGATE_GCS_ANONYMOUS=1`. They are never part of the URI.

    A token is the object's generation, so an object that was changed and changed back counts as
    changed. Objects are read as they are stored: `Content-Encoding: gzip` is not undone.
    """

    def __init__(self, uri: str) -> None:
        """Open `gs://bucket` or `gs://bucket/folder`, without a request.

        Args:
            uri: The URI. The bucket must exist; the folder need not.

        Raises:
            StorageError: the URI names no bucket, the client is not installed, or there are no
                credentials.
        """
        bucket, _, folder = uri.removeprefix("gs://").partition("/")
        # A text that is no URI of this kind is not repeated: it may hold a password or a signature.
        if not _BUCKET.fullmatch(bucket) or "?" in folder or "#" in folder:
            raise StorageError(
                "a gs:// URI is gs://bucket/folder, without user, password or query; "
                "credentials come from the environment"
            )
        folder = folder.strip("/")
        self._folder = check_name(folder) + "/" if folder else ""
        self.uri = f"gs://{bucket}/{folder}".rstrip("/")
        self._client = client()
        self._bucket = self._client.bucket(bucket)
        self._deadline = deadline()

        from google.api_core.retry import Retry

        self._retry = Retry(
            predicate=transient, initial=0.2, multiplier=2, maximum=8, timeout=self._deadline
        )

    def list(self, prefix: str = "") -> list[ObjectInfo]:
        """List the objects whose names begin with `prefix`, sorted by name.

        The empty objects that consoles make to show a folder, named `folder/`, are left out.
        """
        with self._reported(f"list {self.uri}"):
            found = [
                ObjectInfo(
                    blob.name.removeprefix(self._folder),
                    int(blob.size),
                    str(blob.generation),
                    # Without a time it counts as new, which keeps it.
                    blob.updated or datetime.now(UTC),
                )
                for blob in self._blobs(prefix)
                if not blob.name.endswith("/")
            ]
        return sorted(found, key=lambda info: info.name)

    def open(self, name: str) -> BinaryIO:
        """Open the object as a seekable binary file.

        It holds a few MiB at a time. If it is read from first to last byte, the content is compared
        with the object's checksum; an object that is replaced meanwhile is an error.
        """
        what = f"read {self._uri(name)}"
        blob = self._known(name, what)
        fetch = _Checked(
            lambda start, end: self._range(name, blob.generation, start, end),
            size=int(blob.size),
            crc32c=blob.crc32c,
            what=self._uri(name),
        )
        return cast(BinaryIO, io.BufferedReader(RangedFile(fetch, int(blob.size)), PIECE))

    def download(self, name: str, path: Path) -> None:
        """Copy the object to a local file, atomically and with checksum."""
        what = f"read {self._uri(name)}"
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        try:
            with self._reported(what), part.open("wb") as file:
                self._found(
                    lambda: self._blob(name).download_to_file(
                        file,
                        raw_download=True,
                        checksum="crc32c",
                        timeout=_TIMEOUT,
                        retry=self._retry,
                    ),
                    what,
                )
            part.replace(path)
        except OSError as error:
            raise StorageError(f"cannot write {path}: {error.strerror or error}") from error
        finally:
            part.unlink(missing_ok=True)

    def upload(self, path: Path, name: str) -> None:
        """Write a local file as the object, atomically, replacing any."""
        blob = self._blob(name)
        blob.chunk_size = PIECE
        try:
            with path.open("rb") as file, self._reported(f"write {self._uri(name)}"):
                blob.upload_from_file(
                    file,
                    size=path.stat().st_size,
                    content_type="application/octet-stream",
                    checksum="crc32c",
                    timeout=_TIMEOUT,
                    retry=self._retry,
                )
        except OSError as error:
            raise StorageError(f"cannot read {path}: {error.strerror or error}") from error

    def read(self, name: str) -> tuple[bytes, str]:
        """Read a small object, and the token for `replace`.

        The generation is requested first: if the object changes before its content is read, the
        token is too old, and a `replace` with it fails instead of undoing the change.
        """
        from google.api_core.exceptions import NotFound, PreconditionFailed

        def attempt() -> tuple[bytes, str]:
            blob = self._blob(name)
            blob.reload(timeout=_TIMEOUT, retry=None)
            # A new one: the old one knows a URL, which leads past a proxy or a forwarded port.
            data = self._blob(name).download_as_bytes(
                raw_download=True,
                checksum="crc32c",
                if_generation_match=blob.generation,
                timeout=_TIMEOUT,
                retry=None,
            )
            return data, str(blob.generation)

        changed = self._retry.with_predicate(
            lambda error: isinstance(error, PreconditionFailed) or transient(error)
        )
        with self._reported(f"read {self._uri(name)}"):
            try:
                return changed(attempt)()
            except NotFound:
                self._require_bucket()
        raise FileNotFoundError(f"{self._uri(name)} does not exist")

    def create(self, name: str, data: bytes) -> str:
        """Write an object that must not exist, and return its token."""
        return self._write(name, data, 0, "exists already")

    def replace(self, name: str, data: bytes, *, version: str) -> str:
        """Replace the object of this `version`, and return its new token."""
        if not version.isdecimal() or version == "0":
            raise StorageError(f"{version!r} is no token of {self._uri(name)}; read it first")
        return self._write(name, data, int(version), "was changed by another writer")

    def delete(self, name: str) -> None:
        """Remove an object; a missing one is no error."""
        from google.api_core.exceptions import NotFound

        blob = self._blob(name)
        with self._reported(f"delete {self._uri(name)}"):
            try:
                blob.delete(timeout=_TIMEOUT, retry=self._retry)
            except NotFound:
                self._require_bucket()

    def _write(self, name: str, data: bytes, generation: int, lost: str) -> str:
        """Write on the condition of a generation, with safe retries.

        If an answer is lost, the write may have happened, and a retry then fails on its own result.
        So each write carries a mark of its own, and a failed condition after a lost answer is
        examined: if the object has the mark, this write was the one that won.
        """
        from google.api_core.exceptions import NotFound, PreconditionFailed

        check_name(name)
        mark = uuid.uuid4().hex
        unsure = False

        def attempt() -> str:
            nonlocal unsure
            blob = self._blob(name)
            blob.metadata = {_MARK: mark}
            try:
                blob.upload_from_string(
                    data,
                    content_type="application/octet-stream",
                    if_generation_match=generation,
                    checksum="crc32c",
                    timeout=_TIMEOUT,
                    retry=None,
                )
            except (PreconditionFailed, NotFound) as error:
                if isinstance(error, NotFound):
                    self._require_bucket()
                won = self._marked(name, mark) if unsure else None
                if won is None:
                    raise PreconditionError(
                        f"{self._uri(name)} {lost}; read it again before writing"
                    ) from None
                return won
            except Exception:
                unsure = True
                raise
            return str(blob.generation)

        with self._reported(f"write {self._uri(name)}"):
            return self._retry(attempt)()

    def _marked(self, name: str, mark: str) -> str | None:
        from google.api_core.exceptions import NotFound

        blob = self._blob(name)
        try:
            blob.reload(timeout=_TIMEOUT, retry=None)
        except NotFound:
            return None
        return str(blob.generation) if (blob.metadata or {}).get(_MARK) == mark else None

    def _uri(self, name: str) -> str:
        return f"{self.uri}/{name}"

    def _blob(self, name: str) -> Any:
        return self._bucket.blob(self._folder + check_name(name))

    def _blobs(self, prefix: str, **limit: int) -> Iterator[Any]:
        return cast(
            Iterator[Any],
            self._client.list_blobs(
                self._bucket,
                prefix=self._folder + prefix,
                timeout=_TIMEOUT,
                retry=self._retry,
                **limit,
            ),
        )

    def _known(self, name: str, what: str) -> Any:
        blob = self._blob(name)
        with self._reported(what):
            self._found(lambda: blob.reload(timeout=_TIMEOUT, retry=self._retry), what)
        return blob

    def _range(self, name: str, generation: int, start: int, end: int) -> bytes:
        from google.api_core.exceptions import NotFound, PreconditionFailed

        what = f"read {self._uri(name)}"
        with self._reported(what):
            try:
                data = self._blob(name).download_as_bytes(
                    start=start,
                    end=end - 1,
                    raw_download=True,
                    checksum=None,  # the server knows the whole object's only; see _Reader
                    if_generation_match=generation,
                    timeout=_TIMEOUT,
                    retry=self._retry,
                )
            except (NotFound, PreconditionFailed):
                raise StorageError(
                    f"cannot {what}: it was changed while it was read; start again"
                ) from None
        return cast(bytes, data)

    def _found(self, act: Callable[[], T], what: str) -> T:
        from google.api_core.exceptions import NotFound

        try:
            return act()
        except NotFound:
            self._require_bucket()
            raise StorageError(f"cannot {what}: it does not exist") from None

    def _require_bucket(self) -> None:
        """Raise if the bucket is missing, not just the object.

        A missing bucket is a mistake; a missing object may be none.
        """
        from google.api_core.exceptions import NotFound

        try:
            next(iter(self._blobs("", max_results=1)), None)
        except NotFound:
            raise StorageError(
                f"the bucket of {self.uri} does not exist; check its name or create it"
            ) from None

    @contextmanager
    def _reported(self, what: str) -> Iterator[None]:
        """Turn the client's exceptions into one line without secrets.

        The line has no URLs, tokens or tracebacks.
        """
        import requests  # type: ignore[import-untyped,unused-ignore]
        from google.api_core.exceptions import GoogleAPICallError, NotFound, RetryError
        from google.auth.exceptions import GoogleAuthError
        from google.cloud.storage.exceptions import (  # type: ignore[import-untyped]
            DataCorruption,
            InvalidResponse,
        )

        try:
            yield
        except NotFound:
            raise StorageError(
                f"cannot {what}: the bucket does not exist; check its name or create it"
            ) from None
        except (
            DataCorruption,
            GoogleAPICallError,
            GoogleAuthError,
            InvalidResponse,
            RetryError,
            requests.RequestException,
        ) as error:
            reason_ = reason(error)
            if isinstance(error, RetryError) or transient(error):
                reason_ = f"not done after retries over {self._deadline:g} s: {reason_}"
            raise StorageError(f"cannot {what}: {reason_}") from None


class _Checked:
    """Ranges of an object, checked by checksum if read sequentially."""

    def __init__(
        self, fetch: Callable[[int, int], bytes], *, size: int, crc32c: str | None, what: str
    ) -> None:
        import google_crc32c  # type: ignore[import-untyped,unused-ignore]

        self._fetch = fetch
        self._size = size
        self._crc32c = crc32c
        self._what = what
        self._summed = 0
        self._sum: Any = google_crc32c.Checksum()  # type: ignore[no-untyped-call]

    def __call__(self, start: int, end: int) -> bytes:
        data = self._fetch(start, end)
        if len(data) != end - start:
            raise StorageError(
                f"cannot read {self._what}: {len(data)} of {end - start} bytes arrived; start again"
            )
        if start == self._summed:
            self._sum.update(data)
            self._summed = end
            found = base64.b64encode(self._sum.digest()).decode()
            if end == self._size and self._crc32c and found != self._crc32c:
                raise StorageError(
                    f"cannot read {self._what}: it arrived damaged (checksum {found}, stored "
                    f"{self._crc32c}); start again"
                )
        return data
