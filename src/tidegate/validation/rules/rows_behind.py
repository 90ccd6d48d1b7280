"""Find the rows behind a finding by an equivalent condition on rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from tensorflow_metadata.proto.v0 import schema_pb2

from tidegate.contract import Contract
from tidegate.core.verdict import Finding
from tidegate.schema.domains import domain_of
from tidegate.statistics.slices import values_of
from tidegate.validation.rules.database import Database, QueryError
from tidegate.validation.rules.result import AnomalousRows

#: The most findings whose rows are searched, the gravest first.
MAX_FINDINGS: Final = 100

_GRAVITY: Final = ("hold", "warn", "info")
_MISSING: Final = {
    "feature_type_low_fraction_present",
    "feature_type_low_number_present",
    "missing_rate",
}


@dataclass(frozen=True)
class _Condition:
    """An SQL condition for anomalous rows, with its parameter values."""

    sql: str
    values: tuple[Any, ...] = ()


def anomalous_rows(
    findings: Iterable[Finding], database: Database, *, schema: Any, contract: Contract
) -> list[AnomalousRows]:
    """Count and sample the rows behind findings about single rows.

    Args:
        findings: Findings of the gate; findings about the whole (a distance, a number of rows) have
            no rows.
        database: The database with the examples.
        schema: A `schema_pb2.Schema`.
        contract: The contract; its key is shown first, or the rows' positions without one.

    Returns:
        The rows in the order of severity. A finding whose rows cannot be identified is left out.
    """
    columns = database.columns("examples")
    expected = {f.name: f for f in schema.feature}
    key = database.identity(contract)
    ranked = sorted(findings, key=lambda f: _GRAVITY.index(f.severity))
    found: dict[tuple[str, str, str], AnomalousRows] = {}
    for finding in ranked:
        name = finding.subject
        if len(found) == MAX_FINDINGS:
            break
        if finding.code == "duplicate_keys" and key == list(contract.key):
            condition: _Condition | None = _repeated(key, database)
            named: list[str] = []
        elif name in columns:
            known = domain_of(schema, expected[name]) if name in expected else ()
            column, kind = database.column(name), database.kind(name)
            condition = _condition(finding.code, column, kind, expected.get(name), known)
            named = [name]
        else:
            continue
        if condition is None:
            continue
        try:
            rows = database.failing(
                "examples",
                f"({condition.sql})",
                where=_in_slice(finding.slice, database),
                show=tuple(dict.fromkeys([*key, *named])),
                by=key,
                values=condition.values,
            )
        except QueryError:
            # The finding stands without its rows.
            continue
        if rows.failing:
            found[finding.code, name, finding.slice] = AnomalousRows(
                finding.code, name, rows, finding.slice
            )
    return list(found.values())


def _in_slice(name: str, database: Database) -> str:
    """The SQL condition for a slice's rows; true without a name."""
    cut = values_of(name, database.columns("examples")) if name else {}
    texts = {column: value.replace("'", "''") for column, value in cut.items()}
    return " AND ".join(
        [f"CAST({database.column(column)} AS VARCHAR) = '{text}'" for column, text in texts.items()]
        or ["true"]
    )


def _repeated(key: list[str], database: Database) -> _Condition:
    names = ", ".join(database.column(c) for c in key)
    return _Condition(
        f"({names}) IN (SELECT ({names}) FROM examples GROUP BY {names} HAVING count(*) > 1)"  # noqa: S608
    )


def _condition(
    code: str, column: str, kind: str, expected: Any, known: tuple[str, ...]
) -> _Condition | None:
    """The row condition of a column's finding, or None.

    Args:
        code: The finding's code.
        column: The column in SQL.
        kind: The column's SQL type.
        expected: The column's feature in the schema; None if the schema has none.
        known: The column's domain in the schema.
    """
    if code in _MISSING:
        return _Condition(f"{column} IS NULL")
    if code == "label_missing_values":
        nan = f" OR isnan({column})" if kind == "DOUBLE" else ""
        return _Condition(f"{column} IS NULL{nan}")
    if code in ("enum_type_unexpected_string_values", "unseen_values") and known:
        return _Condition(f"NOT list_contains(?, {column})", (list(known),))
    if code == "respelled_values" and known:
        folded = [" ".join(k.lower().split()) for k in known]
        plain = f"trim(regexp_replace(lower({column}), '\\s+', ' ', 'g'))"
        return _Condition(
            f"NOT list_contains(?, {column}) AND list_contains(?, {plain})", (list(known), folded)
        )
    if code in ("nan_values", "float_type_has_nan") and kind == "DOUBLE":
        return _Condition(f"isnan({column})")
    if code == "float_type_has_inf" and kind == "DOUBLE":
        return _Condition(f"isinf({column})")
    if code == "statistic_not_computable" and kind == "DOUBLE":
        return _Condition(f"NOT isfinite({column})")
    if code == "padded_text" and kind == "VARCHAR":
        return _Condition(f"{column} <> trim({column}, ' \\t\\n\\r')")
    if expected is None:
        return None
    return _of_schema(code, column, kind, expected)


def _of_schema(code: str, column: str, kind: str, expected: Any) -> _Condition | None:
    is_number = kind in ("BIGINT", "DOUBLE")
    limits = getattr(expected, expected.WhichOneof("domain_info") or "int_domain")
    if code in ("int_type_small_int", "float_type_small_float") and is_number:
        return _Condition(f"{column} < ?", (limits.min,))
    if code in ("int_type_big_int", "float_type_big_float") and is_number:
        # NaN is greater than any number in SQL.
        finite = f" AND NOT isnan({column})" if kind == "DOUBLE" else ""
        return _Condition(f"{column} > ?{finite}", (limits.max,))
    if code.startswith("bool_type_"):
        return _not_boolean(column, kind, expected.bool_domain)
    wanted_numbers = code in ("int_type_not_int_string", "float_type_string_not_float") or (
        code == "unexpected_data_type" and expected.type != schema_pb2.BYTES
    )
    if wanted_numbers and kind == "VARCHAR":
        return _Condition(f"{column} IS NOT NULL AND TRY_CAST({column} AS DOUBLE) IS NULL")
    if code == "unexpected_data_type" and expected.type == schema_pb2.INT and kind == "DOUBLE":
        return _Condition(f"{column} <> trunc({column}) OR NOT isfinite({column})")
    return None


def _not_boolean(column: str, kind: str, allowed: Any) -> _Condition | None:
    if kind == "VARCHAR":
        values = [v for v in (allowed.true_value, allowed.false_value) if v]
        return _Condition(f"NOT list_contains(?, {column})", (values,)) if values else None
    return _Condition(f"{column} NOT IN (0, 1)")
