"""The page on a data verdict: findings, and distances by feature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tidegate.core.text import NOTHING, count, integer, listing, percent
from tidegate.report import columns as views
from tidegate.report import shifts
from tidegate.report.distances import beside, sentence
from tidegate.report.html import shapes
from tidegate.report.html.page import render, verdict_facts
from tidegate.report.slices import shown_slices
from tidegate.report.validation.rules import shown_rows, shown_rules

if TYPE_CHECKING:
    from tidegate.contract import Contract
    from tidegate.numerics.distances import Distance
    from tidegate.statistics import FeatureSummary, Statistics
    from tidegate.validation import Validation

#: The number of most changed features that are shown large.
_TOP = 6
#: The most features shown that separate the spans.
_TELLING = 8
#: The most values shown side by side for a text feature.
_VALUES = 8

_ORDER = ("drift", "not_comparable", "too_few", "ok", "report")


@dataclass(frozen=True)
class FeatureComparison:
    """One feature in the baseline and in the current span.

    Attributes:
        anchor: Its `id` in the page.
        name: The feature.
        role: Its role in the contract.
        current: Its current summary; None if the column is gone.
        baseline: Its summary in the baseline; None if the column is new or there is no baseline.
        distances: Its distances by every measure, the gravest first.
        buckets: Both distributions on common buckets; None if they cannot be drawn.
        values: Both samples' most frequent values, for text.
        others: The number of further values.
    """

    anchor: str
    name: str
    role: str
    current: FeatureSummary | None
    baseline: FeatureSummary | None
    distances: tuple[Distance, ...]
    buckets: shapes.Buckets | None
    values: tuple[shapes.ValueShare, ...]
    others: int

    @property
    def status(self) -> str:
        """The gravest status among its distances."""
        if self.current is None:
            return "gone"
        if self.baseline is None:
            return "new"
        return min((d.status for d in self.distances), key=_ORDER.index, default="not_comparable")

    @property
    def series(self) -> tuple[str, ...]:
        """The drawn series, as `svg.histogram` names them."""
        return tuple(k for k, s in (("b", self.baseline), ("c", self.current)) if s is not None)

    @property
    def scale(self) -> float:
        """The largest share among its values, above zero."""
        return max((s for v in self.values for s in v.shares), default=0) or 1.0

    @property
    def missing_moved(self) -> float:
        """The change of the share of missing values."""
        if self.current is None or self.baseline is None:
            return 0.0
        return self.current.missing_fraction - self.baseline.missing_fraction


def validation_page(
    validation: Validation,
    statistics: Statistics,
    baseline: Statistics | None,
    schema: Any,
    contract: Contract,
    *,
    at: datetime | None = None,
) -> str:
    """Render a verdict on data.

    A summary comes first, then the greatest changes, then everything.

    Args:
        validation: The verdict with its findings and distances.
        statistics: The statistics of the span that was judged.
        baseline: The statistics of the span it was compared with; None if there is none.
        schema: A `schema_pb2.Schema`, or None.
        contract: The contract, which defines the role of each column.
        at: The time shown on the page; now by default.

    Returns:
        A self-contained HTML document.
    """
    compared = _compare(validation, statistics, baseline, contract)
    rules, anomalous = shown_rules(validation), shown_rows(validation)
    ranked = sorted(compared, key=_gravity)
    top = [c for c in ranked if c.distances and c.distances[0].value is not None]
    facts = {
        "Rows": integer(validation.num_examples),
        "Compared with": validation.baseline_span or "nothing: first span",
        "Rows in baseline": integer(baseline.num_examples()) if baseline else NOTHING,
        "Environment": validation.environment,
        "Content digest": statistics.content_digest[:12],
    }
    return render(
        "validation/page.html",
        dataset=contract.dataset,
        span=validation.span,
        facts=facts,
        at=at,
        lead=_lead(validation, compared),
        baseline_span=validation.baseline_span,
        top=top[:_TOP],
        ranked=ranked,
        anchors={c.name: c.anchor for c in compared},
        rules=rules,
        anomalous=anomalous,
        rows_of={(r.code, r.subject, r.slice): (r.anchor, r.phrase) for r in anomalous},
        expected=views.expectations(schema),
        distances=_every_distance(ranked),
        slices=shown_slices(validation, statistics, baseline),
        shift=validation.shift,
        shift_skipped=validation.shift_skipped,
        shift_leads=_shift_leads(validation),
        shift_lines=shifts.lines(validation.shift, most=_TELLING) if validation.shift else (),
        sentence=sentence,
        beside=lambda d: beside(d, contract),
        false_alarms=percent(contract.gates.drift.false_alarms),
        **verdict_facts(validation.verdict),
    )


def _compare(
    validation: Validation,
    statistics: Statistics,
    baseline: Statistics | None,
    contract: Contract,
) -> list[FeatureComparison]:
    features = statistics.features()
    baseline_features: Mapping[str, FeatureSummary] = baseline.features() if baseline else {}
    by_feature: dict[str, list[Distance]] = {}
    for distance in validation.distances:
        if distance.slice:
            continue
        by_feature.setdefault(distance.feature, []).append(distance)
    made = []
    for index, name in enumerate(dict.fromkeys([*features, *baseline_features])):
        current, earlier = features.get(name), baseline_features.get(name)
        both = [s for s in (earlier, current) if s is not None]
        numeric = all(shapes.is_numeric(s) for s in both)
        values: tuple[shapes.ValueShare, ...] = ()
        others = 0
        if all(s.type == "string" for s in both):
            values, others = shapes.value_shares(*both, limit=_VALUES)
        made.append(
            FeatureComparison(
                anchor=f"f{index}",
                name=name,
                role=views.role(name, contract),
                current=current,
                baseline=earlier,
                distances=tuple(sorted(by_feature.get(name, ()), key=_severity)),
                buckets=shapes.buckets(*both) if numeric else None,
                values=values,
                others=others,
            )
        )
    return made


def _severity(distance: Distance) -> tuple[int, float]:
    return _ORDER.index(distance.status), -distance.ratio


def _every_distance(ranked: list[FeatureComparison]) -> list[tuple[FeatureComparison, Distance]]:
    pairs = [(c, d) for c in ranked for d in c.distances]
    return sorted(pairs, key=lambda pair: _severity(pair[1]))


def _gravity(comparison: FeatureComparison) -> tuple[int, int, float]:
    """The sort key of a comparison: gone first, then by distance."""
    if comparison.current is None:
        return 0, 0, 0.0
    if comparison.baseline is None or not comparison.distances:
        return 2, 0, 0.0
    status, ratio = _severity(comparison.distances[0])
    return 1, status, ratio


def _shift_leads(validation: Validation) -> tuple[str, str]:
    """Sentences on the shift of features and label; empty without any."""
    shift = validation.shift
    if shift is None:
        return "", ""
    return shifts.features_in_words(shift), shifts.label_in_words(shift)


def _lead(validation: Validation, compared: list[FeatureComparison]) -> str:
    if validation.bootstrap or not validation.baseline_span:
        return (
            f"This is the first span: {count(validation.num_examples, 'row')}, and nothing to "
            "compare them with. The schema comes from these very data, so they cannot break it; "
            "read the data page before you build on them."
        )
    drifted = [c.name for c in compared if c.status == "drift"]
    judged = sum(any(d.status in ("ok", "drift") for d in c.distances) for c in compared)
    phrase = (
        f"{count(validation.num_examples, 'row')} were compared with span "
        f"{validation.baseline_span}. Of {count(judged, 'judged feature')}, "
    )
    if drifted:
        verb = "has" if len(drifted) == 1 else "have"
        phrase += f"{len(drifted):,} {verb} moved further than the threshold: {listing(drifted)}."
    else:
        phrase += "none has moved further than its threshold."
    hidden = {d.feature for d in validation.distances if d.slice and d.status == "drift"}
    if hidden := hidden - {*drifted}:
        verb = "moves" if len(hidden) == 1 else "move"
        phrase += f" {listing(sorted(hidden))} {verb} further in a slice, and not over all rows."
    few = sum(c.status == "too_few" for c in compared)
    if few:
        phrase += f" {count(few, 'feature')} had too few rows to tell."
    gone = [c.name for c in compared if c.status == "gone"]
    new = [c.name for c in compared if c.status == "new"]
    phrase += f" Gone: {listing(gone)}." if gone else ""
    phrase += f" New: {listing(new)}." if new else ""
    return phrase
