"""Object stores that the tests start for themselves, on loopback ports of their own."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class S3Server:
    """A running S3 service: its URL, its owner's credentials, and whether it is a real one."""

    endpoint: str
    access_key: str
    secret_key: str
    real: bool

    @property
    def environment(self):
        """What a user sets to work with it."""
        return {
            "S3_ENDPOINT": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
        }


@contextlib.contextmanager
def s3_server(*options, host="127.0.0.1", environment=None):
    """MinIO where there is one, else moto's server; only MinIO if TIDEGATE_REQUIRE_SERVERS is 1."""
    minio = find("minio", "TIDEGATE_MINIO")
    port = free_port()
    with tempfile.TemporaryDirectory() as data:
        if minio:
            command = [minio, "server", "--quiet", "--address", f"{host}:{port}", *options, data]
            health = "/minio/health/ready"
        else:
            # One request after another: moto looks at a condition and writes in two steps.
            command = [sys.executable, "-c", _MOTO, host, str(port)]
            health = "/moto-api/"
        owner = {"MINIO_ROOT_USER": "tidegate", "MINIO_ROOT_PASSWORD": "correct-horse-battery"}
        with running(
            command,
            health=f"http://{host}:{port}{health}",
            environment={
                **owner,
                "MINIO_BROWSER": "off",
                "MINIO_UPDATE": "off",
                **(environment or {}),
            },
        ):
            yield S3Server(f"http://{host}:{port}", *owner.values(), real=bool(minio))


_MOTO = """
import sys
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple
app = DomainDispatcherApplication(create_backend_app)
run_simple(sys.argv[1], int(sys.argv[2]), app, threaded=False)
"""


def find(program, variable):
    """The program that `variable` names, or the one in build/bin, or on PATH; else None.

    Where TIDEGATE_REQUIRE_SERVERS is 1 its absence fails the tests: nothing stands in for it.
    """
    named = os.environ.get(variable)
    found = named or shutil.which(program, path=ROOT / "build" / "bin") or shutil.which(program)
    if named and not Path(named).is_file():
        raise RuntimeError(f"{variable} is {named!r}, which is no file")
    if not found and os.environ.get("TIDEGATE_REQUIRE_SERVERS") == "1":
        raise RuntimeError(f"{program} is required and not there; run `make servers`")
    return found


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@contextlib.contextmanager
def running(command, *, health, environment=None, seconds=300):
    """Run a server until the block ends; the block begins when `health` answers."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env={**os.environ, **(environment or {})}
        )
        try:
            limit = time.monotonic() + seconds
            while not _answers(health):
                if process.poll() is not None or time.monotonic() > limit:
                    log.seek(0)
                    raise RuntimeError(f"{command[0]} did not start: {log.read().decode()}")
                time.sleep(0.05)
            yield process
        finally:
            process.terminate()
            process.wait(timeout=20)


def _answers(url):
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
