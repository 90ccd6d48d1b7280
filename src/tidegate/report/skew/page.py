"""The page on skew: findings, differences by key, columns, distributions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from tidegate.core.text import count, integer, listing, percent
from tidegate.report import columns as views
from tidegate.report.distances import sentence
from tidegate.report.html import shapes
from tidegate.report.html.page import render, verdict_facts
from tidegate.report.slices import shown_slices

if TYPE_CHECKING:
    from tidegate.comparison.drift.missing_and_new import Share
    from tidegate.comparison.skew import ColumnSkew, FeatureSkew, JoinSide, SetAside, Skew
    from tidegate.contract import Contract
    from tidegate.numerics.distances import Distance

#: The number of most differing features that are shown large.
_TOP: Final = 6
#: The most values shown side by side for a text feature.
_VALUES: Final = 6
_ORDER: Final = ("skew", "too_few", "tolerated", "report", "same")
_GROWN: Final = {"missing": "lacks", "unseen": "has new"}
_SHARES_ORDER: Final = ("drift", "new", "report", "ok")
_DRIFT_ORDER: Final = ("drift", "not_comparable", "too_few", "ok", "report")


@dataclass(frozen=True)
class SharesLine:
    """The missing and the unseen values of one feature.

    Attributes:
        anchor: The `id` of its column in the page.
        missing: The share of the rows without a value.
        unseen: The share of the values that are unseen; None if it is not known.
    """

    anchor: str
    missing: Share
    unseen: Share | None

    @property
    def both(self) -> tuple[Share, ...]:
        """The known ones of the two shares."""
        return (self.missing,) if self.unseen is None else (self.missing, self.unseen)

    @property
    def new(self) -> tuple[str, ...]:
        """Some values that are absent from training."""
        return () if self.unseen is None else self.unseen.values

    @property
    def status(self) -> Literal["drift", "new", "report", "ok"]:
        """The status of both shares together.

        `drift` if one holds, `new` for fewer missing values than before, `report` for a recorded
        change.
        """
        if any(share.holds for share in self.both):
            return "drift"
        if self.missing.status == "fewer":
            return "new"
        return "report" if any(share.status != "ok" for share in self.both) else "ok"

    @property
    def change(self) -> float:
        """The greater change of the two, in [0, 1]."""
        return max(abs(share.current - share.baseline) for share in self.both)


@dataclass(frozen=True)
class Compared:
    """One column on both sides.

    Attributes:
        anchor: Its `id` in the page.
        column: Its presence and type on each side.
        role: Its role in the contract.
        expected: The schema's constraints in words.
        values: Its values by key; None if they were not compared.
        distances: Its distances over all rows by every measure, the gravest first.
        buckets: Both distributions on common buckets; None if they cannot be drawn.
        shares: Both sides' most frequent values, for text.
        others: The number of further values.
    """

    anchor: str
    column: ColumnSkew
    role: str
    expected: str
    values: FeatureSkew | None
    distances: tuple[Distance, ...]
    buckets: shapes.Buckets | None
    shares: tuple[shapes.ValueShare, ...]
    others: int

    @property
    def name(self) -> str:
        """The column's name in the training data."""
        return self.column.column

    @property
    def scale(self) -> float:
        """The largest share among its values, above zero."""
        return max((s for v in self.shares for s in v.shares), default=0) or 1.0


def skew_page(
    skew: Skew,
    training: JoinSide,
    serving: JoinSide,
    schema: Any,
    contract: Contract,
    *,
    at: datetime | None = None,
) -> str:
    """Render the skew between training and serving data.

    The verdict comes first, then the largest differences, then everything.

    Args:
        skew: The verdict with its findings and figures.
        training: The training data, for its distributions.
        serving: The serving data, for its distributions.
        schema: A `schema_pb2.Schema`, or None.
        contract: The contract, which defines the role of each column.
        at: The time shown on the page; now by default.

    Returns:
        A self-contained HTML document.
    """
    compared = _compared(skew, training, serving, schema, contract)
    by_key = [c for c in compared if c.values is not None]
    by_key.sort(key=_by_key)
    apart = [c for c in compared if c.column.status != "same"]
    distributions = [(c, d) for c in compared for d in c.distances]
    distributions.sort(key=lambda pair: _by_distance(pair[1]))
    anchors = {c.name: c.anchor for c in compared}
    facts = {
        "Training data": skew.training,
        "Rows in training": integer(skew.training_rows),
        "Rows in serving": integer(skew.serving_rows),
        "Pairs compared": integer(skew.keys.pairs),
        "Joined by": ", ".join(skew.keys.columns) or "nothing",
    }
    return render(
        "skew/page.html",
        dataset=contract.dataset,
        span=skew.serving,
        facts=facts,
        at=at,
        lead=_lead(skew),
        keys=skew.keys,
        top=[c for c in by_key if c.values is not None and c.values.differing][:_TOP],
        by_key=by_key,
        apart=apart,
        columns=compared,
        distributions=distributions,
        shares=_shares(skew, anchors),
        slices=shown_slices(skew, serving.statistics, training.statistics, shares=skew.shares),
        set_aside=[_set_aside(side) for side in skew.set_aside if side.records],
        anchors=anchors,
        sentence=sentence,
        **verdict_facts(skew.verdict),
    )


