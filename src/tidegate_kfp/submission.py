"""Start and show runs on a Kubeflow Pipelines server."""

from __future__ import annotations

import argparse
import re
import time
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

from tidegate.cli.program import ERROR, HOLD, PASS
from tidegate.contract import Contract
from tidegate.core.errors import TidegateError
from tidegate.platform.registry import Registry
from tidegate_kfp import compilation, defaults, pods, progress
from tidegate_kfp.server import Run, Server, Version
from tidegate_kfp.settings import DEFAULT, Settings

_POLL_SECONDS: Final = 5.0
#: The most consecutive failed requests while waiting for a run.
_PATIENCE: Final = 12
_COLOURS: Final = {"published": "green", "held": "yellow", "failed": "red"}
_VERDICT: Final = re.compile(r"(data|model): (pass|hold)")
_VERSION: Final = re.compile(r"(published \S+ model \S+|\S+ model \S+ is published already)")

_console = Console(highlight=False, soft_wrap=True)


def submit(options: argparse.Namespace) -> int:
    """Start a run for each span, wait, and return the exit code.

    The exit code is that of a local run.

    Raises:
        TidegateError: the server does not answer or refuses.
    """
    server = _server(options)
    version = _published(server, options)
    for span in options.span or [defaults.SPAN]:
        run_id = server.start(
            version,
            f"{options.pipeline} {_stem(options.contract)} {span}",
            {**_parameters(options), "span": span},
            experiment=options.experiment,
            caching=False if options.no_cache else None,
            account=options.service_account,
        )
        _say(f"run {run_id}", server.url(run_id))
        if not options.no_wait and (code := _watch(server, run_id, options)):
            return code
    return PASS


def schedule(options: argparse.Namespace) -> int:
    """Create a recurring run, and return 0.

    Raises:
        TidegateError: one of this name exists already, KFP does not accept the times, or the server
            does not answer or refuses.
    """
    when = cron(options.cron)
    server = _server(options)
    name = options.name or f"{options.pipeline} {_stem(options.contract)}"
    before = next((s for s in server.schedules() if s.name == name), None)
    if before and not options.replace:
        raise TidegateError(
            f"schedule {name!r} is there already ({before.cron}, {before.schedule_id}); "
            "replace it with --replace, or give another --name"
        )
    version = _published(server, options)
    made = server.schedule(
        version,
        name,
        {**_parameters(options), "span": options.span},
        cron=when,
        start=options.start,
        end=options.end,
        catch_up=not options.no_catch_up,
        experiment=options.experiment,
        account=options.service_account,
    )
    if before:
        server.unschedule(before.schedule_id)
    past = "left out" if options.no_catch_up else "caught up with"
    _say(f"schedule {made}", f"{name}: {when} UTC, span {options.span}")
    _say("", f"one run at a time; times that have passed are {past}")
    return 0


def status(options: argparse.Namespace) -> int:
    """Show one run, or the last runs and the schedules.

    Returns:
        The exit code of the run, or 0.

    Raises:
        TidegateError: the server does not answer or refuses.
    """
    server = _server(options)
    if options.run:
        if options.wait:
            return _watch(server, options.run, options)
        run = server.run(options.run)
        _say(run.name, server.url(run.run_id))
        for task in run.tasks:
            _console.print(progress.line(task.name, task.state, task.seconds))
        return print_outcome(run, options) if run.ended else _still(run)
    runs = server.runs(options.experiment)
    for run in runs:
        _say(
            f"{run.created:%Y-%m-%d %H:%M} UTC", f"{run.run_id}  {run.state.lower():<10} {run.name}"
        )
    if not runs:
        _say("no runs", f"in experiment {options.experiment}")
    for each in server.schedules():
        enabled = "enabled" if each.enabled else "disabled"
        _say("schedule", f"{each.name}: {each.cron} UTC, {enabled}")
    return 0


def logs(options: argparse.Namespace) -> int:
    """Print the logs of a run's components, and return 0.

    Raises:
        TidegateError: there are no pods, or Kubernetes cannot be reached or refuses.
    """
    namespace = options.namespace or options.kfp_namespace
    found = pods.of_run(options.run, namespace)
    if not found:
        raise TidegateError(
            f"namespace {namespace} has no pod of a run {options.run!r}; KFP's pages show the logs "
            "of pods that are gone, where the installation keeps them"
        )
    chosen = [pod for pod in found if options.task in (None, pod.task)]
    if not chosen:
        raise TidegateError(
            f"run {options.run} has no pod of {options.task!r}; there are: "
            f"{', '.join(pod.task for pod in found)}"
        )
    for pod in chosen:
        _console.print(Text(f"--- {pod.task} ({pod.name}, {pod.phase})", style="bold"))
        lines = pods.follow(pod) if options.follow else iter(pods.log(pod).splitlines())
        for line in lines if options.all else pods.own(lines):
            print(line, flush=True)
    return 0


def _server(options: argparse.Namespace) -> Server:
    return Server(
        host=options.host,
        ui=options.ui,
        namespace=options.namespace,
        installed=options.kfp_namespace,
    )


