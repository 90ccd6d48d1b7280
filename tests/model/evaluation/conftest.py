import pytest

from tests.support.judging import columns, same, sigmoid
from tests.support.modelling import contract_of, ingested, written_model
from tidegate.model.evaluation import evaluate, read


@pytest.fixture
def judged(tmp_path):
    """Evaluates `answer` (and a champion's) over columns, with sections of the contract."""

    def run(answer=sigmoid, features=("x",), *, data=None, champion=None, made=None, **sections):
        contract = contract_of(tmp_path, **sections)
        made = made or ingested(tmp_path, contract, data or columns())
        model = written_model(tmp_path / "challenger", answer, features)
        found = evaluate(
            model,
            made,
            contract,
            champion=champion,
            champion_version="v1" if champion else None,
        )
        found.write(tmp_path / "written")
        assert same(read(tmp_path / "written"), found)
        for line in found.verdict.reasons:
            assert "\n" not in line
        return found

    return run
