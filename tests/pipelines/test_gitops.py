"""The pipelines as Kubernetes objects: what KFP's own schemas and its own compiler say of them."""

import re
from pathlib import Path

import jsonschema
import pytest
import yaml
from kfp import compiler
from kfp.compiler.compiler_utils import KubernetesManifestOptions

from tidegate_kfp import compilation, compiled, gitops
from tidegate_kfp.pipelines.training import training

CRDS = Path(__file__).parents[1] / "files" / "crds"
KEPT = "x-kubernetes-preserve-unknown-fields"


def schema(kind):
    for path in CRDS.glob("*.yaml"):
        crd = yaml.safe_load(path.read_text())
        if crd["spec"]["names"]["kind"] == kind:
            (version,) = crd["spec"]["versions"]
            assert crd["spec"]["group"] + "/" + version["name"] == gitops.API_VERSION
            return _closed(version["schema"]["openAPIV3Schema"])
    raise KeyError(kind)


def _closed(node):
    """The same, but what Kubernetes would silently drop is an error."""
    if isinstance(node, dict):
        closed = {key: _closed(value) for key, value in node.items()}
        if "properties" in node and KEPT not in node:
            closed["additionalProperties"] = False
        return closed
    return node


@pytest.fixture(scope="module")
def kept():
    return list(yaml.safe_load_all(compiled.GITOPS.read_bytes()))


def test_the_file_is_current():
    content = compiled.TRAINING.read_bytes()
    assert compiled.GITOPS.read_bytes() == gitops.resources(content)
    assert dict(compilation.targets())[compiled.GITOPS] == compiled.GITOPS.read_bytes()


def test_the_pipeline_comes_before_its_version(kept):
    assert [each["kind"] for each in kept] == ["Pipeline", "PipelineVersion"]
    pipeline, version = kept
    assert version["spec"]["pipelineName"] == pipeline["metadata"]["name"]


def test_objects_are_what_kfps_resource_definitions_say(kept):
    for each in kept:
        jsonschema.validate(each, schema(each["kind"]))
        assert re.fullmatch(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?", each["metadata"]["name"])


def test_a_mistyped_field_is_found(kept):
    version = kept[1]
    version["spec"]["pipelineSpecs"] = version["spec"].pop("pipelineSpec")
    with pytest.raises(jsonschema.ValidationError, match="pipelineSpec"):
        jsonschema.validate(version, schema("PipelineVersion"))
    version["spec"]["pipelineSpec"] = version["spec"].pop("pipelineSpecs")


def test_kfps_own_compiler_makes_the_same(kept, tmp_path):
    version = gitops.version_name(compiled.TRAINING.read_bytes())
    compiler.Compiler().compile(
        training,
        str(tmp_path / "kfp.yaml"),
        kubernetes_manifest_format=True,
        kubernetes_manifest_options=KubernetesManifestOptions(
            pipeline_version_name=f"tidegate-training-{version}",
            pipeline_version_display_name=version,
            include_pipeline_manifest=True,
        ),
    )
    theirs = list(yaml.safe_load_all((tmp_path / "kfp.yaml").read_text()))
    # What a version is called without its pipeline's name, KFP's compiler cannot say.
    theirs[1]["spec"]["versionName"] = version
    assert kept == theirs


def test_another_content_is_another_version():
    content = compiled.TRAINING.read_bytes()
    other = gitops.resources(content + b"# \n")
    (_, version), (_, changed) = (
        list(yaml.safe_load_all(each)) for each in (gitops.resources(content), other)
    )
    assert version["metadata"]["name"] != changed["metadata"]["name"]
    assert version["spec"]["pipelineSpec"] == changed["spec"]["pipelineSpec"]


def test_settings_are_in_the_objects_too(tmp_path):
    from tidegate_kfp.settings import Settings

    settings = Settings().at("registry.example/team")
    compilation.compile_all(settings, tmp_path)
    text = (tmp_path / "gitops" / "training.yaml").read_text()
    assert "image: registry.example/team/tidegate/ml:" in text
    assert "image: tidegate/" not in text
