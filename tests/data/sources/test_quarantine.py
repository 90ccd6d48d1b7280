"""What is bad is set aside and counted, and the rest comes in whole."""

import csv as text_csv
import io
import json
import logging

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.support.records import contract, example, framed, lines, read
from tidegate.core.errors import SourceError
from tidegate.data.examples import ingest
from tidegate.data.sources import csv

good_rows = st.tuples(
    st.sampled_from(["1", "2.5", "", " 7"]), st.sampled_from(["a", 'x"y', "two\nlines", "", "1,2"])
)
bad_rows = st.one_of(
    st.lists(st.sampled_from(["a", "1", "b\nc"]), min_size=1, max_size=6).filter(
        lambda r: len(r) != 3
    ),
    st.tuples(st.just("9"), st.sampled_from(["wet", "+1", "1,5"]), st.just("a\nb")),
)


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.booleans(), good_rows, bad_rows), min_size=1, max_size=40),
    st.sampled_from([100, 1 << 22]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_csv_good_rows_in_are_good_rows_out(mixed, block_size, end):
    header = "id,n,s" + end
    kept = [[str(i), *good] for i, (is_good, good, _) in enumerate(mixed) if is_good]
    assume(kept)
    wrong, line, content = [], 2, header
    for i, (is_good, good, bad_row) in enumerate(mixed):
        made = io.StringIO()
        text_csv.writer(made, lineterminator=end).writerow([i, *good] if is_good else bad_row)
        if not is_good:
            wrong.append((line, made.getvalue().encode()))
        content += made.getvalue()
        line += made.getvalue().count("\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv, "BLOCK_SIZE", block_size)
        options = {"features": "{numeric: [n]}", "null_values": ["NULL", ""]}
        alone, _ = read(csv_text(header, kept, end), "csv", **options)
        table, bad = read(
            content.encode(), "csv", bad_records="quarantine", max_bad_records=99, **options
        )
    assert table.combine_chunks().equals(alone.combine_chunks())
    assert [(b.line, b.raw) for b in bad] == wrong


def csv_text(header, rows, end):
    made = io.StringIO()
    text_csv.writer(made, lineterminator=end).writerows(rows)
    return (header + made.getvalue()).encode()


@settings(max_examples=100)
@given(st.lists(st.booleans(), min_size=1, max_size=60).filter(any), st.booleans())
def test_records_good_in_are_good_out(mixed, as_json):
    wanted = [i for i, good in enumerate(mixed) if good]
    if as_json:
        content = b"".join(lines({"id": i}) if g else b"{oops\n" for i, g in enumerate(mixed))
    else:
        content = b"".join(
            framed(example(id=i)) if g else framed(b"bad!")[:-1] + b"!" for i, g in enumerate(mixed)
        )
    table, bad = read(
        content,
        "jsonl" if as_json else "tfrecord",
        bad_records="quarantine",
        max_bad_records=0.999,
    )
    assert table["id"].to_pylist() == wanted
    assert [b.line for b in bad] == [i for i, good in enumerate(mixed, start=1) if not good]


@pytest.mark.parametrize(("limit", "fits"), [(2, True), (1, False), (0.5, True), (0.4, False)])
def test_the_limit_is_a_number_or_a_share(limit, fits):
    options = {"bad_records": "quarantine", "max_bad_records": limit}
    content = b"id,n\n1,1\n2\n3,3,3\n4,4\n"
    if fits:
        assert len(read(content, "csv", **options)[1]) == 2
        return
    with pytest.raises(SourceError) as caught:
        read(content, "csv", **options)
    assert str(caught.value) == (
        f"2 bad records, more than source.max_bad_records ({limit}) allows; the first: "
        "1:3: expected 2 columns, found 1; 1:4: expected 2 columns, found 3"
    )


def test_no_bad_record_is_allowed_by_default():
    with pytest.raises(SourceError, match=r"^1 bad records, more than .* \(0\) allows"):
        read(b"id,n\n1,1\n2\n", "csv", bad_records="quarantine")


def test_only_bad_rows_are_no_rows():
    options = {"bad_records": "quarantine", "max_bad_records": 9}
    for kind, content in (("csv", b"id,n\n1\n"), ("jsonl", b"{\n")):
        with pytest.raises(SourceError, match="span 1 has no rows"):
            read(content, kind, **options)


def test_ingest_writes_and_counts_what_it_set_aside(tmp_path, caplog):
    (tmp_path / "1").write_bytes(b"id,n\n1,1\n2\n3,3\n4,wet\n")
    made = contract(
        tmp_path, "csv", bad_records="quarantine", max_bad_records=2, features="{numeric: [n]}"
    )
    with caplog.at_level(logging.INFO):
        examples = ingest(made, span="1", out=tmp_path / "out")
    assert examples.num_rows() == 2
    assert examples.facts.bad_records == 2
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["facts"]["bad_records"] == 2
    kept = [json.loads(t) for t in (tmp_path / "out" / "quarantine.jsonl").read_text().splitlines()]
    assert [(k["file"], k["line"], k["raw"]) for k in kept] == [
        ("1", 3, "2\n"),
        ("1", 5, "4,wet\n"),
    ]
    assert kept[1]["reason"].startswith("column 'n' has 'wet'")
    assert "2 of 4 records are bad and lie in quarantine.jsonl; the first: 1:3: " in caplog.text


def test_raw_bytes_that_are_no_text_are_kept_whole():
    _, (bad,) = read(b'{"id": 1}\n{"id": "\xff"}\n', bad_records="quarantine", max_bad_records=1)
    assert "raw" not in json.loads(bad.as_json)
    assert json.loads(bad.as_json)["raw_base64"] == "eyJpZCI6ICL/In0="


@settings(max_examples=200)
@given(st.binary(max_size=80), st.sampled_from(["jsonl", "tfrecord", "csv"]), st.booleans())
def test_any_bytes_are_rows_or_one_line(content, kind, lenient):
    options = {"bad_records": "quarantine", "max_bad_records": 0.9} if lenient else {}
    for name in ("1", "1.gz", "1.zip"):
        try:
            read(content, kind, name=name, **options)
        except SourceError as error:
            assert "\n" not in str(error)