def _published(server: Server, options: argparse.Namespace) -> Version:
    settings = Settings.load(options.settings) if options.settings else DEFAULT
    version = server.publish(compilation.compiled_training(settings))
    state = "uploaded" if version.new else "there already"
    _say("pipeline version", f"{version.name}, {state}")
    return version


def _parameters(options: argparse.Namespace) -> dict[str, str]:
    return {
        "contract_uri": options.contract,
        "registry_uri": options.registry,
        "on_hold": options.on_hold,
    }


def _watch(server: Server, run_id: str, options: argparse.Namespace) -> int:
    shown: set[str] = set()
    failures = 0
    try:
        with _console.status("waiting") as waiting:
            while True:
                try:
                    run = server.run(run_id)
                    failures = 0
                except TidegateError:
                    failures += 1
                    if failures > _PATIENCE:
                        raise
                    time.sleep(_POLL_SECONDS)
                    continue
                for task in run.tasks:
                    if task.state != "running" and task.name not in shown:
                        shown.add(task.name)
                        _console.print(progress.line(task.name, task.state, task.seconds))
                if run.ended:
                    break
                under_way = [task.name for task in run.tasks if task.state == "running"]
                waiting.update(", ".join(under_way) or "waiting")
                time.sleep(_POLL_SECONDS)
    except KeyboardInterrupt:
        _say("", f"the run goes on; `tidegate status {run_id} --wait` waits for it")
        raise
    return print_outcome(run, options)


def _still(run: Run) -> int:
    _console.print(f"  {run.state.lower()}")
    return 0


def print_outcome(run: Run, options: argparse.Namespace) -> int:
    """Print verdicts, reasons and reports of an ended run.

    Returns:
        The exit code.
    """
    outcome = _outcome(run)
    reports: dict[str, str] = {}
    lines: list[str] = []
    try:
        for pod in pods.of_run(run.run_id, options.namespace or options.kfp_namespace):
            lines += _telling(run.run_id, pod, outcome)
            reports |= pod.reports if pod.phase == "Succeeded" else {}
    except TidegateError as error:
        lines.append(f"verdicts and reports are on the run's page: {error}")
    if outcome == "held" and not any(line.startswith("  - ") for line in lines):
        lines += _recorded(run)
    for line in lines:
        _console.print(Text(f"  {line}"))
    _console.print(f"  [bold {_COLOURS[outcome]}]{outcome}[/]")
    if run.error:
        _console.print(Text(f"    - {run.error}"))
    for name, uri in reports.items():
        _console.print(Text(f"  {name:<20}{uri}"))
    if outcome == "held":
        return PASS if run.state == "SUCCEEDED" else HOLD
    return ERROR if outcome == "failed" else PASS


def _outcome(run: Run) -> str:
    if run.held:
        return "held"
    return "published" if run.state == "SUCCEEDED" else "failed"


def _telling(run_id: str, pod: pods.Pod, outcome: str) -> list[str]:
    """The lines of a pod's log that explain how it ended.

    They are verdicts, versions, and the reason of a failure.
    """
    if outcome == "held" and pod.task.startswith("hold-run") and not pod.reason:
        # The gate's pod, or the registry, has already reported the same.
        return []
    if pod.phase != "Failed" and pod.task not in (
        "validate-examples",
        "evaluate-model",
        "publish-model",
    ):
        return []
    function = pod.task.rstrip("-0123456789").replace("-", "_")
    kept: list[str] = []
    for line in pods.own(pods.log(pod).splitlines()):
        reason = line.startswith("  - ") and bool(kept)
        failure = line.startswith(f"{function}: ") and outcome == "failed"
        if reason or failure or _VERDICT.fullmatch(line) or _VERSION.fullmatch(line):
            kept.append(line)
    if pod.phase == "Failed" and pod.reason:
        return [f"{pod.task}: {pod.reason}"]
    if pod.phase == "Failed" and not kept:
        return [f"{pod.task}: `tidegate logs {run_id} {pod.task}` says why"]
    return kept


def _recorded(run: Run) -> list[str]:
    """The registry's reasons and proposals for a held run.

    Empty if the registry cannot be read from here.
    """
    try:
        dataset = Contract.load(run.parameters["contract_uri"]).dataset
        held = Registry(run.parameters["registry_uri"], dataset).run(run.run_id)["hold_run"]
    except (TidegateError, KeyError):
        return []
    lines = [*held["reasons"], *held.get("proposals", ())]
    return [f"{held['stage']}: hold", *(f"  - {line}" for line in lines)]


def cron(text: str) -> str:
    """Convert a cron expression to KFP's form, with a seconds field.

    The seconds come before the usual five fields.

    Raises:
        TidegateError: it has neither five fields nor six.
    """
    fields = text.split()
    if len(fields) not in (5, 6):
        raise TidegateError(
            f"--cron {text!r} has {len(fields)} fields; write minute, hour, day, month and day of "
            'the week, as in "0 6 2 * *", with seconds before them if need be'
        )
    return " ".join(fields if len(fields) == 6 else ["0", *fields])


def _stem(uri: str) -> str:
    return Path(uri).stem


def _say(what: str, text: str | None) -> None:
    _console.print(Text(f"{what:<16}  {text or ''}".rstrip()))
