"""Look-up tables joined to rows: every row once, in its order, and the rates told."""

import json
import logging
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.contract import Contract
from tidegate.core.errors import ContractError, SourceError
from tidegate.data import joins, sources
from tidegate.data.examples import ingest
from tidegate.data.joins import Joined, Joins

AIRPORTS = "faa,lat,name\nJFK,40.6,Kennedy\nLGA,40.7,La Guardia\nEWR,40.7,Newark\n"
FLIGHTS = "id,origin\n1,JFK\n2,EWR\n3,JFK\n4,LGA\n"
ON = "on: {origin: faa}, columns: [lat, name], prefix: origin_"


@pytest.fixture
def joined(contract_on, tmp_path):
    """Joins texts of CSV and gives the rows, and how the joins went."""

    def run(data, *lookups, extra=""):
        listed = []
        for at, (text, options) in enumerate(lookups):
            (tmp_path / f"lookup{at}.csv").write_text(text)
            listed.append(f"  - {{uri: lookup{at}.csv, format: csv, {options}}}\n")
        contract = contract_on({"1": data}, extra="joins:\n" + "".join(listed) + extra)
        inputs = sources.resolve(contract, "1")
        applied = Joins(inputs, contract)
        batches = list(applied.apply(sources.read(inputs, contract)))
        return pa.Table.from_batches(batches).to_pydict(), applied.results

    return run


def test_every_row_gets_its_columns(joined):
    rows, (result,) = joined(FLIGHTS, (AIRPORTS, ON))
    assert rows == {
        "id": [1, 2, 3, 4],
        "origin": ["JFK", "EWR", "JFK", "LGA"],
        "origin_lat": [40.6, 40.7, 40.6, 40.7],
        "origin_name": ["Kennedy", "Newark", "Kennedy", "La Guardia"],
    }
    assert result == Joined("lookup0.csv", rows=4, matched=4, dropped=0)
    assert result.rate == 1


def test_a_lookup_has_a_dialect_of_its_own(contract_on, tmp_path):
    (tmp_path / "lookup.csv").write_bytes("faa;name\nMUC;'München;~'Riem~''\n".encode("latin-1"))
    contract = contract_on(
        {"1": "id,origin\n1,MUC\n"},
        extra="joins: [{uri: lookup.csv, format: csv, delimiter: ';', quote: \"'\", escape: '~', "
        "encoding: latin-1, on: {origin: faa}, columns: [name]}]\n",
    )
    inputs = sources.resolve(contract, "1")
    table = pa.Table.from_batches(Joins(inputs, contract).apply(sources.read(inputs, contract)))
    assert table["name"].to_pylist() == ["München;'Riem'"]


def test_a_lookup_of_another_format_has_no_dialect(contract_on):
    with pytest.raises(ContractError, match="'encoding' is for csv only; format is parquet"):
        contract_on(
            {"1": FLIGHTS},
            extra="joins: [{uri: x, format: parquet, encoding: latin-1, on: [id], columns: [a]}]\n",
        )


def test_a_later_join_may_use_what_an_earlier_one_added(joined):
    rows, results = joined(
        FLIGHTS,
        (AIRPORTS, "on: {origin: faa}, columns: [name]"),
        (
            "name,id,mayor\nKennedy,1,A\nKennedy,3,B\n",
            "on: [name, id], columns: [mayor], unmatched: null, min_match: 0.5",
        ),
    )
    assert rows["mayor"] == ["A", None, "B", None]
    assert [r.matched for r in results] == [4, 2]


def test_numbers_and_texts_of_the_same_value_are_one_key(joined):
    rows, _ = joined("id\n1\n2\n", ("k,v\n1.0,a\n2.0,b\n2.5,c\n", "on: {id: k}, columns: [v]"))
    assert rows["v"] == ["a", "b"]
    rows, _ = joined(
        "id,code\n1,01\n2,1\n",
        ("code,v\n01,a\n1,b\n", "on: [code], columns: [v]"),
        extra="features: {categorical: [code, v]}\n",
    )
    assert rows["v"] == ["a", "b"]


def test_what_a_row_without_a_match_becomes(joined):
    data = FLIGHTS + "5,\n6,SFO\n"
    rows, (result,) = joined(data, (AIRPORTS, ON + ", unmatched: drop, min_match: 0.6"))
    assert rows["id"] == [1, 2, 3, 4]
    assert result == Joined("lookup0.csv", 6, matched=4, dropped=2, missed="origin = None")
    for null in ("null", "'null'"):
        rows, (result,) = joined(data, (AIRPORTS, f"{ON}, unmatched: {null}, min_match: 0.6"))
        assert rows["id"] == [1, 2, 3, 4, 5, 6]
        assert rows["origin_name"][4:] == [None, None]
        assert (result.matched, result.dropped) == (4, 0)


