"""Conversions of units, found by deciles."""

from hypothesis import given
from hypothesis import strategies as st

from tidegate.numerics.units import FACTORS, conversion

DECILES = [3.0, 5.0, 8.0, 13.0, 21.0, 34.0, 55.0, 89.0, 144.0]


@given(st.sampled_from(FACTORS), st.booleans(), st.floats(-0.019, 0.019))
def test_every_conversion_is_found_both_ways(known, reverse, error):
    first, second, factor = known
    name = f"{second} to {first}" if reverse else f"{first} to {second}"
    scale = 1 / factor if reverse else factor
    result = conversion(DECILES, [x * scale * (1 + error) for x in DECILES])
    assert result is not None
    assert name in result[0].split(" or ")


@given(st.floats(0.88, 1.12))
def test_an_ordinary_change_is_no_conversion(scale):
    if not 0.84 < scale < 0.89:
        assert conversion(DECILES, [x * scale for x in DECILES]) is None


def test_one_decile_elsewhere_is_no_conversion():
    now = [x * 2.54 for x in DECILES]
    assert conversion(DECILES, now) is not None
    now[4] *= 1.03
    assert conversion(DECILES, now) is None


def test_few_distinct_deciles_cannot_tell():
    assert conversion([1.0] * 5 + [2.0, 3.0, 4.0, 5.0], [60.0] * 5 + [120, 180, 240, 300])
    assert conversion([1.0] * 6 + [2.0, 3.0, 4.0], [60.0] * 6 + [120, 180, 240]) is None


def test_degrees():
    celsius = [-5.0, 0.0, 3.0, 6.0, 10.0, 14.0, 18.0, 22.0, 27.0]
    fahrenheit = [x * 1.8 + 32 for x in celsius]
    assert conversion(celsius, fahrenheit) == ("degree Celsius to Fahrenheit", 1.8)
    assert conversion(fahrenheit, celsius) == ("degree Fahrenheit to Celsius", 1 / 1.8)
    assert conversion(celsius, [x + 2 for x in fahrenheit]) is None
