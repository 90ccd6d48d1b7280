import pytest

from tests.support.proposals import CONTRACT, span
from tidegate import schema as schemas
from tidegate.contract import Contract


@pytest.fixture(scope="session")
def contract():
    return Contract.parse(CONTRACT)


@pytest.fixture(scope="session")
def january(contract):
    return schemas.infer(span(1), contract)
