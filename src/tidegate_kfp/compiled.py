"""Where the compiled files lie. It imports nothing, so that running one need not compile it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent
#: The checkout that this package lies in; without one, as in an installed wheel, nothing of it is
#: there to be written anew.
ROOT: Final = _PACKAGE.parents[1]
IN_CHECKOUT: Final = (ROOT / "pyproject.toml").is_file()
#: The compiled pipeline, which comes with the package.
TRAINING: Final = (_PACKAGE / "pipelines" / "training.yaml").resolve()
GITOPS: Final = ROOT / "manifests" / "gitops" / "training.yaml"
