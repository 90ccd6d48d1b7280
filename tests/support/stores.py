"""Every store there is."""

from tests.support.servers_gcs import enforces_conditions

STORES = ["local", "s3", "gcs"]
#: All of them, unless the GCS server is the stand-in from PyPI, which ignores conditions.
CONDITIONAL = [s for s in STORES if s != "gcs" or enforces_conditions()]
