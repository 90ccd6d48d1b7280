"""A Google Cloud Storage server that the tests start for themselves, and a proxy that meddles."""

import contextlib
import http.client
import json
import sys
import threading
import urllib.request
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support.servers import find, free_port, running

PROGRAM = ("fake-gcs-server", "TIDEGATE_FAKE_GCS")


@dataclass(frozen=True)
class GcsServer:
    """A running server: its URL, and whether it enforces `ifGenerationMatch`."""

    endpoint: str
    conditional: bool

    def make_bucket(self, name):
        request = urllib.request.Request(  # noqa: S310
            f"{self.endpoint}/storage/v1/b?project=test",
            json.dumps({"name": name}).encode(),
            {"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=20).close()  # noqa: S310


def enforces_conditions():
    """Whether the server that `gcs_server` will start does: the stand-in from PyPI does not."""
    return bool(find(*PROGRAM))


@contextlib.contextmanager
def gcs_server():
    """Run fake-gcs-server where there is one, else gcp-storage-emulator; both in memory."""
    program = find(*PROGRAM)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    if program:
        command = [program, "-backend", "memory", "-scheme", "http", "-host", "127.0.0.1"]
        command += ["-port", str(port), "-external-url", url, "-public-host", f"127.0.0.1:{port}"]
    else:
        command = [sys.executable, "-m", "gcp_storage_emulator", "start", "--in-memory"]
        command += ["--host", "127.0.0.1", "--port", str(port)]
    with running(command, health=f"{url}/storage/v1/b?project=test"):
        yield GcsServer(url, conditional=bool(program))


@contextlib.contextmanager
def meddling(server, meddle):
    """A proxy before a server, at the URL given.

    `meddle(method, path, answer)` gives the answer to send on, or None to break the connection off;
    an answer is (status, headers, body), and None when the server has not been asked yet, in which
    case returning None asks it.
    """
    host = server.endpoint.removeprefix("http://")

    class Handler(BaseHTTPRequestHandler):
        def _forward(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer = meddle(self.command, self.path, None)
            if answer is None:
                connection = http.client.HTTPConnection(host, timeout=20)
                headers = {k: v for k, v in self.headers.items() if k.lower() != "host"}
                connection.request(self.command, self.path, body, headers)
                response = connection.getresponse()
                found = (response.status, response.getheaders(), response.read())
                connection.close()
                answer = meddle(self.command, self.path, found)
            if answer is None:
                self.close_connection = True
                self.connection.close()
                return
            status, headers, content = answer
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = _forward  # noqa: N815 (the base class's names)

        def log_message(self, *_):
            """Say nothing."""

    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=proxy.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{proxy.server_port}"
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join()
