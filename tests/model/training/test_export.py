"""What travels in the SavedModel."""

import numpy as np
import pyarrow as pa
import pytest

from tests.support.training import rows_of


def example_of(row, features):
    from tensorflow import train as protos

    carried = {}
    for f in features:
        value = row[f.name]
        if value is None:
            continue
        if f.dtype == "int":
            carried[f.name] = protos.Feature(int64_list=protos.Int64List(value=[value]))
        elif f.dtype == "float":
            carried[f.name] = protos.Feature(float_list=protos.FloatList(value=[value]))
        else:
            text = protos.BytesList(value=[value.encode()])
            carried[f.name] = protos.Feature(bytes_list=text)
    return protos.Example(features=protos.Features(feature=carried))


def test_both_signatures_and_predict_agree_on_missing_values_too(january):
    import tensorflow as tf

    _, made, model, _ = january
    rows = rows_of(made).slice(0, 500).to_pylist()
    names = [f.name for f in model.features]
    assert any(row["wind_gust"] is None for row in rows)
    for i, row in enumerate(rows):
        row[names[i % len(names)]] = None
    rows += [dict.fromkeys(rows[0])]
    types = pa.schema([made.schema.field(n) for n in names])
    batch = pa.RecordBatch.from_pylist([{n: r[n] for n in names} for r in rows], schema=types)
    ours = model.predict([batch])
    assert np.isfinite(ours).all()

    signatures = tf.saved_model.load(str(model.saved_model)).signatures
    protos = [example_of(row, model.features).SerializeToString() for row in rows]
    served = signatures["serve_tf_examples"](examples=tf.constant(protos))["probability"]
    np.testing.assert_allclose(served, ours, atol=1e-6)
    raw = {
        f.tensor: tf.constant(
            [np.nan if r[f.name] is None else r[f.name] for r in rows], tf.float32
        )
        if f.kind == "numeric"
        else tf.constant([r[f.name] or "" for r in rows])
        for f in model.features
    }
    direct = signatures["serving_default"](**raw)["probability"]
    np.testing.assert_allclose(direct, ours, atol=1e-6)

    empty = tf.train.Example()
    empty.features.feature["hour"].int64_list.SetInParent()
    (blank,) = signatures["serve_tf_examples"](examples=[empty.SerializeToString()])["probability"]
    assert float(blank) == pytest.approx(float(ours[-1]), abs=1e-6)
    empty.features.feature["hour"].int64_list.value.extend([1, 2])
    with pytest.raises(tf.errors.InvalidArgumentError, match="more than one value"):
        signatures["serve_tf_examples"](examples=[empty.SerializeToString()])
