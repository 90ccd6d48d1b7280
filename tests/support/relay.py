"""What stands between a client and a server: connections that break, and TLS of one's own."""

import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class Relay:
    """Passes connections on to a server.

    `spoil(number)` may limit the bytes of its answers, `drop(number)` end one at once.
    """

    def __init__(self, target, *, spoil=lambda _: None, drop=lambda _: False, tls=None):
        self._target, self._spoil, self._drop, self._tls = target, spoil, drop, tls
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
            if self._drop(number):
                near.recv(65_536)
                near.close()
                return
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
