"""Access a Kubeflow Pipelines server: upload, run, schedule, follow."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, ParamSpec, TypeVar

import kfp
import kfp_server_api
import urllib3
import yaml

from tidegate.core.errors import TidegateError
from tidegate_kfp.gitops import version_name

P = ParamSpec("P")
R = TypeVar("R")

#: The variable with a token for the server; not an option, which every process could read.
TOKEN_VARIABLE: Final = "TIDEGATE_KFP_TOKEN"  # noqa: S105 (a name)
#: The variables of KFP's own client for the server and its pages.
HOST_VARIABLE: Final = "KF_PIPELINES_ENDPOINT"
UI_VARIABLE: Final = "KF_PIPELINES_UI_ENDPOINT"
EXPERIMENT: Final = "tidegate"

_PAGE: Final = 100
_ENDED: Final = frozenset({"SUCCEEDED", "FAILED", "CANCELED", "SKIPPED"})

TaskState = Literal["running", "succeeded", "cached", "failed"]


@dataclass(frozen=True)
class Task:
    """A task of a run, by its name in the pipeline.

    Attributes:
        name: E.g. `train-model`.
        state: `cached` if KFP took an earlier run's result and started no pod.
        seconds: How long it ran, its pods' start included; 0 while it runs.
    """

    name: str
    state: TaskState
    seconds: float


@dataclass(frozen=True)
class Run:
    """The current state of a run on the server.

    Attributes:
        run_id: Its identifier, which is also the `run_id` of the registry's records.
        name: The name in lists.
        state: KFP's state: PENDING, RUNNING, SUCCEEDED, FAILED, CANCELED, ...
        created: When it was submitted.
        parameters: The parameters it was started with.
        tasks: The components that it reached, in the order they began.
        error: The server's error message; empty without one.
    """

    run_id: str
    name: str
    state: str
    created: datetime
    parameters: Mapping[str, Any]
    tasks: tuple[Task, ...]
    error: str

    @property
    def ended(self) -> bool:
        """Whether the run has ended."""
        return self.state in _ENDED

    @property
    def held(self) -> bool:
        """Whether a gate held the run.

        `hold-run` ran, and no other task failed.
        """
        red = [t.name for t in self.tasks if t.state == "failed" and not _is_hold(t.name)]
        return not red and any(_is_hold(t.name) for t in self.tasks)


@dataclass(frozen=True)
class Version:
    """A pipeline version on the server.

    `new` is true if it was uploaded just now.
    """

    pipeline_id: str
    version_id: str
    name: str
    new: bool


@dataclass(frozen=True)
class Schedule:
    """A recurring run on the server."""

    schedule_id: str
    name: str
    cron: str
    enabled: bool
    status: str
    parameters: Mapping[str, Any]


class Server:
    """The API of a KFP server.

    Attributes:
        address: The address it was reached at.
        ui: The address of its pages; None if unknown.
        namespace: The namespace of the runs; None if the server has one for all.
    """

    def __init__(
        self, *, host: str | None, ui: str | None, namespace: str | None, installed: str
    ) -> None:
        """Connect to the server.

        Args:
            host: The server, or KFP's pages, which pass calls on to it. None reaches it through the
                Kubernetes API that the kubeconfig names (`services/proxy`).
            ui: The address of its pages, if that is not `host`.
            namespace: The namespace of the runs, if the server has several.
            installed: The namespace of KFP itself, to reach it through Kubernetes.

        Raises:
            TidegateError: no server answers, or it refuses this user.
        """
        host = host or os.environ.get(HOST_VARIABLE)
        self.ui = (ui or os.environ.get(UI_VARIABLE) or host or "").rstrip("/") or None
        self.namespace = namespace
        self.address = host or f"the service ml-pipeline in namespace {installed}"
        logging.getLogger("urllib3").setLevel(logging.ERROR)
        with warnings.catch_warnings(), self._explained(), _quiet():
            warnings.simplefilter("ignore")
            self._client = kfp.Client(
                host=host, namespace=installed, existing_token=os.environ.get(TOKEN_VARIABLE)
            )
            self._client.get_kfp_healthz(sleep_duration=1)

    def url(self, run_id: str) -> str | None:
        """The page of a run; None if the pages' address is unknown."""
        return f"{self.ui}/#/runs/details/{run_id}" if self.ui else None

    def publish(self, spec: bytes) -> Version:
        """Upload a compiled pipeline as a version, unless it exists.

        The version is named after its content.

        Raises:
            TidegateError: the server refuses it.
        """
        name = yaml.safe_load(spec.split(b"\n---\n")[0])["pipelineInfo"]["name"]
        version = version_name(spec)
        with self._explained(), _quiet(), tempfile.TemporaryDirectory() as scratch:
            file = Path(scratch, f"{name}.yaml")
            file.write_bytes(spec)
            pipeline_id = self._pipeline(name)
            if pipeline_id is None:
                # upload_pipeline would name the first version after the pipeline.
                made = self._client.pipelines.pipeline_service_create_pipeline(
                    kfp_server_api.V2beta1Pipeline(display_name=name, namespace=self.namespace)
                )
                pipeline_id = made.pipeline_id
            elif found := self._version(pipeline_id, version):
                return Version(pipeline_id, found, version, new=False)
            uploaded = self._client.upload_pipeline_version(
                str(file), version, pipeline_id=pipeline_id
            )
            return Version(pipeline_id, uploaded.pipeline_version_id, version, new=True)

    def start(
        self,
        version: Version,
        name: str,
        parameters: Mapping[str, str],
        *,
        experiment: str = EXPERIMENT,
        caching: bool | None = None,
        account: str | None = None,
    ) -> str:
        """Start a run, and return its identifier.

        Args:
            version: The pipeline version to run.
            name: The name in lists.
            parameters: The parameters of the pipeline.
            experiment: The group it is shown in; created if necessary.
            caching: False runs every task anew; None keeps the pipeline's setting.
            account: The Kubernetes ServiceAccount of its pods; None is KFP's own.

        Raises:
            TidegateError: the server refuses it.
        """
        with self._explained(), _quiet():
            run = self._client.run_pipeline(
                self._experiment(experiment),
                name,
                params=dict(parameters),
                pipeline_id=version.pipeline_id,
                version_id=version.version_id,
                enable_caching=caching,
                service_account=account,
            )
        return str(run.run_id)

    def run(self, run_id: str) -> Run:
        """The current state of a run.

        Raises:
            TidegateError: the server does not know the run.
        """
        with self._explained():
            return as_run(self._client.get_run(run_id))

    def runs(self, experiment: str = EXPERIMENT, *, last: int = 10) -> list[Run]:
        """The last runs of an experiment, the newest first.

        Empty if the experiment does not exist.

        Raises:
            TidegateError: the server refuses.
        """
        with self._explained():
            try:
                found = self._client.get_experiment(
                    experiment_name=experiment, namespace=self.namespace
                )
            except ValueError:
                return []
            listed = self._client.list_runs(
                page_size=last,
                sort_by="created_at desc",
                experiment_id=found.experiment_id,
                namespace=self.namespace,
            )
        return [as_run(each) for each in listed.runs or ()]

    def schedules(self) -> list[Schedule]:
        """Every recurring run.

        Raises:
            TidegateError: the server refuses.
        """
        with self._explained():
            pages = _pages(
                lambda token: self._client.list_recurring_runs(
                    page_token=token, page_size=_PAGE, namespace=self.namespace
                ),
                "recurring_runs",
            )
            return [
                Schedule(
                    schedule_id=each.recurring_run_id,
                    name=each.display_name,
                    cron=each.trigger.cron_schedule.cron if each.trigger.cron_schedule else "",
                    enabled=each.mode == "ENABLE",
                    status=each.status or "",
                    parameters=each.runtime_config.parameters or {},
                )
                for each in pages
            ]

    def schedule(
        self,
        version: Version,
        name: str,
        parameters: Mapping[str, str],
        *,
        cron: str,
        start: str | None,
        end: str | None,
        catch_up: bool,
        experiment: str = EXPERIMENT,
        account: str | None = None,
    ) -> str:
        """Create a recurring run by a cron expression, and return its identifier.

        Its runs start one at a time.

        Args:
            version: The pipeline version to run.
            name: The name in lists.
            parameters: The parameters of the pipeline. KFP fills in no macros (`[[ScheduledTime]]`)
                if a schedule names a version, as this one does; `before:scheduled` is such a span.
            cron: Six fields, the first for seconds, in UTC.
            start: The first moment, RFC 3339; None is now.
            end: The last moment; None is never.
            catch_up: Whether missed times are made up for, one after the other.
            experiment: The group its runs are shown in.
            account: The Kubernetes ServiceAccount of its pods; None is KFP's own.

        Raises:
            TidegateError: the server refuses it.
        """
        with self._explained(), _quiet():
            made = self._client.create_recurring_run(
                self._experiment(experiment),
                name,
                cron_expression=cron,
                start_time=start,
                end_time=end,
                max_concurrency=1,
                no_catchup=not catch_up,
                params=dict(parameters),
                pipeline_id=version.pipeline_id,
                version_id=version.version_id,
                service_account=account,
            )
        return str(made.recurring_run_id)

    def unschedule(self, schedule_id: str) -> None:
        """Delete a recurring run; its ended runs stay.

        A run that is under way loses its pods, and KFP shows it as running for ever.

        Raises:
            TidegateError: the server refuses.
        """
        with self._explained():
            self._client.delete_recurring_run(schedule_id)

    def _pipeline(self, name: str) -> str | None:
        pages = _pages(
            lambda token: self._client.list_pipelines(
                page_token=token, page_size=_PAGE, filter=_named(name), namespace=self.namespace
            ),
            "pipelines",
        )
        return next((each.pipeline_id for each in pages), None)

    def _version(self, pipeline_id: str, name: str) -> str | None:
        pages = _pages(
            lambda token: self._client.list_pipeline_versions(
                pipeline_id, page_token=token, page_size=_PAGE, filter=_named(name)
            ),
            "pipeline_versions",
        )
        return next((each.pipeline_version_id for each in pages), None)

    def _experiment(self, name: str) -> str:
        made = self._client.create_experiment(name, namespace=self.namespace)
        return str(made.experiment_id)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except kfp_server_api.ApiException as error:
            raise TidegateError(f"{self.address} refused: {_reason(error)}") from None
        except (urllib3.exceptions.HTTPError, OSError, TimeoutError) as error:
            raise TidegateError(
                f"no Kubeflow Pipelines server answers at {self.address}: {error}; give its "
                f"address with --host or {HOST_VARIABLE}, a token in {TOKEN_VARIABLE}"
            ) from None


