"""Render the frame of every page: template environment, style, facts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tidegate import __version__
from tidegate.core import text
from tidegate.core.verdict import Finding, Verdict, in_few_lines
from tidegate.report.html import svg

_SEVERITIES = ("hold", "warn", "info")

_environment = Environment(
    loader=PackageLoader("tidegate", "report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=False,
)
_environment.filters.update(
    integer=text.integer,
    distinct=text.distinct,
    num=text.number,
    fixed=text.fixed,
    signed=text.signed,
    percent=text.percent,
    seconds=text.seconds,
    short=text.short,
)
_environment.globals.update(svg=svg, count=text.count, nothing=text.NOTHING, version=__version__)


def render(
    template: str,
    *,
    dataset: str,
    span: str,
    facts: Mapping[str, str],
    at: datetime | None,
    **context: Any,
) -> str:
    """Fill a template.

    Args:
        template: The template's path in `report/`, such as `shift/page.html`.
        dataset: Shown in title and heading.
        span: Shown in title and heading.
        facts: Further facts for the page's head, after dataset, span, time and version.
        at: When the page was made; now by default.
        **context: The values the template needs.
    """
    style = _environment.loader.get_source(_environment, "html/style.css")[0]  # type: ignore[union-attr]
    html = _environment.get_template(template).render(
        dataset=dataset,
        span=span,
        facts=facts,
        at=text.utc(at or datetime.now(UTC)),
        style=Markup(style),  # noqa: S704 (our own file)
        **context,
    )
    return text.printable(html)


def verdict_facts(verdict: Verdict) -> dict[str, Any]:
    """A verdict's facts as context for `render`."""
    findings = sort_findings(verdict)
    reasons = [_reason(f) for f in findings if f.severity == "hold"]
    held = f"Hold: {text.count(len(reasons), 'reason')}"
    return {
        "verdict_status": verdict.status,
        "verdict_word": "Pass" if verdict.status == "pass" else held,
        "reasons": reasons,
        "findings": findings,
    }


def _reason(finding: Finding) -> str:
    named = not finding.subject or finding.subject in finding.message
    return finding.message if named else f"{text.short(finding.subject, 80)}: {finding.message}"


def sort_findings(verdict: Verdict) -> list[Finding]:
    """Sort findings by severity: hold, warn, info.

    Within a severity they keep the gate's order.
    """
    return sorted(in_few_lines(verdict.findings), key=lambda f: _SEVERITIES.index(f.severity))
