"""Show a local run: live progress, a summary and the reports."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from tidegate import validation
from tidegate.cli.program import ERROR, HOLD, PASS
from tidegate.contract import Contract
from tidegate.core.text import count
from tidegate.core.verdict import Verdict
from tidegate.model import evaluation
from tidegate.model.evaluation import Evaluation
from tidegate.platform.registry import Registry
from tidegate.report import pages
from tidegate.report.run.summary import GateVerdict, Link, MetricRow, RunState, RunSummary, TaskRun
from tidegate_kfp import cache, compiled, local, progress

_PAGES = {
    "data.html": ("validate-examples", "data_report", "Data"),
    "validation.html": ("validate-examples", "validation_report", "Validation"),
    "evaluation.html": ("evaluate-model", "evaluation_report", "Evaluation"),
}
#: The most warnings of a gate that the terminal shows.
_WARNINGS = 5
_COLOURS = {"published": "green", "unchanged": "green", "held": "yellow", "failed": "red"}


def run_and_report(
    *, contract: str, registry: str, span: str, on_hold: str, out: Path, cached: bool = False
) -> int:
    """Run the training pipeline, and print progress and summary.

    It runs on one span or range. With `cached`, results of earlier runs in `out` are reused if none
    of their inputs has changed.

    Returns:
        0 published (or published before), 1 failed, 3 held (0 if `on_hold` is succeed).

    Raises:
        ContractError: the contract cannot be read.
    """
    console = Console(highlight=False, soft_wrap=True)
    contract, registry = _absolute(contract), _absolute(registry)
    promised = Contract.load(contract)
    store = Registry(registry, promised.dataset)
    before = {entry.version for entry in store.versions("model")}
    started = datetime.now(UTC)
    named = re.sub(r"[^A-Za-z0-9._-]+", "_", span)
    root = (out / f"{started:%Y%m%dT%H%M%SZ}-{promised.dataset}-{named}").resolve()
    console.print(f"[bold]{promised.dataset} {span}[/bold]")
    arguments = {
        "contract_uri": contract,
        "registry_uri": registry,
        "span": span,
        "on_hold": on_hold,
    }
    with _Progress(console) as shown:
        done = local.run(
            compiled.TRAINING,
            arguments,
            root=root,
            on_change=shown.on_change,
            kept=cache.directory(out.resolve()) if cached else None,
        )
    summary = _summarize(done, promised.dataset, store, registry, before, span, started)
    for name, (task, artifact, _) in _PAGES.items():
        if page := done.artifact(task, artifact):
            shutil.copyfile(page, root / name)
    (root / "index.html").write_text(pages.index_page(summary), encoding="utf-8")
    _print(console, summary, root)
    if summary.state == "held":
        return PASS if on_hold == "succeed" else HOLD
    return ERROR if summary.state == "failed" else PASS


class _Progress:
    """One line per task: live in a terminal, else at the end."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._task: local.Task | None = None
        self._live = Live(console=console, get_renderable=self._line, refresh_per_second=8)

    def __enter__(self) -> _Progress:
        if self._console.is_terminal:
            self._live.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._task = None
        if self._console.is_terminal:
            self._live.__exit__(*exc)

    def on_change(self, task: local.Task) -> None:
        self._task = task
        if task.state != "running":
            self._console.print(_line(task))
            self._task = None

    def _line(self) -> Text:
        return _line(self._task) if self._task else Text("")


def _line(task: local.Task) -> Text:
    return progress.line(task.name, task.state, task.seconds, task.message)


def _summarize(
    done: local.LocalRun,
    dataset: str,
    store: Registry,
    registry: str,
    before: set[str],
    span: str,
    started: datetime,
) -> RunSummary:
    data = model = None
    evaluated: Evaluation | None = None
    if path := done.artifact("validate-examples", "validation"):
        data = validation.Validation.read(path).verdict
    if path := done.artifact("evaluate-model", "evaluation"):
        evaluated = evaluation.read(path)
        model = evaluated.verdict
    version = done.output("publish-model", "Output")
    failed = [t for t in done.tasks if t.state == "failed" and not t.name.startswith("hold-run")]
    reasons = tuple(t.message for t in failed)
    state: RunState
    if any(t.name.startswith("hold-run") for t in done.tasks) and not failed:
        state = "held"
        reasons = next((v.reasons for v in (data, model) if v and v.status == "hold"), ())
        reasons += data.messages("schema_proposal") if data else ()
    elif version is None or failed:
        state = "failed"
        reasons = reasons or ("the run did not finish; logs/kfp.log says why",)
    else:
        state = "unchanged" if version in before else "published"
    lineage = dict(store.get("model", version).lineage) if version else {}
    return RunSummary(
        dataset=dataset,
        span=done.output("resolve-inputs", "span") or span,
        run_id=done.root.name,
        started=started.isoformat(timespec="seconds"),
        state=state,
        reasons=reasons,
        tasks=tuple(TaskRun(t.name, t.state, t.seconds) for t in done.tasks),
        verdicts=(_verdict("data", data), _verdict("model", model)),
        metrics=tuple(_metrics(evaluated)) if evaluated else (),
        version=version,
        registry=_shown(registry),
        links=tuple(
            Link(title, name)
            for name, (task, artifact, title) in _PAGES.items()
            if done.artifact(task, artifact)
        ),
        lineage=tuple(lineage.items()),
    )


def _verdict(name: str, verdict: Verdict | None) -> GateVerdict:
    if verdict is None:
        return GateVerdict(name, "")
    return GateVerdict(name, verdict.status, verdict.reasons, verdict.warnings)


def _metrics(evaluated: Evaluation) -> Iterator[MetricRow]:
    champion = evaluated.overall.champion or {}
    names = sorted(evaluated.overall.metrics, key=lambda name: name != evaluated.metric)
    for name in names:
        value = evaluated.overall.metrics[name].value
        other = champion[name].value if name in champion else None
        yield MetricRow(name, value, other, None if other is None else value - other)


def _print(console: Console, summary: RunSummary, root: Path) -> None:
    console.print()
    for verdict in summary.verdicts:
        colour = {"pass": "green", "hold": "yellow", "": "dim"}[verdict.status]
        status = verdict.status or "not reached"
        console.print(f"  {verdict.name + ' gate':<12}[{colour}]{status}[/{colour}]")
        for warning in verdict.warnings[:_WARNINGS]:
            console.print(Text(f"    - warning: {warning}"))
        if (more := len(verdict.warnings) - _WARNINGS) > 0:
            console.print(Text(f"    - and {count(more, 'more warning')}, on its page"))
    if summary.metrics:
        table = Table(box=None, padding=(0, 2), header_style="dim")
        for name in ("metric", "challenger", "champion", "difference"):
            table.add_column(name, justify="left" if name == "metric" else "right")
        for row in summary.metrics:
            table.add_row(
                row.metric, _number(row.challenger), _number(row.champion), _signed(row.difference)
            )
        console.print(table)
    colour = _COLOURS[summary.state]
    version = f"  {summary.version}" if summary.version else ""
    console.print(f"  [bold {colour}]{summary.state}[/]{version}")
    for reason in summary.reasons:
        console.print(Text(f"    - {reason}"))
    console.print(Text(f"  reports     {_shown(root / 'index.html')}"))
    if summary.state == "failed":
        console.print(Text(f"  logs        {_shown(root / 'logs')}"))
    console.print()
    sys.stdout.flush()


def _absolute(uri: str) -> str:
    return uri if "://" in uri else str(Path(uri).resolve())


def _shown(path: str | Path) -> str:
    return str(path).removeprefix(f"{Path.cwd()}/")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.4f}"
