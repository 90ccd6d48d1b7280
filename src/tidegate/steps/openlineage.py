"""Send lineage as OpenLineage events to a catalogue.

Configured as the OpenLineage client defines it (`OPENLINEAGE_URL`, `OPENLINEAGE_CONFIG` or
`OPENLINEAGE__TRANSPORT__...`); where none of these is set, nothing is sent nor imported. A
catalogue that does not answer never changes what a step does: it costs `LIMIT` seconds at most,
once, and one line of the log.

Names follow https://openlineage.io/docs/spec/naming: source objects are datasets by their folder
(`s3://bucket` and the key), and Tidegate's artifacts are `<dataset>.<kind>` in the job's namespace,
with the digest as the version, so that a catalogue shows one `flights.examples` for all runs.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sys
import threading
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tidegate import __version__
from tidegate.contract import Contract
from tidegate.core.errors import TidegateError
from tidegate.platform import lineage
from tidegate.platform.lineage import Lineage, Node

if TYPE_CHECKING:
    from openlineage.client.event_v2 import InputDataset, OutputDataset, RunEvent, RunState

#: The longest time a step waits for an event to be accepted, in seconds.
LIMIT: Final = 3.0
NAMESPACE_VARIABLE: Final = "OPENLINEAGE_NAMESPACE"
_PRODUCER: Final = f"urn:tidegate:{__version__}"
_SETTINGS: Final = ("OPENLINEAGE_URL", "OPENLINEAGE_CONFIG")
_TRANSPORT: Final = "OPENLINEAGE__TRANSPORT"
_THREAD: Final = "tidegate-openlineage"
_SOURCES: Final = ("object", "lookup")


def configured() -> bool:
    """Whether the environment configures where events go."""
    if os.environ.get("OPENLINEAGE_DISABLED", "").strip().lower() == "true":
        return False
    return any(
        value and (name in _SETTINGS or name.startswith(_TRANSPORT))
        for name, value in os.environ.items()
    )


@contextmanager
def reported(step: str, arguments: Mapping[str, Any]) -> Iterator[None]:
    """Send START before the block, and its outcome after it.

    The outcome is COMPLETE, FAIL or ABORT, with the recorded artifacts.

    Args:
        step: The name of the step.
        arguments: The step's arguments, whose contract or examples name the dataset.
    """
    if not configured():
        yield
        return
    sender = _Sender(step, _dataset(arguments))
    sender.send("START")
    with lineage.collecting() as made:
        try:
            yield
        except KeyboardInterrupt:
            sender.send("ABORT", made)
            raise
        except BaseException as error:
            sender.send("FAIL", made, message=_message(error))
            raise
        sender.send("COMPLETE", made)


class _Sender:
    """A sender of one step's events, until the first failure."""

    def __init__(self, step: str, dataset: str) -> None:
        self._step = step
        self._dataset = dataset
        self._run = str(uuid.uuid4())
        self._namespace = os.environ.get(NAMESPACE_VARIABLE) or "tidegate"
        self._given_up = False
        self._client: Any = None

    def send(self, state: str, made: Sequence[Lineage] = (), *, message: str = "") -> None:
        if self._given_up:
            return
        problem = [f"no answer within {LIMIT:g} s"]

        def work() -> None:
            try:
                self._emit(event)
                problem.clear()
            except Exception as error:  # the catalogue's trouble is never the run's
                problem[0] = _reason(error)

        try:
            event = self._event(state, made, message)
            thread = threading.Thread(target=work, name=_THREAD, daemon=True)
            thread.start()
            thread.join(LIMIT)
        except Exception as error:
            problem[0] = _reason(error)
        if problem:
            self._given_up = True
            # Neither the address nor a library's message about it: they may hold a token.
            message = f"warning: OpenLineage events of {self._step} are not sent: {problem[0]}"
            print(message, file=sys.stderr, flush=True)

    def _emit(self, event: RunEvent) -> None:
        if self._client is None:
            from openlineage.client import OpenLineageClient

            settings = os.environ.get("OPENLINEAGE_CONFIG")
            if settings and not os.access(settings, os.R_OK):
                # The client would print its events instead.
                raise TidegateError("the file in OPENLINEAGE_CONFIG cannot be read")
            if "OPENLINEAGE_CLIENT_LOGGING" not in os.environ:
                logging.getLogger("openlineage").setLevel(logging.CRITICAL)
            logging.getLogger("urllib3.connectionpool").addFilter(_not_ours)
            self._client = OpenLineageClient()
        self._client.emit(event)

    def _event(self, state: str, made: Sequence[Lineage], message: str) -> RunEvent:
        from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
        from openlineage.client.facet_v2 import (
            error_message_run,
            job_type_job,
            parent_run,
            processing_engine_run,
        )

        facets: dict[str, Any] = {
            "processing_engine": processing_engine_run.ProcessingEngineRunFacet(
                version=__version__, name="Tidegate", producer=_PRODUCER
            )
        }
        if pipeline := os.environ.get(lineage.RUN_VARIABLE):
            facets["parent"] = parent_run.ParentRunFacet(
                run=parent_run.Run(runId=run_uuid(pipeline)),
                job=parent_run.Job(self._namespace, _joined(self._dataset, "pipeline")),
                producer=_PRODUCER,
            )
        if message:
            facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(
                message=message, programmingLanguage="Python", producer=_PRODUCER
            )
        kind = job_type_job.JobTypeJobFacet(
            processingType="BATCH", integration="TIDEGATE", jobType="TASK", producer=_PRODUCER
        )
        inputs, outputs = self._datasets(made)
        states: type[RunState] = RunState
        return RunEvent(
            eventType=states[state],
            eventTime=datetime.now(UTC).isoformat(timespec="milliseconds"),
            run=Run(runId=self._run, facets=facets),
            job=Job(self._namespace, _joined(self._dataset, self._step), facets={"jobType": kind}),
            inputs=inputs,
            outputs=outputs,
            producer=_PRODUCER,
        )

    def _datasets(self, made: Sequence[Lineage]) -> tuple[list[InputDataset], list[OutputDataset]]:
        from openlineage.client.event_v2 import InputDataset, OutputDataset

        roots = {found.root.id: found.root for found in made}
        given: dict[str, Node] = {}
        for found in made:
            given |= {n.id: n for n in found.parents(found.root) if n.id not in roots}
        folders: dict[str, list[Node]] = defaultdict(list)
        for node in given.values():
            if node.kind in _SOURCES:
                folders[node.name.rpartition("/")[0]].append(node)
        inputs = [_folder(uri, nodes) for uri, nodes in sorted(folders.items())]
        for node in sorted(given.values(), key=lambda n: (n.kind, n.name)):
            if node.kind not in _SOURCES:
                namespace, name = self._name(node)
                inputs.append(InputDataset(namespace, name, facets=_facets(node)))
        outputs = []
        for node in roots.values():
            namespace, name = self._name(node)
            outputs.append(OutputDataset(namespace, name, facets=_facets(node)))
        return inputs, outputs

    def _name(self, node: Node) -> tuple[str, str]:
        if node.kind == "contract":
            return place(node.name)
        if node.kind in ("version", "registered"):
            return self._namespace, _joined(self._dataset, f"registry.{node.facts['kind']}")
        return self._namespace, _joined(self._dataset, node.kind)


