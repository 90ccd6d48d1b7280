"""Read the domain of a string feature, and find values outside it."""

from __future__ import annotations

from typing import Any

from tidegate.statistics.model import FeatureSummary


def unseen(s: FeatureSummary, known: tuple[str, ...]) -> list[tuple[str, int]]:
    """A column's values outside `known` with counts, most frequent first."""
    allowed = set(known)
    return [(v, c) for v, c in s.top_values if v not in allowed]


def respelled(values: list[tuple[str, int]], known: tuple[str, ...]) -> dict[str, str]:
    """Map respelled values to the known values they resemble.

    They differ from a known value only in upper case, lower case and spaces.
    """
    by_fold = {" ".join(k.casefold().split()): k for k in known}
    folded = {v: by_fold.get(" ".join(v.casefold().split())) for v, _ in values}
    return {v: k for v, k in folded.items() if k is not None}


def domain(schema: Any, name: str) -> tuple[str, ...]:
    """The values a string feature may have; empty if any."""
    feature = next((f for f in schema.feature if f.name == name), None)
    return () if feature is None else domain_of(schema, feature)


def domain_of(schema: Any, feature: Any) -> tuple[str, ...]:
    """The values that a feature of a schema may have; empty if any."""
    kind = feature.WhichOneof("domain_info")
    if kind == "string_domain":
        return tuple(feature.string_domain.value)
    if kind != "domain":
        return ()
    return next((tuple(d.value) for d in schema.string_domain if d.name == feature.domain), ())
