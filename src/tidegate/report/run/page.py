"""The index page of a run, with links to the other pages."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from tidegate.core.text import count, listing, seconds
from tidegate.report.html.page import render
from tidegate.report.metrics import describe
from tidegate.report.run.summary import RunSummary

_WORDS = {
    "published": ("pass", "Published", "The model passed every gate and is the champion now."),
    "unchanged": ("pass", "Unchanged", "This very model had been published before."),
    "held": ("hold", "Held", "A gate closed. Nothing was published; the champion stays."),
    "failed": ("hold", "Failed", "A task ended with an error. Nothing was published."),
}


def index_page(run: RunSummary, *, at: datetime | None = None) -> str:
    """Render how a run ended and why, with links.

    Args:
        run: The summary of the run.
        at: The time shown on the page; now by default.

    Returns:
        A self-contained HTML document.
    """
    status, word, lead = _WORDS[run.state]
    held = [v.name for v in run.verdicts if v.status == "hold"]
    if run.state == "held" and held:
        lead = (
            f"The {listing(held)} {'gate' if len(held) == 1 else 'gates'} closed. "
            "Nothing was published; the champion stays."
        )
    facts = {
        "Run": run.run_id,
        "Started": run.started,
        "Tasks": f"{count(len(run.tasks), 'task')}, {seconds(run.seconds)}",
        "Published": run.version or "nothing",
    }
    return render(
        "run/page.html",
        dataset=run.dataset,
        span=run.span,
        facts=facts,
        at=at,
        run=run,
        status=status,
        word=word,
        lead=lead,
        links=[link for link in run.links if safe(link.href)],
        longest=max((t.seconds or 0.0 for t in run.tasks), default=0.0) or 1.0,
        titles={m.metric: describe(m.metric) for m in run.metrics},
    )


def safe(href: str) -> bool:
    """Whether a link leads to a page and cannot run code."""
    return urlsplit(href.strip()).scheme.lower() in ("", "http", "https", "file")
