"""What a model predicts: one of two classes, of several, or a number."""

from __future__ import annotations

from typing import Literal

Task = Literal["binary", "multiclass", "regression"]
