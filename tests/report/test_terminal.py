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
    assert text.startswith(made.removesuffix("…"))


def test_words_stay_whole():
    text = "hold the run for good reasons, now"
    assert terminal.cut(text, 20) == "hold the run for…"
    assert terminal.cut(text, 31) == "hold the run for good reasons…"
    assert terminal.cut(text, 40) == text
    assert terminal.cut("a" * 30, 10) == "a" * 9 + "…"
