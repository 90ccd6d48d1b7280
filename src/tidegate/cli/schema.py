"""`tidegate schema`: infer, compare, propose, approve and reject schemas."""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tidegate.cli.inputs import data, dialect
from tidegate.cli.program import HOLD
from tidegate.contract import Contract
from tidegate.core.errors import SchemaError
from tidegate.data import sources
from tidegate.platform.registry import Registry
from tidegate.report import terminal
from tidegate.report.schema import text as schema_text

if TYPE_CHECKING:
    from tidegate.platform.registry import Entry
    from tidegate.schema.proposal import Proposal

_EDITOR: Final = "vi"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's actions to its parser."""
    parser.description = (
        "What later data is held to. A schema is TFMD text (schema.pbtxt), which TFDV and TFX read "
        "too; versions and proposals are kept in the registry."
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _add_infer(actions)
    _add_diff(actions)
    _add_propose(actions)
    listing = _add(actions, "list", "versions and proposals, oldest first", _list)
    listing.add_argument("--open", action="store_true", help="proposals nobody has decided on only")
    showing = _add(actions, "show", "one version: the schema, where it comes from", _show)
    showing.add_argument("version", nargs="?", help="default: the current one")
    editing = _add(actions, "edit", "change a version in $EDITOR, and propose the result", _edit)
    editing.add_argument("version", nargs="?", help="default: the current one")
    editing.add_argument("--by", metavar="NAME", help="default: the user of this system")
    importing = _add(actions, "import", "propose a schema.pbtxt that exists", _import)
    importing.add_argument("file", type=Path, help="TFMD text, as TFDV and TFX write it")
    importing.add_argument("--by", metavar="NAME", help="default: the user of this system")
    for name, what, run in (
        ("approve", "make a proposal the schema that later runs are held to", _approve),
        ("reject", "decide that a proposal is not to become the schema", _reject),
    ):
        deciding = _add(actions, name, what, run)
        deciding.add_argument("proposal", help="its version, or the directory that a run wrote")
        deciding.add_argument("--by", metavar="NAME", help="default: the user of this system")
        deciding.add_argument("--reason", default="", help="why; kept with the version")
        if name == "approve":
            for option, who in (("--only", "none but"), ("--without", "all but")):
                deciding.add_argument(
                    option,
                    action="append",
                    default=[],
                    metavar="COLUMN",
                    help=f"approve {who} the changes of this column; may be repeated",
                )


def _add(actions: Any, name: str, what: str, run: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=what, description=what)
    parser.add_argument("--registry", required=True, metavar="URI", help="a directory or URI")
    parser.add_argument("--contract", required=True, metavar="FILE", help="names the dataset")
    parser.set_defaults(act=run)
    return parser


def _add_infer(actions: Any) -> None:
    parser = actions.add_parser(
        "infer",
        help="the schema that some spans suggest, and the evidence",
        description="The schema that some spans suggest. Each argument is one span; from three "
        "on, the share of missing values and the range of numbers are bounded too.",
    )
    parser.add_argument("files", nargs="+", metavar="SPAN", help="a file, directory or URI; or, "
                        "with a contract, a selection of its spans (2013-01..2013-03)")  # fmt: skip
    parser.add_argument("--contract", metavar="FILE", help="the data contract")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="write the schema there; stdout has the evidence"
    )
    dialect.add_options(parser)
    parser.set_defaults(act=_infer)


def _add_diff(actions: Any) -> None:
    parser = actions.add_parser(
        "diff",
        help="how two schemas differ",
        description="How two schemas differ: what is new, gone, widened, narrowed. Of files; or, "
        "with --registry, of versions (by default the current one and the newest proposal). "
        "Exit code 3 where they do.",
    )
    parser.add_argument("old", nargs="?", help="a schema.pbtxt, or a version")
    parser.add_argument("new", nargs="?", help="the same")
    parser.add_argument("--registry", metavar="URI", help="where versions are kept")
    parser.add_argument("--contract", metavar="FILE", help="names the dataset")
    parser.add_argument("--format", choices=["text", "json"], default="text")
    parser.set_defaults(act=_diff)


def _add_propose(actions: Any) -> None:
    parser = actions.add_parser(
        "propose",
        help="the changes that some spans need to fit the schema",
        description="The changes that some spans need to fit a schema, with the evidence. Of the "
        "registry's current one, to be approved there; or of a file with --schema.",
    )
    parser.add_argument("files", nargs="+", metavar="SPAN", help="a file or directory; or, with a "
                        "contract, a selection of its spans")  # fmt: skip
    parser.add_argument("--registry", metavar="URI", help="a directory or URI")
    parser.add_argument("--contract", metavar="FILE", help="names the dataset")
    parser.add_argument("--schema", type=Path, metavar="FILE", help="in place of a registry")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="with --schema: write the changed schema there"
    )
    parser.add_argument("--by", metavar="NAME", help="default: the user of this system")
    parser.add_argument("--environment", choices=["TRAINING", "SERVING"], default="TRAINING")
    dialect.add_options(parser)
    parser.set_defaults(act=_propose)


