"""What a platform sets reaches every pod, and what it cannot have meant is refused."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tidegate import __version__
from tidegate.cli import main
from tidegate.core.errors import SettingsError
from tidegate_kfp import compilation, compiled, components, defaults
from tidegate_kfp.settings import DEFAULT, Settings, Toleration

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "deploy" / "settings.example.yaml"
DIGEST = "@sha256:" + "0123456789abcdef" * 4


def load(tmp_path, text):
    path = tmp_path / "settings.yaml"
    path.write_text(text)
    return Settings.load(path)


def tasks(settings):
    """Of each task by name: its container, and what Kubernetes is asked for."""
    spec, platform = yaml.safe_load_all(compilation.compiled_training(settings))
    pods = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    return {
        name.removeprefix("exec-"): (executor["container"], pods[name])
        for name, executor in spec["deploymentSpec"]["executors"].items()
    }


@pytest.fixture(scope="module")
def example():
    return tasks(Settings.load(EXAMPLE))


def stale():
    return [path for path in compilation.stale() if path.suffix == ".yaml"]


def test_without_settings_the_files_of_the_repository_are_written():
    assert compilation.compiled_training(DEFAULT) == compiled.TRAINING.read_bytes()
    assert stale() == []


def test_every_key_of_the_settings_is_in_the_example():
    shown = yaml.safe_load(EXAMPLE.read_text())
    assert set(shown) == set(Settings.model_fields)


def test_images_follow_the_settings_and_so_does_lineage(example):
    settings = Settings.load(EXAMPLE)
    own = settings.tasks["train_model"].image
    images = {container["image"] for container, _ in example.values()}
    assert images == {settings.images.light, settings.images.data, settings.images.ml, own}
    for name, (container, _) in example.items():
        assert container["env"] == [{"name": "TIDEGATE_IMAGE", "value": container["image"]}]
        assert (container["image"] == own) == (name == "train-model")


def test_the_general_part_reaches_every_pod(example):
    for name, (_, pod) in example.items():
        assert [s["secretName"] for s in pod["imagePullSecret"]] == ["registry-example"]
        assert [s["secretName"] for s in pod["secretAsEnv"]] == ["tidegate-storage"]
        assert pod["podMetadata"]["labels"]["cost-centre"] == "data"
        assert pod["podMetadata"]["annotations"] == {
            "cluster-autoscaler.kubernetes.io/safe-to-evict": "false"
        }
        assert {
            "key": "pool",
            "operator": "Equal",
            "value": "batch",
            "effect": "NoSchedule",
        } in pod["tolerations"]
        pool = "gpu" if name == "train-model" else "batch"
        assert pod["nodeSelector"]["labels"] == {"pool": pool}


def test_only_training_is_given_a_gpu(example):
    for name, (container, pod) in example.items():
        accelerator = container["resources"].get("accelerator")
        tolerated = [each["key"] for each in pod["tolerations"]]
        if name == "train-model":
            assert accelerator["resourceType"] == "nvidia.com/gpu"
            assert accelerator["resourceCount"] == "1"
            assert tolerated == ["pool", "nvidia.com/gpu"]
        else:
            assert accelerator is None
            assert tolerated == ["pool"]


def test_evaluation_is_given_gpus_when_it_is_named(tmp_path):
    found = tasks(
        load(
            tmp_path,
            f"images: {{ml: r.example/gpu{DIGEST}}}\n"
            "gpu: {resource: amd.com/gpu, count: 2, tasks: [train_model, evaluate_model]}\n"
            "node_selector: {zone: a}\n",
        )
    )
    given = {
        name: container["resources"]["accelerator"]["resourceCount"]
        for name, (container, _) in found.items()
        if "accelerator" in container["resources"]
    }
    assert given == {"train-model": "2", "evaluate-model": "2"}
    # Without a selector of their own, accelerators are where everything is.
    assert found["train-model"][1]["nodeSelector"]["labels"] == {"zone": "a"}


def test_a_task_goes_before_its_kind_and_a_kind_before_the_default(example):
    memory = {
        name: container["resources"]["resourceMemoryLimit"]
        for name, (container, _) in example.items()
    }
    assert memory["train-model"] == "32Gi"
    assert memory["evaluate-model"] == defaults.LARGE.memory_limit
    assert memory["compute-statistics"] == "16Gi"
    assert memory["notify"] == defaults.SMALL.memory_limit
    training, container = example["train-model"][1], example["train-model"][0]
    assert training["activeDeadlineSeconds"] == str(24 * 3600)
    assert container["resources"]["resourceCpuLimit"] == "8"
    assert example["ingest-examples"][1]["emptyDirMounts"][0]["sizeLimit"] == "100Gi"


def test_a_registry_stands_before_both_images(tmp_path):
    settings = DEFAULT.at("registry.example:5000/team")
    images = {container["image"] for container, _ in tasks(settings).values()}
    assert images == {
        f"registry.example:5000/team/tidegate/{kind}:{__version__}"
        for kind in ("light", "data", "ml")
    }
    for name in components.__all__:
        spec = yaml.safe_load(compilation.compiled_component(name, settings))
        (executor,) = spec["deploymentSpec"]["executors"].values()
        assert executor["container"]["image"] in images
    # The component itself was not changed by that.
    assert stale() == []


REFUSED = {
    "registy: a": "settings.yaml:1: unknown key 'registy'; did you mean 'registry'?",
    "sizes: {hugee: {}}": "'sizes.hugee'; there are: small, medium, large",
    "sizes:\n  large: {memory_limt: 1Gi}": ":2: .*did you mean 'memory_limit'",
    "tasks:\n  train_model: {memory_limt: 1Gi}": ":2: .*did you mean 'memory_limit'",
    "gpu: {cont: 1}": "unknown key 'gpu.cont'; did you mean 'count'",
    "tasks: {train_modle: {}}": "no component is named 'train_modle'; did you mean 'train_model'",
    "gpu: {count: 0}": "gpu.count: .*greater than 0",
    "gpu: {tasks: [notify]}": "gpu.tasks.*'train_model' or 'evaluate_model'",
    "gpu: {}": "train_model would run in an image with TensorFlow for CPUs; .*images.ml",
    "images: {ml: registry.example/ml}": "images.ml: an image needs a digest",
    "images: {ml: 'registry.example:5000/ml'}": "images.ml: an image needs a digest",
    "images: {light: 'a/light:latest'}": "a tag other than latest",
    "images: {light: 'a/light@sha256:12'}": "images.light: ",
    "registry: https://registry.example": "registry: ",
    "sizes: {small: {memory_limit: 1 GB}}": "sizes.small.memory_limit",
    "sizes: {small: {timeout: 90}}": "sizes.small.timeout",
    "sizes: {small: {cpu_limit: many}}": "sizes.small.cpu_limit",
    "tolerations: [{operator: Exists, value: a}]": "takes no value",
    "tolerations: [{key: a}]": "Equal needs key and value",
    "tolerations: [{operator: Exists, seconds: 1}]": "NoExecute only",
    "labels: {app.kubernetes.io/component: a}": "given by the pipelines themselves",
    "labels: {pipeline/runid: a}": "given by the pipelines themselves",
    "labels: {a: 'not a value'}": "labels.a",
    "image_pull_policy: always": "'IfNotPresent', 'Always' or 'Never'",
    "- a": "a settings is a mapping that begins with 'registry:'",
    "a: [": "not valid YAML",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_have_been_meant_is_refused(tmp_path, text):
    with pytest.raises(SettingsError, match=REFUSED[text]):
        load(tmp_path, text)


@pytest.mark.parametrize(
    "text", ["sizes: {large: {memory_request: 9Gi}}", "tasks: {train_model: {memory_limit: 1G}}"]
)
def test_a_request_above_the_limit_is_refused_when_compiling(tmp_path, text):
    with pytest.raises(SettingsError, match=r"train_model requests \S+ of memory and may use"):
        compilation.compiled_training(load(tmp_path, text))


QUANTITIES = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "M": 10**6, "G": 10**9, "": 1}


@given(
    st.integers(1, 10**6),
    st.sampled_from(sorted(QUANTITIES)),
    st.integers(1, 10**6),
    st.sampled_from(sorted(QUANTITIES)),
)
def test_quantities_are_compared_by_what_they_mean(request, unit, limit, other):
    size = defaults.SMALL._replace(
        memory_request=f"{request}{unit}", memory_limit=f"{limit}{other}"
    )
    if request * QUANTITIES[unit] > limit * QUANTITIES[other]:
        with pytest.raises(SettingsError):
            DEFAULT.size("notify", size)
    else:
        assert DEFAULT.size("notify", size) == size


@given(
    st.text(max_size=60) | st.sampled_from(sorted(REFUSED)).flatmap(st.permutations).map("".join)
)
def test_reading_gives_settings_or_says_why_not(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "fuzzed.yaml"
    path.write_text(text, encoding="utf-8", errors="replace")
    try:
        assert isinstance(Settings.load(path), Settings)
    except SettingsError as error:
        assert str(path) in str(error)


def test_a_toleration_of_every_taint_is_possible(tmp_path):
    settings = load(tmp_path, "tolerations: [{operator: Exists}]")
    assert settings.tolerations == (Toleration(operator="Exists"),)
    assert tasks(settings)["notify"][1]["tolerations"] == [{"operator": "Exists"}]


def run(*options):
    return main(["compile", *map(str, options)])


def test_the_command_writes_elsewhere_and_checks_there(tmp_path, capsys):
    registry = ("--registry", "registry.example/team", "--out", tmp_path)
    assert run(*registry) == 0
    written = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*.yaml")}
    assert "pipelines/training.yaml" in written
    for name in components.__all__:
        assert f"components/{compilation.stage(name)}/{name}/component.yaml" in written
    assert run(*registry, "--check") == 0
    (tmp_path / "pipelines" / "training.yaml").write_text("old")
    capsys.readouterr()
    assert run(*registry, "--check") == 1
    assert (
        capsys.readouterr().out
        == f"{tmp_path}/pipelines/training.yaml is not current; compile it\n"
    )
    assert stale() == []


def test_settings_are_written_to_build_when_nothing_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("--settings", EXAMPLE, "--registry", "registry.example/team") == 0
    assert (tmp_path / "build" / "compiled" / "pipelines" / "training.yaml").exists()
    assert stale() == []


def test_the_environment_changes_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("REGISTRY", "registry.example/team")
    monkeypatch.setenv("SETTINGS", str(EXAMPLE))
    assert run("--out", tmp_path) == 0
    for path in (*tmp_path.glob("pipelines/*.yaml"), *tmp_path.glob("components/*/*/*.yaml")):
        assert path.read_bytes() == (ROOT / path.relative_to(tmp_path)).read_bytes()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--settings", "nowhere.yaml"), "settings nowhere.yaml cannot be read: No such file"),
        (("--registry", "https://registry.example"), "not the beginning of an image's name"),
    ],
)
def test_the_command_says_in_one_line_what_is_wrong(tmp_path, capsys, options, message):
    assert run(*options, "--out", tmp_path) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())
