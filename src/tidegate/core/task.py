"""The prediction task: binary, multiclass or regression."""

from __future__ import annotations

from typing import Literal

Task = Literal["binary", "multiclass", "regression"]
