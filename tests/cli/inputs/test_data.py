"""Statistics of TFDV and TFX in the place of data."""

import json
from pathlib import Path

import pytest
from google.protobuf import text_format

from tests.support.records import framed


@pytest.fixture
def tfx(call, home):
    """What StatisticsGen wrote of January, beside the same as text and as a record."""
    code, _, err = call("stats", "january.csv")
    assert code == 0, err
    from tidegate.cli.inputs.data import measure
    from tidegate.cli.inputs.dialect import Dialect

    proto = measure(["january.csv"], None, Dialect()).statistics.as_list()
    proto.datasets[0].name = ""
    for split in ("train", "eval"):
        folder = Path("StatisticsGen", "statistics", "3", f"Split-{split}")
        folder.mkdir(parents=True)
        (folder / "FeatureStats.pb").write_bytes(proto.SerializeToString())
    Path("stats.pbtxt").write_text(text_format.MessageToString(proto))
    Path("stats_tfrecord-00000-of-00001").write_bytes(framed(proto.SerializeToString()))
    return "StatisticsGen/statistics/3/Split-train"


def test_statistics_are_either_side(call, tfx):
    for current, baseline, code in (
        ("february.csv", tfx, 0),
        ("february.csv", f"{tfx}/FeatureStats.pb", 0),
        ("broken.csv", "stats.pbtxt", 3),
        ("stats.pbtxt", "january.csv", 0),
        (tfx, "stats_tfrecord-00000-of-00001", 0),
    ):
        found, out, err = call("validate", current, "--against", baseline)
        assert found == code, out + err
        assert "there are statistics and no rows, which it needs" in out
        side = current if current in (tfx, "stats.pbtxt") else baseline
        assert f"{side} holds statistics and no rows: rows told apart, duplicate keys" in err


def test_a_schema_is_inferred_from_statistics(call, tfx):
    _, expected, _ = call("schema", "infer", "january.csv")
    code, out, _ = call("schema", "infer", tfx)
    assert (code, out) == (0, expected)
    _, shown, _ = call("stats", "stats.pbtxt", "--format", "json")
    assert json.loads(shown)["rows"] == 1200


def test_what_needs_rows_says_so(call, tfx, home):
    for command in (
        ("measure", tfx, "--label", "carrier"),
        ("shift", tfx, "--against", "january.csv"),
        ("skew", "january.csv", "stats.pbtxt", "--key", "id"),
    ):
        code, _, err = call(*command)
        assert code == 1
        assert "holds statistics and no rows, and this command needs rows; give the data" in err
    code, _, err = call("validate", "january.csv", "--against", tfx, "--slice", "carrier")
    assert code == 1
    assert "slices need rows" in err
    (home / "rules.yaml").write_text(
        "dataset: d\nsource: {uri: x, format: csv}\nkey: [id]\n"
        "rules: [{name: far, check: distance > 0}]\n"
    )
    code, out, _ = call("validate", tfx, "--against", "january.csv", "--contract", "rules.yaml")
    assert code == 3
    assert "rule 'far' cannot be judged: it needs rows, and there are only statistics" in out


def test_one_split_is_to_be_named(call, tfx):
    code, _, err = call("stats", "StatisticsGen")
    assert code == 1
    assert "holds 2 files of statistics (" in err
    assert "Split-eval/FeatureStats.pb, " in err
    assert "; name one of them" in err


def test_statistics_beside_rows_are_not_read_as_rows(call, tfx):
    Path("both").mkdir()
    Path("january.csv").rename("both/january.csv")
    Path("stats.pbtxt").rename("both/stats.pbtxt")
    assert call("stats", "both")[2].endswith("both: 1,200 rows, 5 columns\n")


def test_a_file_that_is_no_statistics_is_one_line(call, home):
    Path("FeatureStats.pb").write_bytes(b"\xff\xff")
    Path("stats.pbtxt").write_text("feature {")
    Path("stats_tfrecord").write_bytes(b"text")
    for name in ("FeatureStats.pb", "stats.pbtxt", "stats_tfrecord"):
        code, _, err = call("stats", name)
        assert code == 1
        assert err.startswith("error: ")
        assert err.count("\n") == 1
