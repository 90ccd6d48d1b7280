"""Describe a distance in one sentence, and list its reported metrics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tidegate.contract import Contract
from tidegate.core.text import capitalize, fixed, number, percent, short
from tidegate.numerics.distances import Distance

#: With a noise floor above it, two samples of one distribution may share nearly no value.
_RARE: Final = 0.5


def sentence(distance: Distance) -> str:
    """Describe the meaning of a distance in one sentence."""
    measure = distance.measure_name
    if distance.value is None:
        return distance.note or f"{measure} could not be computed: {distance.origin}."
    if distance.status == "too_few":
        return (
            f"{distance.n_current:,} and {distance.n_baseline:,} values are too few to tell a "
            f"change from chance, which alone gives up to {fixed(distance.noise)}."
        )
    if distance.threshold is None:
        phrase = f"{measure} {fixed(distance.value)} is recorded and judges nothing"
    else:
        side = "above" if distance.value > distance.threshold else "within"
        phrase = f"{measure} {fixed(distance.value)} is {side} the threshold "
        phrase += fixed(distance.threshold)
    by_chance = bool(distance.noise) and distance.value <= (distance.noise or 0)
    if by_chance:
        phrase += f", no more than {chance(distance)}"
    if distance.changed and not by_chance:
        phrase = f"{capitalize(short(distance.changed, 200))}; {phrase}"
    return f"{phrase}."


def chance(distance: Distance) -> str:
    """Describe the distance that chance alone gives."""
    if (distance.noise or 0.0) > _RARE:
        return f"chance gives where values hardly recur, up to {fixed(distance.noise)}"
    return f"chance gives, up to {fixed(distance.noise)}"


def beside(distance: Distance, contract: Contract) -> str:
    """List the reported metrics of a distance's feature by name."""
    facts = contract.columns.get(distance.feature)
    unit = (facts.unit if facts else None) or ""
    measured = dict(distance.reported_metrics)
    written: dict[str, Callable[[float], str]] = {
        "psi": lambda value: f"PSI {fixed(value, 3)}",
        "kolmogorov_smirnov": lambda value: f"KS {fixed(value, 3)}",
        "wasserstein": lambda value: f"Wasserstein {number(value)} {unit}".rstrip(),
        "unseen": lambda value: f"unseen values {percent(value)}",
    }
    return ", ".join(write(measured[k]) for k, write in written.items() if k in measured)
