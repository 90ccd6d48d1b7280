"""Close CVE-2023-47248 where pyarrow is older than 14.

Import this module before reading Parquet files of others.
"""

from __future__ import annotations

import pyarrow as pa

if int(pa.__version__.split(".")[0]) < 14:
    import pyarrow_hotfix  # noqa: F401
