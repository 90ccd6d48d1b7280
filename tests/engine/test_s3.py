"""What is particular to S3: configuration, secrets, unreliable networks and servers."""

import contextlib
import datetime
import http.server
import io
import ipaddress
import json
import logging
import os
import socket
import ssl
import threading
import time
import traceback
import tracemalloc

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from minio.credentials import AssumeRoleProvider, Credentials

from tidegate.core.errors import PreconditionError, StorageError
from tidegate.platform.storage import open_store
from tidegate.platform.storage.s3_client import client, endpoint


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


# Secrets


def test_a_wrong_secret_is_told_and_not_shown(s3_service, s3, monkeypatch, caplog, capsys):
    uri = s3()
    open_store(uri).create("a", b"1")
    secret, token = "hunter2-hunter2-hunter2", "a-session-token-of-mine"
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    monkeypatch.setenv("AWS_SESSION_TOKEN", token)
    caplog.set_level(logging.DEBUG)
    told = ""
    store = open_store(uri)
    for act in (lambda: store.read("a"), store.list, lambda: store.create("b", b"")):
        try:
            act()
        except StorageError as error:
            assert "check the credentials" in str(error)
            assert "\n" not in str(error)
            told += "".join(traceback.format_exception(error))
    assert bool(told) == s3_service.real
    out, err = capsys.readouterr()
    for secret_ in (secret, token, "Credential=", "Signature="):
        assert secret_ not in told + caplog.text + out + err + repr(store) + str(vars(store))


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"AWS_SECRET_ACCESS_KEY": ""}, "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "no credentials for http://"),
        ({"S3_ENDPOINT": "ftp://host"}, "S3_ENDPOINT is 'ftp://host'; give scheme and host"),
        ({"S3_ENDPOINT": "https://host/path"}, "give scheme and host"),
        ({"S3_ENDPOINT": "https://me:secret-word@host"}, "S3_ENDPOINT holds credentials"),
        ({"S3_ADDRESSING_STYLE": "both"}, "give path, virtual or auto"),
        ({"TIDEGATE_S3_ANONYMOUS": "perhaps"}, "give 1 or 0"),
        ({"AWS_CA_BUNDLE": "/nowhere.pem"}, "'/nowhere.pem', which is no file"),
        ({"AWS_REGION": "not a region!"}, "invalid region"),
    ],
)
def test_a_wrong_configuration_is_told(s3, monkeypatch, environment, message):
    uri = s3()
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    with pytest.raises(StorageError, match=message) as caught:
        open_store(uri).list()
    assert "secret-word" not in str(caught.value)


def test_a_bucket_that_is_not_there(s3):
    s3()
    with pytest.raises(StorageError, match=r"'no-such-bucket' does not exist .*; create it"):
        open_store("s3://no-such-bucket/x").list()
    for uri in ("s3://", "s3:///x", "s3://UPPER/x"):
        with pytest.raises(StorageError, match="not a bucket's name"):
            open_store(uri)


# Where it finds the service and who it is


def test_the_endpoint(s3, monkeypatch):
    s3()
    monkeypatch.delenv("S3_ENDPOINT")
    assert endpoint() == "https://s3.amazonaws.com"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://a:9000/")
    assert endpoint() == "http://a:9000"
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://b")
    assert endpoint() == "https://b"
    monkeypatch.setenv("S3_ENDPOINT", "c:9000")
    assert endpoint() == "https://c:9000"


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({"S3_ENDPOINT": "http://h:9000"}, "http://h:9000/bkt/key"),
        ({"S3_ENDPOINT": "http://h", "S3_ADDRESSING_STYLE": "virtual"}, "http://bkt.h/key"),
        (
            {"S3_ENDPOINT": "", "AWS_REGION": "eu-west-1"},
            "https://bkt.s3.eu-west-1.amazonaws.com/key",
        ),
        (
            {"S3_ENDPOINT": "", "AWS_REGION": "eu-west-1", "S3_ADDRESSING_STYLE": "path"},
            "https://s3.eu-west-1.amazonaws.com/bkt/key",
        ),
    ],
)
def test_path_and_virtual_host_style(s3, monkeypatch, environment, url):
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    if not environment["S3_ENDPOINT"]:
        monkeypatch.delenv("S3_ENDPOINT")
    made = client().get_presigned_url("GET", "bkt", "key")
    assert made.partition("?")[0] == url


def test_a_credentials_file(s3, monkeypatch, tmp_path):
    uri = s3()
    key, secret = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
    (tmp_path / "credentials").write_text(
        f"[default]\naws_access_key_id = no\naws_secret_access_key = wrong-wrong\n"
        f"[mine]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"
    )
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_PROFILE", "mine")
    store = open_store(uri)
    token = store.create("a", b"1")
    assert store.read("a") == (b"1", token)


