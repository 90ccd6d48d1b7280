"""Common parts of the steps: error handling, progress, lineage."""

from __future__ import annotations

import functools
import logging
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

from tidegate import __version__
from tidegate.contract import Contract
from tidegate.core.errors import TidegateError
from tidegate.platform import lineage
from tidegate.platform.lineage import Lineage, Making
from tidegate.platform.registry import Entry, Registry
from tidegate.steps import openlineage, parents

#: The most characters of the reason of an unforeseen error.
_REASON: Final = 300

P = ParamSpec("P")
R = TypeVar("R")


def step(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a step: log, and exit with one line on errors.

    The last line is the reason. Of an error that nobody foresaw, the traceback is in the log before
    it, for the report.
    """

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
        try:
            with openlineage.reported(function.__name__, kwargs):
                return function(*args, **kwargs)
        except TidegateError as error:
            sys.exit(f"{function.__name__}: {error}")
        except Exception as error:
            traceback.print_exc()
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:_REASON]
            sys.exit(
                f"{function.__name__}: {reason}; this is a defect of Tidegate: report it with the "
                "lines above"
            )

    return wrapper


def progress(message: str) -> None:
    """Print the step's progress to stderr."""
    print(message, file=sys.stderr, flush=True)


def print_verdict(what: str, status: str, reasons: Sequence[str]) -> None:
    """Print a gate's verdict and its reasons to stderr."""
    progress("\n".join([f"{what}: {status}", *(f"  - {r}" for r in reasons)]))


def write(path: Path, text: str) -> None:
    """Write a report, and create its directories."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@dataclass(frozen=True)
class Run:
    """A step's contract, registry and input artifacts.

    Attributes:
        contract: The data contract.
        contract_uri: The contract's URI.
        registry_uri: The registry's URI; empty for a step that needs none.
        run_id: The run, for its record in the registry; empty for a step that keeps none.
        parents: The lineages of the step's inputs, except the contract's.
    """

    contract: Contract
    contract_uri: str
    registry_uri: str = ""
    run_id: str = ""
    parents: list[Lineage] = field(default_factory=list)

    @classmethod
    def open(
        cls, contract_uri: str, contract_digest: str, *, registry_uri: str = "", run_id: str = ""
    ) -> Run:
        """Load the contract.

        Raises:
            ContractError: it cannot be read, is not valid, or has another digest.
        """
        contract = Contract.load(contract_uri, digest=contract_digest)
        return cls(contract, contract_uri, registry_uri, run_id)

    @cached_property
    def registry(self) -> Registry:
        """The registry of the contract's data set."""
        return Registry(self.registry_uri, self.contract.dataset)

    def given(self, path: Path, kind: str) -> Lineage:
        """Add an artifact's lineage to the parents of the step's outputs.

        Raises:
            LineageError: it cannot be read.
        """
        self.parents.append(lineage.read(path, kind))
        return self.parents[-1]

    def of_version(self, entry: Entry) -> None:
        """Add a registry version to the parents of the step's outputs."""
        self.parents.append(parents.of_version(entry))

    def all_parents(self) -> list[Lineage]:
        """The lineages of all inputs, the contract's last."""
        return [*self.parents, parents.of_contract(self.contract, self.contract_uri)]

    def record(self, out: Path, kind: str, *, name: str, facts: Mapping[str, Any]) -> Lineage:
        """Write an artifact's lineage beside it; see `lineage.record`."""
        return lineage.record(out, kind, name=name, parents=self.all_parents(), facts=facts)

    def origin(self, content_digest: str) -> dict[str, str]:
        """The digests that identify equal runs: contract, content and code."""
        return {
            "contract_digest": self.contract.digest,
            "content_digest": content_digest,
            "tidegate": __version__,
        }


def maker() -> dict[str, str]:
    """The code, image and run that make an artifact."""
    made = Making.now()
    return {"code": made.code, "image": made.image, "run": made.run}
