"""Detect a change of a column's unit between spans."""

from __future__ import annotations

import math
from collections.abc import Sequence

#: The allowed relative deviation of every decile from its converted value.
TOLERANCE = 0.02
#: The fewest distinct deciles that distinguish a conversion from a few changed values.
MIN_DISTINCT = 5

#: (unit, smaller unit, number of smaller units in one unit); exact by definition
#: (NIST Special Publication 811, appendix B) but for the last digits of speeds.
FACTORS: tuple[tuple[str, str, float], ...] = (
    ("mile", "kilometre", 1.609344),
    ("metre", "foot", 1 / 0.3048),
    ("inch", "centimetre", 2.54),
    ("foot", "inch", 12.0),
    ("kilogram", "pound", 1 / 0.45359237),
    ("metre per second", "kilometre per hour", 3.6),
    ("metre per second", "mile per hour", 3600 / 1609.344),
    ("metre per second", "knot", 3600 / 1852),
    ("knot", "kilometre per hour", 1.852),
    ("knot", "mile per hour", 1852 / 1609.344),
    ("minute", "second", 60.0),
    ("hour", "minute", 60.0),
    ("hour", "second", 3600.0),
    ("share", "percent", 100.0),
    ("thousands", "ones", 1000.0),
)


def conversion(baseline: Sequence[float], current: Sequence[float]) -> tuple[str, float] | None:
    """The known conversion that fits every decile.

    Args:
        baseline: The nine deciles of the baseline, ascending.
        current: The nine deciles of the span.

    Returns:
        Its name (`mile to kilometre`, several joined by `or` if they are too near to distinguish,
        the nearest first) and the factor of the nearest; None if no conversion fits.
    """
    values = [*baseline, *current]
    if not all(map(math.isfinite, values)) or len(set(baseline)) < MIN_DISTINCT:
        return None
    known = [(f"{a} to {b}", f) for a, b, f in FACTORS]
    known += [(f"{b} to {a}", 1 / f) for a, b, f in FACTORS]
    fits = [
        (error, name, factor)
        for name, factor in known
        if (error := _misfit([x * factor for x in baseline], current)) <= TOLERANCE
    ]
    if fits:
        fits.sort(key=lambda fit: fit[0])
        return " or ".join(name for _, name, _ in fits), fits[0][2]
    span = baseline[-1] - baseline[0]
    for name, scale, offset in (
        ("degree Celsius to Fahrenheit", 1.8, 32.0),
        ("degree Fahrenheit to Celsius", 1 / 1.8, -32 / 1.8),
    ):
        near = TOLERANCE * span * scale
        if all(abs(x * scale + offset - y) <= near for x, y in zip(baseline, current, strict=True)):
            return name, scale
    return None


def _misfit(expected: Sequence[float], found: Sequence[float]) -> float:
    """The largest relative deviation from the expected values."""
    return max(
        (abs(x - y) / abs(x)) if x else (0.0 if y == 0 else math.inf)
        for x, y in zip(expected, found, strict=True)
    )
