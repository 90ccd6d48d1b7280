"""The cache of KFP's local runner across runs."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import sys
from pathlib import Path
from typing import Any

from tidegate.platform import lineage


def directory(out: Path) -> Path:
    """The folder in `out` for results cached by this very installation.

    KFP's key covers a component's own source, its parameters and the names of its inputs. On a
    cluster the image identifies the code that the component calls; here the directory's name does:
    a digest of Tidegate's files and of the versions of Python and all installed packages.
    """
    made_by = hashlib.sha256(f"{sys.version}\n{lineage.code_digest()}\n".encode())
    for name, version in sorted(
        (d.name, d.version) for d in importlib.metadata.distributions() if d.name
    ):
        made_by.update(f"{name}=={version}\n".encode())
    return out / ".cache" / made_by.hexdigest()[:16]


def outputs(kept: Path, key: str) -> dict[str, Any]:
    """The cached outputs under a key or its first digits.

    They are parameters, and artifacts by their paths.
    """
    (entry,) = kept.glob(f"{key}*.json")
    values: dict[str, Any] = json.loads(entry.read_text())
    return {
        name: Path(value["uri"]) if isinstance(value, dict) and "uri" in value else value
        for name, value in values.items()
    }
