"""Open DuckDB over some Parquet files, locked against everything else.

External access is limited to the files, extensions are never loaded, the configuration cannot be
changed, and memory and temporary files have limits.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import duckdb

#: Memory limit, of the pod's 4 GiB; larger queries use temporary files.
MEMORY: Final = "1GB"
SCRATCH: Final = "10GB"


@contextlib.contextmanager
def locked(files: Iterable[Path], *, ordered: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an in-memory database that may read only some files.

    It stays open within the context.

    Args:
        files: Parquet files.
        ordered: Whether rows keep their order; without it a large join needs less memory.
    """
    with (
        tempfile.TemporaryDirectory(prefix="tidegate-duckdb-") as scratch,
        duckdb.connect(
            ":memory:",
            config={
                "memory_limit": MEMORY,
                "temp_directory": scratch,
                "max_temp_directory_size": SCRATCH,
                "threads": len(os.sched_getaffinity(0)),
                "preserve_insertion_order": ordered,
                "python_enable_replacements": False,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "allow_community_extensions": False,
            },
        ) as connection,
    ):
        # With them DuckDB trusts the bounds that Parquet files state of floats, which leave NaN
        # out, and rows with NaN vanish from results (duckdb/duckdb#25521).
        connection.execute("SET disabled_optimizers = 'statistics_propagation,filter_pushdown'")
        connection.execute(f"SET allowed_paths = [{literals(files)}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection


def literals(texts: Iterable[object]) -> str:
    """Quote texts as SQL literals, separated by commas."""
    return ", ".join("'" + str(text).replace("'", "''") + "'" for text in texts)


def quoted(name: str) -> str:
    """Quote a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def one_line(error: Exception) -> str:
    """DuckDB's error message in one line, without the query."""
    return " ".join(str(error).split("\n\nLINE ")[0].split())[:300]
