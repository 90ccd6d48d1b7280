"""Check that no feature gives the label away."""

from __future__ import annotations

from collections.abc import Iterator

from tidegate.contract import Contract
from tidegate.core.verdict import Finding
from tidegate.data.examples import Examples
from tidegate.data.sampling import sample
from tidegate.model.feature_analysis import leaks
from tidegate.statistics.model import Statistics

#: The most rows that are judged where none are kept with the statistics.
MAX_ROWS = 10_000


def leak_findings(
    statistics: Statistics, contract: Contract, examples: Examples | None
) -> Iterator[Finding]:
    """Report features that know more of the label than an honest one can.

    What knows nearly all of it holds; a doubt is a warning. The rows that are kept with the
    statistics are judged, else a sample of the examples.
    """
    if contract.label is None or contract.label not in statistics.features():
        return
    rows = statistics.sample
    if rows is None and examples is not None:
        batches = (batch for split in examples.splits for batch in examples.batches(split))
        rows, _ = sample(batches, MAX_ROWS)
    if rows is None:
        yield Finding(
            "leak_not_judged",
            contract.label,
            "warn",
            "no rows are kept (gates.shift.rows), so nothing shows whether a feature gives the "
            f"label {contract.label!r} away; keep some, or give the examples",
        )
        return
    for name, (reason, nearly_all) in leaks.suspects(rows, contract):
        yield Finding(
            "leak_suspect",
            name,
            "hold" if nearly_all else "warn",
            f"feature {name!r} may be a leak of the label {contract.label!r}: {reason}; is it "
            "known before the label is? Exclude it with features.exclude, or accept it with "
            f"gates.findings.leak_suspect.{name}: warn",
        )
