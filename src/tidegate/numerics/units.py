"""Whether a column of numbers came in another unit than the span before."""

from __future__ import annotations

import math
from collections.abc import Sequence

#: How far every decile may lie from where the conversion would put it, as a share.
TOLERANCE = 0.02
#: Fewer distinct deciles than this cannot tell a conversion from a few values that changed.
MIN_DISTINCT = 5

#: (unit, smaller unit, how many of the second are one of the first); exact by definition
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
    """The known conversion that takes every decile of `before` to that of `now`.

    Args:
        baseline: The nine deciles of the baseline, ascending.
        current: The nine deciles of the span.

    Returns:
        What it is (`mile to kilometre`, several joined by `or` when they are too near to tell
        apart, the nearest first) and the factor of the nearest; None when no conversion fits.
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
    """The largest deviation of one from the other, as a share of what is expected."""
    return max(
        (abs(x - y) / abs(x)) if x else (0.0 if y == 0 else math.inf)
        for x, y in zip(expected, found, strict=True)
    )
