"""An S3 bucket or a prefix in it as an object store."""

from __future__ import annotations

import hashlib
import io
import os
import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import urllib3
from minio.error import InvalidResponseError, MinioException, S3Error, ServerError

from tidegate.core.errors import PreconditionError, StorageError
from tidegate.platform.storage import ObjectInfo, check_name
from tidegate.platform.storage.proxies import proxy_for
from tidegate.platform.storage.ranged import PIECE, RangedFile
from tidegate.platform.storage.retry import retried
from tidegate.platform.storage.s3_client import BusyError, client, endpoint, tls_problem

#: Name prefix of the store's own objects.
_OWN: Final = ".tidegate-"
_PROBE: Final = _OWN + "conditions"
#: The number of bytes a reader requests at once; downloads and uploads use `PIECE`.
_BUFFER: Final = 4 << 20
_MOST_PARTS: Final = 10_000
#: User metadata: the content's SHA-256, and the id of the write.
_SHA256: Final = "x-amz-meta-tidegate-sha256"
_WRITE: Final = "x-amz-meta-tidegate-write"

_LOST: Final = {"PreconditionFailed", "NoSuchKey"}
_UNSUPPORTED: Final = {"NotImplemented", "MethodNotAllowed", "InvalidArgument"}
_CONFLICT: Final = {"ConditionalRequestConflict", "OperationAborted"}
_REFUSED: Final = {
    "AccessDenied",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
    "InvalidTokenId",
    "AuthorizationHeaderMalformed",
}
#: The places whose server enforces conditions, as this process has verified.
_PROVEN: Final[set[tuple[str, str]]] = set()


@dataclass(frozen=True)
class _Stat:
    size: int
    etag: str
    sha256: str | None
    write: str | None


