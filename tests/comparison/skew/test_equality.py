"""When two values are the same."""

import math

import numpy as np
import pytest

from tests.support.skews import ROWS, compared, contract, feature, served, table


@pytest.mark.parametrize(
    ("tolerance", "off", "same"),
    [
        ("{}", 9e-7, True),
        ("{}", 2e-6, False),
        ("{relative: 0}", 1e-9, False),
        ("{relative: 0, absolute: 0.2}", 0.19, True),
        ("{relative: 0, absolute: 0.2}", 0.21, False),
        ("{features: {temp: {relative: 0.01}}}", 0.9, True),
        ("{relative: 0.01, features: {temp: {relative: 1.0e-9}}}", 0.5, False),
    ],
)
def test_tolerance(tolerance, off, same):
    """`temp` is 100 here, so that a share of it is read off at once where it is not absolute."""
    hundred = np.full(ROWS, 100.0)
    scale = 1 if "absolute" in tolerance or "features" in tolerance else 100
    by = contract(f"gates: {{skew: {{tolerance: {tolerance}}}}}\n")
    result = compared(table(temp=hundred), served(temp=hundred + off * scale), by)
    assert feature(result, "temp").equal == (ROWS if same else 0)


def test_whole_numbers_have_no_tolerance():
    big = np.full(ROWS, 2**53)
    by = contract("gates: {skew: {tolerance: {relative: 0.5}}}\n")
    result = compared(table(distance=big), served(distance=big + 1), by)
    assert feature(result, "distance").mismatched == ROWS
    assert feature(result, "distance").tolerance == ""


def test_what_is_no_number():
    odd = [math.nan, math.inf, -math.inf, 0.0] * 150
    again = [math.nan, math.inf, -math.inf, -0.0] * 150
    assert feature(compared(table(temp=odd), served(temp=again)), "temp").equal == ROWS
    other = [math.inf, -math.inf, math.nan, 1.0] * 150
    assert feature(compared(table(temp=odd), served(temp=other)), "temp").mismatched == ROWS
    close = [1.0, 1e308, -1e308, math.inf] * 150
    assert feature(compared(table(temp=odd), served(temp=close)), "temp").mismatched == ROWS
