"""Where a row of CSV ends."""

import io

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tidegate.data.sources.csv_rows import last_row_end, whole_rows

pieces = st.sampled_from(
    [
        *("a", "7", "ü", ",", ",", "\n", "\n", "\r\n", "\r", " ", "\t", "\ufeff"),
        *('"', '"', '""', ',"', '",', '\n"', '"\n', '"x\ny",z\n', '"say ""so""",1\n'),
        *('5" disk,b\n', "a,b\n", "\n\n"),
    ]
)


def parsed(text, *, quote, names):
    """What Arrow reads of a whole text: its good rows, and the texts of those that are ragged."""
    ragged = []

    def skip(row):
        ragged.append(row.text)
        return "skip"

    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(text),
            read_options=arrow_csv.ReadOptions(
                block_size=1 << 20, use_threads=False, column_names=names
            ),
            parse_options=arrow_csv.ParseOptions(
                newlines_in_values=True, quote_char=quote or False, invalid_row_handler=skip
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys("ab", pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        # A file of no rows; the reader above asks for no such part.
        assert "Empty CSV" in str(error)
        return [], ragged
    return table.to_pylist(), ragged


@settings(max_examples=500)
@given(st.lists(pieces, max_size=40).map("".join), st.sampled_from(['"', None]), st.integers(4, 60))
@example('"x\ny",1\n\ufeff"a",2\n', '"', 12)
@example('5" disk,1\nand 3" disk,2\n', '"', 10)
def test_parts_hold_the_rows_of_the_whole(text, quote, size):
    whole = b"a,b\n" + text.encode()
    parts = list(whole_rows(file := io.BytesIO(whole), ",", quote, None, size=size))
    if parts and not parts[-1][1]:
        parts.append((parts.pop()[0] + file.read(), False))
    assert all(is_whole for _, is_whole in parts[:-1])
    rows, ragged = [], []
    for i, (part, _) in enumerate(parts):
        if part.strip(b"\r\n"):
            of_part = parsed(part, quote=quote, names=None if i == 0 else ["a", "b"])
            rows += of_part[0]
            ragged += of_part[1]
    assert (rows, ragged) == parsed(whole, quote=quote, names=None)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        (b"a,b\nc,d", 4),
        (b'a,"b\n', 0),
        (b'a,"b\nc"\nd', 8),
        (b'a,b\nc,"d\ne', 4),
        (b'a,"say ""b\n"""\nc', 15),
        (b'a,5" disk\nc', 0),
        (b'"a"x"\n', 0),
        (b"no end", 0),
    ],
)
def test_where_the_last_whole_row_ends(text, end):
    assert last_row_end(text, ",", '"', final=False) == end


def test_quotation_marks_as_they_should_be_leave_nothing_to_the_slow_way():
    text = b'id,s\n1,"a\nb"\n2,"say ""so"""\n3,""\n' * 50
    assert all(w for _, w in whole_rows(io.BytesIO(text), ",", '"', None, size=40))
    assert not all(w for _, w in whole_rows(io.BytesIO(text), ",", '"', "\\", size=40))
