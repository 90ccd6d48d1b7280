"""`tidegate registry`."""

import os
import time
from pathlib import Path

import pytest

from tidegate.cli import main
from tidegate.platform.registry import Registry

DIGEST = "0123456789abcdef" * 4


@pytest.fixture
def registry(tmp_path):
    """The URI of a registry with two published models and held statistics."""
    payload = tmp_path / "payload"
    payload.mkdir()
    made = Registry(str(tmp_path / "registry"), "flights")
    for number in (1, 2):
        (payload / "model.json").write_text(str(number))
        lineage = {"content_digest": DIGEST, "champion_before": "v1" if number == 2 else ""}
        if number == 2:
            lineage["code"] = DIGEST
        made.commit("model", f"v{number}", payload, span=f"2013-0{number}", lineage=lineage)
    made.commit("statistics", "s1", payload, span="2013-02", lineage={}, promote=False)
    return str(tmp_path / "registry")


@pytest.fixture
def call(registry, capsys):
    def call(*arguments):
        code = main(["registry", "--registry", registry, "--dataset", "flights", *arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def test_list(call):
    code, out, _ = call("list")
    assert code == 0
    schema, statistics, held, model, first, second = out.splitlines()
    assert (schema, statistics, model) == ("schema: none yet", "statistics:", "model:")
    assert held.startswith("  s1  2013-02  ")
    assert held.endswith("never promoted")
    assert first.startswith("  v1  2013-01  ")
    assert second.startswith("* v2  2013-02  ")
    assert "content_digest=0123456789ab" in second
    assert "champion_before=v1" in second
    assert DIGEST not in out
    assert call("list", "schema") == (0, "schema: none yet\n", "")


def test_show(call):
    code, out, _ = call("show", "model")
    assert code == 0
    assert out.startswith("model v2 (current)\nspan 2013-02, ")
    assert DIGEST in out
    assert out.splitlines()[-1].endswith("  model.json")
    assert "down to the source objects: lineage v2 --kind model\n" in out
    assert call("show", "model", "v1")[1].startswith("model v1 (promoted before)")
    assert "lineage v1" not in call("show", "model", "v1")[1]
    assert call("show", "statistics", "s1")[1].startswith("statistics s1 (never promoted)")
    code, out, _ = call("show", "schema")
    assert (code, out) == (1, "no schema of flights was promoted yet\n")


def test_promote_is_a_rollback(call, registry):
    assert call("promote", "model", "v1") == (0, "current model: v1 (was v2)\n", "")
    assert Registry(registry, "flights").current("model").version == "v1"
    assert call("promote", "model", "v1") == (0, "current model: v1 (was v1)\n", "")


def test_a_proposed_schema_is_not_promoted_past_its_approval(call, registry, tmp_path):
    made = Registry(registry, "flights")
    for name in ("one", "two"):
        (tmp_path / "payload" / "model.json").write_text(name)
        payload = tmp_path / "payload"
        made.commit("schema", name, payload, span="2013-01", lineage={}, promote=name == "one")
    code, out, err = call("promote", "schema", "two")
    assert (code, out) == (1, "")
    assert "'two' was never current: it is a proposal; decide on it with: tidegate schema" in err
    assert call("promote", "schema", "one") == (0, "current schema: one (was one)\n", "")


def test_mistakes_are_one_line(call):
    code, out, err = call("promote", "model", "v9")
    assert (code, out) == (1, "")
    assert err == ("error: model 'v9' is not in the registry of flights; there are: v1, v2\n")
    with pytest.raises(SystemExit) as ended:
        call("show", "modell")
    assert ended.value.code == 2


def test_gc(call, registry):
    def files():
        return sorted(p for p in Path(registry).rglob("*") if p.is_file() and p.name[0] != ".")

    kept = files()
    folder = Path(registry, "flights", "models", "v3", "0123456789abcdef")
    folder.mkdir(parents=True)
    (folder / "half").write_bytes(b"x" * 2000)
    assert call("gc") == (0, "0 payloads that no index names, 0 bytes\n", "")
    two_days_ago = time.time() - 2 * 86_400
    os.utime(folder / "half", (two_days_ago, two_days_ago))
    code, out, _ = call("gc")
    first, last = out.splitlines()
    assert code == 0
    assert first.startswith("flights/models/v3/0123456789abcdef  1 objects, 2,000 bytes, 20")
    assert last == "1 payloads that no index names, 2,000 bytes; --delete removes them"
    assert (folder / "half").exists()
    assert call("gc", "--older-than", "49")[1].startswith("0 payloads")
    assert call("gc", "--delete")[1].startswith("deleted flights/models/v3/")
    assert files() == kept
    assert call("gc", "--older-than", "-1")[0] == 1
