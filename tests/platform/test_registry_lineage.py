"""Versions in the registry keep their lineage."""

import pytest

from tidegate.core.errors import RegistryError
from tidegate.platform import lineage
from tidegate.platform.lineage import Lineage, Node
from tidegate.platform.registry import Registry
from tidegate.steps import parents


def artifact(tmp_path, **files):
    folder = tmp_path / "artifact"
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def test_a_version_keeps_its_lineage(tmp_path, monkeypatch):
    registry = Registry(str(tmp_path / "registry"), "flights")
    folder = artifact(tmp_path, a="1")
    source = Lineage.of(Node("object", "s3://b/k", "1", {"size": 3}))
    made = lineage.record(folder, "statistics", name="2013-01", parents=[source])

    def commit(run):
        monkeypatch.setenv("TIDEGATE_RUN_ID", run)
        return registry.commit(
            "statistics", "v1", folder, span="2013-01", lineage={}, parents=[made]
        )

    entry = commit("first")
    assert [file.name for file in entry.files] == ["a"]
    found = registry.lineage(entry)
    assert found.root.name == "statistics v1"
    assert found.parents(found.root) == [made.root]
    assert commit("second") == entry
    assert registry.lineage(entry) == found
    assert parents.of_version(entry).root.digest == entry.digest

    manifest = next((tmp_path / "registry").rglob("manifest.json"))
    artifact(tmp_path, a="2")
    other = registry.commit(
        "statistics", "v2", folder, span="2013-02", lineage={}, parents=[source]
    )
    place = tmp_path / "registry" / registry.folder(other) / "manifest.json"
    place.write_text(manifest.read_text())
    with pytest.raises(RegistryError, match="is the manifest of another version"):
        registry.lineage(other)
    manifest.write_text(manifest.read_text().replace("s3://b/k", "s3://b/l"))
    with pytest.raises(RegistryError, match=r"manifest\.json was changed"):
        registry.lineage(entry)
    manifest.unlink()
    with pytest.raises(RegistryError, match=r"manifest\.json is missing"):
        registry.lineage(entry)


def test_a_version_committed_without_has_none(tmp_path):
    registry = Registry(str(tmp_path / "registry"), "flights")
    folder = artifact(tmp_path, a="1")
    entry = registry.commit("statistics", "v1", folder, span="2013-01", lineage={})
    assert registry.lineage(entry) is None
