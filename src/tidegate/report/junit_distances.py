"""Make a test case for every distance, over all rows and slices."""

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
    """Make a case for each distance; it fails above the limit.

    Every distance above its limit fails, although the verdict reports a feature once. A distance in
    a slice is at most as severe as the feature's finding in the verdict.

    Args:
        distances: The judged distances.
        unreported: The findings that no case has reported yet.
        contract: The contract; its `gates.drift` sets which slices hold.
        rule: The beginning of a case's name; the measure ends it.
        code: The code of a distance that is too great.
        family: The family of the findings about a distance.
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
    """Severity of a slice's change that has no finding of its own.

    Args:
        one: The change.
        whole: `n_current` over all rows, by feature.
        severities: The severity of the reported change, by feature.
        contract: The contract with `gates.drift`.
    """
    from tidegate.statistics.slice_findings import by_feature

    ((_, alone),) = by_feature([one], whole, contract)
    return min(alone, severities.get(one.feature, alone), key=_GRAVITY.index)
