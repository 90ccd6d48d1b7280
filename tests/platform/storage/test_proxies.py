"""Stores behind an HTTP proxy, as the standard variables describe it."""

import base64
import contextlib
import http.client
import http.server
import logging
import os
import socket
import threading
import traceback
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.relay import Relay, own_tls
from tidegate.core.errors import StorageError
from tidegate.platform.storage import open_store
from tidegate.platform.storage.proxies import proxy_for

HOP = {"connection", "proxy-connection", "proxy-authorization", "transfer-encoding"}


class Forwarder(http.server.BaseHTTPRequestHandler):
    """Forwards whole requests, and tunnels; the server remembers each."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self._refused():
            return
        target = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        far = http.client.HTTPConnection(target.netloc, timeout=30)
        path = target.path + (f"?{target.query}" if target.query else "")
        far.putrequest(self.command, path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in HOP:
                far.putheader(name, value)
        far.endheaders(body or None)
        answer = far.getresponse()
        content = answer.read()
        self.send_response_only(answer.status)
        length = str(len(content))
        for name, value in answer.getheaders():
            if name.lower() == "content-length" and self.command == "HEAD":
                length = value
            elif name.lower() not in HOP | {"content-length"}:
                self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", length)
        self.end_headers()
        self.wfile.write(content)
        far.close()

    do_PUT = do_POST = do_HEAD = do_DELETE = do_PATCH = do_GET  # noqa: N815

    def do_CONNECT(self):
        if self._refused():
            return
        host, _, port = self.path.partition(":")
        with socket.create_connection((host, int(port))) as far:
            self.send_response_only(200)
            self.end_headers()
            up = threading.Thread(target=Relay._pump, args=(self.connection, far, None))
            up.start()
            Relay._pump(far, self.connection, None)
            up.join()
        self.close_connection = True

    def _refused(self):
        self.server.seen.append(f"{self.command} {self.path}")
        if self.server.wanted in (None, self.headers.get("Proxy-Authorization")):
            return False
        self.send_response_only(407)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.close_connection = True
        return True

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def forwarding(credentials=None):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Forwarder) as server:
        server.daemon_threads = True
        server.seen = []
        server.wanted = credentials and f"Basic {base64.b64encode(credentials.encode()).decode()}"
        server.netloc = f"127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def proxy():
    with forwarding() as server:
        yield server


@pytest.mark.parametrize("kind", ["s3", "gcs"])
@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_requests_go_through_the_proxy(request, kind, variable, proxy, monkeypatch, tmp_path):
    uri = request.getfixturevalue(kind)()
    service = request.getfixturevalue(f"{kind}_service").endpoint
    monkeypatch.setenv(variable, f"http://{proxy.netloc}")
    (tmp_path / "file").write_bytes(os.urandom(9_000_000))
    store = open_store(uri)
    store.upload(tmp_path / "file", "a b")
    store.download("a b", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == (tmp_path / "file").read_bytes()
    assert [i.name for i in store.list()] == ["a b"]
    # Threads of other tests in this process may still be trying to reach what is gone.
    assert sum(urlsplit(line.split()[1]).netloc in service for line in proxy.seen) >= 4

    passed = len(proxy.seen)
    monkeypatch.setenv("NO_PROXY", "example.org, 127.0.0.1")
    assert store.read("a b")[0][:9] == (tmp_path / "file").read_bytes()[:9]
    assert len(proxy.seen) == passed


def test_conditions_hold_through_a_proxy(s3, proxy, monkeypatch):
    uri = s3()
    monkeypatch.setenv("HTTP_PROXY", proxy.netloc)
    store = open_store(uri)
    token = store.replace("a", b"2", version=store.create("a", b"1"))
    assert store.read("a") == (b"2", token)
    with pytest.raises(StorageError, match="exists already"):
        store.create("a", b"3")
    assert proxy.seen


def test_tls_is_tunnelled_and_ones_own_ca_is_trusted(s3, s3_service, proxy, monkeypatch, tmp_path):
    uri = s3()
    target = urlsplit(s3_service.endpoint)
    relay = Relay((target.hostname, target.port), tls=own_tls(tmp_path))
    monkeypatch.setenv("S3_ENDPOINT", relay.url)
    monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.netloc}")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with pytest.raises(StorageError, match=r"no trusted connection to .*AWS_CA_BUNDLE"):
        open_store(uri).list()
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    store = open_store(uri)
    store.create("a", b"1")
    assert store.read("a")[0] == b"1"
    assert set(proxy.seen) == {f"CONNECT {relay.url.removeprefix('https://')}"}
    relay.close()


def test_the_proxys_credentials_are_sent_and_not_shown(s3, monkeypatch, caplog, capsys):
    uri = s3()
    caplog.set_level(logging.DEBUG)
    with forwarding("a user:p@ss:word") as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://a%20user:p%40ss%3Aword@{proxy.netloc}")
        store = open_store(uri)
        store.create("a", b"1")
        assert store.read("a")[0] == b"1"
        monkeypatch.setenv("HTTP_PROXY", f"http://me:hunter2@{proxy.netloc}")
        other = open_store(uri)
        with pytest.raises(StorageError, match=f"proxy http://{proxy.netloc} wants other") as told:
            other.read("a")
        monkeypatch.setenv("S3_ENDPOINT", "https://localhost:1")
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:hunter2@{proxy.netloc}")
        far = open_store(uri)
        with pytest.raises(
            StorageError, match=f"through the proxy http://{proxy.netloc}; "
        ) as far_:
            far.read("a")
    text = "".join(traceback.format_exception(told.value) + traceback.format_exception(far_.value))
    text += caplog.text + "".join(capsys.readouterr()) + repr((vars(store), vars(other), vars(far)))
    encoded = base64.b64encode(b"me:hunter2").decode()
    for secret in ("hunter2", "p@ss", "p%40ss", encoded):
        assert secret not in text


def test_a_proxy_that_is_not_there_is_named(s3, monkeypatch):
    uri = s3()
    monkeypatch.setenv("TIDEGATE_STORAGE_DEADLINE", "0.5")
    monkeypatch.setenv("HTTP_PROXY", "http://me:hunter2@127.0.0.1:1")
    with pytest.raises(
        StorageError, match=r"no way to .* through the proxy http://127.0.0.1:1; check"
    ) as caught:
        open_store(uri).list()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "value", ["socks5://me:hunter2@h:1", "http://:80", "http://me:hunter2@h:x"]
)
def test_what_is_no_http_proxy(s3, monkeypatch, value):
    uri = s3()
    monkeypatch.setenv("HTTP_PROXY", value)
    with pytest.raises(StorageError, match=r"HTTP_PROXY names no HTTP proxy; .*NO_PROXY") as caught:
        open_store(uri).list()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("listed", "url", "direct"),
    [
        ("minio", "http://minio:9000", True),
        ("minio:9000", "http://minio:9000/b", True),
        ("minio:9001", "http://minio:9000/b", False),
        (".svc.cluster.local", "https://minio.kubeflow.svc.cluster.local/b", True),
        ("cluster.local", "https://minio.kubeflow.svc.cluster.local/b", True),
        ("luster.local", "https://minio.cluster.local/b", False),
        ("10.0.0.0/8, 127.0.0.1", "http://10.1.2.3:9000/b", True),
        ("10.0.0.0/8", "http://11.1.2.3:9000/b", False),
        ("fd00::/8", "http://[fd00::1]:9000/b", True),
        ("*", "https://s3.amazonaws.com/b", True),
        ("", "https://s3.amazonaws.com/b", False),
        ("", "http://169.254.170.2/v2", True),
        ("", "http://[fe80::1]/v2", True),
    ],
)
def test_what_is_reached_directly(monkeypatch, listed, url, direct):
    monkeypatch.setenv("ALL_PROXY", "http://p:3128")
    monkeypatch.setenv("NO_PROXY", listed)
    assert (proxy_for(url) is None) == direct


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30))
def test_any_text_is_a_proxy_or_refused_in_one_line(text):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HTTPS_PROXY", text)
        try:
            found = proxy_for("https://s3.amazonaws.com/b")
        except StorageError as error:
            assert "\n" not in str(error)
        else:
            assert found is None or found.url.startswith(("http://", "https://"))
