"""CSV is parsed in parts at once, and nobody can tell from the rows; readers may be given up."""

import csv as text_csv
import gzip
import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tidegate.contract import Contract
from tidegate.data import sources
from tidegate.data.sources import csv
from tidegate.data.sources.csv_types import still
from tidegate.data.sources.types import DOUBLE, INT

numbers = st.one_of(
    st.integers(-(2**65), 2**65).map(str),
    st.floats().map(repr),
    st.text("0123456789-+.eExXabinf \t\v", max_size=6),
    st.just("0x1A"),
    st.none(),
)


@settings(max_examples=300)
@given(st.lists(numbers, min_size=1, max_size=120), st.sampled_from([0, 1]))
@example(["0", "0x1A"], 0)
@example(["1"] * 99 + ["a"], 0)
@example(["1.5"] * 99 + ["+1"], 0)
def test_types_are_those_that_all_values_parse_as(texts, start):
    values = pa.array(texts, pa.string()).slice(start)
    plus = any(t is not None and t.lstrip().startswith("+") for t in texts[start:])
    wanted = {t for t in (INT, DOUBLE) if slowly_parses(values, t)}
    assert still({INT, DOUBLE}, values) == (set() if plus and INT not in wanted else wanted)


def slowly_parses(values, type_):
    for value in values.drop_null().to_pylist():
        try:
            pa.array([value.strip(" \t\v\r\n\f")]).cast(type_)
        except pa.ArrowInvalid:
            return False
    return True


rows_of = st.lists(
    st.tuples(
        st.sampled_from(["1", "2.5", "x", "", "NA", "0x1A", " 7", "+1"]),
        st.sampled_from(["a", 'x"y', "two\nlines", "", "1,2", '"']),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=40)
@given(rows_of, st.integers(0, 100), st.sampled_from(["", '9,stray " mark,z\n']))
def test_the_size_of_parts_changes_nothing(rows, late, stray):
    made = io.StringIO()
    writer = text_csv.writer(made, lineterminator="\n")
    writer.writerow(["id", "n", "s"])
    writer.writerows([i, "3", "plain"] for i in range(late))
    writer.writerows([i, *row] for i, row in enumerate(rows))
    content = (made.getvalue() + stray).encode()
    found = []
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "1.csv").write_bytes(content)
        Path(directory, "2.csv.gz").write_bytes(gzip.compress(content))
        contract = Contract.parse(
            f"dataset: d\nsource: {{uri: '{directory}/{{SPAN}}.csv*', format: csv, "
            "null_values: [NA, '']}\nkey: [id]\n"
        )
        for size in (100, 1 << 22):
            for span in "12":
                with pytest.MonkeyPatch.context() as patch:
                    patch.setattr(csv, "BLOCK_SIZE", size)
                    inputs = sources.resolve(contract, span)
                    table = pa.Table.from_batches(sources.read(inputs, contract))
                found.append(table.combine_chunks())
    assert all(table.equals(found[0]) for table in found)


GIVEN_UP = """
import itertools, sys, threading
from tidegate.data import sources
from tidegate.contract import Contract
from tidegate.data.sources import csv

csv.BLOCK_SIZE = 1 << 12
folder = sys.argv[1]

def give_up():
    for turn, span, quarantine in itertools.product(range(15), range(1, 6), (0, 1)):
        contract = Contract.parse(
            f"dataset: d\\nsource: {{uri: '{folder}/{{SPAN}}.*', format: csv, "
            f"encoding: {'utf-16' if span > 3 else 'utf-8'}"
            + (", bad_records: quarantine, max_bad_records: 0.5" if quarantine else "")
            + "}\\nkey: [id]\\n"
        )
        store = sources.open_store(folder)
        (item,) = sources.resolve(contract, str(span)).objects
        texts = csv._texts(store, item, csv._layout(store, item, contract), contract, [])
        for _ in range(1 + turn % 5):
            next(texts)
        texts.close() if turn % 2 else None
        del texts

workers = [threading.Thread(target=give_up) for _ in range(2)]
[w.start() for w in workers]
[w.join() for w in workers]
print(threading.active_count())
"""


@pytest.mark.parametrize("mark", ["", '5" '], ids=["in parts", "as a stream"])
def test_readers_given_up_half_way_wait_for_nobody(tmp_path, mark):
    text = "id,s\n" + "".join(f"{i},{mark}disk number {i}\n" for i in range(20_000))
    (tmp_path / "1.csv").write_text(text)
    (tmp_path / "2.gz").write_bytes(gzip.compress(text.encode()))
    (tmp_path / "4.csv").write_text(text, encoding="utf-16")
    for name, content in (("3.zip", text.encode()), ("5.zip", text.encode("utf-16"))):
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a", content)
    done = subprocess.run(
        [sys.executable, "-c", GIVEN_UP, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("1\n", "")
