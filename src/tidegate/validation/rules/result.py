"""What came of rules and of the search for anomalous rows, in plain values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Rows:
    """Rows that something is wrong with: how many, and a few of them.

    Attributes:
        failing: How many they are.
        of: How many were looked at.
        columns: What is shown of each, the key first.
        sample: A few rows as text, the same ones whenever the same data are judged; None stands
            for a missing value, and what is long is cut.
    """

    failing: int
    of: int
    columns: tuple[str, ...] = ()
    sample: tuple[tuple[str | None, ...], ...] = ()

    @property
    def share(self) -> float:
        """`failing` as a share of `of`; above 1 where a query returns more rows than there are."""
        return self.failing / self.of if self.of else 0.0

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Rows:
        """Read back what `asdict` gave."""
        return cls(
            failing=document["failing"],
            of=document["of"],
            columns=tuple(document["columns"]),
            sample=tuple(tuple(row) for row in document["sample"]),
        )


@dataclass(frozen=True)
class RuleResult:
    """One rule of the contract, judged.

    Attributes:
        name: The rule.
        description: What it means, as the contract says.
        severity: What it is to the gate.
        over: `examples` or `statistics`.
        sql: What was asked.
        allowed: How many rows may fail.
        rows: What failed; None where that could not be found out.
        problem: Why it could not, in one line; else empty.
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
        """`empty` is a rule that no row is subject to, which judges nothing."""
        if self.severity == "off":
            return "off"
        if self.rows is None:
            return "not_evaluated"
        if self.rows.failing > self.allowed:
            return "fail"
        return "pass" if self.rows.of else "empty"

    def to_json(self) -> dict[str, Any]:
        """As plain values, with the state for those who read no further."""
        return {"state": self.state, **asdict(self)}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> RuleResult:
        """Read back what `to_json` gave."""
        values = {k: v for k, v in document.items() if k not in ("state", "rows")}
        rows = document["rows"]
        return cls(**values, rows=None if rows is None else Rows.from_json(rows))


@dataclass(frozen=True)
class AnomalousRows:
    """The rows behind one finding.

    Attributes:
        code: The finding's code.
        subject: The finding's column.
        rows: Counted and sampled; of a slice, among its rows.
        slice: The finding's slice; empty for all rows.
    """

    code: str
    subject: str
    rows: Rows
    slice: str = ""

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> AnomalousRows:
        """Read back what `asdict` gave."""
        rows = Rows.from_json(document["rows"])
        return cls(document["code"], document["subject"], rows, document["slice"])
