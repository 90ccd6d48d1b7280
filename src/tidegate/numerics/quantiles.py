"""Far tail quantiles of the gamma, chi-square and Student's t distributions.

Typical levels are one in ten thousand or smaller.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

#: The number of halvings that exhausts double precision.
_HALVINGS = 100


@functools.lru_cache(maxsize=4096)
def normal_quantile(level: float) -> float:
    """The value that a standard normal exceeds with probability `level`.

    `level` is at most a half.
    """
    return _where(lambda x: math.erfc(x / math.sqrt(2)) / 2 > level, 8.0)


def gamma_above(shape: float, value: float) -> float:
    """The probability that a gamma variable of scale 1 exceeds `value`.

    The regularized upper incomplete gamma function: its series (DLMF 8.7.1) where `value` is
    small, else its continued fraction (DLMF 8.9.2) by Lentz's method.
    """
    if value <= 0:
        return 1.0
    front = math.exp(shape * math.log(value) - value - math.lgamma(shape))
    if value < shape + 1:
        term = total = 1 / shape
        step = shape
        while term > total * 1e-16:
            step += 1
            term *= value / step
            total += term
        return max(1 - front * total, 0.0)
    b = value + 1 - shape
    c, d = math.inf, 1 / b
    result, i, factor = d, 0, 0.0
    while abs(factor - 1) > 1e-15 and i < 10_000:
        i += 1
        a = -i * (i - shape)
        b += 2
        d = 1 / (a * d + b)
        c = b + a / c
        factor = c * d
        result *= factor
    return front * result


@functools.lru_cache(maxsize=4096)
@functools.lru_cache(maxsize=4096)
def gamma_quantile(shape: float, level: float) -> float:
    """The value that a unit-scale gamma variable exceeds with probability `level`.

    From Wilson and Hilferty's approximation (1931), then by halving an interval around it.
    """
    cube = 1 - 1 / (9 * shape) + normal_quantile(level) / (3 * math.sqrt(shape))
    return _where(lambda x: gamma_above(shape, x) > level, max(shape * cube**3, shape))


def chi_square_quantile(degrees: float, level: float) -> float:
    """The value that a chi-square variable exceeds with probability `level`.

    It has `degrees` degrees of freedom.
    """
    return 2 * gamma_quantile(degrees / 2, level)


@functools.lru_cache(maxsize=1024)
def t_quantile(degrees: int, level: float) -> float:
    """The value that Student's t exceeds with probability `level`.

    `level` is at most a half.
    """
    return _where(lambda x: _t_above(degrees, x) > level, 2 * normal_quantile(level) + 1)


def _t_above(degrees: int, value: float) -> float:
    """The probability that Student's t exceeds `value`.

    By the finite sums of Abramowitz and Stegun, 26.7.3 and 26.7.4.
    """
    angle = math.atan(value / math.sqrt(degrees))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = degrees % 2
    term = total = cosine if odd else 1.0
    if degrees == 1:
        total = 0.0
    for k in range(2 + odd, degrees - 1, 2):
        term *= cosine**2 * (k - 1) / k
        total += term
    inside = 2 / math.pi * (angle + sine * total) if odd else sine * total
    return (1 - inside) / 2


def _where(above: Callable[[float], bool], start: float) -> float:
    """Find the point where a condition stops to hold, from 0."""
    low, high = 0.0, start
    while above(high):
        low, high = high, 2 * high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if above(middle) else (low, middle)
    return high
