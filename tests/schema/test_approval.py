"""What becomes of proposals in the registry."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from tensorflow_metadata.proto.v0 import schema_pb2

from tests.support.proposals import ROWS, february, passes, span
from tidegate import schema as schemas
from tidegate.core.errors import NotRegisteredError, RegistryError, SchemaError
from tidegate.platform.lineage import directory_digest
from tidegate.platform.registry import Registry
from tidegate.schema import approval, proposal
from tidegate.schema.diff import same
from tidegate.schema.propose import propose


@pytest.fixture
def registry(tmp_path, january):
    """A registry that has January's schema."""
    schemas.write(january, tmp_path / "first")
    made = Registry(str(tmp_path / "registry"), "flights")
    version = directory_digest(tmp_path / "first")[:12]
    made.commit("schema", version, tmp_path / "first", span="2013-01", lineage={})
    return made


def current(registry):
    return registry.current("schema").version


def proposed(registry, january, contract, spans=None):
    made = propose(january, spans or [february()], contract, base=current(registry))
    return approval.commit_proposal(registry, made, by="somebody"), made


EVERY = np.arange(ROWS)


def test_from_january_to_march(registry, january, contract):
    """February adds a carrier and drops a column: held, proposed, approved; March passes."""
    first = current(registry)
    entry, made = proposed(registry, january, contract)
    assert current(registry) == first
    assert not entry.promoted
    assert [e.version for e in approval.proposals(registry)] == [entry.version]
    done = approval.approve(registry, entry.version, by="ada", reason="ZZ has begun to fly")
    assert done.version == entry.version == current(registry)
    assert done.lineage["approved_by"] == "ada"
    assert done.lineage["reason"] == "ZZ has begun to fly"
    assert done.lineage["approved_at"].startswith("20")
    assert done.lineage["base"] == first
    assert done.lineage["changes"] == "2 changes: 1 gone, 1 widened"
    schema = approval.schema_of(registry, registry.current("schema"))
    assert same(schema, made.schema)
    march = span(3, carrier=["ZZ", "AA", "UA", "DL"] * 250, visib=None)
    assert passes(schema, march)
    assert approval.proposals(registry) == []
    assert approval.status(registry.get("schema", first), done) == "superseded"
    # Approved twice, by whomever: nothing changes.
    again = approval.approve(registry, entry.version, by="bob", reason="me too")
    assert again.lineage["approved_by"] == "ada"


def test_the_same_proposal_again_is_the_same_version(registry, january, contract):
    first, _ = proposed(registry, january, contract)
    second, _ = proposed(registry, january, contract)
    assert first == second
    assert len(registry.versions("schema")) == 2


def test_nothing_to_propose_is_refused(registry, january, contract):
    with pytest.raises(SchemaError, match="there is nothing to propose"):
        proposed(registry, january, contract, [span(5)])


def test_some_columns_only(registry, january, contract):
    entry, _ = proposed(registry, january, contract)
    done = approval.approve(registry, entry.version, by="ada", reason="", only=["carrier"])
    assert done.version != entry.version
    assert done.lineage["of"] == entry.version
    schema = approval.schema_of(registry, registry.current("schema"))
    assert "ZZ" in schemas.domain(schema, "carrier")
    assert "visib" in [f.name for f in schema.feature]
    assert approval.status(registry.get("schema", entry.version), done) == "approved as another"
    assert approval.proposals(registry) == []
    other, _ = proposed(registry, schema, contract)
    with pytest.raises(SchemaError, match="no change is left"):
        approval.approve(registry, other.version, by="a", reason="", without=["visib"])


def test_two_proposals_of_one_schema_are_both_approved(registry, january, contract):
    one, _ = proposed(registry, january, contract)
    other, _ = proposed(registry, january, contract, [span(3, gate=EVERY % 40)])
    approval.approve(registry, one.version, by="a", reason="")
    done = approval.approve(registry, other.version, by="a", reason="")
    schema = approval.schema_of(registry, registry.current("schema"))
    assert {"gate", "carrier"} <= {f.name for f in schema.feature}
    assert "ZZ" in schemas.domain(schema, "carrier")
    assert approval.approve(registry, other.version, by="b", reason="").version == done.version


def test_proposals_that_contradict_are_not(registry, january, contract):
    one, _ = proposed(registry, january, contract)
    codes = ["YY" if i % 10 == 0 else "AA" for i in range(ROWS)]
    other, _ = proposed(registry, january, contract, [span(3, carrier=codes)])
    approval.approve(registry, one.version, by="a", reason="")
    with pytest.raises(SchemaError, match="the schema says something else of it by now"):
        approval.approve(registry, other.version, by="a", reason="")