def run(options: argparse.Namespace) -> int:
    """Run the action, and return the exit code, 3 if schemas differ."""
    return int(options.act(options))


def _infer(options: argparse.Namespace) -> int:
    from tidegate import schema

    described, measured = _described(options)
    learnt = schema.learn([m.statistics for m in measured], described)
    if options.out is None:
        terminal.write(schema.text(learnt.schema), None)
        return 0
    terminal.write(schema.text(learnt.schema), options.out)
    spans = [m.statistics.span for m in measured]
    terminal.write(schema_text.learnt(learnt, spans, ink=terminal.out()), None)
    return 0


def _described(options: argparse.Namespace) -> tuple[Contract, list[data.Measured]]:
    """Load the spans and their contract, guessed if none is given."""
    contract = Contract.load(options.contract) if options.contract else None
    measured = list(_measured(options, contract))
    if contract is not None:
        return contract, measured
    guessed = data.incomparable_columns(measured[0].statistics)
    data.note_unjudged(guessed)
    return data.excluding(measured[0].contract, guessed), measured


def _measured(options: argparse.Namespace, contract: Contract | None) -> Iterator[data.Measured]:
    how = dialect.dialect(options, mixed=True)
    for argument in options.files:
        if contract is not None and data.is_span(argument):
            for span in sources.resolve(contract, argument).spans:
                yield data.measure([span], contract, how)
        else:
            yield data.measure([argument], contract, how)


def _diff(options: argparse.Namespace) -> int:
    from tidegate.schema import proposal, read_file

    if options.registry is None:
        if options.old is None or options.new is None:
            raise SchemaError("give two schemas to compare, or --registry and --contract")
        old, new = read_file(Path(options.old)), read_file(Path(options.new))
        found = proposal.of_schemas(old, new, base="", because="edit")
    else:
        found = _of_versions(options)
    if options.format == "json":
        terminal.write(schema_text.as_json(found), None)
    else:
        terminal.write(schema_text.changes(found, ink=terminal.out()), None)
    return HOLD if found.changes else 0


def _of_versions(options: argparse.Namespace) -> Proposal:
    from tidegate.schema import approval, proposal

    registry, _ = _opened(options)
    current = registry.current("schema")
    if options.new is None:
        waiting = approval.proposals(registry)
        if options.old is None and not waiting:
            raise SchemaError("nobody has proposed a change; there is nothing to compare with")
        version = options.old or waiting[-1].version
        entry = registry.get("schema", version)
        made = approval.proposal_of(registry, entry)
        if made.base == (current.version if current else ""):
            return made
        now = approval.schema_of(registry, current)
        return proposal.of_schemas(
            now, made.schema, base=current.version if current else "", because=made.because
        )
    old, new = (registry.get("schema", v) for v in (options.old, options.new))
    schemas = [approval.schema_of(registry, entry) for entry in (old, new)]
    return proposal.of_schemas(*schemas, base=old.version, because="edit")


def _propose(options: argparse.Namespace) -> int:
    from tidegate.schema import approval, propose

    if options.schema is not None:
        return _propose_on_file(options)
    registry, contract = _opened(options)
    current = registry.current("schema")
    if current is None:
        raise SchemaError(_no_schema(contract))
    made = propose.propose(
        approval.schema_of(registry, current),
        [m.statistics for m in _measured(options, contract)],
        contract,
        base=current.version,
        environment=options.environment,
    )
    return _keep(options, registry, made)


def _propose_on_file(options: argparse.Namespace) -> int:
    from tidegate import schema
    from tidegate.schema import propose

    if options.registry is not None:
        raise SchemaError("give --schema or --registry, not both: a file has no versions")
    base = schema.read_file(options.schema)
    contract, measured = _described(options)
    spans = [m.statistics for m in measured]
    made = propose.propose(base, spans, contract, environment=options.environment)
    terminal.write(schema_text.changes(made, ink=terminal.out()), None)
    if options.out is not None:
        terminal.write(schema.text(made.schema), options.out)
    return HOLD if made.changes else 0


def _keep(options: argparse.Namespace, registry: Registry, made: Proposal) -> int:
    from tidegate.schema import approval
    from tidegate.validation.schema_proposal import approve_command

    if not made.changes:
        terminal.note("the schema stays as it is: there is nothing to propose")
        return 0
    entry = approval.commit_proposal(registry, made, by=options.by or approval.user())
    terminal.write(schema_text.changes(made, ink=terminal.out()), None)
    terminal.write(
        "\nto approve it:\n  " + approve_command(options.registry, options.contract, entry.version),
        None,
    )
    return 0


