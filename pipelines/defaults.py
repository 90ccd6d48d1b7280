"""Every default and every policy of the pipelines, once."""

from typing import NamedTuple

SPAN = "latest"
ON_HOLD = "fail"


class Size(NamedTuple):
    """What a task asks of its node and may use at most."""

    cpu_request: str
    cpu_limit: str
    memory_request: str
    memory_limit: str


SMALL = Size("100m", "1", "256Mi", "1Gi")
"""Registry look-ups and messages."""
MEDIUM = Size("500m", "2", "1Gi", "4Gi")
"""Streaming over data, and TensorFlow Data Validation's imports."""
LARGE = Size("1", "4", "2Gi", "8Gi")
"""Training and evaluation."""
