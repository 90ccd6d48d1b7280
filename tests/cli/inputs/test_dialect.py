"""How files are written, as options say it, and one type for both files of a pair."""

import json
from pathlib import Path

import pytest

from tests.support.rows import parquet


@pytest.fixture
def accounts(home):
    # 007 and 7 are two accounts. The second file happens to have no padded number.
    rows = [f"{i:03},{i % 7},{i % 3}" for i in range(1, 100)]
    plain = [f"{i},{i % 7},{i % 3}" for i in range(100, 199)]
    Path("padded.csv").write_text("acct,v,w\n" + "\n".join(rows + plain))
    Path("plain.csv").write_text(
        "acct,v,w\n" + "\n".join(plain + [f"{i},{i % 5},1" for i in range(1, 100)])
    )
    Path("plain.parquet").write_bytes(
        parquet(acct=list(range(1, 199)), v=[i % 7 for i in range(198)], w=[1] * 198)
    )


@pytest.mark.parametrize("plain", ["plain.csv", "plain.parquet"])
def test_no_padded_key_is_the_key_of_its_number(call, accounts, plain):
    for pair in (("padded.csv", plain), (plain, "padded.csv")):
        code, out, err = call("skew", *pair, "--key", "acct", "--format", "json")
        found = json.loads(out)
        assert code in (0, 3)
        assert found["keys"]["common"] == 99
        acct = next(c for c in found["columns"] if c["column"] == "acct")
        assert (acct["training_type"], acct["serving_type"]) == ("string", "string")
        assert "column 'acct' is text, for '001' in padded.csv:2" in err


def test_both_files_of_a_verdict_have_one_type(call, accounts):
    for pair in (("padded.csv", "plain.csv"), ("plain.csv", "padded.csv")):
        _, out, _ = call("validate", pair[0], "--against", pair[1], "--label", "acct")
        assert "unexpected_data_type" not in out
        _, out, _ = call("shift", pair[0], "--against", pair[1], "--label", "acct")
        assert "acct" in out


def test_columns_are_text_where_an_option_says_so(call, accounts):
    _, out, _ = call("stats", "plain.csv", "--text", "acct", "--format", "json")
    columns = {c["name"]: c["type"] for c in json.loads(out)["columns"]}
    assert columns == {"acct": "string", "v": "int", "w": "int"}
    call("skew", "plain.csv", "plain.csv", "--text", "acct", "--key", "acct")
    code, _, err = call("stats", "plain.csv", "--text", "act")
    assert code == 1
    assert "'act', which the data does not have; did you mean 'acct'?" in err


def test_options_of_csv_apply_where_the_other_file_is_no_csv(call, accounts):
    Path("semicolons.csv").write_text(Path("plain.csv").read_text().replace(",", ";"))
    options = ("skew", "plain.parquet", "semicolons.csv", "--key", "acct")
    assert "give --delimiter ';'" in call(*options)[2]
    assert "error:" not in call(*options, "--delimiter", ";")[2]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("id;n\n1;1.847,5\n", ["--delimiter", ";", "--thousands", ".", "--decimal", ","]),
        ("Übersicht\nid,n\n1,1847.5\n", ["--skip-lines", "1", "--encoding", "Latin-1"]),
        ("1,1847.5\n", ["--header", "id,n"]),
    ],
)
def test_files_are_read_as_the_options_say(call, text, options):
    Path("a.csv").write_bytes(text.encode("latin-1"))
    code, out, _ = call("stats", "a.csv", *options, "--format", "json")
    assert code == 0
    found = {c["name"]: c["max"] for c in json.loads(out)["columns"]}
    assert found == {"id": 1, "n": 1847.5}


def test_a_setting_that_is_none_is_named(call):
    _, _, err = call("stats", "january.csv", "--encoding", "klingon")
    assert "--encoding: Input should be 'utf-8'" in err
    _, _, err = call("stats", "january.csv", "--decimal", ",", "--contract", "c.yaml")
    assert "c.yaml" in err
