"""Export the trained model as a SavedModel that takes raw features.

Serving does not need Keras.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tidegate.model.training.dataset import dtype
from tidegate.model.training.features import Feature
from tidegate.model.training.labels import LabelSpec
from tidegate.model.training.network import Preprocess, answer

_NO_INT = int(np.iinfo(np.int64).min)


def save(
    preprocess: Preprocess,
    network: keras.Model,
    features: Sequence[Feature],
    label: LabelSpec,
    directory: Path,
) -> None:
    """Write a SavedModel with two signatures over the same graph.

    `serving_default` takes a tensor of shape (batch,) for each feature, float32 with NaN or string
    with '' for a missing value. `serve_tf_examples` takes serialized tf.Example protos, `examples`
    of shape (batch,); an absent or empty feature is missing, one with several values is refused.
    """

    def predict(raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return answer(label, network(preprocess(raw), training=False))

    def serving_default(*tensors: tf.Tensor) -> dict[str, tf.Tensor]:
        return predict({f.tensor: t for f, t in zip(features, tensors, strict=True)})

    def serve_tf_examples(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        return predict(_parse(examples, features))

    archive = keras.export.ExportArchive()
    archive.track(preprocess)
    archive.track(network)
    archive.add_endpoint(
        "serving_default",
        serving_default,
        input_signature=[tf.TensorSpec([None], dtype(f), name=f.tensor) for f in features],
    )
    archive.add_endpoint(
        "serve_tf_examples",
        serve_tf_examples,
        input_signature=[tf.TensorSpec([None], tf.string, name="examples")],
    )
    archive.write_out(str(directory), verbose=False)


def _parse(examples: tf.Tensor, features: Sequence[Feature]) -> dict[str, tf.Tensor]:
    carried = {"int": tf.int64, "float": tf.float32, "string": tf.string}
    spec = {f.name: tf.io.RaggedFeature(carried[f.dtype]) for f in features}
    parsed = tf.io.parse_example(examples, spec)
    raw = {}
    for feature in features:
        ragged = parsed[feature.name]
        tf.debugging.assert_less(
            ragged.row_lengths(),
            2,
            message=f"feature '{feature.name}' has more than one value in an example",
        )
        absent = {"int": _NO_INT, "float": np.nan, "string": ""}[feature.dtype]
        value = ragged.to_tensor(absent, shape=[None, 1])[:, 0]
        if feature.dtype == "int":
            value = tf.where(value == _NO_INT, np.nan, tf.cast(value, tf.float32))
        raw[feature.tensor] = value
    return raw
