"""Findings in few lines."""

from tidegate.core.verdict import MOST_ALIKE, Finding, Verdict, in_few_lines


def found(n, code="drift", severity="hold"):
    return [Finding(code, f"c{i}", severity, f"feature 'c{i}' drifted") for i in range(n)]


def test_many_findings_of_one_kind_are_one_line_with_a_count():
    other = [Finding("stale", "", "hold", "too old"), *found(3, "outliers", "warn")]
    verdict = Verdict((*other, *found(1998), *found(MOST_ALIKE, "drift", "warn")))
    few = in_few_lines(verdict.findings)
    assert len(few) == 4 + 1 + MOST_ALIKE
    assert verdict.reasons == (
        "too old",
        "1,998 columns (c0, c1, c2, c3, c4, c5 and 1,992 more); the first: feature 'c0' drifted",
    )
    assert verdict.status == "hold"
    assert len(verdict.findings) == 4 + 1998 + MOST_ALIKE
    assert Verdict.from_json(verdict.to_json()) == verdict


def test_findings_on_the_whole_are_never_one():
    whole = [Finding("rule", "", "hold", f"rule {i} fails") for i in range(50)]
    assert in_few_lines(whole) == whole
