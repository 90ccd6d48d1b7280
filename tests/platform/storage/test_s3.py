"""What is particular to S3: large objects, unreliable networks and servers."""

import contextlib
import http.server
import io
import os
import re
import socket
import threading
import time
import tracemalloc

import pytest

from tests.support.relay import Relay, own_tls
from tidegate.core.errors import PreconditionError, StorageError
from tidegate.platform.storage import open_store
from tidegate.platform.storage.s3_client import client


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(os.urandom(20_000_000))
    return path


# Large objects


def test_ranges_give_what_a_file_gives(s3, file):
    store = open_store(s3())
    store.upload(file, "a")
    with store.open("a") as far, file.open("rb") as near:
        for seek, length in [(0, 3), (10_000_000, 9_000_000), (19_999_999, 5), (5, 0), (30, -1)]:
            assert far.seek(seek) == near.seek(seek)
            assert far.read(length) == near.read(length)
        assert far.seek(-7, io.SEEK_END) == 19_999_993
        assert far.read() == file.read_bytes()[-7:]
        assert far.seek(50_000_000) == 50_000_000
        assert far.read() == b""


def test_memory_does_not_grow_with_the_object(s3, tmp_path):
    big = tmp_path / "big"
    with big.open("wb") as sparse:
        sparse.truncate(300_000_000)
    store = open_store(s3())
    tracemalloc.start()
    store.upload(big, "big")
    store.download("big", tmp_path / "copy")
    with store.open("big") as opened:
        while opened.read(1_000_000):
            pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (tmp_path / "copy").stat().st_size == 300_000_000
    assert peak < 90_000_000


def test_reading_on_after_a_change_is_an_error(s3, file):
    store = open_store(s3())
    store.upload(file, "a")
    with store.open("a") as opened:
        opened.read(10)
        file.write_bytes(os.urandom(20_000_000))
        store.upload(file, "a")
        with pytest.raises(StorageError, match=r"a: .*changed while it was read"):
            opened.read()


def test_a_damaged_object_is_never_given_out(s3, tmp_path):
    uri = s3()
    client().put_object(
        uri.removeprefix("s3://"),
        "a",
        io.BytesIO(b"12345"),
        5,
        metadata={"x-amz-meta-tidegate-sha256": "0" * 64},
    )
    store = open_store(uri)
    (tmp_path / "copy").write_bytes(b"before")
    for act in (lambda: store.download("a", tmp_path / "copy"), lambda: store.read("a")):
        with pytest.raises(StorageError, match=f"{uri}/a is damaged"):
            act()
    assert [p.name for p in tmp_path.iterdir()] == ["copy"]
    assert (tmp_path / "copy").read_bytes() == b"before"