def _list(options: argparse.Namespace) -> int:
    from tidegate.schema import approval

    registry, contract = _opened(options)
    entries = approval.proposals(registry) if options.open else registry.versions("schema")
    current = registry.current("schema")
    if not entries:
        terminal.write(
            f"{contract.dataset}: no {'open proposal' if options.open else 'schema'}", None
        )
        return 0
    terminal.write(schema_text.versions(entries, current, ink=terminal.out()), None)
    return 0


def _show(options: argparse.Namespace) -> int:
    from tidegate import schema
    from tidegate.schema import approval

    registry, contract = _opened(options)
    entry = _version(registry, contract, options.version)
    made = approval.schema_of(registry, entry)
    text = schema_text.about(entry, registry.current("schema"))
    with contextlib.suppress(SchemaError):
        found = approval.proposal_of(registry, entry)
        text += "\n" + "\n".join(f"# {line}" for line in schema_text.changes(
            found, ink=terminal.Ink(coloured=False)).splitlines())  # fmt: skip
    terminal.write(f"{text}\n{schema.text(made)}", None)
    return 0


def _version(registry: Registry, contract: Contract, version: str | None) -> Entry:
    entry = registry.get("schema", version) if version else registry.current("schema")
    if entry is None:
        raise SchemaError(_no_schema(contract))
    return entry


def _no_schema(contract: Contract) -> str:
    return (
        f"{contract.dataset} has no schema yet: the first run that passes the data gate keeps the "
        "one it infers. To hold a first run to another, write one with 'tidegate schema infer SPAN "
        "--contract FILE --out schema.pbtxt', edit it, and give it to 'tidegate schema import' and "
        "'tidegate schema approve'"
    )


def _edit(options: argparse.Namespace) -> int:
    from tidegate import schema
    from tidegate.schema import approval, proposal

    registry, contract = _opened(options)
    entry = _version(registry, contract, options.version)
    current = registry.current("schema")
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "schema.pbtxt"
        file.write_text(schema.text(approval.schema_of(registry, entry)), encoding="utf-8")
        editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or _EDITOR
        try:
            done = subprocess.run([*shlex.split(editor), str(file)], check=False)  # noqa: S603
        except (OSError, ValueError) as error:
            raise SchemaError(f"cannot start the editor {editor!r}: {error}; set EDITOR") from None
        if done.returncode:
            raise SchemaError(
                f"the editor {editor!r} ended with {done.returncode}; nothing is kept"
            )
        edited = schema.read_file(file)
    base = current.version if current else ""
    made = proposal.of_schemas(
        approval.schema_of(registry, current), edited, base=base, because="edit"
    )
    return _keep(options, registry, made)


def _import(options: argparse.Namespace) -> int:
    from tidegate.schema import approval, proposal, read_file, tfx_import

    registry, contract = _opened(options)
    found = tfx_import.import_schema(read_file(options.file), contract)
    current = registry.current("schema")
    base = current.version if current else ""
    made = proposal.of_schemas(
        approval.schema_of(registry, current), found.schema, base=base, because="import"
    )
    for title, lines in (("changed", found.added), ("not enforced", found.unenforced)):
        for line in lines:
            terminal.write(f"{title:<13}{line}", None)
    return _keep(options, registry, made)


def _approve(options: argparse.Namespace) -> int:
    from tidegate.schema import approval

    registry, contract = _opened(options)
    version = _proposed(options, registry)
    before = registry.current("schema")
    done = approval.approve(
        registry,
        version,
        by=options.by or approval.user(),
        reason=options.reason,
        only=options.only,
        without=options.without,
    )
    was = before.version if before else "none"
    if done.version == was:
        terminal.write(f"{contract.dataset}: schema {was} is current already", None)
        return 0
    made = approval.proposal_of(registry, done)
    terminal.write(schema_text.changes(made, ink=terminal.out()), None)
    terminal.write(f"\n{contract.dataset}: schema {done.version} is current (was {was})", None)
    return 0


def _reject(options: argparse.Namespace) -> int:
    from tidegate.schema import approval

    registry, contract = _opened(options)
    by = options.by or approval.user()
    done = approval.reject(registry, _proposed(options, registry), by=by, reason=options.reason)
    who = done.lineage["rejected_by"]
    terminal.write(f"{contract.dataset}: proposal {done.version} is rejected by {who}", None)
    return 0


def _proposed(options: argparse.Namespace, registry: Registry) -> str:
    """The proposal's version; a directory's proposal is committed first."""
    from tidegate.schema import approval
    from tidegate.schema.proposal import Proposal

    path = Path(options.proposal)
    if not path.is_dir():
        return str(options.proposal)
    return approval.commit_proposal(
        registry, Proposal.read(path), by=options.by or approval.user()
    ).version


def _opened(options: argparse.Namespace) -> tuple[Registry, Contract]:
    if options.registry is None:
        raise SchemaError("--registry is missing: it says where versions are kept")
    if options.contract is None:
        raise SchemaError("--contract is missing: it names the dataset in the registry")
    contract = Contract.load(options.contract)
    return Registry(options.registry, contract.dataset), contract
