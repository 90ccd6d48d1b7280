"""The Keras model: preprocessing as a part of it, and the network."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import tidegate.core._quiet  # noqa: F401  (before TensorFlow)

# isort: split
import keras
import tensorflow as tf

from tidegate.contract import Training
from tidegate.model.training.features import Feature
from tidegate.model.training.labels import LabelSpec

#: The largest z-score; larger ones are clipped, so that one absurd value cannot decide a
#: prediction.
MAX_Z = 8.0
_UNKNOWN_SLOTS = 2  # 0: missing, 1: not in the vocabulary


class Preprocess(keras.layers.Layer):  # type: ignore[misc]
    """The layer that converts raw features to the network's two matrices.

    A number becomes its z-score over the train split, 0 if it is missing, and a missing indicator
    if it ever was missing in the train split. With quantile edges it becomes a bucket's index as
    well. A text becomes an index: 0 missing, 1 not in the vocabulary, then the words.

    Inputs are raw tensors of shape (batch,) by tensor name: float32 with NaN for missing, or string
    with ''. Outputs are `numbers`, float32 (batch, numbers and indicators), and `ids`, int32
    (batch, texts and bucketized numbers).
    """

    def __init__(self, features: Sequence[Feature]) -> None:
        """Set vocabularies, means, deviations and edges from the features."""
        super().__init__(name="preprocess")
        self.numeric = [f for f in features if f.kind == "numeric"]
        self.texts = [f for f in features if f.kind == "categorical"]
        self.sizes = [len(f.vocabulary) + _UNKNOWN_SLOTS for f in self.texts]
        self.lookups = [
            keras.layers.StringLookup(
                vocabulary=list(f.vocabulary), mask_token="", num_oov_indices=1
            )
            for f in self.texts
        ]
        self.bucketized = [i for i, f in enumerate(self.numeric) if f.edges]
        self.buckets = [
            keras.layers.Discretization(bin_boundaries=list(self.numeric[i].edges))
            for i in self.bucketized
        ]
        self.sizes += [len(self.numeric[i].edges) + 2 for i in self.bucketized]
        self.indicated = [i for i, f in enumerate(self.numeric) if f.missing]
        self.normalization = None
        if self.numeric:
            self.normalization = keras.layers.Normalization(
                mean=[f.mean for f in self.numeric],
                variance=[f.std**2 for f in self.numeric],
            )
            # Built here, for within a graph its constants would stay in that graph.
            self.normalization.build((None, len(self.numeric)))

    @property
    def width(self) -> int:
        """The number of columns of `numbers`."""
        return len(self.numeric) + len(self.indicated)

    def call(self, raw: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Preprocess a batch."""
        rows = tf.shape(next(iter(raw.values())))[0]
        ids = [
            tf.cast(lookup(raw[f.tensor]), tf.int32)
            for f, lookup in zip(self.texts, self.lookups, strict=True)
        ]
        dense = tf.zeros([rows, 0])
        if self.normalization is not None:
            values = tf.stack([raw[f.tensor] for f in self.numeric], axis=1)
            missing = tf.math.is_nan(values)
            scores = tf.clip_by_value(self.normalization(values), -MAX_Z, MAX_Z)
            dense = tf.where(missing, 0.0, scores)
            if self.indicated:
                indicators = tf.cast(tf.gather(missing, self.indicated, axis=1), tf.float32)
                dense = tf.concat([dense, indicators], axis=1)
            for i, bucket in zip(self.bucketized, self.buckets, strict=True):
                index = 1 + tf.cast(bucket(values[:, i]), tf.int32)
                ids.append(tf.where(missing[:, i], 0, index))
        stacked = tf.stack(ids, axis=1) if ids else tf.zeros([rows, 0], tf.int32)
        return {"numbers": dense, "ids": stacked}


def build(preprocess: Preprocess, training: Training, bias: Sequence[float]) -> keras.Model:
    """Build the network from preprocessed matrices to scores, not compiled.

    Embeddings and z-scores feed a multi-layer perceptron; beside it is a linear model over the
    categories (Cheng et al., Wide & Deep Learning for Recommender Systems, 2016). Scores are of
    shape (batch, outputs): log odds, logits, or a regression label in standard deviations.

    Args:
        preprocess: The preprocessing layer, with the widths of the inputs.
        training: Layer widths and dropout.
        bias: The initial value of each output, so that no step is spent on learning the classes'
            shares.
    """
    dense = keras.Input((preprocess.width,), name="numbers", dtype="float32")
    ids = keras.Input((len(preprocess.sizes),), name="ids", dtype="int32")
    deep, wide = [dense], []
    for i, size in enumerate(preprocess.sizes):
        index = ids[:, i]
        deep.append(keras.layers.Embedding(size, embedding_width(size))(index))
        wide.append(keras.layers.Embedding(size, len(bias), embeddings_initializer="zeros")(index))
    hidden = keras.layers.Concatenate()(deep) if len(deep) > 1 else dense
    for units in training.hidden_units:
        hidden = keras.layers.Dense(units, activation="relu")(hidden)
        if training.dropout:
            hidden = keras.layers.Dropout(training.dropout)(hidden)
    start = keras.initializers.Constant(list(bias))
    wide.append(keras.layers.Dense(len(bias), bias_initializer=start)(hidden))
    scores = keras.layers.Add()(wide) if len(wide) > 1 else wide[0]
    return keras.Model({"numbers": dense, "ids": ids}, scores)


def optimizer(training: Training, steps: int) -> keras.optimizers.Optimizer:
    """Adam with a rate that falls to zero along a half cosine.

    It falls over all `steps` of all epochs.
    """
    rate = keras.optimizers.schedules.CosineDecay(training.learning_rate, steps * training.epochs)
    return keras.optimizers.Adam(rate)


def seed(value: int) -> None:
    """Seed every random generator."""
    keras.utils.set_random_seed(value)


def versions() -> dict[str, str]:
    """The versions of TensorFlow and Keras."""
    return {"tensorflow": tf.__version__, "keras": keras.__version__}


def loss(label: LabelSpec) -> keras.losses.Loss:
    """The loss function that training minimises over the scores."""
    match label.task:
        case "binary":
            return keras.losses.BinaryCrossentropy(from_logits=True)
        case "multiclass":
            return keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        case "regression":
            return keras.losses.MeanSquaredError()


def answer(label: LabelSpec, scores: tf.Tensor) -> dict[str, tf.Tensor]:
    """Convert scores of shape (batch, outputs) to predictions.

    Binary: `probability` (batch,) of the positive class. Multiclass: `probabilities` (batch,
    classes) and `class` (batch,), the likeliest one's text. Regression: `prediction` (batch,) in
    the label's own unit.
    """
    match label.task:
        case "binary":
            return {"probability": tf.sigmoid(scores[:, 0])}
        case "multiclass":
            best = tf.gather(tf.constant(label.classes), tf.argmax(scores, axis=1))
            return {"probabilities": tf.nn.softmax(scores), "class": best}
        case "regression":
            return {"prediction": scores[:, 0] * label.std + label.mean}


def embedding_width(size: int) -> int:
    """The width of an embedding: 1.6 * size**0.56, at most 16.

    It is a common rule of thumb (fastai).
    """
    return min(16, math.ceil(1.6 * math.pow(size, 0.56)))
