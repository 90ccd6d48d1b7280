"""The environment of the tools that benchmarks compare with, apart from Tidegate's own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PEERS = ROOT / "build" / "peers"
LOCK = ROOT / "requirements" / "peers.txt"


def python() -> str:
    """The peers' Python, installed from `requirements/peers.txt` when that is newer."""
    ready = PEERS / ".ready"
    if not ready.exists() or ready.stat().st_mtime < LOCK.stat().st_mtime:
        uv = Path(sys.executable).parent / "uv"
        interpreter = str(PEERS / "bin" / "python")
        subprocess.run([uv, "venv", "-q", "--clear", "--python", "3.11", PEERS], check=True)
        subprocess.run(
            [uv, "pip", "install", "--no-config", "-q", "--python", interpreter, "--no-deps",
             "--require-hashes", "--compile-bytecode", "-r", LOCK],
            check=True,
        )  # fmt: skip
        ready.touch()
    return str(PEERS / "bin" / "python")
