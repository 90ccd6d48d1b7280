"""Schema skew: the columns and types of both sides against the schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from tidegate.comparison.skew.result import ColumnSkew, ColumnStatus
from tidegate.comparison.skew.sides import JoinSide
from tidegate.contract import Contract
from tidegate.core.verdict import Finding
from tidegate.data.sources.types import DOUBLE, INT, NULL, STRING, TIMESTAMP
from tidegate.schema import SERVING, anomalies
from tidegate.schema import conformance as against

_TYPES: Final = {INT: "int", DOUBLE: "float", STRING: "string", TIMESTAMP: "time", NULL: ""}


def compare_columns(
    training: JoinSide, serving: JoinSide, schema: Any, contract: Contract
) -> tuple[ColumnSkew, ...]:
    """Compare every column of either side, training's order first.

    A column without any value has no type and differs from none. Whole numbers in the place of
    floats are no difference, nor are whole numbers that serving writes as 5.0.
    """
    absent = {f.name for f in schema.feature if SERVING in f.not_in_environment}
    names = dict.fromkeys([*training.schema.names, *serving.schema.names])
    logged = serving.statistics.features()
    found = []
    for name in names:
        in_training, in_serving = _type(training, name), _type(serving, name)
        if (in_training, in_serving) == ("int", "float") and logged[name].is_whole:
            in_serving = "int"
        status = _status(name, in_training, in_serving, name in absent, contract)
        found.append(ColumnSkew(name, serving.calls(name), in_training, in_serving, status))
    return tuple(found)


def _type(side: JoinSide, name: str) -> str | None:
    index = side.schema.get_field_index(name)
    return None if index < 0 else _TYPES[side.schema.field(index).type]


def _status(
    name: str, training: str | None, serving: str | None, absent: bool, contract: Contract
) -> ColumnStatus:
    if name == contract.label and serving is None:
        return "label"
    if name == contract.label:
        return "label_in_serving"
    if serving is None:
        return "expected" if absent else "training_only"
    if training is None:
        return "serving_only"
    whole = (training, serving) == ("float", "int")
    return "same" if whole or "" in (training, serving) or training == serving else "type"


def schema_findings(serving: JoinSide, schema: Any) -> Iterator[Finding]:
    """Check the serving data against the schema's SERVING environment.

    Columns that the schema does not know are left to `column_findings`. Columns that it expects in
    TRAINING only (the label, an excluded column) may be present.

    Raises:
        SchemaError: the schema is one TFDV cannot work with, or lacks that environment.
    """
    reported = against.validate_with_tfdv(serving.statistics, schema, None, SERVING)
    for finding in anomalies.findings(
        reported, features=serving.statistics.features(), schema=schema, environment=SERVING
    ):
        # To TFDV a column is new, too, in an environment that does not expect it.
        if finding.code != "schema_new_column":
            yield finding


def column_findings(
    columns: tuple[ColumnSkew, ...], reported: set[str], contract: Contract
) -> Iterator[Finding]:
    """Report column differences that the schema's findings do not cover.

    Args:
        columns: The columns of both sides.
        reported: Columns that the schema's findings report as missing or of another type.
        contract: The contract; its serving section can map columns to each other.
    """
    for c in columns:
        if c.status == "label_in_serving":
            yield Finding(
                "label_in_serving",
                c.column,
                "warn",
                f"the label {c.column!r} is in the serving data: what is to be predicted should "
                "not be known then; if it was joined later, leave it out with serving.exclude",
            )
        elif c.column in reported or c.status in ("same", "label", "expected"):
            continue
        elif c.status == "type":
            yield _skewed(
                c,
                f"column {c.column!r} is {c.training_type} in training and {c.serving_type} in "
                f"serving; {_remedy(c)}",
            )
        elif c.status == "training_only":
            yield _skewed(
                c,
                f"column {c.column!r} ({c.training_type or 'empty'}) is in training and not in "
                "serving, so a model that uses it cannot be served; log it, give its other name "
                "in serving.columns, or exclude it in features.exclude",
                held=c.column not in contract.not_features,
            )
        elif c.status == "serving_only":
            yield _skewed(
                c,
                f"column {c.serving_name!r} ({c.serving_type or 'empty'}) is in serving and not "
                "in training; add it there, or leave it out with serving.exclude",
                held=False,
            )


def _remedy(column: ColumnSkew) -> str:
    types = {column.training_type, column.serving_type}
    if types == {"int", "float"}:
        return "write both with decimals, or name it in the contract's features.numeric"
    if "time" in types:
        return (
            "write its times in ISO 8601 on both sides (2024-01-31, 2024-01-31T08:00:00), or leave "
            "it out with --exclude (contract: features.exclude)"
        )
    return (
        "write numbers on both sides, or have both read as text with --text (contract: "
        "features.categorical)"
    )


def _skewed(column: ColumnSkew, message: str, *, held: bool = True) -> Finding:
    return Finding(
        "schema_training_serving_skew", column.column, "hold" if held else "warn", message
    )