def as_run(detail: Any) -> Run:
    """Convert a run of KFP's API, keeping only the components' tasks."""
    details = (detail.run_details and detail.run_details.task_details) or ()
    # A task without a state was left out: its branch was not taken.
    came = [each for each in details if each.state and _is_component(each.display_name or "")]
    return Run(
        run_id=detail.run_id,
        name=detail.display_name,
        state=detail.state or "PENDING",
        created=detail.created_at,
        parameters=(detail.runtime_config and detail.runtime_config.parameters) or {},
        tasks=tuple(_task(each) for each in sorted(came, key=lambda t: t.start_time)),
        error=detail.error.message if detail.error else "",
    )


def _task(detail: Any) -> Task:
    if detail.state not in ("SUCCEEDED", "FAILED", "CANCELED"):
        return Task(detail.display_name, "running", 0.0)
    seconds = max((detail.end_time - detail.start_time).total_seconds(), 0.0)
    if detail.state != "SUCCEEDED":
        return Task(detail.display_name, "failed", seconds)
    # Times are whole seconds, and no pod comes and goes within one.
    return Task(detail.display_name, "succeeded" if seconds else "cached", seconds)


def _is_hold(name: str) -> bool:
    return name.startswith("hold-run")


def _is_component(name: str) -> bool:
    # Beside components the server lists drivers, executors, conditions and groups.
    from tidegate_kfp import components

    return name.rstrip("-0123456789").replace("-", "_") in components.__all__


def _named(name: str) -> str:
    return json.dumps(
        {"predicates": [{"operation": "EQUALS", "key": "display_name", "stringValue": name}]}
    )


def _pages(page: Callable[[str], Any], field: str) -> Iterator[Any]:
    token = ""
    while True:
        detail = page(token)
        yield from getattr(detail, field) or ()
        token = detail.next_page_token or ""
        if not token:
            return


def _reason(error: kfp_server_api.ApiException) -> str:
    try:
        body = json.loads(error.body)
        message = body.get("error") or body.get("message") or error.reason
    except (TypeError, ValueError, AttributeError):
        message = error.body or error.reason
    phrase = " ".join(str(message).split())
    if error.status in (401, 403):
        phrase += f"; give a token in {TOKEN_VARIABLE}, and the namespace that it is for"
    return f"{error.status} {phrase[:500]}"


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Suppress the links and failure logs of KFP's client."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
            yield
    finally:
        logging.disable(before)
