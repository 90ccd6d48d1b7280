"""Format a task of a run as one line of text."""

from __future__ import annotations

from typing import Final

from rich.text import Text

from tidegate.report.terminal import cut

_MARKS: Final = {
    "running": ("…", "cyan"),
    "succeeded": ("✓", "green"),
    "cached": ("=", "green"),
    "failed": ("✗", "red"),
}
_SAID: Final = 110


def line(name: str, state: str, seconds: float, phrase: str = "") -> Text:
    """Format a task: state mark, time, and first line of `phrase`."""
    mark, colour = _MARKS[state]
    text = Text(f"  {mark} ", style=colour)
    text.append(f"{name:<20}{seconds:6.1f} s  ", style="default")
    text.append(cut(phrase.splitlines()[0], _SAID) if phrase else "", style="dim")
    return text
