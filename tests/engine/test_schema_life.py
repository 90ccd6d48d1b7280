"""Proposals from data, and what becomes of them in the registry."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pytest
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from tidegate import schema as schemas
from tidegate.contract import Contract
from tidegate.core.errors import NotRegisteredError, RegistryError, SchemaError
from tidegate.platform.lineage import directory_digest
from tidegate.platform.registry import Registry
from tidegate.schema import approval, proposal, tfx_import
from tidegate.schema.diff import same
from tidegate.schema.proposal import Proposal
from tidegate.schema.propose import propose
from tidegate.statistics import compute_table

CONTRACT = """
dataset: flights
source: {uri: x, format: csv}
key: [id]
label: late
"""
ROWS = 1000


def span(number, **changes):
    random = np.random.default_rng(number)
    columns = {
        "id": [f"{number}-{i}" for i in range(ROWS)],
        "carrier": random.choice(["AA", "UA", "DL"], ROWS),
        "distance": random.choice([200, 500, 1400], ROWS),
        "visib": random.choice([9.5, 10.0], ROWS),
        "late": random.integers(0, 2, ROWS),
    }
    table = pa.table({k: v for k, v in {**columns, **changes}.items() if v is not None})
    return compute_table(table.to_batches(), schema=table.schema, span=f"2013-{number:02}")


@pytest.fixture(scope="module")
def contract():
    return Contract.parse(CONTRACT)


@pytest.fixture(scope="module")
def january(contract):
    return schemas.infer(span(1), contract)


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


def february(**changes):
    codes = np.random.default_rng(2).choice(["AA", "UA", "DL"], ROWS)
    codes[:50] = "ZZ"
    return span(2, carrier=codes, visib=None, **changes)


def proposed(registry, january, contract, spans=None):
    made = propose(january, spans or [february()], contract, base=current(registry))
    return approval.keep(registry, made, by="somebody"), made


def passes(schema, statistics, environment="TRAINING"):
    found = tfdv.validate_statistics(statistics.as_list(), schema, environment=environment)
    return not found.anomaly_info


def test_the_changes_that_a_span_needs_with_the_evidence(january, contract):
    made = propose(january, [february()], contract, base="v1")
    assert made.summary == "2 changes: 1 gone, 1 widened"
    carrier, visib = made.changes
    assert carrier.sentence() == "carrier: 'ZZ' may occur too"
    assert carrier.evidence == ("'ZZ': 50 rows (5.0%) in 2013-02",)
    assert visib.sentence() == "visib: column (FLOAT) dropped, no longer required or checked"
    assert visib.evidence == ("not in 2013-02 (1,000 rows)",)
    assert made.left == ()
    assert not passes(january, february())
    assert passes(made.schema, february())
    assert propose(january, [span(3)], contract).changes == ()


EVERY = np.arange(ROWS)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"gate": EVERY % 40}, "gate: new column (INT)"),
        ({"distance": EVERY / 2}, "distance: type INT -> FLOAT"),
        ({"distance": ["far"] * ROWS}, "distance: type INT -> BYTES"),
        (
            {"carrier": pa.array(["AA"] * ROWS, mask=EVERY % 4 == 0)},
            "carrier: presence in at least 99.0% of rows -> in at least 72.2% of rows",
        ),
        (
            {"visib": pa.nulls(ROWS, pa.float64())},
            "visib: presence in at least 99.0% of rows -> optional",
        ),
        ({"late": EVERY % 3}, "late: domain bool_domain {{ }} -> anything"),
        (
            {"carrier": [f"C{i % 500}" for i in range(ROWS)]},
            "carrier: domain the values of 'carrier' -> anything",
        ),
    ],
)
def test_whatever_a_span_needs_is_proposed(january, contract, changes, sentence):
    made = propose(january, [span(2, **changes)], contract)
    assert sentence.replace("{{ }}", "{ }") in [c.sentence() for c in made.changes]
    assert not passes(january, span(2, **changes)) or "gate" in changes
    assert passes(made.schema, span(2, **changes)), made.left
    assert all(c.evidence for c in made.changes if c.aspect != "distribution_constraints")


def test_ranges_flags_and_counts_reach_as_far_as_the_data(contract):
    text = """
    feature { name: "a" type: INT int_domain { min: 0 max: 9 } }
    feature { name: "b" type: FLOAT float_domain { max: 1 disallow_nan: true disallow_inf: true } }
    feature { name: "c" type: BYTES string_domain { value: "x" } unique_constraints { max: 2 } }
    feature { name: "d" type: INT presence { min_count: 5000 } }
    feature { name: "e" type: INT shape { dim { size: 2 } } presence { min_fraction: 1 } }
    feature { name: "f" type: INT presence { min_count: 1 } lifecycle_stage: PLANNED }
    feature { name: "g" type: INT presence { min_count: 1 } not_in_environment: "TRAINING" }
    default_environment: "TRAINING"
    """
    schema = text_format.Parse(text, schema_pb2.Schema())
    table = pa.table(
        {
            "a": [-1, 12, 5] * 10,
            "b": [0.5, float("nan"), float("inf")] * 10,
            "c": ["x", "y", "z"] * 10,
            "d": [1] * 30,
            "e": [1] * 30,
        }
    )
    data = compute_table(table.to_batches(), schema=table.schema, span="2013-01")
    made = propose(schema, [data], contract)
    said = [c.sentence().replace("\u2212", "-") for c in made.changes]
    assert said[0] == "a: domain 0 to 9 -> -1 to 12"
    assert "b: domain -∞ to 1, no nan, no inf -> -∞ to ∞" in said
    assert "c: domain one of 'x' -> one of 'x', 'y', 'z'" in said
    assert "d: presence in at least 5,000 rows -> in at least 30 rows" in said
    assert not any(line.startswith(("f:", "g:")) for line in said)
    # A shape is for a person to think about: what still holds is told.
    assert [line.partition(":")[0] for line in made.left] == ["e"]


def test_a_misspelt_value_is_left_to_the_source(january, contract):
    codes = ["ua" if i % 10 == 0 else "ZZ" if i % 10 == 1 else "AA" for i in range(ROWS)]
    made = propose(january, [span(2, carrier=codes)], contract)
    (change,) = made.changes
    assert change.evidence == ("'ZZ': 100 rows (10.0%) in 2013-02",)
    assert "ua" not in schemas.domain(made.schema, "carrier")
    assert made.left[0] == (
        "carrier: 'ua' (100 rows) looks like 'UA' in another spelling; fix the source, or add it "
        "by an edit"
    )


def test_the_label_is_not_dropped_in_silence(january, contract):
    made = propose(january, [span(2, late=None)], contract)
    (change,) = made.changes
    assert change.evidence[-1].startswith("the contract names it as key, time or label")


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
        entry = approval.keep(registry, made, by="somebody")

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
    entry = approval.keep(registry, made, by="ada")
    assert entry.span == "2013-01"
    approval.approve(registry, entry.version, by="ada", reason="")
    assert same(approval.schema_of(registry, registry.current("schema")), edited)


def test_a_first_schema_may_be_approved_too(tmp_path, january):
    registry = Registry(str(tmp_path / "registry"), "flights")
    made = proposal.of_schemas(schema_pb2.Schema(), january, base="", because="import")
    entry = approval.keep(registry, made, by="ada")
    assert registry.current("schema") is None
    approval.approve(registry, entry.version, by="ada", reason="ours since 2012")
    assert same(approval.schema_of(registry, registry.current("schema")), january)


TFX = """
feature { name: "id" type: BYTES presence { min_fraction: 1 min_count: 1 } }
feature { name: "late" type: INT drift_comparator { infinity_norm { threshold: 0.1 } } }
feature { name: "page" type: BYTES url_domain {} }
feature { name: "hour" type: BYTES time_of_day_domain { string_format: "%H" } }
feature { name: "old" type: INT presence { min_count: 1 } lifecycle_stage: DEPRECATED }
feature { name: "bag" type: FLOAT group_presence { required: true } value_count { min: 1 max: 1 }
          skew_comparator { jensen_shannon_divergence { threshold: 0.2 } } }
