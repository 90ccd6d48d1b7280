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
    for feature in schema.feature:
        if feature.name == name:
            if feature.WhichOneof("domain_info") == "string_domain":
                return tuple(feature.string_domain.value)
            for candidate in schema.string_domain:
                if feature.WhichOneof("domain_info") == "domain" and (
                    candidate.name == feature.domain
                ):
                    return tuple(candidate.value)
    return ()