def _compared(
    skew: Skew, training: JoinSide, serving: JoinSide, schema: Any, contract: Contract
) -> list[Compared]:
    in_training, in_serving = training.statistics.features(), serving.statistics.features()
    expected = views.expectations(schema)
    values = {f.feature: f for f in skew.features}
    distances: dict[str, list[Distance]] = {}
    for distance in skew.distances:
        if not distance.slice:
            distances.setdefault(distance.feature, []).append(distance)
    made = []
    for index, column in enumerate(skew.columns):
        name = column.column
        both = [s[name] for s in (in_training, in_serving) if name in s]
        drawn = len(both) == 2 and all(shapes.is_numeric(s) for s in both)
        shares: tuple[shapes.ValueShare, ...] = ()
        others = 0
        if len(both) == 2 and all(s.type == "string" for s in both):
            shares, others = shapes.value_shares(*both, limit=_VALUES)
        made.append(
            Compared(
                anchor=f"f{index}",
                column=column,
                role=views.role(name, contract),
                expected=expected.get(name, "not in the schema"),
                values=values.get(name),
                distances=tuple(sorted(distances.get(name, ()), key=_by_distance)),
                buckets=shapes.buckets(*both) if drawn else None,
                shares=shares,
                others=others,
            )
        )
    return made


def _shares(skew: Skew, anchors: dict[str, str]) -> list[SharesLine]:
    """A line for each feature, the greatest change first."""
    whole = {(s.feature, s.kind): s for s in skew.shares if not s.slice}
    lines = [
        SharesLine(anchors[feature], share, whole.get((feature, "unseen")))
        for (feature, kind), share in whole.items()
        if kind == "missing"
    ]
    return sorted(lines, key=lambda line: (_SHARES_ORDER.index(line.status), -line.change))


def _set_aside(side: SetAside) -> str:
    """Describe one side's unreadable records."""
    verb = "was" if side.records == 1 else "were"
    reasons = "; ".join(f"{reason} ({integer(n)})" for reason, n in side.reasons)
    return (
        f"{count(side.records, 'record')} ({percent(side.share)}) of the {side.side} data could "
        f"not be read and {verb} set aside: {reasons}."
    )


def _by_key(compared: Compared) -> tuple[int, float]:
    values = compared.values
    return (0, 0.0) if values is None else (_ORDER.index(values.status), -values.share)


def _by_distance(distance: Distance) -> tuple[int, float]:
    return _DRIFT_ORDER.index(distance.status), -distance.ratio


def _lead(skew: Skew) -> str:
    keys = skew.keys
    if keys.problem or not keys.pairs:
        phrase = "No values could be compared by key. "
    else:
        differing = [f for f in skew.features if f.status == "skew"]
        differing.sort(key=lambda f: -f.share)
        phrase = (
            f"{count(keys.pairs, 'pair')} of rows with the same key were compared in "
            f"{count(len(skew.features), 'feature')}; {percent(keys.differing / keys.pairs)} of "
            "the pairs differ in a judged one. "
        )
        if differing:
            verb = "differs" if len(differing) == 1 else "differ"
            names = listing([f.feature for f in differing])
            phrase += f"{names} {verb} more often than the contract tolerates. "
        else:
            phrase += "No feature differs more often than the contract tolerates. "
    drifted = [d for d in skew.distances if d.status == "drift"]
    moved = list(dict.fromkeys(d.feature for d in drifted if not d.slice))
    if moved:
        verb = "is" if len(moved) == 1 else "are"
        phrase += f"{listing(moved)} {verb} distributed otherwise in serving than in training. "
    else:
        phrase += "No distribution is further from training's than its threshold. "
    grown = [s for s in skew.shares if s.holds]
    for kind, verb in _GROWN.items():
        found = [s.feature for s in grown if s.kind == kind and not s.slice]
        phrase += f"Serving {verb} values of {listing(found)}. " if found else ""
    hidden = [d.feature for d in drifted if d.slice and d.feature not in moved]
    hidden += [s.feature for s in grown if s.slice and not _everywhere(s, grown)]
    if hidden:
        names = listing(list(dict.fromkeys(hidden)))
        phrase += f"The distribution of {names} differs in a slice, and not over all rows."
    return phrase.rstrip()


def _everywhere(share: Share, grown: list[Share]) -> bool:
    return any(not s.slice and (s.feature, s.kind) == (share.feature, share.kind) for s in grown)
