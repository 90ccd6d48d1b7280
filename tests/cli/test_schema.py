"""`tidegate schema`, as a person calls it, on files and on a registry."""

import json
import re
from pathlib import Path

import pytest

from tests.support.commands import lines, text_of
from tidegate import schema as schemas
from tidegate.platform.registry import Registry


@pytest.fixture
def registered(call, contract):
    """January's schema, imported and approved; calls an action with registry and contract."""

    def action(name, *arguments):
        return call(*("schema", name, "--registry", "registry", "--contract", contract), *arguments)

    assert call("schema", "infer", "2013-01", "--contract", contract, "--out", "s.pbtxt")[0] == 0
    code, out, err = action("import", "s.pbtxt", "--by", "ada")
    assert code == 0, err
    assert action("approve", proposed(out), "--by", "ada", "--reason", "the first")[0] == 0
    return action


def proposed(out):
    return re.search(r"schema approve --registry registry --contract \S+ (\w+)$", out, re.M)[1]


def current():
    return Registry("registry", "flights").current("schema")


def february(**options):
    rows = [[*row, i % 2] for i, row in enumerate(lines(2, **options))]
    body = text_of([]).replace("\n", ",late\n") + text_of(rows).split("\n", 1)[1]
    Path("spans/2013-02.csv").write_text(body.replace("gust", "wind", 1))


def test_infer_writes_a_schema(call):
    code, out, err = call("schema", "infer", "january.csv")
    assert code == 0
    schema = schemas.parse(out)
    assert [f.name for f in schema.feature] == ["id", "day", "carrier", "distance", "gust"]
    assert schemas.domain(schema, "carrier") == ("AA", "DL", "UA")
    assert schemas.domain(schema, "day") == ()
    assert "no contract says what they are: day (times)" in err


def test_infer_from_three_spans_tells_the_evidence(call):
    Path("march.csv").write_text(text_of(lines(3)))
    code, out, _ = call(
        *("schema", "infer", "january.csv", "february.csv", "march.csv", "--out", "s.pbtxt")
    )
    assert code == 0
    assert out.startswith("5 columns, ")
    assert "from january.csv, february.csv and march.csv" in out.splitlines()[0]
    shown = " ".join(out.split())
    assert "distance range" in shown
    assert "gust presence" in shown
    assert "carrier domain at least 99.0% among the known values 3 values in 3,600 rows" in shown
    schema = schemas.read_file(Path("s.pbtxt"))
    gust = next(f for f in schema.feature if f.name == "gust")
    assert 0 < gust.presence.min_fraction < 0.25


def test_diff_of_two_files(call):
    call("schema", "infer", "january.csv", "--out", "old.pbtxt")
    call("schema", "infer", "broken.csv", "--out", "new.pbtxt")
    assert call("schema", "diff", "old.pbtxt", "old.pbtxt")[:2] == (0, "no changes\n")
    code, out, _ = call("schema", "diff", "old.pbtxt", "new.pbtxt")
    assert code == 3
    assert out.splitlines() == [
        "1 change: 1 changed",
        "  changed  carrier: 'ua' may occur too; 'UA' may no longer occur",
    ]
    found = json.loads(call("schema", "diff", "old.pbtxt", "new.pbtxt", "--format", "json")[1])
    assert found["summary"] == "1 change: 1 changed"
    assert found["changes"][0]["columns"] == ["carrier"]


def test_a_proposal_from_data_is_approved(registered, call, contract):
    first = current().version
    february(carriers=("AA", "UA", "DL", "ZZ"))
    arguments = ("validate", "2013-02", "--against", "2013-01", "--contract", contract)
    assert call(*arguments, "--schema", "s.pbtxt")[0] == 3
    code, out, _ = registered("propose", "2013-02", "--by", "a run")
    assert code == 0
    assert re.search(r"widened +carrier: 'ZZ' may occur too\n +'ZZ': \d+ rows \(2\d", out)
    assert re.search(r"gone +gust: column \(FLOAT\) dropped.*\n +not in 2013-02 \(1,200 row", out)
    assert re.search(r"new +wind: new column \(FLOAT\)\n +2013-02: missing in 900 of 1,200", out)
    assert current().version == first
    version = proposed(out)
    assert registered("diff") == (3, out.partition("\n\n")[0] + "\n", "")
    listed = registered("list", "--open")[1].splitlines()
    assert len(listed) == 2
    assert listed[1].startswith(f"{version}  proposed  2013-02")
    code, out, _ = registered("approve", version, "--by", "ada", "--reason", "ZZ is an airline")
    assert code == 0
    assert out.endswith(f"flights: schema {version} is current (was {first})\n")
    assert current().lineage["approved_by"] == "ada"
    assert registered("approve", version)[1] == f"flights: schema {version} is current already\n"
    listed = registered("list")[1]
    assert "ZZ is an airline" in listed
    assert re.search(rf"{first} +superseded", listed)
    code, out, _ = registered("show")
    Path("now.pbtxt").write_text(out)
    assert "# approved_by: ada\n" in out
    assert "#   widened  carrier: 'ZZ' may occur too" in out
    assert "ZZ" in schemas.domain(schemas.read_file(Path("now.pbtxt")), "carrier")
    assert registered("diff", first, version)[0] == 3
    assert registered("propose", "2013-02")[2].endswith("there is nothing to propose\n")


