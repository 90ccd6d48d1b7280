"""Numbers, shares and durations as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.core import text


@given(st.floats(-1e300, 1e300))
def test_numbers_read_as_what_they_are(value):
    written = text.number(value).replace(",", "").replace("\u2212", "-")
    assert float(written) == pytest.approx(value, rel=6e-4, abs=1e-300)


@given(st.floats(0, 1))
def test_percent_never_rounds_to_all_or_nothing(share):
    written = text.percent(share)
    assert (written == "0%") is (share == 0)
    assert (written == "100%") is (share == 1)
    assert written not in ("0.0%", "100.0%")


@given(st.lists(st.floats(0, 1), min_size=2, max_size=3))
def test_different_shares_of_a_sentence_look_different(shares):
    written = text.percents(*shares)
    different = {round(s, 8) for s in shares}
    assert len(set(written)) >= len(different) or min(shares) < 1e-8 or max(shares) > 1 - 1e-8


@given(st.lists(st.floats(-1e18, 1e18), min_size=2, max_size=4))
def test_different_figures_look_different(values):
    written = text.apart(values, lambda value, digits: f"{value:.{digits}g}", 3)
    assert len(set(written)) == len(set(values))


@given(st.text(max_size=200), st.integers(4, 80))
def test_short_is_short(given_text, length):
    made = text.short(given_text, length)
    assert len(made) <= length
    assert made == given_text or "…" in made


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.84, "0.8 s"),
        (21.7, "22 s"),
        (59.9, "1 min 00 s"),
        (125, "2 min 05 s"),
        (3725, "1 h 02 min"),
    ],
)
def test_durations(value, written):
    assert text.seconds(value) == written


def test_an_estimate_is_marked_as_one():
    assert text.distinct(16_384, 20_000) == "16,384"
    assert text.distinct(23_680, 23_611) == "≈ 23,611"
