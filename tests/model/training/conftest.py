import pytest

from tests.support.modelling import flights, trained
from tidegate.data import examples


@pytest.fixture(scope="session")
def january(tmp_path_factory):
    folder = tmp_path_factory.mktemp("flights")
    contract = flights(folder)
    made = examples.ingest(contract, span="2013-01", out=folder / "examples")
    seen = []
    model = trained(folder, contract, made, on_epoch=lambda n, logs: seen.append((n, dict(logs))))
    return contract, made, model, seen