def test_a_proposal_is_rejected(registered):
    february(carriers=("AA", "UA", "DL", "ua"))
    _, out, _ = registered("propose", "2013-02")
    assert re.search(r"what would still hold\n  carrier: 'ua' \(\d+ rows\) looks like 'UA'", out)
    version = proposed(out)
    code, out, _ = registered("reject", version, "--by", "ada", "--reason", "a broken export")
    assert (code, out) == (0, f"flights: proposal {version} is rejected by ada\n")
    code, _, err = registered("approve", version)
    assert code == 1
    assert f"schema '{version}' was rejected by ada (a broken export)" in err
    assert registered("list", "--open")[1] == "flights: no open proposal\n"


def test_one_column_only(registered):
    february(carriers=("AA", "UA", "DL", "ZZ"))
    version = proposed(registered("propose", "2013-02")[1])
    code, out, _ = registered("approve", version, "--only", "carrier")
    assert code == 0
    assert "gust" not in out
    assert current().lineage["of"] == version


def test_an_edit_is_a_proposal(registered, monkeypatch):
    monkeypatch.setenv("EDITOR", "sed -i s/min_domain_mass:.0.99/min_domain_mass:0.9/")
    monkeypatch.delenv("VISUAL", raising=False)
    code, out, _ = registered("edit", "--by", "ada")
    assert code == 0
    assert "carrier: share of known values at least 99.0% -> at least 90.0%" in out
    assert current().lineage["because"] == "import"
    registered("approve", proposed(out))
    assert current().lineage["because"] == "edit"
    monkeypatch.setenv("EDITOR", "true")
    assert registered("edit")[2].endswith("there is nothing to propose\n")
    monkeypatch.setenv("EDITOR", "false")
    assert "'false' ended with 1; nothing is kept" in registered("edit")[2]
    monkeypatch.setenv("EDITOR", "none-such")
    assert "cannot start the editor 'none-such'" in registered("edit")[2]
    monkeypatch.setenv("EDITOR", "sed -i s/feature/featur/")
    code, _, err = registered("edit")
    assert code == 1
    assert "schema.pbtxt: not a schema" in err


def test_an_import_says_what_is_not_enforced(registered):
    text = Path("s.pbtxt").read_text() + (
        'feature { name: "page" type: BYTES url_domain {} }\n'
        'sparse_feature { name: "s" value_feature { name: "v" } }\n'
    )
    Path("theirs.pbtxt").write_text(text.replace('default_environment: "SERVING"\n', ""))
    code, out, _ = registered("import", "theirs.pbtxt")
    assert code == 0
    first, second, third = out.splitlines()[:3]
    assert first == "changed      default_environment SERVING added: runs ask for it"
    assert second == "not enforced page: url_domain: values are not looked into"
    assert third.startswith("not enforced sparse_feature: ")


def test_a_schema_in_a_file_can_be_kept_up_without_a_registry(call):
    Path("new.csv").write_text(text_of(lines(2, carriers=("AA", "UA", "DL", "ZZ"))))
    against = ("--against", "january.csv", "--schema", "s.pbtxt")
    assert call("schema", "infer", "january.csv", "--out", "s.pbtxt")[0] == 0
    assert call("validate", "new.csv", *against)[0] == 3
    code, out, _ = call("schema", "propose", "new.csv", "--schema", "s.pbtxt", "--out", "s.pbtxt")
    assert code == 3
    assert out.splitlines()[0] == "1 change: 1 widened by new.csv"
    assert "carrier: 'ZZ' may occur too" in out
    assert "ZZ" in schemas.domain(schemas.read_file(Path("s.pbtxt")), "carrier")
    assert call("schema", "propose", "new.csv", "--schema", "s.pbtxt")[:2] == (
        0,
        "no changes by new.csv\n",
    )
    code, _, err = call("schema", "propose", "new.csv", "--schema", "s.pbtxt", "--registry", "r")
    assert code == 1
    assert "give --schema or --registry, not both" in err
    assert "--registry is missing" in call("schema", "propose", "new.csv")[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["diff", "s.pbtxt"], "give two schemas to compare, or --registry and --contract"),
        (["diff", "none.pbtxt", "s.pbtxt"], "cannot read none.pbtxt"),
        (["diff", "--registry", "registry"], "--contract is missing"),
        (["infer", "january.csv", "january.csv"], "the same span is given twice"),
    ],
)
def test_mistakes_are_one_line(registered, call, arguments, message):
    code, out, err = call("schema", *arguments)
    assert (code, out) == (1, "")
    assert message in err.splitlines()[-1]


def test_mistakes_on_a_registry_are_one_line(registered, call, contract):
    assert "nobody has proposed a change" in registered("diff")[2]
    assert "schema 'x' is not in the registry of flights" in registered("approve", "x")[2]
    empty = ("--registry", "empty", "--contract", contract)
    assert "flights has no schema yet" in call("schema", "show", *empty)[2]
    assert "flights has no schema yet" in call("schema", "propose", *empty, "2013-01")[2]
    assert call("schema", "list", *empty)[1] == "flights: no schema\n"
