"""A contract is strict, and its messages name file, line, key and remedy."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.contract import Contract, json_schema
from tidegate.core.errors import ContractError

MINIMAL = "dataset: d\nsource: {uri: 'x/{YYYY}/*.csv', format: csv}\nkey: [id]\n"


def parse(extra=""):
    return Contract.parse(MINIMAL + extra, name="c.yaml")


def test_defaults():
    contract = parse("label: y\n")
    assert contract.gates.min_examples == 1000
    assert contract.gates.drift.default == "auto"
    assert contract.split_columns == ("id",)
    assert contract.not_features == {"id", "y"}


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (
            "gates: {min_example: 3}\n",
            "c.yaml:4: unknown key 'gates.min_example'; did you mean 'min_examples'?",
        ),
        ("lable: y\n", "c.yaml:4: unknown key 'lable'; did you mean 'label'?"),
        ("label: y\nlabel: z\n", "c.yaml:5: key 'label' is given twice"),
        ("privacy: {deny: [email]}\n", "'privacy' is not enforced by this version"),
        ("training:\n  epochs: '3'\n", "c.yaml:5: training.epochs: "),
        ("evaluation:\n  thresholds:\n    auc: {}\n", "c.yaml:6: evaluation.thresholds.auc: "),
        ("slices: [[a], 3]\n", "c.yaml:4: slices[1]: "),
        ("gates: {drift: 2}\n", "c.yaml:4: gates.drift: "),
        ("label: id\n", "label 'id' is part of the key, and a key names an example before"),
        ("gates: {skew: learned}\n", "c.yaml:4: gates.skew: learned needs accepted spans"),
        ("gates: {skew: {mismatch: 1.5}}\n", "c.yaml:4: gates.skew.mismatch: should be less"),
        ("serving: {key: [id]}\n", "key 'serving.source' is missing; add it"),
        (
            "label: y\nserving: {source: {uri: x, format: csv}, key: [y]}\n",
            "label 'y' is part of serving.key",
        ),
        (
            "serving: {source: {uri: x, format: csv}, columns: {a: c, b: c}}\n",
            "columns gives 'c' to more than one column",
        ),
        (
            "serving: {source: {uri: x, format: csv}, columns: {a: c}, exclude: [c]}\n",
            "'c' is in both columns and exclude",
        ),
        (
            "serving: {source: {uri: x, format: csv}, colums: {a: c}}\n",
            "unknown key 'serving.colums'; did you mean 'columns'?",
        ),
        ("features: {exclude: [a], categorical: [a]}\n", "'a' is both categorical and"),
        ("features: {numeric: [id]}\n", "features.numeric names 'id', which is key or time"),
        ("splits: {by: hash()}\n", "c.yaml:4: splits.by: "),
        ("splits: {train: 0}\n", "c.yaml:4: splits.train: "),
        ("a: [\n", "not valid YAML"),
        ("slices: &x [*x]\n", "aliases"),
        ("? [a, b]\n: c\n", "a key must be a name"),
        ("a: !!python/object:os.system {}\n", "c.yaml"),
    ],
)
def test_mistakes_are_named(extra, message):
    with pytest.raises(ContractError) as caught:
        parse(extra)
    assert message in str(caught.value)


def test_a_key_is_optional_and_never_empty():
    keyless = MINIMAL.replace("key: [id]\n", "label: y\n")
    contract = Contract.parse(keyless)
    assert (contract.key, contract.split_columns, contract.serving_key) == ((), (), ())
    contract.require_columns(["y"])
    with pytest.raises(ContractError, match="key: "):
        Contract.parse(keyless + "key: []\n")


def test_missing_key_is_named():
    with pytest.raises(ContractError, match=r"key 'source\.format' is missing"):
        Contract.parse("dataset: d\nsource: {uri: x}\nkey: [id]\n")


def test_every_mistake_is_listed_once():
    with pytest.raises(ContractError) as caught:
        parse("lable: y\nslice: []\n")
    assert str(caught.value).count("\n") == 1


def test_unreadable_file_and_wrong_encoding(tmp_path):
    with pytest.raises(ContractError, match="cannot read the contract"):
        Contract.load(tmp_path / "nothing.yaml")
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("dataset: é".encode("latin-1"))
    with pytest.raises(ContractError, match="cannot read the contract"):
        Contract.load(latin)


def test_digest_pins_the_contract(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text(MINIMAL)
    contract = Contract.load(path)
    assert contract.source_uri == str(tmp_path / "x/{YYYY}/*.csv")
    assert Contract.load(f"file://{path}", digest=contract.digest).dataset == "d"
    path.write_text(MINIMAL + "label: y\n")
    with pytest.raises(ContractError, match="changed since the run began"):
        Contract.load(path, digest=contract.digest)


def test_columns_are_checked_against_the_data():
    contract = parse("label: late\nslices: [[orign]]\n")
    with pytest.raises(ContractError, match=r"slices names .*did you mean 'origin'"):
        contract.require_columns(["id", "late", "origin"])
    contract.require_columns(["id", "late", "orign"])
    with pytest.raises(ContractError, match=r"there are: id, late$"):
        contract.require_columns(["id", "late", "id", "late"])


def test_names_that_yaml_reads_as_numbers_need_quotes():
    text = (
        "dataset: d\nsource: {uri: '{SPAN}.csv', format: csv}\nkey: [id]\n"
        "gates: {drift: {accepted: {2: {x: right}}}}\nfeatures: {exclude: [2013]}\n"
    )
    with pytest.raises(ContractError) as caught:
        Contract.parse(text)
    for name in ("2", "2013"):
        assert f'(found {name}); write it in quotes: "{name}"' in str(caught.value)


def test_json_schema_accepts_what_the_model_accepts():
    schema = json_schema()
    assert schema["properties"]["dataset"]["pattern"]
    assert schema["additionalProperties"] is False
    kept = Path(__file__).parents[2] / "docs" / "contract.schema.json"
    assert json.loads(kept.read_text()) == schema


def test_every_key_is_documented():
    page = (Path(__file__).parents[2] / "docs" / "contract.md").read_text()
    schema = json_schema()
    sections = {"": schema["properties"]}
    for name in ("source", "features", "splits", "gates", "training", "evaluation", "serving"):
        sections[f"{name}."] = schema["$defs"][name.capitalize()]["properties"]
    for name in ("drift", "shift"):
        sections[f"gates.{name}."] = schema["$defs"][name.capitalize()]["properties"]
    for name, of in (("", "Skew"), ("mismatch.", "Mismatch"), ("tolerance.", "Tolerances")):
        sections[f"gates.skew.{name}"] = schema["$defs"][of]["properties"]
    wanted = {f"{prefix}{key}" for prefix, keys in sections.items() for key in keys}
    plain = {"gates.drift", "gates.skew", "gates.skew.mismatch", "serving"}
    wanted -= {prefix.removesuffix(".") for prefix in sections} - plain
    assert {key for key in wanted if f"`{key}`" not in page} == set()


keys = st.text("abkqxyz_09 é", min_size=1, max_size=8)
trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=12,
)
sections = ["dataset", "source", "key", "label", "features", "splits", "gates", "training"]
sections += ["slices", "evaluation", "task", "time"]


@given(st.dictionaries(st.sampled_from(sections) | keys, trees, max_size=6))
def test_any_tree_is_a_contract_or_an_explained_error(tree):
    try:
        Contract.parse(json.dumps(tree))
    except ContractError as error:
        assert str(error).startswith("contract")


@given(st.text(max_size=60))
def test_any_text_is_a_contract_or_an_explained_error(text):
    try:
        Contract.parse(text)
    except ContractError as error:
        assert str(error).startswith("contract")


def test_a_relative_source_lies_beside_the_contract_and_not_where_its_link_leads(tmp_path):
    """As in a ConfigMap, whose links lead to a folder that changes with every version."""
    inner = tmp_path / "..2026_11_29"
    inner.mkdir()
    (inner / "contract.yaml").write_text(
        "dataset: d\nsource: {uri: 'data/{YYYY}/x.csv', format: csv}\nkey: [id]\n"
    )
    (tmp_path / "contract.yaml").symlink_to(inner / "contract.yaml")
    assert Contract.load(tmp_path / "contract.yaml").source_uri.startswith(str(tmp_path / "data"))
