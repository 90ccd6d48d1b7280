"""The steps: what a component's pod does, as plain functions.

Each function takes paths and returns plain values. A component in `components/` declares its
interface to KFP and calls the function of the same name here; other programs can call it without
KFP. A mistake the user can fix ends the process with one line on stderr instead of a traceback.
TensorFlow and TFDV are imported inside the functions that need them: the light image has neither.
"""

from tidegate.steps.compute_statistics import compute_statistics
from tidegate.steps.evaluate_model import evaluate_model
from tidegate.steps.hold_run import hold_run
from tidegate.steps.infer_schema import infer_schema
from tidegate.steps.ingest_examples import ingest_examples
from tidegate.steps.measure_features import measure_features
from tidegate.steps.measure_shift import measure_shift
from tidegate.steps.measure_skew import measure_skew
from tidegate.steps.notify import notify
from tidegate.steps.publish_model import publish_model
from tidegate.steps.resolve_inputs import Resolved, resolve_inputs
from tidegate.steps.running import step
from tidegate.steps.train_model import train_model
from tidegate.steps.validate_examples import validate_examples

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
