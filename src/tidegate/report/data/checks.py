"""List every check on a span's data with its result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tidegate.core.text import count, integer, listing, percent

if TYPE_CHECKING:
    from tidegate.contract import Contract
    from tidegate.report.columns import Column
    from tidegate.statistics import Statistics
    from tidegate.validation import Validation
    from tidegate.validation.checks.rows import Past

State = Literal["hold", "warn", "info", "fine", "off", "open"]

_GRAVEST: tuple[Literal["hold", "warn", "info"], ...] = ("hold", "warn", "info")
#: The number of earlier spans whose rows are shown.
_PAST = 3


@dataclass(frozen=True)
class Check:
    """One check on a span's data.

    Attributes:
        title: Its title.
        codes: The codes of its findings.
        phrase: The data's figures in words.
        looked: Whether it could be judged at all.
    """

    title: str
    codes: tuple[str, ...]
    phrase: str
    looked: bool = True

    def state(self, validation: Validation | None, contract: Contract) -> State:
        """The severity of the gravest finding, or another state.

        Without a finding it is `fine`; `open` if it was not judged; `off` if the contract turns it
        off.
        """
        found = (
            {f.severity for f in validation.verdict.findings if f.code in self.codes}
            if (validation is not None)
            else set()
        )
        for severity in _GRAVEST:
            if severity in found:
                return severity
        gates = contract.gates
        if all(gates.severity(code, default="info") == "off" for code in self.codes):
            return "off"
        return "fine" if self.looked and validation is not None else "open"


def checks(
    statistics: Statistics,
    contract: Contract,
    columns: Sequence[Column],
    validation: Validation | None,
    history: Sequence[Past],
) -> list[Check]:
    """List every check: the delivery, the rows, the columns, the use."""
    return [
        *_delivery(statistics, contract, history),
        *_rows(statistics, contract),
        *_columns(statistics, columns, validation),
        *_use(statistics, contract, validation),
    ]


def _delivery(
    statistics: Statistics, contract: Contract, history: Sequence[Past]
) -> Iterator[Check]:
    facts = statistics.facts
    times = facts.times if facts else None
    limit = contract.gates.freshness
    if times is not None and times.last is not None:
        phrase = f"the newest record is of {_moment(times.last)}"
        phrase += f"; the span ends {_moment(facts.period[1])}" if facts and facts.period else ""
    else:
        phrase = "no time is known"
    phrase += f"; gates.freshness allows {limit}" if limit else "; gates.freshness sets no limit"
    yield Check("Freshness", ("stale",), phrase, times is not None and limit is not None)

    past = "; ".join(f"{p.span}: {p.rows:,}" for p in history[-_PAST:])
    phrase = count(statistics.num_examples(), "row")
    phrase += f"; accepted before: {past}" if past else "; no accepted span before to compare with"
    codes = ("unusual_volume", "no_examples", "too_few_examples")
    yield Check("Volume", codes, phrase, bool(past))

    if facts is None:
        phrase = "not known"
    elif facts.bad_records:
        reasons = "; ".join(f"{reason} ({n:,})" for reason, n in facts.bad_reasons)
        share = facts.bad_records / (statistics.num_examples() + facts.bad_records)
        phrase = f"{count(facts.bad_records, 'record')} set aside ({percent(share)}): {reasons}"
    else:
        phrase = "no record was set aside"
    yield Check("Quarantine", ("quarantined_records",), phrase, facts is not None)

    if facts is not None and facts.left_out:
        names = ", ".join(f"{name} ({what})" for name, what in facts.left_out)
        yield Check("Columns left out", ("column_left_out",), names, True)

    if contract.joins:
        went = "; ".join(
            f"{j.uri}: {percent(j.rate)} of {count(j.rows, 'row')}"
            + (f", {j.dropped:,} dropped" if j.dropped else "")
            for j in (facts.joins if facts else ())
        )
        yield Check("Join match rates", ("low_match_rate",), went or "not known", bool(went))


def _rows(statistics: Statistics, contract: Contract) -> Iterator[Check]:
    rows = statistics.num_examples()
    times = statistics.facts.times if statistics.facts else None
    if contract.time is not None:
        if times is None:
            phrase = order = "not known"
        else:
            outside = "" if times.outside is None else f", {times.outside:,} outside of the span"
            phrase = f"{count(times.read, 'row')} with a {contract.time}: "
            phrase += f"{times.unreadable:,} unreadable{outside}"
            order = (
                f"{times.out_of_order:,} of {count(times.read, 'row')} older than the one before"
            )
        codes = ("times_unreadable", "times_outside_span", "times_in_future")
        yield Check("Times", codes, phrase, times is not None)
        yield Check("Order", ("times_out_of_order",), order, times is not None)

    key = listing(list(contract.key)) or "the contract names no key"
    unique = next((f.values for f in statistics.leakage if f.columns == contract.key), None)
    phrase = f"{key}: not counted" if unique is None else f"{key}: {rows - unique:,} repeated"
    looked = unique is not None and statistics.facts is not None
    yield Check("Key duplicates", ("duplicate_keys",), phrase, looked)

    parts = [f"{s} {integer(statistics.num_examples(s))}" for s in statistics.splits[1:]]
    shared = [
        f"{f.shared:,} of {f.values:,} values of {listing(list(f.columns))} in more than one"
        for f in statistics.leakage
    ]
    phrase = "; ".join([", ".join(parts) or "no splits", *shared])
    yield Check("Splits and leakage", ("leakage", "empty_split"), phrase, bool(statistics.leakage))


def _columns(
    statistics: Statistics,
    columns: Sequence[Column],
    validation: Validation | None,
) -> Iterator[Check]:
    cells = sum(c.summary.rows for c in columns)
    gaps = [c for c in columns if c.summary.missing]
    share = percent(sum(c.summary.missing for c in columns) / cells if cells else None)
    phrase = f"{share} of all cells, in {len(gaps):,} of {count(len(columns), 'column')}"
    yield Check(
        "Missing values",
        ("missing_rate", "never_populated", "nan_values", "label_missing_values", "label_absent"),
        phrase,
    )
    before = validation is not None and not validation.bootstrap
    units = [f"{c.name} in {c.unit}" for c in columns if c.unit]
    known = listing(units) or "the contract states none"
    yield _named(
        "Units",
        ("unit_change",),
        f"{known}; " + ("none changed" if before else "no span before to compare with"),
        validation,
        looked=before,
    )
    numbers = sum(c.numeric for c in columns)
    kinds = f"{numbers:,} of numbers, {len(columns) - numbers:,} of text"
    yield _named("Types", ("text_of_numbers", "text_of_times"), kinds, validation)
    none = "no column"
    yield _named("Outliers", ("outliers", "extreme_values"), none, validation)
    yield _named("Constant columns", ("constant_column", "label_one_value"), none, validation)
    yield _named("Near-unique columns", ("near_unique_column",), none, validation)
    looked = statistics.facts is not None
    yield _named("Placeholder values", ("placeholder_values",), none, validation, looked=looked)
    yield _named(
        "Text encodings",
        ("broken_text", "padded_text"),
        none if looked else "not known",
        validation,
        looked=looked,
    )


def _named(
    title: str,
    codes: tuple[str, ...],
    none: str,
    validation: Validation | None,
    *,
    looked: bool = True,
) -> Check:
    """A check that names the columns it found, or `none`."""
    found = validation.verdict.findings if validation is not None else ()
    names = list(dict.fromkeys(f.subject for f in found if f.code in codes))
    return Check(title, codes, listing(names) or none, looked)


def _use(
    statistics: Statistics, contract: Contract, validation: Validation | None
) -> Iterator[Check]:
    codes = ("need_not_served", "serves_no_need")
    if not contract.needs:
        yield Check("Needs", codes, "the contract names none", looked=False)
        return
    found = validation.verdict.findings if validation is not None else ()
    unserved = {f.subject for f in found if f.code == "need_not_served"}
    served = sum(need.user not in unserved for need in contract.needs)
    phrase = f"{served:,} of {len(contract.needs):,} served" if validation else "not judged"
    yield Check("Needs", codes, phrase, statistics.num_examples() > 0)


@dataclass(frozen=True)
class Served:
    """A need with its columns and their shares of populated rows.

    The share is None if there is no such column.
    """

    user: str
    configured: float | None
    columns: tuple[tuple[str, float | None], ...]
    state: State


def needs(
    columns: Sequence[Column], contract: Contract, validation: Validation | None
) -> list[Served]:
    """List every need of the contract; NaN is no value."""
    shares = {
        c.name: (c.summary.count - c.summary.nans) / c.summary.rows if c.summary.rows else 0.0
        for c in columns
    }
    found = validation.verdict.findings if validation is not None else ()
    unserved = {f.subject for f in found if f.code == "need_not_served"}
    served: State = "open" if validation is None else "fine"
    return [
        Served(
            user=need.user,
            configured=need.populated,
            columns=tuple((name, shares.get(name)) for name in need.data),
            state="hold" if need.user in unserved else served,
        )
        for need in contract.needs
    ]


def _moment(stated: str) -> str:
    """Shorten an ISO 8601 time to the minute."""
    return stated[:16].replace("T", " ")
