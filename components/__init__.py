"""The components: one folder each, a signature and one call into the engine."""

from tidegate_kfp.components.comparison.measure_shift.component import measure_shift
from tidegate_kfp.components.comparison.measure_skew.component import measure_skew
from tidegate_kfp.components.data.compute_statistics.component import compute_statistics
from tidegate_kfp.components.data.ingest_examples.component import ingest_examples
from tidegate_kfp.components.data.validate_examples.component import validate_examples
from tidegate_kfp.components.model.evaluate_model.component import evaluate_model
from tidegate_kfp.components.model.measure_features.component import measure_features
from tidegate_kfp.components.model.publish_model.component import publish_model
from tidegate_kfp.components.model.train_model.component import train_model
from tidegate_kfp.components.run.hold_run.component import hold_run
from tidegate_kfp.components.run.notify.component import notify
from tidegate_kfp.components.run.resolve_inputs.component import resolve_inputs
from tidegate_kfp.components.schema.infer_schema.component import infer_schema

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