def test_a_null_matches_no_null(joined):
    airports = AIRPORTS + ",0,Nowhere\n,1,Nowhere too\n"
    rows, _ = joined(FLIGHTS + "5,\n", (airports, ON + ", unmatched: null, min_match: 0"))
    assert rows["origin_name"][4] is None


@pytest.mark.parametrize(
    ("data", "lookup", "options", "error", "message"),
    [
        ("", "JFK,1,Again\n", ON, SourceError, "lookup0.csv has 2 rows of faa = 'JFK'; a key may"),
        ("5,SFO\n", "", ON, SourceError, "a row with origin = 'SFO' has no match in .*lookup0.csv"),
        ("5,\n", "", ON, SourceError, "a row with origin = None has no match"),
        ("", "", "on: {orig: faa}, columns: [lat]", ContractError, "'orig', .* mean 'origin'"),
        ("", "", "on: {origin: fa}, columns: [lat]", ContractError, "'fa', .* mean 'faa'"),
        ("", "", "on: {origin: faa}, columns: [lats]", ContractError, "'lats', .* mean 'lat'"),
        (
            "",
            "",
            "on: {origin: faa}, columns: [faa], prefix: origin, unmatched: drop",
            None,
            "originfaa",
        ),
    ],
)
def test_what_a_join_refuses(joined, data, lookup, options, error, message):
    if error is None:
        assert message in joined(FLIGHTS + data, (AIRPORTS + lookup, options))[0]
        return
    with pytest.raises(error, match=message) as caught:
        joined(FLIGHTS + data, (AIRPORTS + lookup, options))
    assert "\n" not in str(caught.value)


def test_a_column_that_is_there_already(joined):
    with pytest.raises(SourceError, match="adds the column 'id', which is there already; give"):
        joined(FLIGHTS, ("faa,id\nJFK,1\n", "on: {origin: faa}, columns: [id], unmatched: drop"))


def test_no_row_left(joined):
    with pytest.raises(SourceError, match="no row is left after the joins"):
        joined(FLIGHTS, ("faa,lat,name\nX,1,\n", ON + ", unmatched: drop, min_match: 0"))


def test_a_lookup_that_is_too_large(joined, monkeypatch):
    monkeypatch.setattr(joins, "MOST_BYTES", 20)
    with pytest.raises(SourceError, match=r"lookup0\.csv is larger than 0 MiB in memory"):
        joined(FLIGHTS, (AIRPORTS, ON))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("on: [a]", "key 'joins[0].columns' is missing"),
        ("on: [], columns: [b]", "joins[0].on"),
        ("on: [a], columns: [b], unmatched: keep", "joins[0].unmatched: "),
        ("on: [a], columns: [b], min_match: 2", "joins[0].min_match: "),
        ("on: [a], colums: [b]", "unknown key 'joins[0].colums'; did you mean 'columns'?"),
    ],
)
def test_joins_that_mean_nothing(options, message):
    with pytest.raises(ContractError) as caught:
        Contract.parse(
            "dataset: d\nsource: {uri: '{SPAN}', format: csv}\nkey: [id]\n"
            f"joins: [{{uri: x, format: csv, {options}}}]\n"
        )
    assert message in str(caught.value)


# In a run


def _write(directory, text):
    Path(directory, "airports").mkdir(exist_ok=True)
    Path(directory, "airports", "a.csv").write_text(text)