def place(uri: str) -> tuple[str, str]:
    """The OpenLineage namespace and name of an object in a store.

    `s3://bucket/a/b` is `a/b` in `s3://bucket`, and likewise for `gs://`; `file:///a/b` is `/a/b`
    in `file`. The root of a bucket is `/`.
    """
    scheme, _, rest = uri.partition("://")
    if scheme == "file":
        return "file", rest or "/"
    bucket, _, name = rest.partition("/")
    return f"{scheme}://{bucket}", name or "/"


def run_uuid(run: str) -> str:
    """A pipeline run's id as a UUID: its own, or derived."""
    try:
        return str(uuid.UUID(run))
    except ValueError:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"tidegate:run:{run}"))


def _folder(uri: str, nodes: Sequence[Node]) -> InputDataset:
    from openlineage.client.event_v2 import InputDataset
    from openlineage.client.facet_v2 import (
        dataset_version_dataset,
        datasource_dataset,
        input_statistics_input_dataset,
    )

    namespace, name = place(uri)
    lines = "".join(f"{n.digest} {n.name}\n" for n in sorted(nodes, key=lambda n: n.name))
    return InputDataset(
        namespace,
        name,
        facets={
            "dataSource": datasource_dataset.DatasourceDatasetFacet(
                name=namespace, uri=uri, producer=_PRODUCER
            ),
            "version": dataset_version_dataset.DatasetVersionDatasetFacet(
                datasetVersion=hashlib.sha256(lines.encode()).hexdigest(), producer=_PRODUCER
            ),
        },
        inputFacets={
            "inputStatistics": input_statistics_input_dataset.InputStatisticsInputDatasetFacet(
                fileCount=len(nodes),
                size=sum(int(n.facts["size"]) for n in nodes),
                producer=_PRODUCER,
            )
        },
    )


