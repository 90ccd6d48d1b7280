"""Reports: self-contained HTML pages that need neither script nor network.

    data_page        a span's data: what was found, every check, the needs, every column
    validation_page  a verdict on data: findings, and the distance of every feature
    evaluation_page  a verdict on a model: metrics, champion, slices
    signal_page      what features tell of the label, and which to leave out
    skew_page        serving data held against training data, by column, key and distribution
    shift_page       what tells two sets of rows apart, and how their labels differ
    index_page       a run, and where to read more

Everything that comes from data is escaped by the template engine, and a content security policy
in every page forbids scripts and loads even if that failed.
"""

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tidegate.report.data.page import data_page
    from tidegate.report.evaluation.page import evaluation_page
    from tidegate.report.feature_analysis.page import signal_page
    from tidegate.report.run.page import index_page
    from tidegate.report.shift.page import shift_page
    from tidegate.report.skew.page import skew_page
    from tidegate.report.validation.page import validation_page

#: Where each page is made: imported when it is asked for, since a terminal needs none.
_PAGES: Final = {
    "data_page": "data",
    "evaluation_page": "evaluation",
    "index_page": "run",
    "shift_page": "shift",
    "signal_page": "feature_analysis",
    "skew_page": "skew",
    "validation_page": "validation",
}

__all__ = [
    "data_page",
    "evaluation_page",
    "index_page",
    "shift_page",
    "signal_page",
    "skew_page",
    "validation_page",
]


def __getattr__(name: str) -> Any:
    """Import a page."""
    if name not in _PAGES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PAGES[name]}.page"), name)
