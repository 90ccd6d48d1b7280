"""Run a compiled pipeline locally, with components as subprocesses.

It needs no Docker and no cluster.
"""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from tidegate.core.errors import TidegateError
from tidegate.platform import lineage

State = Literal["running", "succeeded", "cached", "failed"]

_STARTED = re.compile(r"Executing task '(?P<task>[^']+)'")
_FINISHED = re.compile(r"Task '(?P<task>[^']+)' finished with status (?P<status>\w+)")
_CACHED = re.compile(r"Task (?P<task>\S+) cache hit \(key=(?P<key>[0-9a-f]+)\)")
_COLOUR = re.compile(r"\x1b\[\d+m")


@dataclass
class Task:
    """One task of a run, with its progress.

    A cached task has the `outputs` of the earlier run.
    """

    name: str
    started: float
    state: State = "running"
    ended: float | None = None
    lines: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    outputs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """The running time of the task, so far or in all."""
        return (self.ended or time.monotonic()) - self.started

    @property
    def message(self) -> str:
        """The last message of the task; the reason if it failed."""
        function = re.sub(r"-\d+$", "", self.name).replace("-", "_")
        own = [i for i, line in enumerate(self.messages) if line.startswith(f"{function}: ")]
        if self.state == "failed" and own:
            return "\n".join(self.messages[own[-1] :])
        return self.messages[-1] if self.messages else ""

    def hear(self, line: str) -> None:
        """Store a line of the task's log.

        Lines of KFP's own executor are not stored as messages.
        """
        self.lines.append(line)
        if line.strip() and not line.startswith(("[KFP Executor", "{", "}", " ")):
            self.messages.append(line)


@dataclass(frozen=True)
class LocalRun:
    """The result of a local run."""

    root: Path
    tasks: tuple[Task, ...]
    ok: bool

    def artifact(self, task: str, name: str) -> Path | None:
        """An output of a successful or cached task, or None."""
        kept = self._kept(task).get(name)
        if isinstance(kept, Path):
            return kept
        found = sorted(self.root.glob(f"*/{task}/{name}"))
        return found[-1] if found else None

    def output(self, task: str, name: str) -> str | None:
        """An output parameter of a task; None if it did not run."""
        if kept := self._kept(task):
            value = kept.get(name)
            return value if isinstance(value, str) else None
        file = self.artifact(task, "executor_output.json")
        if file is None:
            return None
        values: Mapping[str, str] = json.loads(file.read_text()).get("parameterValues", {})
        return values.get(name)

    def _kept(self, name: str) -> Mapping[str, Any]:
        return next((t.outputs for t in self.tasks if t.name == name), {})


def run(
    spec: Path,
    arguments: Mapping[str, str],
    *,
    root: Path,
    on_change: Callable[[Task], None],
    kept: Path | None = None,
) -> LocalRun:
    """Run a compiled pipeline with KFP's local runner, in its own process.

    Args:
        spec: The compiled pipeline, YAML.
        arguments: Its parameters.
        root: Empty directory for artifacts; each task's log goes to `root/logs`.
        on_change: Called when a task starts, logs a line, or ends.
        kept: The folder for cached results, from `tidegate_kfp.cache`; by default nothing is
            cached.

    Raises:
        TidegateError: a path contains a text that KFP's local runner would replace.
    """
    from tidegate_kfp import cache  # the child, which runs this file, has no such package

    for value in (str(root), str(kept), sys.executable, *arguments.values()):
        if "python3" in value and value != sys.executable:
            raise TidegateError(
                f"{value!r} contains 'python3', which KFP's local runner replaces wherever it "
                "stands; move the project or the file to a path without it"
            )
    logs = root / "logs"
    logs.mkdir(parents=True)
    # -P: the project's folder docker/ must not stand in for the package KFP tries to import.
    command = [sys.executable, "-uP", __file__, str(spec), str(root), json.dumps(arguments)]
    environment = {**os.environ, lineage.RUN_VARIABLE: root.name, lineage.LOCAL_VARIABLE: "1"}
    command += [str(kept)] if kept else []
    tasks: list[Task] = []
    with (
        (logs / "kfp.log").open("w") as rest,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
        ) as child,
    ):
        for raw in child.stdout or ():
            line = _COLOUR.sub("", raw.rstrip("\n"))
            if match := _STARTED.search(line):
                tasks.append(Task(match["task"], time.monotonic()))
                on_change(tasks[-1])
            elif match := _FINISHED.search(line):
                task = next(t for t in reversed(tasks) if t.name == match["task"])
                task.state = "succeeded" if match["status"] == "SUCCESS" else "failed"
                task.ended = time.monotonic()
                (logs / f"{task.name}.log").write_text("\n".join(task.lines) + "\n")
                on_change(task)
            elif kept and (match := _CACHED.match(line)):
                tasks.append(_cached(match["task"], cache.outputs(kept, match["key"])))
                (logs / f"{tasks[-1].name}.log").write_text(line + "\n")
                on_change(tasks[-1])
            elif tasks and tasks[-1].state == "running" and line.startswith("    "):
                tasks[-1].hear(line[4:])
                on_change(tasks[-1])
            else:
                rest.write(line + "\n")
    return LocalRun(root, tuple(tasks), child.returncode == 0)


def _cached(name: str, outputs: Mapping[str, Any]) -> Task:
    now = time.monotonic()
    # An artifact lies at <run>/<pipeline>/<task>/<name>.
    runs = {value.parents[2].name for value in outputs.values() if isinstance(value, Path)}
    messages = f"cached: made by {', '.join(sorted(runs))}" if runs else "cached"
    return Task(name, now, "cached", now, messages=[messages], outputs=outputs)


def _main(spec: str, root: str, arguments: str, kept: str | None = None) -> int:
    from kfp import components, dsl, local

    # KFP logs a cache hit to the handlers of the root logger.
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
    local.init(
        local.SubprocessRunner(use_venv=False),
        pipeline_root=root,
        raise_on_error=True,
        enable_caching=kept is not None,
        cache_root=kept,
    )
    # KFP's local runner (2.17.0) does not know this placeholder and ends with an IndexError.
    now = datetime.now(UTC).isoformat(timespec="seconds")
    text = Path(spec).read_text().replace(dsl.PIPELINE_JOB_SCHEDULE_TIME_UTC_PLACEHOLDER, now)
    try:
        components.load_component_from_text(text)(**json.loads(arguments))
    except RuntimeError as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))