feature { name: "mass" type: INT distribution_constraints { min_domain_mass: 0.5 } }
sparse_feature { name: "s" index_feature { name: "i" } value_feature { name: "v" } }
dataset_constraints { min_examples_count: 10 num_examples_version_comparator {} }
"""


def test_a_schema_of_tfx_is_imported(contract):
    given = schemas.parse(TFX)
    found = tfx_import.import_schema(given, contract)
    assert found.added == (
        "default_environment TRAINING added: runs ask for it",
        "default_environment SERVING added: runs ask for it",
        "late: not_in_environment SERVING added: what is served has none",
        "hour: time_of_day_domain removed: TFDV fails on it, whatever the data",
        "mass: distribution_constraints removed: it has no domain, and TFDV fails on that, "
        "whatever the data",
    )
    assert [line.split(": ")[0] + ": " + line.split(": ")[1] for line in found.unenforced] == [
        "page: url_domain",
        "old: nothing of it",
        "bag: group_presence",
        "bag: skew_comparator",
        "sparse_feature: rows are flat, without pairs of index and value",
        "num_examples_version_comparator: no version of the same span is compared with",
    ]
    # Nothing else was touched, and what is exported is imported as it is.
    kept = schema_pb2.Schema()
    kept.CopyFrom(found.schema)
    del kept.default_environment[:]
    next(f for f in kept.feature if f.name == "late").ClearField("not_in_environment")
    for name, field in (("hour", "time_of_day_domain"), ("mass", "distribution_constraints")):
        next(f for f in given.feature if f.name == name).ClearField(field)
    assert kept == given
    again = tfx_import.import_schema(schemas.parse(schemas.text(found.schema)), contract)
    assert (again.schema, again.added) == (found.schema, ())
    assert again.unenforced == found.unenforced


def test_what_is_said_not_to_be_enforced_is_not(contract):
    table = pa.table(
        {
            "id": ["a"],
            "late": [1],
            "page": ["no page"],
            "hour": ["99"],
            "mass": [1],
            "bag": [2.0],
        }
    )
    data = compute_table(table.to_batches(), schema=table.schema)
    found = tfx_import.import_schema(schemas.parse(TFX), contract)
    found.schema.dataset_constraints.ClearField("min_examples_count")
    reported = tfdv.validate_statistics(
        data.as_list(), found.schema, environment="TRAINING", previous_statistics=data.as_list()
    )
    assert dict(reported.anomaly_info) == {}
    assert not reported.HasField("dataset_anomaly_info")


def test_an_import_that_lacks_a_column_of_the_contract_is_refused(contract):
    with pytest.raises(SchemaError, match="label names the column 'late', which the schema does"):
        tfx_import.import_schema(schemas.parse('feature { name: "id" }'), contract)
    with pytest.raises(SchemaError, match="in_environment expects it in SERVING"):
        tfx_import.import_schema(
            schemas.parse(
                'feature { name: "id" } feature { name: "late" in_environment: "SERVING" }'
            ),
            contract,
        )


def test_who_runs_this():
    command = [sys.executable, "-c", "from tidegate.schema.approval import user; print(user())"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={"PATH": "", "USER": "ada"}
    )
    assert done.stdout == "ada\n"
