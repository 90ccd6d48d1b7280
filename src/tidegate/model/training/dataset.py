"""Build a tf.data pipeline that preprocesses each row once.

It does not preprocess again in each epoch.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tidegate.model.training import inputs
from tidegate.model.training.features import Feature
from tidegate.model.training.labels import LabelSpec
from tidegate.model.training.network import Preprocess

if TYPE_CHECKING:
    from tidegate.data.examples import Examples

BLOCK_ROWS = 65_536
#: The number of rows shuffled together: about 50 MB of preprocessed features.
SHUFFLE_ROWS = 8 * BLOCK_ROWS
#: The number of blocks to draw the next one from, so that distant parts of the files mix.
SHUFFLE_BLOCKS = 16
#: Preprocessed splits up to this size stay in memory between epochs.
CACHE_BYTES = 1 << 30


def blocks(
    examples: Examples,
    split: str,
    features: Sequence[Feature],
    label: LabelSpec,
    preprocess: Preprocess,
    *,
    max_rows: int | None = None,
) -> tf.data.Dataset:
    """Preprocessed blocks of (inputs, target), in the order of the files.

    Python runs once a block of 65,536 rows; it passes whole Arrow columns. Targets are float32:
    class indices, or a regression label in standard deviations from its mean.
    """
    columns = [*(f.name for f in features), label.column]

    def read() -> Iterator[tuple[dict[str, NDArray[Any]], NDArray[Any]]]:
        left = examples.num_rows(split) if max_rows is None else max_rows
        for batch in examples.batches(split, columns=columns, batch_size=BLOCK_ROWS):
            taken = batch.slice(0, left)
            target = label.encode(taken.column(taken.schema.get_field_index(label.column)))
            if label.task == "regression":
                target = (target - label.mean) / label.std
            yield inputs.arrays(taken, features), target.astype(np.float32)
            left -= taken.num_rows
            if left == 0:
                return

    signature = (
        {f.tensor: tf.TensorSpec([None], dtype(f)) for f in features},
        tf.TensorSpec([None], tf.float32),
    )
    data = tf.data.Dataset.from_generator(read, output_signature=signature)
    data = data.map(lambda raw, target: (preprocess(raw), target))
    width = 4 * (preprocess.width + len(preprocess.sizes) + 1)
    if examples.num_rows(split) * width <= CACHE_BYTES:
        data = data.cache()
    return data.prefetch(2)


def batches(data: tf.data.Dataset, *, rows: int, batch_size: int) -> tf.data.Dataset:
    """Divide blocks of `rows` rows in all into batches.

    The last batch may be shorter.
    """
    known = tf.data.experimental.assert_cardinality(math.ceil(rows / batch_size))
    return data.rebatch(batch_size).apply(known).prefetch(tf.data.AUTOTUNE)


def shuffled(data: tf.data.Dataset, *, seed: int) -> tf.data.Dataset:
    """Shuffle the rows anew in each pass, with a fixed seed.

    Blocks are shuffled, then the rows of `SHUFFLE_ROWS` rows at a time.
    """
    data = data.shuffle(SHUFFLE_BLOCKS, seed=seed).rebatch(SHUFFLE_ROWS)
    keys = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).batch(2)

    def permute(
        block: tuple[dict[str, tf.Tensor], tf.Tensor], key: tf.Tensor
    ) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        rows = tf.range(tf.shape(block[1])[0])
        order = tf.random.experimental.stateless_shuffle(rows, seed=key)
        matrices, target = block
        return {k: tf.gather(v, order) for k, v in matrices.items()}, tf.gather(target, order)

    return tf.data.Dataset.zip(data, keys).map(permute)


def dtype(feature: Feature) -> tf.DType:
    """The type of the feature's raw tensor."""
    return tf.float32 if feature.kind == "numeric" else tf.string