def test_rejected_is_rejected(registry, january, contract):
    entry, _ = proposed(registry, january, contract)
    done = approval.reject(registry, entry.version, by="ada", reason="the export was broken")
    assert (done.lineage["rejected_by"], done.lineage["reason"]) == ("ada", "the export was broken")
    assert approval.proposals(registry) == []
    assert (
        approval.reject(registry, entry.version, by="bob", reason="").lineage["rejected_by"]
        == "ada"
    )
    with pytest.raises(RegistryError, match=r"was rejected by ada \(the export was broken\)"):
        approval.approve(registry, entry.version, by="bob", reason="")
    # The next run proposes the same: it stays rejected.
    proposed(registry, january, contract)
    assert approval.proposals(registry) == []


def test_what_was_approved_cannot_be_rejected(registry, january, contract):
    first = current(registry)
    entry, _ = proposed(registry, january, contract)
    approval.approve(registry, entry.version, by="ada", reason="")
    with pytest.raises(RegistryError, match="was approved"):
        approval.reject(registry, entry.version, by="bob", reason="")
    with pytest.raises(
        RegistryError, match=f"make it current with: registry promote schema {first}"
    ):
        approval.approve(registry, first, by="bob", reason="")
    with pytest.raises(NotRegisteredError, match="schema 'x' is not in the registry of flights"):
        approval.approve(registry, "x", by="bob", reason="")


def test_of_two_who_decide_at_once_one_wins(registry, january, contract):
    """Approve and reject race in threads; whatever comes out is one of the two, and whole."""
    for number in range(2, 22):
        now = approval.schema_of(registry, registry.current("schema"))
        made = propose(now, [span(3, **{f"c{number}": EVERY})], contract, base=current(registry))
        entry = approval.commit_proposal(registry, made, by="somebody")

        def decide(what, version=entry.version):
            try:
                what(registry, version, by=what.__name__, reason="")
            except RegistryError as error:
                return str(error)
            return ""

        with ThreadPoolExecutor(2) as threads:
            said = list(threads.map(decide, (approval.approve, approval.reject)))
        decided = registry.get("schema", entry.version)
        assert sum(bool(s) for s in said) == 1, said
        assert ("approved_by" in decided.lineage) != ("rejected_by" in decided.lineage)
        assert (current(registry) == entry.version) == ("approved_by" in decided.lineage)


class Late(Registry):
    """A registry as somebody sees it who looked before another approved."""

    def current(self, kind):
        return self.seen


def test_what_was_approved_in_the_meantime_is_not_lost(registry, january, contract, tmp_path):
    one, _ = proposed(registry, january, contract)
    other, _ = proposed(registry, january, contract, [span(3, gate=EVERY % 40)])
    late = Late(str(tmp_path / "registry"), "flights")
    late.seen = registry.current("schema")
    approval.approve(registry, one.version, by="ada", reason="")
    with pytest.raises(RegistryError, match=f"the schema became '{one.version}' in the meantime"):
        approval.approve(late, other.version, by="bob", reason="")
    assert current(registry) == one.version
    done = approval.approve(registry, other.version, by="bob", reason="")
    assert "ZZ" in schemas.domain(approval.schema_of(registry, done), "carrier")


def test_an_edit_and_an_import_are_proposals_too(registry, january, contract):
    edited = schema_pb2.Schema()
    edited.CopyFrom(january)
    edited.feature[1].presence.min_fraction = 0.5
    made = proposal.of_schemas(january, edited, base=current(registry), because="edit")
    entry = approval.commit_proposal(registry, made, by="ada")
    assert entry.span == "2013-01"
    approval.approve(registry, entry.version, by="ada", reason="")
    assert same(approval.schema_of(registry, registry.current("schema")), edited)


def test_a_first_schema_may_be_approved_too(tmp_path, january):
    registry = Registry(str(tmp_path / "registry"), "flights")
    made = proposal.of_schemas(schema_pb2.Schema(), january, base="", because="import")
    entry = approval.commit_proposal(registry, made, by="ada")
    assert registry.current("schema") is None
    approval.approve(registry, entry.version, by="ada", reason="ours since 2012")
    assert same(approval.schema_of(registry, registry.current("schema")), january)


def test_who_runs_this():
    command = [sys.executable, "-c", "from tidegate.schema.approval import user; print(user())"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={"PATH": "", "USER": "ada"}
    )
    assert done.stdout == "ada\n"
