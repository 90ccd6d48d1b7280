"""DuckDB over the rows of both sides, locked: it reads their files and nothing else.

In SQL the columns of a side are called c0, c1 and so on, in the order of its schema, so that no
name from the data ever stands in a query.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any, Final

import duckdb

from tidegate.comparison.skew.sides import Side
from tidegate.core.errors import StatisticsError

#: Of the pod's 4 GiB; what needs more goes to temporary files.
MEMORY: Final = "1GB"


class Database:
    """The tables `training` and `serving`, and what is made of them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """What `opened` made."""
        self._connection = connection

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query.

        Raises:
            StatisticsError: DuckDB cannot run it.
        """
        with _explained():
            return self._connection.execute(sql).fetchall()

    def row(self, sql: str) -> tuple[Any, ...]:
        """The only row of a query."""
        (found,) = self.run(sql)
        return found


@contextlib.contextmanager
def opened(sides: Mapping[str, Side]) -> Iterator[Database]:
    """Open both sides, to be asked while the context lasts.

    Args:
        sides: By the name that the table is to have; each has a file.

    Raises:
        StatisticsError: a file cannot be read.
    """
    with (
        tempfile.TemporaryDirectory(prefix="tidegate-skew-") as scratch,
        duckdb.connect(
            ":memory:",
            config={
                "memory_limit": MEMORY,
                "temp_directory": scratch,
                "threads": len(os.sched_getaffinity(0)),
                "preserve_insertion_order": False,
                "python_enable_replacements": False,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "allow_community_extensions": False,
            },
        ) as connection,
    ):
        files = [str(file) for side in sides.values() for file in side.files]
        connection.execute(f"SET allowed_paths = [{_literals(files)}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        for table, side in sides.items():
            names = ", ".join(f"c{i}" for i in range(len(side.schema.names)))
            listed = _literals([str(file) for file in side.files])
            with _explained():
                rows = f"read_parquet([{listed}]) AS rows({names})"
                connection.execute(f"CREATE VIEW {table} AS SELECT * FROM {rows}")  # noqa: S608
        yield Database(connection)


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        said = " ".join(str(error).split("\n\nLINE ")[0].split())[:300]
        raise StatisticsError(f"the rows of both sides cannot be joined: {said}") from None


def _literals(texts: list[str]) -> str:
    return ", ".join("'" + text.replace("'", "''") + "'" for text in texts)
