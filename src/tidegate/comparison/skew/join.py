"""Join the rows of both sides by key.

As with TFDV's `FeatureSkewDetector`, a key that occurs in several rows of a side is counted and
not compared, because its rows cannot be matched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from tidegate.comparison.skew.database import Database, opened
from tidegate.comparison.skew.equality import Comparison, comparison
from tidegate.comparison.skew.equality import key as key_of
from tidegate.comparison.skew.result import Keys, Texts
from tidegate.comparison.skew.sides import JoinSide
from tidegate.contract import Contract, Tolerance
from tidegate.core.errors import SourceError
from tidegate.data.sources.types import DOUBLE, EXACT, inexact_key

#: The most missing keys that are shown for a side.
SHOWN_KEYS: Final = 5
#: The most characters that are shown of a value.
MAX_TEXT: Final = 80


@dataclass(frozen=True)
class Pairs:
    """The table `pairs`: one row for each key unique on both sides.

    Its columns are k0, k1 and so on for the key as text, and t0, s0, t1, s1 and so on for the
    values of `features`.

    Attributes:
        database: The database with that table.
        keys: How the rows were joined.
        features: The compared features, in the order of the columns.
    """

    database: Database
    keys: Keys
    features: tuple[tuple[str, Comparison], ...]


@contextmanager
def joined(training: JoinSide, serving: JoinSide, contract: Contract) -> Iterator[Pairs]:
    """Join both sides for queries within a context.

    Args:
        training: The training side, which has rows.
        serving: The serving side, which has rows.
        contract: The contract; both sides have its `serving_key`, and its tolerances apply.

    Raises:
        StatisticsError: the rows cannot be read or joined.
        SourceError: a key is a double beyond what a double tells apart.
    """
    key = contract.serving_key
    t_at = {name: i for i, name in enumerate(training.schema.names)}
    s_at = {name: i for i, name in enumerate(serving.schema.names)}
    shared = [name for name in t_at if name in s_at and name not in key]
    with opened({"training": training, "serving": serving}) as database:
        for table, side, other in (
            ("training", training, serving),
            ("serving", serving, training),
        ):
            _count_keys(database, table, side, other, key)
        keys = _keys(database, training, serving, key)
        same = " AND ".join(f"t.k{i} = s.k{i}" for i in range(len(key)))
        once = " AND ".join(f"t.k{i} = o.k{i}" for i in range(len(key)))
        columns = [f"{as_text(f't.k{i}')} AS k{i}" for i in range(len(key))]
        for i, name in enumerate(shared):
            columns += [f"t.c{t_at[name]} AS t{i}", f"s.c{s_at[name]} AS s{i}"]
        database.run(
            f"CREATE TABLE pairs AS SELECT {', '.join(columns)} FROM training_rows t "  # noqa: S608
            f"JOIN once o ON {once} JOIN serving_rows s ON {same}"
        )
        features = tuple(
            (
                name,
                comparison(
                    training.schema.field(name).type,
                    serving.schema.field(name).type,
                    _tolerance(contract, name),
                    t=f"t{i}",
                    s=f"s{i}",
                ),
            )
            for i, name in enumerate(shared)
        )
        yield Pairs(database, keys, features)


def _tolerance(contract: Contract, name: str) -> Tolerance:
    tolerance = contract.gates.skew.tolerance
    return tolerance.features.get(name, tolerance)


def _count_keys(
    database: Database, table: str, side: JoinSide, other: JoinSide, key: Sequence[str]
) -> None:
    """Create `TABLE_rows` with the key, and `TABLE_keys` with counts."""
    parts = []
    for i, name in enumerate(key):
        at = side.schema.get_field_index(name)
        mine, theirs = side.schema.field(at).type, other.schema.field(name).type
        parts.append(f"{key_of(mine, theirs, f'c{at}')} AS k{i}")
    names = ", ".join(f"k{i}" for i in range(len(key)))
    there = " AND ".join(f"k{i} IS NOT NULL" for i in range(len(key)))
    for i, name in enumerate(key):
        if side.schema.field(name).type == DOUBLE:
            column = f"c{side.schema.get_field_index(name)}"
            (beyond,) = database.row(
                f"SELECT count(*) FROM {table} "  # noqa: S608
                f"WHERE isfinite({column}) AND abs({column}) >= {EXACT}"
            )
            if beyond:
                raise SourceError(inexact_key(side.calls(name), side.statistics.span))
            there += f" AND CAST(k{i} AS VARCHAR) <> 'nan'"
    database.run(f"CREATE VIEW {table}_rows AS SELECT *, {', '.join(parts)} FROM {table}")  # noqa: S608
    database.run(
        f"CREATE TABLE {table}_keys AS SELECT {names}, count(*) AS n FROM {table}_rows "  # noqa: S608
        f"WHERE {there} GROUP BY ALL"
    )


def _keys(database: Database, training: JoinSide, serving: JoinSide, key: Sequence[str]) -> Keys:
    names = ", ".join(f"k{i}" for i in range(len(key)))
    database.run(
        f"CREATE TABLE once AS SELECT {names} FROM training_keys t JOIN serving_keys s "  # noqa: S608
        f"USING ({names}) WHERE t.n = 1 AND s.n = 1"
    )
    (pairs,) = database.row("SELECT count(*) FROM once")
    (common,) = database.row(
        f"SELECT count(*) FROM training_keys JOIN serving_keys USING ({names})"  # noqa: S608
    )
    counted = {}
    for table in ("training", "serving"):
        counted[table] = database.row(
            "SELECT count(*), count(*) FILTER (WHERE n > 1), coalesce(sum(n), 0)::BIGINT "  # noqa: S608
            f"FROM {table}_keys"
        )
    return replace(
        Keys(tuple(key), training.rows, serving.rows),
        training_without_key=training.rows - counted["training"][2],
        serving_without_key=serving.rows - counted["serving"][2],
        training_keys=counted["training"][0],
        serving_keys=counted["serving"][0],
        training_duplicates=counted["training"][1],
        serving_duplicates=counted["serving"][1],
        common=common,
        pairs=pairs,
        training_only=_only(database, "training_keys", "serving_keys", names),
        serving_only=_only(database, "serving_keys", "training_keys", names),
    )


def _only(database: Database, here: str, there: str, names: str) -> tuple[Texts, ...]:
    texts = ", ".join(as_text(name) for name in names.split(", "))
    rows = database.run(
        f"SELECT {texts} FROM {here} ANTI JOIN {there} USING ({names}) "  # noqa: S608
        f"ORDER BY hash({names}), {names} LIMIT {SHOWN_KEYS}"
    )
    return tuple(tuple(row) for row in rows)


def as_text(column: str) -> str:
    """A column's value as text in SQL, shortened if it is long."""
    whole = f"CAST({column} AS VARCHAR)"
    return (
        f"CASE WHEN length({whole}) > {MAX_TEXT} THEN left({whole}, {MAX_TEXT - 1}) || '\u2026' "
        f"ELSE {whole} END"
    )
