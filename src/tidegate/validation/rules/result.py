"""The results of rules and of the search for anomalous rows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Rows:
    """Failing rows: their number, and a sample.

    Attributes:
        failing: The number of failing rows.
        of: The number of checked rows.
        columns: The shown columns, the key first.
        sample: A few rows as text, the same ones whenever the same data are judged; None is a
            missing value, and long texts are cut.
    """

    failing: int
    of: int
    columns: tuple[str, ...] = ()
    sample: tuple[tuple[str | None, ...], ...] = ()

    @property
    def share(self) -> float:
        """`failing` as a share of `of`.

        It exceeds 1 if a query returns more rows than there are.
        """
        return self.failing / self.of if self.of else 0.0

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Rows:
        """Restore rows from `asdict`."""
        return cls(
            failing=document["failing"],
            of=document["of"],
            columns=tuple(document["columns"]),
            sample=tuple(tuple(row) for row in document["sample"]),
        )


@dataclass(frozen=True)
class RuleResult:
    """The result of one rule of the contract.

    Attributes:
        name: The rule.
        description: The contract's description of the rule.
        severity: The severity of a failure.
        over: `examples` or `statistics`.
        sql: The rule's SQL.
        allowed: The number of rows that may fail.
        rows: The failing rows; None if the rule could not be evaluated.
        problem: Why it could not be evaluated, in one line; else empty.
    """

    name: str
    description: str
    severity: str
    over: str
    sql: str
    allowed: int
    rows: Rows | None
    problem: str = ""

    @property
    def state(self) -> Literal["pass", "fail", "not_evaluated", "empty", "off"]:
        """The state of the rule; `empty` if it applies to no row."""
        if self.severity == "off":
            return "off"
        if self.rows is None:
            return "not_evaluated"
        if self.rows.failing > self.allowed:
            return "fail"
        return "pass" if self.rows.of else "empty"

    def to_json(self) -> dict[str, Any]:
        """Convert to plain values, including the derived state."""
        return {"state": self.state, **asdict(self)}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> RuleResult:
        """Restore a rule's result from `to_json`."""
        values = {k: v for k, v in document.items() if k not in ("state", "rows")}
        rows = document["rows"]
        return cls(**values, rows=None if rows is None else Rows.from_json(rows))


@dataclass(frozen=True)
class AnomalousRows:
    """The rows behind one finding.

    Attributes:
        code: The finding's code.
        subject: The finding's column.
        rows: The counted and sampled rows; for a slice, within its rows.
        slice: The finding's slice; empty for all rows.
    """

    code: str
    subject: str
    rows: Rows
    slice: str = ""

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> AnomalousRows:
        """Restore anomalous rows from `asdict`."""
        rows = Rows.from_json(document["rows"])
        return cls(document["code"], document["subject"], rows, document["slice"])
