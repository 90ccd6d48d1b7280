"""Which accepted spans a span is compared with."""

import pytest

from tests.support.baselines import accept, contract
from tidegate.comparison.drift import baselines
from tidegate.core.errors import ContractError, RegistryError
from tidegate.platform.registry import Registry


@pytest.fixture
def registry(tmp_path):
    return Registry(str(tmp_path / "registry"), "d")


def test_what_a_span_is_compared_with(registry, tmp_path):
    assert baselines.chosen(registry, against="span(2013-02)", before="2013-04") == []
    for span in ("2013-02", "2013-01", "2013-03"):
        accept(registry, tmp_path, span, {"x": [1, 2]})
    accept(registry, tmp_path, "2013-02", {"x": [1, 3]}, version="-again")
    accept(registry, tmp_path, "2013-05", {"x": [1]}, promote=False)

    def versions(said, before="2013-06"):
        return [e.version for e in baselines.chosen(registry, against=said, before=before)]

    assert versions("previous") == ["2013-03"]
    assert versions("previous", "2013-03") == ["2013-02-again"]
    assert versions("rolling(2)") == ["2013-02-again", "2013-03"]
    assert versions("rolling( 9 )") == ["2013-01", "2013-02-again", "2013-03"]
    assert versions("rolling(9)", "2013-01") == []
    assert versions("span(2013-01)") == ["2013-01"]
    assert versions("span( 2013-03 )", "2013-01") == ["2013-03"]
    with pytest.raises(RegistryError, match=r"'2013-05', which is not among the accepted ones"):
        versions("span(2013-05)")


@pytest.mark.parametrize("said", ["last", "rolling(0)", "rolling(x)", "span()", "span(2013-01"])
def test_what_is_no_baseline_is_refused(said):
    with pytest.raises(ContractError, match="against"):
        contract(f"against: '{said}'")
