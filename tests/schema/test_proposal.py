"""A proposal survives on disk."""

import pytest

from tests.support.proposals import february
from tidegate.core.errors import SchemaError
from tidegate.platform.lineage import directory_digest
from tidegate.schema.proposal import Proposal
from tidegate.schema.propose import propose


def test_a_proposal_survives_on_disk(january, contract, tmp_path):
    made = propose(january, [february()], contract, base="v1")
    made.write(tmp_path)
    again = Proposal.read(tmp_path)
    assert again == made
    again.write(tmp_path / "2")
    assert directory_digest(tmp_path / "2") == directory_digest_of(made, tmp_path / "3")
    (tmp_path / "proposal.json").write_text('{"format": 1}')
    with pytest.raises(SchemaError, match=r"cannot read .*proposal\.json"):
        Proposal.read(tmp_path)


def directory_digest_of(made, path):
    made.write(path)
    return directory_digest(path)
