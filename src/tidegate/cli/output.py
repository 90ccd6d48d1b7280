"""Write a command's result in the requested format."""

from __future__ import annotations

import argparse
import importlib
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from tidegate.report import terminal


def add_options(parser: argparse.ArgumentParser, *formats: str) -> None:
    """Add `--format`, with text first, and `--out`."""
    parser.add_argument("--format", choices=["text", *formats], default="text")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write there, not to stdout")


def emit(
    options: argparse.Namespace,
    *,
    text: Callable[[terminal.Ink, int | None], str],
    json_: Callable[[], Any],
    page: Callable[[ModuleType], str] | None = None,
    junit: Callable[[], str] | None = None,
) -> None:
    """Write a result to stdout or `--out`.

    Args:
        options: The options from `add_options`.
        text: Formats for a person, given the ink and the width of a line: those of the terminal, or
            no colours and any width in a file.
        json_: Returns plain values without NaN.
        page: Renders the HTML page, given `tidegate.report.pages`, which is imported only for it.
        junit: Formats the report for a CI server.

    Raises:
        StorageError: the file cannot be written.
    """
    if options.format == "json":
        made = json.dumps(json_(), indent=1, ensure_ascii=False, allow_nan=False)
    elif options.format == "html" and page is not None:
        made = page(importlib.import_module("tidegate.report.pages"))
    elif options.format == "junit" and junit is not None:
        made = junit()
    elif options.out is None:
        made = text(terminal.out(), terminal.width())
    else:
        made = text(terminal.Ink(coloured=False), None)
    terminal.write(made, options.out)