class S3Store:
    """A prefix in a bucket as an object store.

    Every written object carries its SHA-256 as user metadata, which all S3 services keep; sizes
    and, if present, the SHA-256 are checked after every transfer. Requests are signed over their
    body, or carry its MD5, so the server refuses a part that was damaged on the way. A token is the
    ETag.
    """

    def __init__(self, uri: str) -> None:
        """Open `s3://bucket` or `s3://bucket/prefix`.

        The bucket must exist by the first use.

        Raises:
            StorageError: the URI, or the service's settings in the environment, are not valid.
        """
        bucket, _, prefix = uri.removeprefix("s3://").strip("/").partition("/")
        if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", bucket):
            raise StorageError(f"{uri}: {bucket!r} is not a bucket's name; give s3://bucket/prefix")
        self._bucket = bucket
        self._prefix = f"{check_name(prefix)}/" if prefix else ""
        self.uri = f"s3://{bucket}/{self._prefix}".rstrip("/")
        self._endpoint = endpoint()
        self._client = client()

    def list(self, prefix: str = "") -> list[ObjectInfo]:
        """List the objects whose names begin with `prefix`, sorted by name."""
        found = []
        with self._telling("list", prefix):
            for item in self._client.list_objects(
                self._bucket, prefix=self._prefix + prefix, recursive=True
            ):
                name = cast(str, item.object_name).removeprefix(self._prefix)
                if name and _OWN not in name and not name.endswith("/"):
                    etag = (item.etag or "").strip('"')
                    # Without a time it counts as new, which keeps it.
                    modified = item.last_modified or datetime.now(UTC)
                    found.append(ObjectInfo(name, item.size or 0, etag, modified))
        return sorted(found, key=lambda info: info.name)

    def open(self, name: str) -> BinaryIO:
        """Open the object as a seekable binary file.

        It is fetched in ranges of 4 MiB as it is read. All ranges are of the object that existed
        when it was opened: reading on after it was replaced is a `StorageError`.
        """
        key = self._key(name)
        with self._telling("read", name):
            stat = self._stat(key)

        def fetch(start: int, end: int) -> bytes:
            with self._telling("read", name):
                return self._range(key, stat, start, end)

        return cast(BinaryIO, io.BufferedReader(RangedFile(fetch, stat.size), _BUFFER))

    def download(self, name: str, path: Path) -> None:
        """Copy the object to a local file, atomically and verified."""
        key = self._key(name)
        part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
        sha256 = hashlib.sha256()
        with self._telling("read", name):
            stat = self._stat(key)
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                with part.open("wb") as file:
                    for start in range(0, stat.size, PIECE):
                        piece = self._range(key, stat, start, min(start + PIECE, stat.size))
                        sha256.update(piece)
                        file.write(piece)
                _check(stat, part.stat().st_size, sha256.hexdigest(), self._name_of(name))
                part.replace(path)
            except OSError as error:
                raise StorageError(f"cannot write {path}: {_reason(error)}") from None
            finally:
                part.unlink(missing_ok=True)

    def upload(self, path: Path, name: str) -> None:
        """Write a local file as the object, atomically, replacing any."""
        key = self._key(name)
        try:
            with path.open("rb") as file, self._telling("write", name):
                size = os.fstat(file.fileno()).st_size
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                file.seek(0)
                try:
                    self._client.put_object(
                        self._bucket,
                        key,
                        file,
                        size,
                        metadata={_SHA256: sha256},
                        part_size=PIECE if size <= PIECE * _MOST_PARTS else 0,
                    )
                except S3Error as error:
                    # The answer to an earlier try was lost; whether it went through is seen below.
                    if error.code != "NoSuchUpload":
                        raise
                file.seek(0)
                if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                    raise StorageError(f"{path} was changed while it was uploaded; do it again")
                _check(self._stat(key), size, sha256, self._name_of(name))
        except OSError as error:
            raise StorageError(f"cannot read {path}: {_reason(error)}") from None

    def read(self, name: str) -> tuple[bytes, str]:
        """Read a small object, and the token for `replace`."""
        key = self._key(name)
        with self._telling("read", name):
            try:
                response = self._signed("GET", key)
            except S3Error as error:
                if error.code != "NoSuchKey":
                    raise
                raise FileNotFoundError(f"{self._name_of(name)} does not exist") from None
            stat = _stat_of(response.headers)
            data = response.data
            _check(stat, len(data), hashlib.sha256(data).hexdigest(), self._name_of(name))
        return data, stat.etag

    def create(self, name: str, data: bytes) -> str:
        """Write an object that must not exist, and return its token."""
        return self._write(name, data, {"If-None-Match": "*"}, "exists already")

    def replace(self, name: str, data: bytes, *, version: str) -> str:
        """Replace the object of this `version`, and return its new token."""
        condition = {"If-Match": f'"{version}"'}
        return self._write(name, data, condition, "was changed by another writer")

    def delete(self, name: str) -> None:
        """Remove an object; a missing one is no error."""
        key = self._key(name)
        with self._telling("delete", name):
            self._client.remove_object(self._bucket, key)

    def _write(self, name: str, data: bytes, condition: Mapping[str, str], lost: str) -> str:
        key = self._key(name)
        with self._telling("write", name):
            self._prove_conditions()
            token = self._put_if(key, data, condition)
        if token is None:
            raise PreconditionError(f"{self._name_of(name)} {lost}; read it again before writing")
        return token

    def _put_if(self, key: str, data: bytes, condition: Mapping[str, str]) -> str | None:
        """Write on a condition, and return the new token.

        None if the condition does not hold. `put_object` of the client would turn the condition
        into user metadata and write anyway.
        """
        write = uuid.uuid4().hex
        headers = {
            **condition,
            "Content-Type": "application/octet-stream",
            _SHA256: hashlib.sha256(data).hexdigest(),
            _WRITE: write,
        }
        try:
            response = retried(
                lambda: self._signed("PUT", key, body=data, headers=headers),
                transient=lambda e: isinstance(e, S3Error) and e.code in _CONFLICT,
            )
            return _stat_of(response.headers).etag
        except S3Error as error:
            if error.code not in _LOST:
                if error.code in _UNSUPPORTED:
                    raise StorageError(
                        f"{self._endpoint} does not support conditional writes ({error.code}), so "
                        "two writers could both win; use a server that does"
                    ) from None
                raise
        # An earlier try may have succeeded with its answer lost: then the existing object is ours.
        try:
            there = self._stat(key)
        except S3Error:
            return None
        return there.etag if there.write == write else None

    def _prove_conditions(self) -> None:
        """Verify once for each place that the server enforces conditions.

        It uses an object of the store's own.

        Raises:
            StorageError: the server does not enforce them.
        """
        place = (self._endpoint, self.uri)
        if place in _PROVEN:
            return
        key = self._prefix + _PROBE
        text = b"Tidegate sees by this object that conditional writes are enforced here.\n"
        absent, other = {"If-None-Match": "*"}, {"If-Match": f'"{"0" * 32}"'}
        created = self._put_if(key, text, absent)
        if (created and self._put_if(key, text, absent)) or self._put_if(key, text, other):
            raise StorageError(
                f"{self._endpoint} ignores the condition of a conditional write, so two writers "
                "could both win; nothing was written; use a server that enforces If-None-Match "
                "and If-Match"
            )
        _PROVEN.add(place)

    def _signed(
        self,
        method: str,
        key: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Send a signed request with own headers; the response has its body.

        The client's public methods pass no conditions and read bodies outside of retries.
        """
        return self._client._execute(
            method, self._bucket, key, body=body, headers=cast(Any, dict(headers or {}))
        )

    def _stat(self, key: str) -> _Stat:
        return _stat_of(self._signed("HEAD", key).headers)

    def _range(self, key: str, stat: _Stat, start: int, end: int) -> bytes:
        headers = {"Range": f"bytes={start}-{end - 1}", "If-Match": f'"{stat.etag}"'}
        data: bytes = self._signed("GET", key, headers=headers).data
        if len(data) != end - start:
            raise StorageError(
                f"s3://{self._bucket}/{key}: {len(data)} bytes came for a range of {end - start}"
            )
        return data

    def _key(self, name: str) -> str:
        if any(part.startswith(_OWN) for part in check_name(name).split("/")):
            raise StorageError(f"{name!r}: names that begin with {_OWN!r} are the store's own")
        return self._prefix + name

    def _name_of(self, name: str) -> str:
        return f"{self.uri}/{name}"

    @contextmanager
    def _telling(self, act: str, name: str) -> Iterator[None]:
        """Turn the client's exceptions into one line without server text."""
        what = f"cannot {act} {self._name_of(name)}"
        try:
            yield
        except S3Error as error:
            raise StorageError(f"{what}: {self._explained(error)}") from None
        except (MinioException, BusyError) as error:
            raise StorageError(f"{what}: {self._endpoint} {_answered(error)}") from None
        except urllib3.exceptions.SSLError as error:
            problem = tls_problem(error, self._endpoint)
            raise StorageError(f"{what}: {problem}") from None
        except urllib3.exceptions.ProxyError:
            proxy = proxy_for(self._endpoint)
            raise StorageError(
                f"{what}: no way to {self._endpoint} through the proxy {proxy and proxy.url}; "
                "check HTTPS_PROXY and HTTP_PROXY, or name the host in NO_PROXY"
            ) from None
        except urllib3.exceptions.HTTPError as error:
            raise StorageError(
                f"{what}: {self._endpoint} cannot be reached ({type(error).__name__}); check "
                "S3_ENDPOINT and the network"
            ) from None

    def _explained(self, error: S3Error) -> str:
        code = re.sub(r"[^A-Za-z0-9]", "", error.code or "")[:64] or "no code"
        if code == "NoSuchKey":
            return "there is no such object"
        if code == "NoSuchBucket":
            return f"the bucket {self._bucket!r} does not exist on {self._endpoint}; create it"
        if code == "PreconditionFailed":
            return "it was changed while it was read; start again"
        if code in _REFUSED:
            return (
                f"{self._endpoint} refuses ({code}); check the credentials in the environment and "
                "their rights on the bucket"
            )
        if code in ("PermanentRedirect", "Redirect"):
            return "the bucket is in another region; set AWS_REGION to it"
        return f"{self._endpoint} answered {code}"


def _stat_of(headers: Mapping[str, str]) -> _Stat:
    return _Stat(
        size=int(headers.get("content-length") or 0),
        etag=(headers.get("etag") or "").strip('"'),
        sha256=headers.get(_SHA256),
        write=headers.get(_WRITE),
    )


def _check(stat: _Stat, size: int, sha256: str, name: str) -> None:
    if stat.size != size or stat.sha256 not in (None, sha256):
        raise StorageError(
            f"{name} is damaged: what was transferred is not what was written; transfer it again"
        )


def _answered(error: Exception) -> str:
    if isinstance(error, BusyError | ServerError):
        status = error.status if isinstance(error, BusyError) else error.status_code
        if status == 412:
            return "has another object by now: it was changed while it was read; start again"
        return f"answered with HTTP status {status}"
    if isinstance(error, InvalidResponseError):
        return f"answered with HTTP status {error._code}; is it an S3 service?"
    return f"answered what the client does not understand ({type(error).__name__})"


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
