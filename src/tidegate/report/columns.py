"""Describe columns for the pages, from statistics, schema and contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidegate.core.text import count, integer, listing, number, percent, short
from tidegate.report.html import shapes

if TYPE_CHECKING:
    from tidegate.contract import Contract
    from tidegate.statistics import FeatureSummary, Statistics


@dataclass(frozen=True)
class Column:
    """One column, as the pages show it.

    Attributes:
        anchor: Its `id` in the page. A number, because a name may contain anything.
        summary: Its statistics.
        role: `key`, `time`, `label`, `excluded` or `feature`.
        expected: The schema's constraints in words; empty without a schema.
        buckets: Its histogram; None for strings.
        values: Its most frequent values, for strings.
        others: The number of further values.
        unit: The unit from the contract; empty if it states none.
    """

    anchor: str
    summary: FeatureSummary
    role: str
    expected: str
    buckets: shapes.Buckets | None
    values: tuple[shapes.ValueShare, ...]
    others: int
    unit: str

    @property
    def name(self) -> str:
        """The column's name."""
        return self.summary.name

    @property
    def numeric(self) -> bool:
        """Whether it holds numbers."""
        return self.summary.type != "string"

    @property
    def quantiles(self) -> tuple[tuple[str, float], ...]:
        """Some quantiles by name; empty if the statistics have none."""
        edges = self.summary.quantiles
        if len(edges) < 11:
            return ()
        last = len(edges) - 1
        wanted = [p for p in (1, 5, 10, 25, 50, 75, 90, 95, 99) if (p * last) % 100 == 0]
        return tuple((f"{p}%", edges[p * last // 100]) for p in wanted)


def columns(
    statistics: Statistics, schema: Any, contract: Contract, *, values: int
) -> tuple[Column, ...]:
    """Describe all columns in the order of the data.

    Each has at most `values` frequent values.
    """
    expected = expectations(schema)
    made = []
    for index, (name, summary) in enumerate(statistics.features().items()):
        top, others = shapes.value_shares(summary, limit=values)
        made.append(
            Column(
                anchor=f"f{index}",
                summary=summary,
                role=role(name, contract),
                expected=expected.get(name, "not in the schema" if schema is not None else ""),
                buckets=shapes.buckets(summary) if shapes.is_numeric(summary) else None,
                values=top if summary.type == "string" else (),
                others=others if summary.type == "string" else 0,
                unit=_unit(name, contract),
            )
        )
    return tuple(made)


def _unit(name: str, contract: Contract) -> str:
    about = contract.columns.get(name)
    return (about.unit or "") if about is not None else ""


def role(name: str, contract: Contract) -> str:
    """The role of a column in the contract."""
    if name == contract.label:
        return "label"
    if name == contract.time:
        return "time"
    if name in contract.key:
        return "key"
    return "excluded" if name in contract.features.exclude else "feature"


def expectations(schema: Any) -> Mapping[str, str]:
    """Describe the schema's constraints on each feature in words."""
    if schema is None:
        return {}
    domains = {d.name: list(d.value) for d in schema.string_domain}
    return {f.name: "; ".join(_expected(f, domains)) for f in schema.feature}


def _expected(feature: Any, domains: Mapping[str, list[str]]) -> list[str]:
    kind = {1: "text", 2: "whole number", 3: "number"}.get(int(feature.type), "any type")
    share = feature.presence.min_fraction
    if share >= 1:
        phrase = [f"{kind}, in every row"]
    elif share > 0:
        phrase = [f"{kind}, in at least {percent(share)} of rows"]
    else:
        phrase = [f"{kind}, optional"]
    domain = feature.WhichOneof("domain_info")
    if domain in ("domain", "string_domain"):
        values = domains.get(feature.domain) if domain == "domain" else None
        values = list(feature.string_domain.value) if values is None else values
        phrase.append(f"one of {count(len(values), 'value')}: {listing(values)}")
    elif domain in ("int_domain", "float_domain"):
        bounds = getattr(feature, domain)
        low = number(bounds.min) if bounds.HasField("min") else ""
        high = number(bounds.max) if bounds.HasField("max") else ""
        if low and high:
            phrase.append(f"from {low} to {high}")
        elif low or high:
            phrase.append(f"at least {low}" if low else f"at most {high}")
    mass = feature.distribution_constraints.min_domain_mass
    if 0 < mass < 1:
        phrase.append(f"at least {percent(mass)} of values within these")
    if feature.not_in_environment:
        phrase.append(f"absent in {listing(list(feature.not_in_environment))}")
    return phrase


@dataclass(frozen=True)
class Remark:
    """A remark on a column for the reader.

    Attributes:
        column: The column.
        weight: The order of the remarks, in [0, 1].
        message: The text after the column's name.
        codes: The gate's findings that report the same, and make it superfluous.
    """

    column: Column
    weight: float
    message: str
    codes: tuple[str, ...] = ()


def remarks(columns: tuple[Column, ...]) -> list[Remark]:
    """Find remarkable columns, the gravest first; remarks judge nothing."""
    found = [Remark(c, *phrase) for c in columns for phrase in _remarks(c)]
    return sorted(found, key=lambda r: -r.weight)


def _remarks(column: Column) -> list[tuple[float, str, tuple[str, ...]]]:
    s = column.summary
    if s.count == 0:
        return [(1.0, "has no value in any row", ("never_populated",))]
    phrase: list[tuple[float, str, tuple[str, ...]]] = []
    if s.nans:
        codes = ("nan_values", "statistic_not_computable")
        phrase.append((0.95, f"holds {integer(s.nans)} values that are not a number", codes))
    top = s.top_values[0] if s.top_values else None
    constant = (column.numeric and s.min == s.max) or (s.unique == 1)
    if constant:
        value = short(top[0], 40) if top and not column.numeric else number(s.min)
        codes = ("constant_column", "label_one_value")
        phrase.append((0.9, f"holds one value only, {value}: it carries no information", codes))
    if s.missing_fraction >= 0.01:
        share = percent(s.missing_fraction)
        codes = ("missing_rate", "label_missing_values")
        missing = f"is missing in {share} of rows ({integer(s.missing)})"
        phrase.append((0.2 + s.missing_fraction / 2, missing, codes))
    if (tail := _tail(column)) is not None:
        phrase.append((0.5, tail, ("extreme_values", "outliers")))
    if constant:
        return phrase
    if column.numeric and column.role == "feature" and s.zeros / s.count >= 0.6:
        zeros = s.zeros / s.count
        phrase.append((0.3 * zeros, f"is zero in {percent(zeros)} of values", ()))
    if not column.numeric and column.role == "feature":
        if s.unique and s.unique > 0.9 * s.count and s.count > 20:
            named = f"has {integer(s.unique)} values in {integer(s.count)} rows: a name"
            phrase.append((0.6, named, ("near_unique_column",)))
        elif top and top[1] / s.count >= 0.95:
            share = percent(top[1] / s.count)
            phrase.append((0.4, f"is {short(top[0], 40)} in {share} of values", ()))
    return phrase


def _tail(column: Column) -> str | None:
    s = column.summary
    edges = s.quantiles
    if not column.numeric or len(edges) < 11 or s.max is None or s.min is None:
        return None
    last = len(edges) - 1
    low, high = edges[round(last * 0.1)], edges[round(last * 0.9)]
    width = high - low
    if width <= 0:
        return None
    above, below = (s.max - high) / width, (low - s.min) / width
    if max(above, below) < 5:
        return None
    end, times = ("maximum", above) if above >= below else ("minimum", below)
    value = number(s.max if above >= below else s.min)
    about = "" if s.exact_quantiles else "about "
    return (
        f"has a long tail: its {end}, {value}, lies {about}{times:,.0f} times the middle 80% "
        f"({number(low)} to {number(high)}) away from it"
    )
