"""A test case for every distance, of all rows and of each slice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from tidegate.core.codes import Family, of_family
from tidegate.core.verdict import Finding, Severity
from tidegate.report.distances import sentence
from tidegate.report.junit import Case, Unreported

if TYPE_CHECKING:
    from tidegate.contract import Contract
    from tidegate.numerics.distances import Distance
    from tidegate.statistics.slice_findings import Sliced

_GRAVITY: Final[tuple[Severity, ...]] = ("info", "warn", "hold")


def distance_cases(
    distances: Iterable[Distance],
    unreported: Unreported,
    contract: Contract,
    *,
    rule: str,
    code: str,
    family: Family,
) -> Iterator[Case]:
    """Each that is too great fails, though the verdict tells of a feature once.

    One in a slice is no more severe than what the verdict tells of the feature.

    Args:
        distances: As they were judged.
        unreported: Has the findings about them.
        contract: Its `gates.drift` says which slices hold.
        rule: What begins the name of a case; the measure ends it.
        code: Of a distance that is too great.
        family: Of the findings about a distance.
    """
    listed = list(distances)
    counts = {d.feature: d.n_current for d in listed if not d.slice}
    severities = {f.subject: f.severity for f in unreported.left if f.code == code}
    groups: dict[tuple[str, str], list[Distance]] = {}
    for distance in listed:
        groups.setdefault((distance.feature, distance.slice), []).append(distance)
    for (feature, part), group in groups.items():
        found = unreported.take(of_family(family), feature, part)
        first = next((d for d in group if d.status == "drift"), group[0])
        for distance in group:
            of_it = found if distance is first else []
            if distance.status == "drift" and not of_it:
                severity = severities.get(feature, "hold")
                if part:
                    severity = slice_severity(distance, counts, severities, contract)
                of_it = [Finding(code, feature, severity, sentence(distance), part)]
            case = Case.of(f"{rule}.{distance.measure}", feature, of_it, part)
            case.notes.append(sentence(distance))
            if distance.status in ("report", "not_comparable"):
                case.skipped = distance.note or distance.origin
            yield case


def slice_severity(
    one: Sliced, whole: Mapping[str, int], severities: Mapping[str, Severity], contract: Contract
) -> Severity:
    """How severe a change in a slice is, of which the verdict does not tell by itself.

    Args:
        one: What changed.
        whole: By feature, what `n_current` is over all rows.
        severities: By feature, how severe the change is that is told.
        contract: Its `gates.drift`.
    """
    from tidegate.statistics.slice_findings import by_feature

    ((_, alone),) = by_feature([one], whole, contract)
    return min(alone, severities.get(one.feature, alone), key=_GRAVITY.index)
