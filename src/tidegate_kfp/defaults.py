"""The defaults of the pipelines, and the sizes of their tasks."""

from typing import Literal, NamedTuple

SPAN = "latest"
ON_HOLD = "fail"


#: The user id of the images, without a name; Kubernetes verifies that it is not root.
USER = 65532
#: The folder that pods may write to. Its size is set for each task.
SCRATCH = "/tmp"  # noqa: S108 (an emptyDir of the pod's own)
#: The Secret with the namespace's own values (the object store's credentials, the webhook), and
#: its keys that become environment variables.
STORAGE_SECRET = "tidegate-storage"  # noqa: S105 (a name)
CREDENTIALS = (
    "S3_ENDPOINT",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_REGION",
    "TIDEGATE_WEBHOOK_URL",
    "OPENLINEAGE_URL",
    "OPENLINEAGE_ENDPOINT",
    "OPENLINEAGE_API_KEY",
    "OPENLINEAGE_NAMESPACE",
)
#: The ConfigMap with contracts, one per key, and the folder of their files in pods.
CONTRACTS = "tidegate-contracts"
CONTRACTS_FOLDER = "/etc/tidegate/contracts"


class Size(NamedTuple):
    """The resources a task requests, and their limits."""

    kind: Literal["small", "medium", "large"]
    cpu_request: str
    cpu_limit: str
    memory_request: str
    memory_limit: str
    scratch: str
    timeout_seconds: int


SMALL = Size("small", "100m", "1", "256Mi", "1Gi", "1Gi", 600)
"""Registry look-ups and messages."""
MEDIUM = Size("medium", "500m", "2", "1Gi", "4Gi", "20Gi", 2 * 3600)
"""Streaming over data, and TensorFlow Data Validation's imports."""
LARGE = Size("large", "1", "4", "2Gi", "8Gi", "20Gi", 12 * 3600)
"""Training and evaluation."""
