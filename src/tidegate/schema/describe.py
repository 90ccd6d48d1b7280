"""Describe parts of a schema in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from tensorflow_metadata.proto.v0 import schema_pb2

from tidegate.core.text import count, number, percent, short

#: The most values that are named.
_SHOWN: Final = 8


def line(text: str) -> str:
    """Shorten a text to one line of at most 120 characters."""
    return short(" ".join(text.split()), 120)


def type_name(feature: Any) -> str:
    """The name of a feature's type: `INT`, `FLOAT`, `BYTES`, ..."""
    return str(schema_pb2.FeatureType.Name(feature.type))


def presence(feature: Any) -> str:
    """Describe in how many rows a column must have a value."""
    if feature.HasField("group_presence"):
        return rest(feature)
    fraction, least = feature.presence.min_fraction, feature.presence.min_count
    if fraction >= 1:
        return "in every row"
    if fraction > 0:
        phrase = f"in at least {percent(fraction)} of rows"
        return phrase if least <= 1 else f"{phrase} and {least:,} of them"
    return f"in at least {count(least, 'row')}" if least else "optional"


def domain(feature: Any) -> str:
    """Describe the values a column may have."""
    kind = feature.WhichOneof("domain_info")
    if kind is None:
        return "anything"
    if kind in ("int_domain", "float_domain"):
        domain = getattr(feature, kind)
        phrase = f"{number(low(domain))} to {number(high(domain))}"
        for what in ("nan", "inf"):
            if kind == "float_domain" and getattr(domain, f"disallow_{what}"):
                phrase += f", no {what}"
        return phrase
    if kind == "domain":
        return f"the values of {feature.domain!r}"
    if kind == "string_domain":
        return f"one of {listed(list(feature.string_domain.value))}"
    return rest(feature)


def mass(feature: Any) -> str:
    """Describe the share of values that must be in the domain."""
    if not feature.HasField("distribution_constraints"):
        return "all"
    return f"at least {percent(feature.distribution_constraints.min_domain_mass)}"


def rest(feature: Any) -> str:
    """The fields of a feature except its name, as TFMD text."""
    fields = [f.name for f, _ in feature.ListFields() if f.name != "name"]
    if not fields:
        return "none"
    made = schema_pb2.Feature()
    made.CopyFrom(feature)
    made.ClearField("name")
    return line(str(made))


def domain_values(schema: Any) -> list[str] | None:
    """The values of a schema's only string domain; None without one."""
    return list(schema.string_domain[0].value) if schema.string_domain else None


def added(before: list[str] | None, after: list[str] | None) -> str:
    """Describe which values a string domain gains and loses."""
    if before is None:
        return f"only {listed(after or [])} may occur"
    if after is None:
        return f"any value may occur ({count(len(before), 'value')} before)"
    more = [v for v in after if v not in set(before)]
    less = [v for v in before if v not in set(after)]
    phrase = [f"{listed(more)} may occur too"] if more else []
    phrase += [f"{listed(less)} may no longer occur"] if less else []
    return "; ".join(phrase) or "its values stand in another order"


def listed(values: Sequence[str]) -> str:
    """List some values, with the number of further ones."""
    shown = ", ".join(repr(short(v, 40)) for v in values[:_SHOWN])
    more = len(values) - _SHOWN
    return shown + (f" and {more:,} more" if more > 0 else "")


def low(domain: Any) -> float:
    """The lower end of a domain, -inf if open."""
    return float(domain.min) if domain.HasField("min") else float("-inf")


def high(domain: Any) -> float:
    """The upper end of a domain, inf if open."""
    return float(domain.max) if domain.HasField("max") else float("inf")


#: By aspect: its name, and the function that describes it.
OF: Final[dict[str, tuple[str, Callable[[Any], str]]]] = {
    "type": ("type", type_name),
    "presence": ("presence", presence),
    "domain": ("domain", domain),
    "distribution_constraints": ("share of known values", mass),
}
