"""Choose a model's features, with the parameters to preprocess each."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from keyword import iskeyword
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

from tidegate.contract import Contract
from tidegate.core.errors import TrainingError

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0 import schema_pb2

    from tidegate.statistics import FeatureSummary, Statistics

#: The fewest occurrences of a value in the train split to get its own slot. Rarer values share the
#: slot of unseen values, which learns its weights from them.
MIN_COUNT = 5

#: Quantile buckets of a bucketized number.
BUCKETS = 20

_BYTES, _INT = 1, 2  # schema_pb2.FeatureType
_PLANNED = 1  # schema_pb2.LifecycleStage


@dataclass(frozen=True)
class Feature:
    """One input of a model.

    Attributes:
        name: The column.
        tensor: Its name in the signature `serving_default`: the column's, with every character
            except ASCII letters, digits and `_` replaced by `_`, `f_` before names that TensorFlow
            does not accept, and a number after one that differs from another in case only.
        kind: How the model reads it.
        dtype: The list a tf.Example carries it in: int64_list, float_list or bytes_list.
        mean: Numeric: mean over the train split.
        std: Numeric: standard deviation over the train split; 1 if there is no spread.
        edges: Numeric and bucketized: the inner edges of the quantile buckets, ascending.
        vocabulary: Categorical: the kept values, most frequent first.
        missing: The number of train rows in which it is missing.
    """

    name: str
    tensor: str
    kind: Literal["numeric", "categorical"]
    dtype: Literal["int", "float", "string"]
    mean: float = 0.0
    std: float = 1.0
    edges: tuple[float, ...] = ()
    vocabulary: tuple[str, ...] = ()
    missing: int = 0

    def to_json(self) -> dict[str, Any]:
        """Convert to plain values, with only the vocabulary's size.

        The vocabulary's words are in the SavedModel.
        """
        value = asdict(self)
        words = value.pop("vocabulary")
        if self.kind == "categorical":
            common = {k: value[k] for k in ("name", "tensor", "kind", "dtype", "missing")}
            return common | {"vocabulary_size": len(words)}
        return value


def choose(
    statistics: Statistics, schema: schema_pb2.Schema, columns: pa.Schema, contract: Contract
) -> tuple[tuple[Feature, ...], dict[str, str]]:
    """Choose the model's features, and explain which columns are left out.

    The features are in the schema's order. Every column of the schema is a feature unless the
    contract excludes it. Left out with a note are columns without any value in the train split,
    those with one and the same value in every row (a later span's other value would be infinitely
    many standard deviations away), texts of which none is frequent enough for a slot, and those the
    schema does not know.

    Args:
        statistics: The statistics of the same examples; vocabulary, mean and quantiles are the
            train split's.
        schema: The schema of the data.
        columns: The columns of the examples.
        contract: The contract, which names the columns that are no features, and the training
            parameters.

    Raises:
        TrainingError: a column is missing, of a type that is no feature, in conflict with the
            schema, or not finite; or nothing is left.
    """
    promised = {f.name: f.type for f in schema.feature if f.name not in contract.not_features}
    # A planned column was empty when the schema was inferred: nothing promises its type.
    planned = {f.name for f in schema.feature if f.lifecycle_stage == _PLANNED}
    summaries = statistics.features("train")
    features: list[Feature] = []
    dropped: dict[str, str] = {}
    tensors: set[str] = set()
    for name, promise in promised.items():
        if name in planned:
            dropped[name] = "only planned in the schema, without a type"
            continue
        if name not in columns.names:
            raise TrainingError(
                f"feature {name!r} is in the schema and not in the examples; restore the column, "
                "or exclude it in the contract"
            )
        _check_type(name, columns.field(name).type, promise)
        summary = summaries.get(name)
        if summary is None or summary.count == summary.nans:
            dropped[name] = "no value in the train split"
        elif _constant(summary):
            dropped[name] = "the same value in every row of the train split"
        elif promise == _BYTES and not _frequent(summary):
            dropped[name] = f"no value that {MIN_COUNT} rows of the train split have"
        else:
            tensor = _tensor_name(name, tensors)
            tensors.add(tensor.lower())
            features.append(_feature(summary, tensor, promise, contract))
    for name in columns.names:
        if name not in promised and name not in contract.not_features:
            dropped[name] = "not in the schema"
    if not features:
        why = "; ".join(f"{name!r}: {note}" for name, note in dropped.items())
        raise TrainingError(
            f"no column is left to learn from ({why})"
            if why
            else "the data has no column to learn from beside key, time, label and those of "
            "features.exclude; add one, or take one out there"
        )
    return tuple(features), dropped


def _check_type(name: str, type_: pa.DataType, promise: int) -> None:
    if pa.types.is_null(type_):
        return
    if pa.types.is_temporal(type_):
        raise TrainingError(
            f"feature {name!r} is a timestamp, which no model can use as it is; exclude it in the "
            "contract (features.exclude), or derive numbers from it in the source (hour, weekday)"
        )
    text = pa.types.is_string(type_)
    if not text and not pa.types.is_integer(type_) and not pa.types.is_floating(type_):
        raise TrainingError(f"feature {name!r} is of type {type_}; exclude it in the contract")
    if text != (promise == _BYTES):
        phrase = "texts" if promise == _BYTES else "numbers"
        raise TrainingError(
            f"feature {name!r} holds {type_}, while the schema promises {phrase}; correct the "
            "data, or the schema"
        )


def _constant(summary: FeatureSummary) -> bool:
    if summary.missing or summary.nans:
        return False
    if summary.type == "string":
        return summary.unique == 1
    return summary.min is not None and summary.min == summary.max


def _frequent(summary: FeatureSummary) -> tuple[str, ...]:
    """The values that get a slot, most frequent first."""
    return tuple(v for v, n in summary.top_values if v and n >= MIN_COUNT)


def _feature(summary: FeatureSummary, tensor: str, promise: int, contract: Contract) -> Feature:
    training = contract.training
    if promise == _BYTES:
        return Feature(
            summary.name,
            tensor,
            "categorical",
            "string",
            vocabulary=_frequent(summary)[: training.max_vocabulary],
            missing=summary.missing,
        )
    mean, std = summary.mean, summary.std
    if mean is None or std is None or not (math.isfinite(mean) and math.isfinite(std)):
        raise TrainingError(
            f"feature {summary.name!r} has no finite mean and deviation (infinite values?); clean "
            "it, or exclude it in the contract"
        )
    edges: tuple[float, ...] = ()
    if training.numeric == "bucketize":
        step = max(1, (len(summary.quantiles) - 1) // BUCKETS)
        inner = summary.quantiles[step:-1:step]
        edges = tuple(sorted({e for e in inner if math.isfinite(e)}))
    return Feature(
        summary.name,
        tensor,
        "numeric",
        "int" if promise == _INT else "float",
        mean=mean,
        std=std or 1.0,
        edges=edges,
        missing=summary.missing + summary.nans,
    )


def _tensor_name(column: str, taken: set[str]) -> str:
    name = re.sub(r"[^A-Za-z0-9_]", "_", column)
    if not re.match(r"[A-Za-z]", name) or name == "self" or iskeyword(name):
        name = f"f_{name}"
    # TensorFlow does not tell `amount` from `Amount` in the names of a graph.
    unique, n = name, 2
    while unique.lower() in taken:
        unique, n = f"{name}_{n}", n + 1
    return unique


def from_json(value: Mapping[str, Any]) -> Feature:
    """Restore a feature from `Feature.to_json`.

    The vocabulary stays in the SavedModel.
    """
    known = {k: v for k, v in value.items() if k != "vocabulary_size"}
    return Feature(**known | {"edges": tuple(value.get("edges", ()))})