def _facets(node: Node) -> dict[str, Any]:
    from openlineage.client.facet_v2 import (
        data_quality_metrics_dataset,
        dataset_version_dataset,
        datasource_dataset,
        schema_dataset,
    )

    registered = node.kind in ("version", "registered")
    version = node.name.partition(" ")[2] if registered else node.digest
    found: dict[str, Any] = {
        "version": dataset_version_dataset.DatasetVersionDatasetFacet(
            datasetVersion=version, producer=_PRODUCER
        )
    }
    if node.kind == "contract":
        found["dataSource"] = datasource_dataset.DatasourceDatasetFacet(
            name=place(node.name)[0], uri=node.name, producer=_PRODUCER
        )
    if columns := node.facts.get("columns") if node.kind == "examples" else None:
        found["schema"] = schema_dataset.SchemaDatasetFacet(
            fields=[
                schema_dataset.SchemaDatasetFacetFields(name=name, type=type_)
                for name, type_ in columns.items()
            ],
            producer=_PRODUCER,
        )
    if node.kind in ("examples", "statistics") and (rows := node.facts.get("rows")) is not None:
        total = sum(rows.values()) if isinstance(rows, Mapping) else rows
        found["dataQualityMetrics"] = data_quality_metrics_dataset.DataQualityMetricsDatasetFacet(
            columnMetrics={}, rowCount=total, producer=_PRODUCER
        )
    return found


def _dataset(arguments: Mapping[str, Any]) -> str:
    """The contract's dataset name; empty if the arguments lack it."""
    try:
        if uri := arguments.get("contract_uri"):
            return Contract.load(uri).dataset
        if examples := arguments.get("examples"):
            found = lineage.read(Path(examples), "examples").of_kind("contract")
            return str(found[0].facts["dataset"]) if found else ""
    except (TidegateError, KeyError):
        pass  # the step reports it better
    return ""


def _message(error: BaseException) -> str:
    if isinstance(error, TidegateError | SystemExit):
        return str(error)
    # Messages of other exceptions are not reviewed; they may hold secrets.
    return f"{type(error).__name__}; the task's log says more"


def _reason(error: Exception) -> str:
    if isinstance(error, TidegateError):
        return str(error)
    status = getattr(getattr(error, "response", None), "status_code", None)
    return f"{type(error).__name__}{f' (status {status})' if status else ''}"


def _joined(dataset: str, name: str) -> str:
    return f"{dataset}.{name}" if dataset else name


def _not_ours(record: logging.LogRecord) -> bool:
    return record.threadName != _THREAD
