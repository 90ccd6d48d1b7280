"""The data contract: one YAML file that describes a dataset.

It states what the dataset is and what is expected of it.
"""

from __future__ import annotations

from typing import Any

from tidegate.contract.contract import Contract
from tidegate.contract.gates import Limits, Threshold, Tolerance
from tidegate.contract.model import Training
from tidegate.contract.needs import Need
from tidegate.contract.rules import Rule
from tidegate.contract.sections import Join, duration
from tidegate.contract.serving import Serving
from tidegate.core.task import Task

__all__ = [
    "Contract",
    "Join",
    "Limits",
    "Need",
    "Rule",
    "Serving",
    "Task",
    "Threshold",
    "Tolerance",
    "Training",
    "duration",
    "json_schema",
]


def json_schema() -> dict[str, Any]:
    """The contract's JSON Schema, for editors and other languages."""
    schema = Contract.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