def test_objects_of_others_need_no_metadata(s3, tmp_path):
    uri = s3()
    bucket = uri.removeprefix("s3://")
    client().put_object(bucket, "dir/", io.BytesIO(b""), 0)
    client().put_object(
        bucket, "dir/a.gz", io.BytesIO(b"not gzip"), 8, metadata={"Content-Encoding": "gzip"}
    )
    store = open_store(f"{uri}/dir")
    assert [(i.name, i.size) for i in store.list()] == [("a.gz", 8)]
    store.download("a.gz", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == store.read("a.gz")[0] == b"not gzip"


# Networks


@pytest.fixture
def relay(s3_service):
    host, _, port = s3_service.endpoint.removeprefix("http://").partition(":")
    made = []

    def make(**options):
        made.append(Relay((host, int(port)), **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_broken_connections_are_survived(s3, relay, monkeypatch, file, tmp_path):
    uri = s3()
    # Of the first eight connections every other breaks at once, and the rest within an answer.
    broken = relay(spoil=lambda number: (0, 100_000)[number % 2] if number <= 8 else None)
    monkeypatch.setenv("S3_ENDPOINT", broken.url)
    store = open_store(uri)
    store.upload(file, "a")
    store.download("a", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == file.read_bytes()
    with store.open("a") as opened:
        assert opened.read() == file.read_bytes()
    assert [i.size for i in store.list()] == [20_000_000]
    assert broken.connections > 8


def test_a_write_whose_answer_was_lost_is_recognised(s3, relay, monkeypatch):
    uri = s3()
    store = open_store(uri)
    store.create("proven", b"")
    lost = relay(spoil=lambda number: 0 if number == 1 else None)
    monkeypatch.setenv("S3_ENDPOINT", lost.url)
    late = open_store(uri)
    late._prove_conditions = lambda: None
    token = late.create("a", b"mine")
    assert lost.connections > 1
    assert store.read("a") == (b"mine", token)
    with pytest.raises(PreconditionError):
        late.create("a", b"mine")


def test_nobody_there(s3, monkeypatch):
    uri = s3()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("S3_ENDPOINT", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("TIDEGATE_STORAGE_DEADLINE", "0.5")
    began = time.monotonic()
    with pytest.raises(StorageError, match=f"http://127.0.0.1:{port} cannot be reached"):
        open_store(uri).read("a")
    # Without the variable it would be a minute.
    assert time.monotonic() - began < 30


def test_a_ca_of_ones_own(s3, relay, monkeypatch, tmp_path):
    uri = s3()
    tls = own_tls(tmp_path)
    monkeypatch.setenv("S3_ENDPOINT", relay(tls=tls).url)
    with pytest.raises(StorageError, match=r"no trusted connection to .*AWS_CA_BUNDLE"):
        open_store(uri).list()
    for variable in ("AWS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(variable, str(tmp_path / "ca.pem"))
        store = open_store(uri)
        store.create(variable, b"1")
        assert store.read(variable)[0] == b"1"
        monkeypatch.delenv(variable)


@pytest.mark.parametrize("scheme", ["https://", ""])
def test_a_server_without_tls_is_not_one_of_an_unknown_ca(s3, s3_service, monkeypatch, scheme):
    uri = s3()
    plain = s3_service.endpoint.removeprefix("http://")
    monkeypatch.setenv("S3_ENDPOINT", scheme + plain)
    wanted = f"https://{plain} answers without TLS; if it is to, set S3_ENDPOINT to http://{plain}"
    with pytest.raises(StorageError, match=re.escape(wanted)):
        open_store(uri).list()


def test_a_handshake_that_was_dropped_is_repeated(s3, relay, monkeypatch, tmp_path):
    uri = s3()
    dropping = relay(tls=own_tls(tmp_path), drop=lambda number: number < 3)
    monkeypatch.setenv("S3_ENDPOINT", dropping.url)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    open_store(uri).create("a", b"1")
    monkeypatch.setenv("TIDEGATE_STORAGE_DEADLINE", "0")
    monkeypatch.setenv("S3_ENDPOINT", relay(tls=own_tls(tmp_path), drop=lambda _: True).url)
    with pytest.raises(StorageError, match=r"no TLS connection|cannot be reached"):
        open_store(uri).read("a")


# Servers that do not keep conditions


@contextlib.contextmanager
def serving(put):
    """A server that answers every PUT by `put(handler)`."""

    written = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_PUT(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            written.append(self.path)
            put(self)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", written
        server.shutdown()


def _ignore(handler):
    handler.send_response(200)
    handler.send_header("ETag", '"0cc175b9c0f1b6a831c399e269772661"')
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def _decline(handler):
    body = b"<Error><Code>NotImplemented</Code><Message>no</Message></Error>"
    handler.send_response(501)
    handler.send_header("Content-Type", "application/xml")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@pytest.mark.parametrize(
    ("put", "message"),
    [(_ignore, "ignores the condition"), (_decline, "does not support conditional writes")],
)
def test_a_server_without_conditions_is_refused(s3, monkeypatch, put, message):
    s3()
    with serving(put) as (url, written):
        monkeypatch.setenv("S3_ENDPOINT", url)
        for _ in range(2):
            store = open_store("s3://bucket/registry")
            with pytest.raises(StorageError, match=message):
                store.create("index.json", b"{}")
            with pytest.raises(StorageError, match=message):
                store.replace("index.json", b"{}", version="x")
    assert set(written) == {"/bucket/registry/.tidegate-conditions"}
