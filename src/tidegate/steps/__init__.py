"""One function for each component: what a pod does, with paths in and plain values out.

A component in `components/` declares its interface to KFP and calls the function of the same
name here; so does anybody who wants the step without KFP. A mistake the user can cure ends the
process with one line on stderr instead of a traceback. TensorFlow and TFDV are imported inside
the functions that need them: the light image has neither.
"""

from tidegate.steps.data import (
    Resolved,
    compute_statistics,
    infer_schema,
    ingest_examples,
    measure_shift,
    resolve_inputs,
    validate_examples,
)
from tidegate.steps.ending import hold_run, notify
from tidegate.steps.measure_skew import measure_skew
from tidegate.steps.model import evaluate_model, measure_features, publish_model, train_model
from tidegate.steps.running import step

__all__ = [
    "Resolved",
    "compute_statistics",
    "evaluate_model",
    "hold_run",
    "infer_schema",
    "ingest_examples",
    "measure_features",
    "measure_shift",
    "measure_skew",
    "notify",
    "publish_model",
    "resolve_inputs",
    "step",
    "train_model",
    "validate_examples",
]
