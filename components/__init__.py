"""The components: one folder each, a signature and one call into the engine."""

from components.compute_statistics.component import compute_statistics
from components.evaluate_model.component import evaluate_model
from components.hold_run.component import hold_run
from components.infer_schema.component import infer_schema
from components.ingest_examples.component import ingest_examples
from components.measure_features.component import measure_features
from components.measure_shift.component import measure_shift
from components.measure_skew.component import measure_skew
from components.notify.component import notify
from components.publish_model.component import publish_model
from components.resolve_inputs.component import resolve_inputs
from components.train_model.component import train_model
from components.validate_examples.component import validate_examples

__all__ = [
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
    "train_model",
    "validate_examples",
]
