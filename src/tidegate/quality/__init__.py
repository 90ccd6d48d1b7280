"""Quality: what to know of a span's data before anything is built on it."""

from tidegate.quality.codes import DEFAULTS, Severity

__all__ = ["DEFAULTS", "Severity"]
