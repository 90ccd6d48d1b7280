"""`tidegate compile`: write component and pipeline YAML and the JSON Schema."""

from __future__ import annotations

import argparse
from pathlib import Path

from tidegate.cli.program import ERROR, PASS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments to its parser."""
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail if a file is not current"
    )
    parser.add_argument(
        "--settings",
        type=Path,
        help="images, sizes, nodes and more of the pods: a file like deploy/settings.example.yaml",
    )
    parser.add_argument(
        "--registry", help="stands before the images' names, such as registry.example/team"
    )
    parser.add_argument(
        "--out",
        type=Path,
        help="where to write (default: in a checkout this repository's own files; else, and with "
        "--settings or --registry, build/compiled)",
    )


def run(options: argparse.Namespace) -> int:
    """Write the files, or compare with them, and return the exit code.

    Raises:
        SettingsError: the settings cannot be read, or contradict each other.
    """
    from tidegate_kfp import compilation, compiled
    from tidegate_kfp.settings import DEFAULT, Settings

    settings = Settings.load(options.settings) if options.settings else DEFAULT
    if options.registry is not None:
        settings = settings.at(options.registry)
    out = options.out
    if out is None and (settings is not DEFAULT or not compiled.IN_CHECKOUT):
        out = Path("build/compiled")
    paths = (compilation.stale if options.check else compilation.compile_all)(settings, out)
    for path in paths:
        shown = path if out else path.relative_to(compiled.ROOT)
        print(f"{shown} is not current; compile it" if options.check else f"wrote {shown}")
    return ERROR if options.check and paths else PASS
