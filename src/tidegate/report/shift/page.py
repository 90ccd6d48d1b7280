"""The page on shift: separating features, and the change of labels."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from tidegate.core.text import count, fixed, integer
from tidegate.report.html.page import render
from tidegate.report.shifts import features_in_words, label_in_words, lines

if TYPE_CHECKING:
    from tidegate.comparison.shift import Shift
    from tidegate.contract import Contract


def shift_page(shift: Shift, contract: Contract, *, at: datetime | None = None) -> str:
    """Render whether and how two sets of rows differ.

    Args:
        shift: The measured shift.
        contract: The contract of the dataset.
        at: The time shown on the page; now by default.

    Returns:
        A self-contained HTML document.
    """
    facts = {
        "Baseline": f"{shift.baseline}, {count(shift.rows[0], 'row')}",
        "Now": f"{shift.current}, {count(shift.rows[1], 'row')}",
        "Features": integer(len(shift.features)),
    }
    if shift.measured != shift.rows:
        facts["Measured"] = f"{integer(shift.measured[0])} and {integer(shift.measured[1])}"
    return render(
        "shift/page.html",
        dataset=contract.dataset,
        span=shift.current,
        facts=facts,
        at=at,
        shift=shift,
        word=f"AUC {fixed(shift.auc.value, 3)}",
        leads=[features_in_words(shift), label_in_words(shift)],
        lines=lines(shift),
    )
