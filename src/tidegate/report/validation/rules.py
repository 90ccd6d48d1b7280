"""Format rules, and the rows behind findings, for a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tidegate.core.text import count, percent

if TYPE_CHECKING:
    from tidegate.validation import Validation
    from tidegate.validation.rules import Rows, RuleResult

_WORDS: Final = {
    "pass": "\u2713 holds true",
    "not_evaluated": "not judged",
    "empty": "! no rows",
    "off": "off",
}
_FAILED: Final = {"hold": "\u2715 hold", "warn": "! warn", "info": "info"}


@dataclass(frozen=True)
class ShownRule:
    """One rule as the page shows it.

    Attributes:
        anchor: Its `id` in the page.
        result: The rule with its result.
        tag: The kind of its tag, for the style sheet.
        word: The text of its tag.
        phrase: The number of failing rows, or why it is not known.
    """

    anchor: str
    result: RuleResult
    tag: str
    word: str
    phrase: str


@dataclass(frozen=True)
class ShownRows:
    """The rows behind one finding as the page shows them."""

    anchor: str
    code: str
    subject: str
    slice: str
    phrase: str
    rows: Rows


def shown_rules(validation: Validation) -> list[ShownRule]:
    """List every rule, failing ones first, else in the contract's order."""
    rank = ("fail", "not_evaluated", "empty", "pass", "off")
    made = [_shown(result) for result in validation.rules]
    return sorted(made, key=lambda rule: rank.index(rule.result.state))


def _shown(result: RuleResult) -> ShownRule:
    state, noun = result.state, "row" if result.over == "examples" else "column"
    if result.rows is None:
        phrase = result.problem or "It is switched off."
    else:
        phrase = f"{of(result.rows, noun)} fail"
        if result.allowed:
            phrase += f"; {count(result.allowed, noun)} may"
    failed = result.severity if state == "fail" else "hold" if state == "not_evaluated" else "warn"
    return ShownRule(
        anchor=f"rule-{result.name}",
        result=result,
        tag=state if state in ("pass", "off") else failed,
        word=_FAILED.get(result.severity, "") if state == "fail" else _WORDS[state],
        phrase=phrase,
    )


def shown_rows(validation: Validation) -> list[ShownRows]:
    """List the rows behind each finding, by severity."""
    return [
        ShownRows(f"rows{index}", a.code, a.subject, a.slice, of(a.rows, "row"), a.rows)
        for index, a in enumerate(validation.anomalous)
    ]


def of(rows: Rows, noun: str) -> str:
    """Format a count: `312 of 23,611 rows (1.3%)`."""
    share = f" ({percent(rows.share)})" if rows.share <= 1 else ""
    return f"{rows.failing:,} of {count(rows.of, noun)}{share}"