def test_anonymous(s3_service, s3, monkeypatch):
    uri = s3()
    bucket = uri.removeprefix("s3://")
    open_store(uri).create("a", b"1")
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": ["*"]},
        "Action": ["s3:GetObject"],
        "Resource": [f"arn:aws:s3:::{bucket}/*"],
    }
    client().set_bucket_policy(
        bucket, json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    monkeypatch.setenv("TIDEGATE_S3_ANONYMOUS", "1")
    store = open_store(uri)
    assert store.read("a")[0] == b"1"
    if s3_service.real:
        with pytest.raises(StorageError, match="refuses"):
            store.create("b", b"2")


def temporary_credentials(service):
    """Credentials for an hour, with a session token; moto takes any."""
    if not service.real:
        return Credentials("some-key", "some-secret", "some-token")
    return AssumeRoleProvider(
        sts_endpoint=service.endpoint,
        access_key=service.access_key,
        secret_key=service.secret_key,
        duration_seconds=3600,
    ).retrieve()


def test_a_session_token(s3_service, s3, monkeypatch):
    uri = s3()
    found = temporary_credentials(s3_service)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", found.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", found.secret_key)
    if s3_service.real:
        with pytest.raises(StorageError, match="refuses"):
            open_store(uri).list()
    monkeypatch.setenv("AWS_SESSION_TOKEN", found.session_token)
    assert open_store(uri).create("a", b"1") == open_store(uri).read("a")[1]


def test_a_mounted_web_identity_token(s3_service, s3, monkeypatch, tmp_path):
    uri = s3()
    found = temporary_credentials(s3_service)
    answer = (
        '<R xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
        "<AssumeRoleWithWebIdentityResult><Credentials>"
        f"<AccessKeyId>{found.access_key}</AccessKeyId>"
        f"<SecretAccessKey>{found.secret_key}</SecretAccessKey>"
        f"<SessionToken>{found.session_token}</SessionToken>"
        "<Expiration>2999-01-01T00:00:00Z</Expiration></Credentials>"
        "</AssumeRoleWithWebIdentityResult></R>"
    ).encode()
    asked = []

    class TokenService(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    (tmp_path / "token").write_text("of-this-pod")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/tidegate")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), TokenService) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{server.server_port}")
        store = open_store(uri)
        store.create("a", b"1")
        assert store.read("a")[0] == b"1"
        server.shutdown()
    assert len(asked) == 1
    assert "WebIdentityToken=of-this-pod" in asked[0]


# Networks


class Relay:
    """Passes connections on to a server; `spoil(number, answers)` may end one early."""

    def __init__(self, target, *, spoil=lambda _: None, tls=None):
        self._target, self._spoil, self._tls = target, spoil, tls
        self.connections = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listening.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                self.connections += 1
                threading.Thread(
                    target=self._serve, args=(near, self.connections), daemon=True
                ).start()

    def _serve(self, near, number):
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            if self._tls:
                near = self._tls.wrap_socket(near, server_side=True)
            stack.enter_context(near)
            far = stack.enter_context(socket.create_connection(self._target))
            up = threading.Thread(target=self._pump, args=(near, far, None), daemon=True)
            up.start()
            self._pump(far, near, self._spoil(number))

    @staticmethod
    def _pump(source, sink, limit):
        with contextlib.suppress(OSError):
            while block := source.recv(65_536):
                if limit is not None:
                    block = block[:limit]
                    limit -= len(block)
                sink.sendall(block)
                if limit == 0:
                    break
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


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
    assert time.monotonic() - began < 3


def own_tls(directory):
    """A server's side of TLS for 127.0.0.1, by an authority in `ca.pem` that nobody trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tidegate test")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    (directory / "ca.pem").write_bytes(pem)
    (directory / "both.pem").write_bytes(
        pem
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(directory / "both.pem")
    return tls


def test_a_ca_of_ones_own(s3, relay, monkeypatch, tmp_path):
    uri = s3()
    tls = own_tls(tmp_path)
    monkeypatch.setenv("S3_ENDPOINT", relay(tls=tls).url)
    monkeypatch.setenv("TIDEGATE_STORAGE_DEADLINE", "2")
    with pytest.raises(StorageError, match=r"no trusted connection to .*AWS_CA_BUNDLE"):
        open_store(uri).list()
    for variable in ("AWS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(variable, str(tmp_path / "ca.pem"))
        store = open_store(uri)
        store.create(variable, b"1")
        assert store.read(variable)[0] == b"1"
        monkeypatch.delenv(variable)


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
