"""The last step of every command: a result in the format that was asked for."""

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
        options: Those of `add_options`.
        text: Writes for a person, given what colours words and how wide a line may be: as the
            terminal has it, without colours and of any width in a file.
        json_: Gives plain values without NaN.
        page: Makes the HTML page, given `tidegate.report.pages`, which is imported for it alone.
        junit: Makes the report for a CI server.

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
