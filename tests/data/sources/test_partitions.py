"""Columns that folders name, in spans and on the command line."""

import json
from pathlib import Path

import pytest

from tests.support.rows import parquet, table
from tidegate.cli import main
from tidegate.contract import Contract
from tidegate.data import sources


def written(root, names):
    for i, name in enumerate(names):
        file = Path(root, name)
        file.parent.mkdir(parents=True, exist_ok=True)
        content = f"id\n{2 * i}\n{2 * i + 1}\n".encode()
        if name.endswith("parquet"):
            content = parquet(id=[2 * i, 2 * i + 1])
        file.write_bytes(content)


def contract(root, uri, kind="parquet", extra=""):
    return Contract.parse(
        f"dataset: d\nsource: {{uri: '{root}/{uri}', format: {kind}}}\nkey: [id]\n{extra}"
    )


@pytest.mark.parametrize(("kind", "end"), [("parquet", "parquet"), ("csv", "csv")])
@pytest.mark.parametrize(
    ("values", "typed"),
    [
        (["1", "-20"], [1, -20]),
        (["01", "12"], [1, 12]),
        (["007", "7"], ["007", "7"]),
        (["DE", "a%2Fb%20c"], ["DE", "a/b c"]),
        (["5", "__HIVE_DEFAULT_PARTITION__"], [5, None]),
        (["1.5", "2"], ["1.5", "2"]),
        (["9" * 20, "1"], ["9" * 20, "1"]),
    ],
)
def test_folders_are_typed_columns(tmp_path, kind, end, values, typed):
    written(tmp_path, [f"1/k={value}/part.{end}" for value in values])
    made = contract(tmp_path, f"{{SPAN}}/*/*.{end}", kind)
    found = {r["id"]: r for r in table(made, "1").to_pylist()}
    assert {r["k"] for r in found.values()} == set(typed)


def test_folders_of_the_span_are_no_columns_and_that_is_said(tmp_path):
    written(
        tmp_path,
        [f"t=x/year=2023/month=0{m}/c={c}/p.parquet" for m in (1, 2) for c in ("DE", "FR")],
    )
    uri = "t=x/year={YYYY}/month={MM}/c=*/*.parquet"
    made = contract(tmp_path, uri)
    assert table(made, "2023-02").schema.names == ["id", "t", "c"]
    bad = sources.BadRecords(made)
    list(sources.read(sources.resolve(made, "2023-02"), made, bad=bad))
    assert list(bad.notes()) == [
        "columns from the names of folders: t and c",
        "no columns, because the span stands in these folders: year and month",
    ]
    wanted = contract(tmp_path, uri, extra="features: {numeric: [month]}\n")
    assert table(wanted, "2023-02")["month"].to_pylist() == [2.0] * 4


def test_a_column_of_the_file_is_the_column(tmp_path):
    file = tmp_path / "1" / "id=9" / "p.parquet"
    file.parent.mkdir(parents=True)
    file.write_bytes(parquet(id=[1]))
    assert table(contract(tmp_path, "{SPAN}/*/*.parquet"), "1").to_pydict() == {"id": [1]}


def test_in_every_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for month in ("01", "02"):
        for i, c in enumerate(("DE", "FR")):
            file = Path(f"hive/month={month}/c={c}/p.parquet")
            file.parent.mkdir(parents=True)
            ids = [f"{month}{c}{r}" for r in range(60)]
            file.write_bytes(parquet(id=ids, y=[r % 2 + i * 0.5 for r in range(60)]))
    assert main(["stats", "hive", "--format", "json"]) == 0
    columns = {c["name"]: c["type"] for c in json.loads(capsys.readouterr().out)["columns"]}
    assert columns == {"id": "string", "y": "float", "month": "int", "c": "string"}
    pair = ["hive/month=02", "--against", "hive/month=01"]
    assert main(["validate", *pair]) == 0
    assert "month and c (the names of folders)" in capsys.readouterr().err
    assert main(["shift", *pair, "--hold-above", "0.6"]) == 0
    assert main(["skew", "hive", "hive", "--key", "id", "--slice", "c"]) == 0
    assert main(["measure", "hive", "--label", "c"]) == 0
    assert main(["schema", "infer", "hive", "--out", "schema.pbtxt"]) == 0
