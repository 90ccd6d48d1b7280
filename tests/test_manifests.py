"""Every manifest is what Kubernetes' own schemas say it may be; kustomizations name what exists."""

from pathlib import Path

import kubernetes_validate
import pytest
import yaml

MANIFESTS = Path(__file__).parents[1] / "manifests"
VERSIONS = ["1.32", "1.34"]
KUSTOMIZATIONS = sorted(MANIFESTS.rglob("kustomization.yaml"))


def objects():
    for path in sorted(MANIFESTS.rglob("*.yaml")):
        if path not in KUSTOMIZATIONS:
            for each in yaml.safe_load_all(path.read_text()):
                name = f"{each['kind']}-{each['metadata']['name']}"
                yield pytest.param(each, id=f"{path.relative_to(MANIFESTS)}-{name}")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("manifest", objects())
def test_a_manifest_is_valid(manifest, version):
    kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize("path", KUSTOMIZATIONS, ids=lambda p: p.parent.name)
def test_a_kustomization_names_files_that_exist(path):
    for resource in yaml.safe_load(path.read_text())["resources"]:
        assert (path.parent / resource).exists()


@pytest.mark.parametrize("manifest", objects())
def test_no_secret_is_written_down(manifest):
    assert manifest["kind"] != "Secret"


def test_every_role_says_exactly_what_it_allows():
    roles = [p.values[0] for p in objects() if p.values[0]["kind"] in ("Role", "ClusterRole")]
    assert roles
    for role in roles:
        for rule in role["rules"]:
            assert "*" not in [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]
            assert "secrets" not in rule["resources"]
