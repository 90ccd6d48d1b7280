"""Paths of the compiled files.

The module imports nothing of KFP, so that running a compiled pipeline does not compile it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent
#: The checkout that contains this package; an installed wheel has none, and nothing to regenerate.
ROOT: Final = _PACKAGE.parents[1]
IN_CHECKOUT: Final = (ROOT / "pyproject.toml").is_file()
#: The compiled pipeline, which is part of the package.
TRAINING: Final = (_PACKAGE / "pipelines" / "training.yaml").resolve()
GITOPS: Final = ROOT / "manifests" / "gitops" / "training.yaml"
