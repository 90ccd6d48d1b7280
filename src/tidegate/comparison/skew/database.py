"""Query the rows of both sides in a locked DuckDB.

In SQL the columns of a side are called c0, c1 and so on, in the order of its schema, so that no
name from the data ever appears in a query.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb

from tidegate.comparison.skew.sides import JoinSide
from tidegate.core.errors import StatisticsError
from tidegate.data.duckdb import literals, locked, one_line


class Database:
    """The tables `training` and `serving`, and tables derived from them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Wrap the connection that `opened` made."""
        self._connection = connection

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a query and return its rows.

        Raises:
            StatisticsError: DuckDB cannot run it.
        """
        with _explained():
            return self._connection.execute(sql).fetchall()

    def row(self, sql: str) -> tuple[Any, ...]:
        """Run a query and return its only row."""
        (found,) = self.run(sql)
        return found


@contextlib.contextmanager
def opened(sides: Mapping[str, JoinSide]) -> Iterator[Database]:
    """Open both sides for queries within a context.

    Args:
        sides: The sides by table name; each has a file.

    Raises:
        StatisticsError: a file cannot be read.
    """
    files = [file for side in sides.values() for file in side.files]
    with locked(files, ordered=False) as connection:
        for table, side in sides.items():
            names = ", ".join(f"c{i}" for i in range(len(side.schema.names)))
            with _explained():
                rows = f"read_parquet([{literals(side.files)}]) AS rows({names})"
                connection.execute(f"CREATE VIEW {table} AS SELECT * FROM {rows}")  # noqa: S608
        yield Database(connection)


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise StatisticsError(
            f"the rows of both sides cannot be joined: {one_line(error)}"
        ) from None
