"""`tidegate registry`: list, show, promote and collect registry versions."""

from __future__ import annotations

import argparse
from datetime import timedelta
from typing import Final, get_args

from tidegate.core.errors import RegistryError
from tidegate.platform import garbage
from tidegate.platform.registry import Entry, Kind, Registry

#: The number of digits that a list shows of a digest.
_SHORT: Final = 12
_MOST_HOURS: Final = 100_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments to its parser."""
    parser.description = (
        "List, show and promote published versions, and delete what no index names."
    )
    parser.add_argument("--registry", required=True, help="a directory or URI")
    parser.add_argument("--dataset", required=True, help="the contract's name for it")
    actions = parser.add_subparsers(dest="action", required=True)

    kinds = get_args(Kind)
    listing = actions.add_parser("list", help="versions, oldest first, with their lineage")
    listing.add_argument("kind", nargs="?", choices=kinds, help="default: all kinds")

    showing = actions.add_parser("show", help="everything about one version")
    showing.add_argument("kind", choices=kinds)
    showing.add_argument("version", nargs="?", help="default: the current one")

    promoting = actions.add_parser(
        "promote", help="make a version current: an older one is a rollback"
    )
    promoting.add_argument("kind", choices=kinds)
    promoting.add_argument("version")

    collecting = actions.add_parser("gc", help="list payloads that no index names, or delete them")
    collecting.add_argument("--delete", action="store_true", help="delete instead of listing")
    collecting.add_argument(
        "--older-than",
        type=float,
        default=garbage.OLDER_THAN / timedelta(hours=1),
        metavar="HOURS",
        help="leave alone what was written since (default: %(default)g)",
    )


def run(options: argparse.Namespace) -> int:
    """Run the command, and return the exit code.

    It is 1 if there is nothing to show.
    """
    if options.action == "gc":
        return _collect(options)
    registry = Registry(options.registry, options.dataset)
    if options.action == "list":
        for kind in [options.kind] if options.kind else get_args(Kind):
            print(_listed(registry, kind))
        return 0
    if options.action == "promote":
        if options.kind == "schema" and not registry.get("schema", options.version).promoted:
            raise RegistryError(
                f"schema {options.version!r} was never current: it is a proposal; decide on it "
                "with: tidegate schema approve or reject"
            )
        before = registry.current(options.kind)
        entry = registry.promote(options.kind, options.version)
        was = before.version if before else "none"
        print(f"current {entry.kind}: {entry.version} (was {was})")
        return 0
    found = (
        registry.get(options.kind, options.version)
        if options.version
        else registry.current(options.kind)
    )
    if found is None:
        print(f"no {options.kind} of {options.dataset} was promoted yet")
        return 1
    print(_shown(found, registry.current(options.kind)))
    return 0


def _collect(options: argparse.Namespace) -> int:
    if not 0 <= options.older_than <= _MOST_HOURS:
        raise RegistryError(
            f"--older-than is {options.older_than:g}; give hours, 0 to {_MOST_HOURS}"
        )
    age = timedelta(hours=options.older_than)
    found = garbage.find(options.registry, options.dataset, older_than=age)
    for item in found:
        what = f"{item.folder}  {item.objects} objects, {item.size:,} bytes, {item.modified:%F %T}"
        if options.delete:
            done = garbage.remove(options.registry, options.dataset, item, older_than=age)
            what = ("deleted " if done else "changed meanwhile, kept ") + what
        print(what)
    total = sum(item.size for item in found)
    hint = "" if options.delete or not found else "; --delete removes them"
    print(f"{len(found)} payloads that no index names, {total:,} bytes{hint}")
    return 0


def _listed(registry: Registry, kind: Kind) -> str:
    current = registry.current(kind)
    lines = [f"{kind}:"]
    for entry in registry.versions(kind):
        mark = "*" if current and entry.version == current.version else " "
        lineage = " ".join(f"{k}={_short(v)}" for k, v in sorted(entry.lineage.items()))
        state = "" if entry.promoted else "  never promoted"
        lines.append(
            f"{mark} {entry.version}  {entry.span}  {entry.created_at}{state}  {lineage}".rstrip()
        )
    return "\n".join(lines if len(lines) > 1 else [f"{kind}: none yet"])


def _shown(entry: Entry, current: Entry | None) -> str:
    is_current = current is not None and current.version == entry.version
    state = "current" if is_current else "promoted before" if entry.promoted else "never promoted"
    width = max((len(k) for k in entry.lineage), default=0)
    return "\n".join(
        [
            f"{entry.kind} {entry.version} ({state})",
            f"span {entry.span}, committed {entry.created_at}, content {entry.digest}",
            "made from:",
            *(f"  {k:<{width}}  {v or 'none'}" for k, v in sorted(entry.lineage.items())),
            *(
                [f"  down to the source objects: lineage {entry.version} --kind {entry.kind}"]
                if "code" in entry.lineage
                else []
            ),
            "files:",
            *(f"  {f.sha256}  {f.size:>12,}  {f.name}" for f in entry.files),
        ]
    )


def _short(value: str) -> str:
    is_digest = len(value) == 64 and all(c in "0123456789abcdef" for c in value)
    return value[:_SHORT] if is_digest else value
