"""Pages of Parquet: checksums, gzip members, and columns that are too short."""

import gzip
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.rows import parquet, table
from tidegate.core._arrow import VERIFIES_PAGES
from tidegate.core.errors import SourceError
from tidegate.data.sources.parquet_pages import check_pages

#: Written by pyarrow 25: id, plain, and s, with a dictionary; 200 rows; each page has a checksum.
CHECKSUMS = Path("tests/files/checksums.parquet").read_bytes()


def test_pages_that_agree_with_their_checksums_are_read(contract_on):
    read = table(contract_on({"1": CHECKSUMS}, kind="parquet"))
    assert read.to_pydict() == {"id": [*range(200)], "s": [f"text {i % 7}" for i in range(200)]}


@pytest.mark.parametrize("body", [struct.pack("<q", 77), b"text 5"])
def test_a_page_that_differs_from_its_checksum_is_an_error(contract_on, body):
    assert CHECKSUMS.count(body) == 1
    place = CHECKSUMS.index(body)
    damaged = CHECKSUMS[:place] + bytes([CHECKSUMS[place] ^ 1]) + CHECKSUMS[place + 1 :]
    with pytest.raises(SourceError, match=r"^1.*checksum") as caught:
        table(contract_on({"1": damaged}, kind="parquet"))
    assert "\n" not in str(caught.value)


def two_members(content):
    """The same gzip page as two members, as long as it was: a comment fills the rest."""
    start = content.index(b"\x1f\x8b")
    reader = zlib.decompressobj(31)
    plain = reader.decompress(content[start:])
    size = len(content) - start - len(reader.unused_data)
    half = len(plain) // 2
    first, second = (gzip.compress(part, 9) for part in (plain[:half], plain[half:]))
    filled = b"x" * (size - len(first) - len(second) - 1) + b"\0"
    first = first[:3] + b"\x10" + first[4:10] + filled + first[10:]
    made = content[:start] + first + second + content[start + size :]
    assert len(made) == len(content)
    return made


def test_several_gzip_members_in_a_page_are_read_or_refused(contract_on):
    sink = io.BytesIO()
    values = np.random.default_rng(1).integers(0, 1000, 20_000).tolist()
    columns = pa.table({"id": values})
    pq.write_table(
        columns, sink, compression="gzip", compression_level=1, use_dictionary=False,
        write_statistics=False,
    )  # fmt: skip
    contract = contract_on({"1": two_members(sink.getvalue())}, kind="parquet")
    if VERIFIES_PAGES:
        assert table(contract)["id"].to_pylist() == values
    else:
        with pytest.raises(SourceError, match=r"^1: column 'id', row group 1, page 1: it has sev"):
            table(contract)
    whole = contract_on({"1": sink.getvalue()}, kind="parquet")
    assert table(whole)["id"].to_pylist() == values


def test_a_row_group_without_one_of_its_columns_is_an_error():
    content = parquet(id=[1, 2], abc=[1, 2])
    # The footer names the column twice: in the schema, and in the row group.
    renamed = content[: content.rindex(b"abc")] + b"abd" + content[content.rindex(b"abc") + 3 :]
    check_pages(io.BytesIO(content), {"id", "abc"}, where="1")
    with pytest.raises(SourceError, match=r"^1: row group 1 of 2 rows has fewer values of colu"):
        check_pages(io.BytesIO(renamed), {"id", "abc"}, where="1")
