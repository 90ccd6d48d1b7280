"""Tables in a terminal."""

from hypothesis import given
from hypothesis import strategies as st

from tidegate.report import terminal


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5), st.integers(1, 30))
def test_lines_of_a_table_fit_and_hold_no_controls(rows, limit):
    plain = terminal.Ink(coloured=False)
    made = terminal.table(["a", "b"], rows, align="lr", ink=plain, limit=limit)
    assert len(made) == len(rows) + 1
    for line in made:
        assert terminal.cells(line) <= max(limit, 1)
        assert line.isprintable() or not line


def test_columns_line_up_under_wide_characters():
    plain = terminal.Ink(coloured=False)
    made = terminal.table(
        ["a", "b"], [("東京", "1"), ("e\u0301t\u0301e", "22")], align="lr", ink=plain
    )
    assert len({terminal.cells(line) for line in made}) == 1


@given(
    st.lists(st.text("abé中", min_size=1, max_size=9), min_size=1, max_size=30), st.integers(9, 90)
)
def test_a_text_is_cut_between_words(words, limit):
    text = " ".join(words)
    made = terminal.cut(text, limit)
    assert terminal.cells(made) <= limit
    kept = made.removesuffix("…")
    assert text.startswith(kept)
    if made != text and 2 * terminal.cells(kept.rpartition(" ")[0]) > terminal.cells(kept):
        assert text[len(kept)] == " "
    assert terminal.cut("hold the run for good reasons", 20) == "hold the run for…"
