"""Read Parquet files of others safely with any pyarrow.

Import this module before reading them: it closes CVE-2023-47248 where pyarrow is older than 14.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

#: Whether pyarrow itself compares pages with their checksums.
VERIFIES_PAGES: Final = int(pa.__version__.split(".")[0]) >= 14

if not VERIFIES_PAGES:
    import pyarrow_hotfix  # noqa: F401

#: Options of every `pyarrow.parquet.ParquetFile`.
PARQUET: Final[dict[str, Any]] = {"page_checksum_verification": True} if VERIFIES_PAGES else {}
