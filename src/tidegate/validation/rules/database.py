"""Query one span's rows and statistics in a locked, time-limited DuckDB."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import duckdb

from tidegate.contract import Contract
from tidegate.core.errors import ExamplesError
from tidegate.data.duckdb import literals, locked, one_line, quoted
from tidegate.data.examples import Examples
from tidegate.data.positions import POSITION
from tidegate.statistics.model import FeatureSummary
from tidegate.validation.rules.names import UnboundNameError, bound, mentioned, sql_names
from tidegate.validation.rules.result import Rows

#: The time limit of one query, in seconds.
TIME_LIMIT: Final = 120.0
#: The most failing rows that are shown, their columns, and the characters of a value.
SAMPLE: Final = 5
MAX_COLUMNS: Final = 12
MAX_TEXT: Final = 80

#: The rows of a table of statistics that are inserted at a time; one by one takes long.
_INSERTED: Final = 100

#: The columns of the tables `statistics` and `baseline`; see `FeatureSummary`.
_FEATURE: Final = {
    "name": "VARCHAR",
    "type": "VARCHAR",
    "rows": "BIGINT",
    "count": "BIGINT",
    "missing": "BIGINT",
    "missing_fraction": "DOUBLE",
    "unique": "BIGINT",
    "zeros": "BIGINT",
    "nans": "BIGINT",
    "mean": "DOUBLE",
    "std": "DOUBLE",
    "min": "DOUBLE",
    "median": "DOUBLE",
    "max": "DOUBLE",
    "quantiles": "DOUBLE[]",
    "avg_length": "DOUBLE",
}


class QueryError(Exception):
    """A query that failed; its text is one line with the reason."""


@contextlib.contextmanager
def opened(
    examples: Examples | None,
    statistics: Mapping[str, FeatureSummary],
    baseline: Mapping[str, FeatureSummary] | None = None,
    *,
    time_limit: float = TIME_LIMIT,
) -> Iterator[Database]:
    """Open one span for queries within a context.

    Args:
        examples: The rows; if None, only statistics can be queried.
        statistics: The statistics of the span, by column.
        baseline: The statistics of the span before, by column.
        time_limit: The time limit of one query, in seconds.

    Raises:
        ExamplesError: a file of the examples cannot be read.
    """
    splits = () if examples is None else examples.splits
    files = [] if examples is None else [f for s in splits for f in examples.files(s)]
    with locked(files) as connection:
        tables = {
            "statistics": _features(connection, "statistics", statistics),
            "baseline": _features(connection, "baseline", baseline or {}),
        }
        if examples is not None and files:
            tables["examples"] = _examples(connection, examples, literals(files))
        yield Database(connection, tables, time_limit)


@dataclass(frozen=True)
class _Table:
    """A table: its columns (SQL name and type) and row count."""

    columns: Mapping[str, tuple[str, str]]
    rows: int


def _examples(connection: duckdb.DuckDBPyConnection, examples: Examples, names: str) -> _Table:
    called = sql_names([*examples.schema.names, *(POSITION if examples.positions else ())])
    listed = ", ".join(quoted(name) for name in called.values())
    source = f"SELECT * FROM read_parquet([{names}]) AS rows({listed})"  # noqa: S608
    try:
        connection.execute(f"CREATE VIEW examples AS {source}")
        described = connection.execute("DESCRIBE examples").fetchall()
    except duckdb.Error as error:
        raise ExamplesError(
            f"cannot read the examples in {examples.path}: {one_line(error)}; ingest the span "
            "again, with caching off"
        ) from None
    kinds = [row[1] for row in described]
    columns = zip(called, zip(called.values(), kinds, strict=True), strict=True)
    return _Table(dict(columns), examples.num_rows())


def _features(
    connection: duckdb.DuckDBPyConnection, table: str, features: Mapping[str, FeatureSummary]
) -> _Table:
    columns = ", ".join(f"{quoted(c)} {kind}" for c, kind in _FEATURE.items())
    connection.execute(f"CREATE TABLE {table} ({columns})")
    rows = [[_plain(getattr(f, c)) for c in _FEATURE] for f in features.values()]
    marks = f"({', '.join('?' for _ in _FEATURE)})"
    for start in range(0, len(rows), _INSERTED):
        some = rows[start : start + _INSERTED]
        values = ", ".join([marks] * len(some))
        cells = [cell for row in some for cell in row]
        connection.execute(f"INSERT INTO {table} VALUES {values}", cells)  # noqa: S608
    return _Table({c: (c, kind) for c, kind in _FEATURE.items()}, len(rows))


class Database:
    """The tables of one span: `examples` (if given), `statistics`, `baseline`."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        tables: Mapping[str, _Table],
        time_limit: float,
    ) -> None:
        """Wrap what `opened` made."""
        self._connection = connection
        self._tables = tables
        self._time_limit = time_limit

    def columns(self, table: str) -> tuple[str, ...]:
        """The columns of a table as spelled in the data.

        Empty if there is no such table.
        """
        return tuple(self._tables[table].columns) if table in self._tables else ()

    def bound(self, sql: str, table: str) -> str:
        """A text whose names of columns are those in SQL, exactly.

        The columns are those of the table, and of other tables that the text names.

        Raises:
            QueryError: a name is not exact where it must be.
        """
        tables = {table, *mentioned(sql, tuple(self._tables))}
        columns = [column for t in tables for column in self._tables[t].columns.items()]
        names = {column: name for column, (name, _) in columns}
        try:
            return bound(sql, names)
        except UnboundNameError as error:
            raise QueryError(str(error)) from None

    def num_rows(self, table: str) -> int:
        """The number of rows of a table."""
        return self._tables[table].rows

    def identity(self, contract: Contract) -> list[str]:
        """The columns that tell rows of the examples apart: key, or position without one."""
        there = self.columns("examples")
        return [c for c in contract.key or POSITION if c in there]

    def column(self, name: str, table: str = "examples") -> str:
        """The quoted SQL name of a column."""
        return quoted(self._tables[table].columns[name][0])

    def kind(self, name: str) -> str:
        """The SQL type of a column of the examples.

        BIGINT, DOUBLE, VARCHAR, TIMESTAMP or "NULL".
        """
        return self._tables["examples"].columns[name][1]

    def failing(
        self,
        table: str,
        fails: str,
        *,
        where: str = "true",
        show: Sequence[str] = (),
        by: Sequence[str] = (),
        values: Sequence[Any] = (),
    ) -> Rows:
        """Count and sample the rows within `where` that fail.

        Args:
            table: One of the tables.
            fails: A condition in SQL that is true for failing rows.
            where: A condition in SQL that selects the rows to check.
            show: The columns to show, in this order.
            by: The columns whose hash decides which rows are in the sample; `show` by default.
            values: The values of the parameters `?` of `fails`; then `where` has none.

        Raises:
            QueryError: it cannot be run.
        """
        ((of, failing),) = self.run(
            f"SELECT count(*), count(*) FILTER (WHERE {fails}) FROM {table} WHERE ({where}\n)",  # noqa: S608
            values,
        )
        query = f"SELECT * FROM {table} WHERE ({where}\n) AND {fails}"  # noqa: S608
        shown = {name: self.column(name, table) for name in show}
        return self._sampled(query, failing, of, shown, [self.column(c, table) for c in by], values)

    def returned(self, query: str, *, of: int, show: Sequence[str] | None) -> Rows:
        """Count and sample the rows that a query returns.

        Args:
            query: One SELECT.
            of: The number of rows that the query checks.
            show: The columns to show; all returned columns by default.

        Raises:
            QueryError: it cannot be run, or does not return a column of `show`.
        """
        columns = self._tables["examples"].columns if "examples" in self._tables else {}
        spelled = {name: column for column, (name, _) in columns.items()}
        described = self.described(f"SELECT * FROM ({query}\n)")  # noqa: S608
        there = {spelled.get(name, name): name for name in described}
        for name in show or ():
            if name not in there:
                raise QueryError(f"show names {name!r}, and select returns {', '.join(there)}")
        ((failing,),) = self.run(f"SELECT count(*) FROM ({query}\n)")  # noqa: S608
        shown = {name: quoted(there[name]) for name in (there if show is None else show)}
        return self._sampled(query, failing, of, shown, [quoted(n) for n in there.values()], ())

    def described(self, query: str) -> dict[str, str]:
        """The columns and types of a query, without running it.

        Raises:
            QueryError: it could not be run, or the time limit is exceeded.
        """
        with self._limited():
            found = self._connection.execute(f"{query} LIMIT 0").description
        return {str(name): str(kind) for name, kind, *_ in found or ()}

    def run(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query and return its rows.

        Raises:
            QueryError: it cannot be run, or takes longer than the limit.
        """
        with self._limited():
            return self._connection.execute(sql, list(values)).fetchall()

    def _sampled(
        self,
        query: str,
        failing: int,
        of: int,
        show: Mapping[str, str],
        by: Sequence[str],
        values: Sequence[Any],
    ) -> Rows:
        shown = dict(list(show.items())[:MAX_COLUMNS])
        if not failing or not shown:
            return Rows(failing, of)
        texts = ", ".join(f"left(CAST({c} AS VARCHAR), {MAX_TEXT + 1})" for c in shown.values())
        order = ", ".join(by or shown.values())
        rows = self.run(
            f"SELECT {texts} FROM ({query}\n) ORDER BY hash({order}), {order} LIMIT {SAMPLE}",  # noqa: S608
            values,
        )
        return Rows(failing, of, tuple(shown), tuple(tuple(_cut(v) for v in row) for row in rows))

    @contextlib.contextmanager
    def _limited(self) -> Iterator[None]:
        timer = threading.Timer(self._time_limit, self._connection.interrupt)
        timer.start()
        try:
            with _explained():
                yield
        except duckdb.InterruptException:
            raise QueryError(f"it takes longer than {self._time_limit:g} seconds") from None
        finally:
            timer.cancel()


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except duckdb.InterruptException:
        raise
    except (duckdb.Error, UnicodeError) as error:
        raise QueryError(one_line(error)) from None


def check_condition(sql: str) -> None:
    """Check that a text is one SQL expression.

    Raises:
        QueryError: it is not.
    """
    with _explained():
        sql.encode()
        duckdb.SQLExpression(sql)


def one_select(sql: str) -> str:
    """Check that a text is one SELECT, and return it without semicolon.

    Raises:
        QueryError: it is another statement, several, or none.
    """
    with _explained():
        sql.encode()
        statements = duckdb.extract_statements(sql)
    if [s.type for s in statements] != [duckdb.StatementType.SELECT]:
        kinds = ", ".join(s.type.name for s in statements) or "nothing"
        raise QueryError(f"select must be one SELECT, and is {kinds}")
    return statements[0].query.strip().rstrip(";")


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _cut(text: str | None) -> str | None:
    if text is None or len(text) <= MAX_TEXT:
        return text
    return text[: MAX_TEXT - 1] + "\u2026"
