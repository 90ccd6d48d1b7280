"""The objects of a span are found, and rows come in or one line says why not."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.rows import over, table
from tidegate.core.errors import MissingSpanError, SourceError
from tidegate.data import sources


def test_resolve_names_the_objects_of_a_span_in_order(contract_on):
    contract = contract_on({"1-b": "id\n1\n", "1-a": "id\n2\n", "2-a": "id\n3\n", "x": "?"})
    inputs = sources.resolve(contract, "1")
    assert [o.name for o in inputs.objects] == ["1-a", "1-b"]
    assert inputs.objects[0].size == 5
    assert sources.spans(contract) == ("1", "2")
    assert table(contract, "1")["id"].to_pylist() == [2, 1]


def test_latest_is_the_last_in_time_not_in_text(contract_on):
    contract = contract_on({f"{n}": f"id\n{n}\n" for n in (1, 9, 10)})
    assert sources.resolve(contract, "latest").span == "10"


def test_digest_follows_names_and_contents_and_nothing_else(contract_on, tmp_path):
    contract = contract_on({"1-a": "id\n1\n", "1-b": "id\n2\n"})
    digest = sources.resolve(contract, "1").digest
    os.utime(tmp_path / "source" / "1-a", (1, 1))
    assert sources.resolve(contract, "1").digest == digest
    contract_on({"1-a": "id\n3\n"})
    changed = sources.resolve(contract, "1").digest
    (tmp_path / "source" / "1-a").rename(tmp_path / "source" / "1-c")
    assert len({digest, changed, sources.resolve(contract, "1").digest}) == 3


def test_a_missing_span_lists_those_there_are(flights):
    with pytest.raises(MissingSpanError) as caught:
        sources.resolve(flights, "2014-01")
    message = str(caught.value)
    assert "'2014-01'" in message
    assert "2013-01, 2013-02" in message
    assert "written as {YYYY}-{MM}" in message
    assert "\n" not in message


def test_a_missing_span_among_many_shows_the_ends(contract_on):
    contract = contract_on({f"{n}": "id\n1\n" for n in range(100)})
    with pytest.raises(MissingSpanError, match=r"there are: 0, \.\.\., 88, .*99 \(100 in all\)"):
        sources.resolve(contract, "100")


def test_no_object_at_all(contract_on, tmp_path):
    contract = contract_on({"readme": "x"})
    with pytest.raises(MissingSpanError, match=r"no object matches source.uri '.*SPAN"):
        sources.resolve(contract, "latest")
    (tmp_path / "source" / "readme").unlink()
    (tmp_path / "source").rmdir()
    with pytest.raises(MissingSpanError, match="no object matches"):
        sources.resolve(contract, "latest")


def test_an_object_that_changes_while_it_is_read(contract_on, tmp_path):
    contract = contract_on({"1-a": "id\n1\n", "1-b": "id\n2\n"})
    rows = sources.read(sources.resolve(contract, "1"), contract)
    next(rows)
    contract_on({"1-a": "id\n9\n"})
    with pytest.raises(SourceError, match="1-a was changed while it was read"):
        list(rows)


@settings(max_examples=200)
@given(st.binary(max_size=80))
def test_any_bytes_are_rows_or_one_line(content):
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "1").write_bytes(content)
        for format_ in ("csv", "parquet"):
            contract = over(directory, format_)
            try:
                table(contract)
            except SourceError as error:
                assert "\n" not in str(error)
