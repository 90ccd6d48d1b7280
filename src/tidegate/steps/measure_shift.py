"""The step that compares the features and labels of two spans."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.steps.running import Run, progress, step, write

if TYPE_CHECKING:
    from tidegate.comparison.shift import Shift


@step
def measure_shift(
    *,
    examples: Path,
    baseline: Path,
    contract_uri: str,
    contract_digest: str,
    out: Path,
    page: Path,
) -> Shift:
    """Measure the shift of features and label between two spans."""
    from tidegate.comparison import shift
    from tidegate.data.examples import Examples
    from tidegate.report import pages
    from tidegate.report.shifts import features_in_words

    run = Run.open(contract_uri, contract_digest)
    for path in (examples, baseline):
        run.given(path, "examples")
    current, earlier = (shift.of_examples(Examples.open(path)) for path in (examples, baseline))
    result = shift.compare(current, earlier, run.contract)
    result.write(out)
    write(page, pages.shift_page(result, run.contract))
    run.record(out, "shift", name=result.current, facts=result.scalars())
    progress(features_in_words(result))
    return result
