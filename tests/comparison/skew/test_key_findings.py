"""What keys and pairs of rows lead to."""

import pyarrow as pa

from tests.support.skews import ROWS, codes, compared, contract, feature, served, table, told
from tidegate.comparison.skew.key_findings import pairs_needed


def test_nothing_in_common_holds():
    result = compared(table(), served(id=[f"s{i}" for i in range(ROWS)]))
    found = told(result, "no_common_keys")[""]
    assert found.severity == "hold"
    assert "training has r0" in found.message
    assert "serving has s" in found.message
    assert result.features == ()


def test_a_key_that_tells_no_row_apart_holds():
    result = compared(table(), served(id=["r00001"] * ROWS))
    assert (
        "none of the 1 keys (id) that both sides have" in told(result, "no_common_keys")[""].message
    )


def test_a_missing_key_column_holds_and_the_rest_is_measured():
    result = compared(table(), served(id=None, carrier=["aa"] * ROWS))
    assert "the serving data has no column 'id'" in told(result, "no_common_keys")[""].message
    assert ("distribution_skew", "carrier") in codes(result, "hold")


def test_few_pairs_hold_and_say_how_many_are_needed():
    assert pairs_needed(0.01) == 381
    few = table(380), table(380, late=None)
    result = compared(*few)
    assert codes(result, "hold") == {("too_few_pairs", "")}
    assert "380 pairs of rows" in result.verdict.reasons[0]
    assert "at least 381" in result.verdict.reasons[0]
    assert compared(table(381), table(381, late=None)).verdict.status == "pass"
    warned = contract("gates: {findings: {too_few_pairs: warn}}\n")
    assert compared(*few, warned).verdict.status == "pass"
    exact = contract("gates: {skew: {mismatch: 0}}\n")
    assert not told(compared(*few, exact), "too_few_pairs")


def test_a_sparse_feature_is_said_to_be_too_few_to_tell():
    temp = pa.array([1.5 if i < 50 else None for i in range(ROWS)])
    result = compared(table(temp=temp), served(temp=temp))
    assert feature(result, "temp").compared == 50
    assert "95% interval up to" in told(result, "feature_skew_too_few")["temp"].message
    assert result.verdict.status == "pass"
