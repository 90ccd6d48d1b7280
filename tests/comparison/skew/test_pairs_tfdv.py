"""Feature skew counted as TFDV's `FeatureSkewDetector` counts it."""

import pickle

import apache_beam as beam
import pyarrow as pa
import pytest
import tensorflow as tf
from apache_beam.testing.util import assert_that
from tensorflow_data_validation.skew import feature_skew_detector as tfdv
from tensorflow_data_validation.skew.protos import feature_skew_results_pb2 as protos

from tidegate.comparison import skew
from tidegate.comparison.skew.join import joined
from tidegate.comparison.skew.pairs import compare_pairs
from tidegate.contract import Contract

BASE = {
    "id": ["a", "b", "c", "d", "e", "f", "g", "twice", "twice", None],
    "code": ["x", "x", "x", None, None, "y", "z", "x", "x", "x"],
    "number": [1.5, 2.5, None, 4.5, None, 6.5, 7.5, 1.0, 2.0, 3.0],
}
TEST = {
    "id": ["a", "b", "c", "d", "e", "f", "only", "twice", "repeated", "repeated", None, None],
    "code": ["x", "X", None, "x", None, "y", "q", "x", "q", "q", "q", "q"],
    "number": [1.5, 2.0, 3.5, None, None, 6.5, 1.0, 1.0, 2.0, 3.0, 4.0, 5.0],
}


def example(row):
    """As `tf.Example`; a missing value is a feature without values, as a column of null is."""
    made = tf.train.Example()
    for name, value in row.items():
        feature = made.features.feature[name]
        if isinstance(value, str):
            feature.bytes_list.value.append(value.encode())
        elif value is not None:
            feature.float_list.value.append(value)
    return made


def rows(columns):
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


KINDS = {
    tfdv.SKEW_RESULTS_KEY: protos.FeatureSkew,
    tfdv.MATCH_STATS_KEY: protos.MatchStats,
    tfdv.CONFUSION_KEY: protos.ConfusionCount,
}


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    """By feature what TFDV counts, how it matched rows, and its confusion counts of `code`."""
    directory = tmp_path_factory.mktemp("tfdv")

    def kept(name):
        # Beam runs a copy of this, so what it is given leaves by a file.
        def keep(results):
            (directory / name).write_bytes(pickle.dumps([r.SerializeToString() for r in results]))

        return keep

    detector = tfdv.DetectFeatureSkewImpl(
        ["id"], confusion_configs=[tfdv.ConfusionConfig(name="code")]
    )
    with beam.Pipeline(runner="BundleBasedDirectRunner") as pipeline:
        base = pipeline | "base" >> beam.Create([example(r) for r in rows(BASE)])
        test = pipeline | "test" >> beam.Create([example(r) for r in rows(TEST)])
        results = (base, test) | detector
        for name in KINDS:
            assert_that(results[name], kept(name), label=name)
    found = {
        name: [kind.FromString(r) for r in pickle.loads((directory / name).read_bytes())]  # noqa: S301
        for name, kind in KINDS.items()
    }
    (stats,) = found[tfdv.MATCH_STATS_KEY]
    features = {f.feature_name: f for f in found[tfdv.SKEW_RESULTS_KEY]}
    return features, stats, found[tfdv.CONFUSION_KEY]


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    contract = Contract.parse("dataset: d\nsource: {uri: x, format: csv}\nkey: [id]\n")
    sides = []
    for name, columns in (("base", BASE), ("test", TEST)):
        directory = tmp_path_factory.mktemp(name)
        batches = pa.table(columns).to_batches()
        sides.append(skew.recorded(batches, name=name, directory=directory))
    with joined(*sides, contract) as pairs:
        keys, features = compare_pairs(pairs, contract)
    return {f.feature: f for f in features}, keys


def test_features_are_counted_as_tfdv_counts_them(theirs, ours):
    for name in ("code", "number"):
        mine, other = ours[0][name], theirs[0][name]
        assert mine.equal + mine.both_missing == other.match_count
        assert mine.mismatched == other.mismatch_count
        assert mine.missing_in_serving == other.base_only
        assert mine.missing_in_training == other.test_only
        assert mine.differing == other.diff_count
        assert mine.differing > 2, "the example must have something to count"


def test_keys_are_counted_as_tfdv_counts_them(theirs, ours):
    stats, keys = theirs[1], ours[1]
    assert keys.training_rows - keys.training_without_key == stats.base_with_id_count
    assert keys.serving_rows - keys.serving_without_key == stats.test_with_id_count
    different = keys.training_keys + keys.serving_keys - keys.common
    assert different == stats.identifiers_count
    assert keys.missing_in_training == stats.ids_missing_in_base_count
    assert keys.missing_in_serving == stats.ids_missing_in_test_count
    assert keys.training_without_key == stats.base_missing_id_count
    assert keys.serving_without_key == stats.test_missing_id_count
    # TFDV counts a key once that is repeated on either side, and the pairs of its rows too.
    assert (keys.training_duplicates, keys.serving_duplicates) == (1, 1)
    assert stats.duplicate_id_count == 2
    assert keys.pairs == stats.matching_pairs_count - 2


def test_confusion_is_counted_as_tfdv_counts_it(theirs, ours):
    missing = tfdv._MISSING_VALUE_PLACEHOLDER

    def text(value):
        return None if value.bytes_value == missing else value.bytes_value.decode()

    other = {(text(c.base), text(c.test)): c.count for c in theirs[2]}
    mine = {(c.training, c.serving): c.count for c in ours[0]["code"].confusion}
    assert mine == {pair: n for pair, n in other.items() if pair[0] != pair[1]}