def test_lookups_are_part_of_the_digest_and_of_the_manifest(contract_on, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    extra = (
        "joins: [{uri: 'airports/*.csv', format: csv, on: {origin: faa}, columns: [lat], "
        "unmatched: 'null', min_match: 0.5}]\n"
    )
    contract = contract_on({"1": FLIGHTS + "5,SFO\n"}, extra=extra)
    with pytest.raises(SourceError, match=r"no object matches joins.uri 'airports/\*.csv'"):
        sources.resolve(contract, "1")
    _write(tmp_path, AIRPORTS)
    before = sources.resolve(contract, "1")
    _write(tmp_path, AIRPORTS + "BOS,42.4,Logan\n")
    after = sources.resolve(contract, "1")
    assert before.objects == after.objects
    assert before.digest != after.digest
    with pytest.raises(SourceError, match="changed since the run resolved them"):
        ingest(contract, span="1", out=tmp_path / "out", content_digest=before.digest)
    made = ingest(contract, span="1", out=tmp_path / "out", content_digest=after.digest)
    assert made.schema.names == ["id", "origin", "lat"]
    manifest = json.loads((made.path / "manifest.json").read_text())
    assert manifest["facts"]["joins"] == [
        {"uri": "airports/*.csv", "rows": 5, "matched": 4, "dropped": 0, "missed": "origin = 'SFO'"}
    ]
    (lookup,) = after.lookups
    assert [o["sha256"] for o in manifest["lookups"][0]] == [o.sha256 for o in lookup.objects]
    assert caplog.messages == ["join airports/*.csv: 80.00% of 5 rows matched, 0 dropped"]


def test_a_lookup_that_changes_while_it_is_read(contract_on, tmp_path):
    extra = "joins: [{uri: airports/a.csv, format: csv, on: {origin: faa}, columns: [lat]}]\n"
    contract = contract_on({"1": FLIGHTS}, extra=extra)
    _write(tmp_path, AIRPORTS)
    inputs = sources.resolve(contract, "1")
    _write(tmp_path, AIRPORTS + "BOS,42.4,Logan\n")
    with pytest.raises(SourceError, match=r"a\.csv was changed while it was read"):
        Joins(inputs, contract)


def test_a_lookup_may_be_of_another_format(contract_on, tmp_path):
    (tmp_path / "a.jsonl").write_text('{"faa": "JFK", "lat": 40.6}\n{"faa": "LGA", "lat": 40}\n')
    extra = "joins: [{uri: a.jsonl, format: jsonl, on: {origin: faa}, columns: [lat]}]\n"
    contract = contract_on({"1": "id,origin\n1,LGA\n2,JFK\n"}, extra=extra)
    inputs = sources.resolve(contract, "1")
    rows = pa.Table.from_batches(Joins(inputs, contract).apply(sources.read(inputs, contract)))
    assert rows["lat"].to_pylist() == [40.0, 40.6]


def test_a_lookup_has_no_spans(contract_on):
    extra = "joins: [{uri: 'a-{YYYY}.csv', format: csv, on: [id], columns: [lat]}]\n"
    with pytest.raises(ContractError, match="a look-up has no spans; name its objects"):
        sources.resolve(contract_on({"1": FLIGHTS}, extra=extra), "1")


values = st.none() | st.sampled_from(["a", "b", "1:a", "a:1", ":", ""])


@settings(max_examples=60)
@given(
    st.lists(st.tuples(values, values), min_size=1, max_size=30),
    st.dictionaries(st.tuples(values, values), st.integers(0, 99), min_size=1),
    st.sampled_from(["null", "drop"]),
)
def test_a_join_is_a_dictionary(left, right, unmatched):
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        text = pa.string()
        pq.write_table(
            pa.table(
                {
                    "id": list(range(len(left))),
                    "x": pa.array([x for x, _ in left], text),
                    "y": pa.array([y for _, y in left], text),
                }
            ),
            directory / "1.parquet",
        )
        pq.write_table(
            pa.table(
                {
                    "x": pa.array([x for x, _ in right], text),
                    "z": pa.array([z for _, z in right], text),
                    "v": list(right.values()),
                }
            ),
            directory / "lookup.parquet",
        )
        (directory / "contract.yaml").write_text(
            "dataset: d\nkey: [id]\nsource: {uri: '{SPAN}.parquet', format: parquet}\n"
            "joins: [{uri: lookup.parquet, format: parquet, on: {x: x, y: z}, columns: [v], "
            f"unmatched: {unmatched}, min_match: 0}}]\n"
        )
        contract = Contract.load(directory / "contract.yaml")
        inputs = sources.resolve(contract, "1")
        applied = Joins(inputs, contract)
        expected = [(i, None if None in key else right.get(key)) for i, key in enumerate(left)]
        matched = sum(v is not None for _, v in expected)
        if unmatched == "drop":
            expected = [(i, v) for i, v in expected if v is not None]
        if not expected:
            with pytest.raises(SourceError, match="no row is left"):
                list(applied.apply(sources.read(inputs, contract)))
            return
        table = pa.Table.from_batches(applied.apply(sources.read(inputs, contract)))
        assert list(zip(table["id"].to_pylist(), table["v"].to_pylist(), strict=True)) == expected
        assert applied.results[0].matched == matched
