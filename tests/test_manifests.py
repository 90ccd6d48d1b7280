"""Every overlay, and every combination of what may be added to it, is what Kubernetes accepts."""

import itertools
import json
import os
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from tests.support.servers import find
from tidegate.contract import Contract
from tidegate.core.errors import ContractError

MANIFESTS = Path(__file__).parents[1] / "manifests"
WORKFLOWS = sorted(MANIFESTS.parent.glob(".github/workflows/*.yaml"))
VERSIONS = ["1.32", "1.34"]
#: Of these, KFP's are checked by tests/pipelines/test_gitops.py, the others by their operator only.
CUSTOM = {
    ("external-secrets.io/v1", "ExternalSecret"),
    ("external-secrets.io/v1", "SecretStore"),
    ("pipelines.kubeflow.org/v2beta1", "Pipeline"),
    ("pipelines.kubeflow.org/v2beta1", "PipelineVersion"),
}
CLUSTER_SCOPED = {"Namespace"}
OPTIONS = ["egress", "gpu", "minio", "quota"]
#: Either keeps the Secret tidegate-storage, so they exclude each other.
SECRETS = [[], ["external-secrets"], ["storage-mlpipeline"]]
PLACES = ["namespace", "shared-namespace"]


def kustomizations():
    """Every one that needs nothing from the network, but components, which do not stand alone."""
    for path in sorted(MANIFESTS.rglob("kustomization.yaml")):
        content = yaml.safe_load(path.read_text())
        remote = any("://" in each for each in content.get("resources", ()))
        if content["kind"] == "Kustomization" and not remote:
            yield path.parent


def combinations():
    for place, secrets in itertools.product(PLACES, SECRETS):
        for count in range(len(OPTIONS) + 1):
            for options in itertools.combinations(OPTIONS, count):
                yield [place, *secrets, *options]


@pytest.fixture(scope="session")
def kustomize():
    """What builds a directory: kustomize, or the one in kubectl."""
    required = os.environ.get("TIDEGATE_REQUIRE_SERVERS") == "1"
    alone = find("kustomize", "TIDEGATE_KUSTOMIZE")
    kubectl = None if required or alone else find("kubectl", "TIDEGATE_KUBECTL")
    if not alone and not kubectl:
        pytest.skip("neither kustomize nor kubectl is there; `make servers` builds the first")

    def build(directory):
        command = [alone, "build"] if alone else [kubectl, "kustomize"]
        done = subprocess.run([*command, str(directory)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return list(yaml.safe_load_all(done.stdout))

    return build


@pytest.fixture(scope="session")
def validated():
    """Checks an object once, however many overlays have it."""
    seen = set()

    def validate(manifest):
        if (manifest["apiVersion"], manifest["kind"]) in CUSTOM:
            return
        content = json.dumps(manifest, sort_keys=True)
        if content not in seen:
            for release in VERSIONS:
                kubernetes_validate.validate(manifest, release, strict=True)
            seen.add(content)

    return validate


def check(built, validate):
    """What holds for every set of manifests."""
    names = [(m["kind"], m["metadata"].get("namespace"), m["metadata"]["name"]) for m in built]
    assert len(set(names)) == len(names)
    accounts = {
        (m["metadata"]["namespace"], m["metadata"]["name"]) for m in of(built, "ServiceAccount")
    }
    roles = {(m["metadata"]["namespace"], m["metadata"]["name"]) for m in of(built, "Role")}
    for manifest in built:
        validate(manifest)
        assert manifest["kind"] not in {"Secret", "ClusterRole", "ClusterRoleBinding"}
        if manifest["kind"] not in CLUSTER_SCOPED:
            assert manifest["metadata"]["namespace"]
    for binding in of(built, "RoleBinding"):
        place = binding["metadata"]["namespace"]
        assert (place, binding["roleRef"]["name"]) in roles
        for subject in binding["subjects"]:
            assert (place, subject["name"]) in accounts
            assert subject.get("namespace", place) == place
    for role in of(built, "Role"):
        for rule in role["rules"]:
            assert "*" not in [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]
            if "secrets" in rule["resources"]:
                assert rule["resourceNames"]
                assert rule["verbs"] == ["get"]
    for deployment in of(built, "Deployment"):
        restricted(deployment["spec"]["template"]["spec"])


def restricted(pod):
    """What the `restricted` Pod Security level asks for, and the digest of every image."""
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"].keys() == {"cpu", "memory"}
        assert "@sha256:" in container["image"]


def of(built, kind):
    return [manifest for manifest in built if manifest["kind"] == kind]


def one(built, kind, name):
    (found,) = [m for m in of(built, kind) if m["metadata"]["name"] == name]
    return found


@pytest.mark.parametrize("path", kustomizations(), ids=lambda p: str(p.relative_to(MANIFESTS)))
def test_a_kustomization_builds_what_kubernetes_accepts(path, kustomize, validated):
    built = kustomize(path)
    if path.name == "base":
        for manifest in built:
            manifest["metadata"]["namespace"] = "any"
    check(built, validated)


@pytest.mark.parametrize("components", combinations(), ids="-".join)
def test_a_combination_of_components_builds(components, kustomize, validated, tmp_path):
    here = os.path.relpath(MANIFESTS, tmp_path)
    content = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": "elsewhere",
        "resources": [f"{here}/base"],
        "components": [f"{here}/components/{name}" for name in components],
    }
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(content))
    built = kustomize(tmp_path)
    check(built, validated)
    assert {m["metadata"].get("namespace", "elsewhere") for m in built} == {"elsewhere"}
    assert len(of(built, "LimitRange")) == ("namespace" in components)
    assert len(of(built, "ResourceQuota")) == len({"quota", "gpu"} & set(components))


def test_every_right_is_in_the_documentation(kustomize):
    page = (MANIFESTS.parent / "docs" / "kubernetes.md").read_text()
    table = page[page.index("### Who may do what, and why") :]
    table = table[: table.index("\n### ")]
    roles = of(kustomize(MANIFESTS / "tests" / "team"), "Role")
    assert len(roles) == 3
    for role in roles:
        assert f"`{role['metadata']['name']}`" in table
        for rule in role["rules"]:
            for named in rule.get("resourceNames", rule["resources"]):
                assert f"`{named}`" in table


def test_every_component_is_in_a_combination():
    tried = set(itertools.chain(*combinations()))
    assert {path.name for path in (MANIFESTS / "components").iterdir()} == tried


def test_a_namespace_of_our_own_admits_restricted_pods_only(kustomize):
    for overlay in ("kind", "production", "gke"):
        (namespace,) = of(kustomize(MANIFESTS / "overlays" / overlay), "Namespace")
        assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_a_namespace_with_others_in_it_keeps_its_own_limits(kustomize):
    for overlay in ("kubeflow", "profile"):
        built = kustomize(MANIFESTS / "overlays" / overlay)
        assert not of(built, "LimitRange") + of(built, "ResourceQuota") + of(built, "Namespace")
        for policy in of(built, "NetworkPolicy"):
            assert policy["spec"]["podSelector"]["matchLabels"]


@pytest.mark.parametrize("overlay", ["production", "gke"])
def test_production_lets_pods_call_given_addresses_only(overlay, kustomize):
    for policy in of(kustomize(MANIFESTS / "overlays" / overlay), "NetworkPolicy"):
        for rule in policy["spec"].get("egress", ()):
            assert rule["to"]
            for peer in rule["to"]:
                assert peer.get("ipBlock", {}).get("cidr") != "0.0.0.0/0"


def test_on_gke_the_pods_are_a_google_account_and_have_no_keys(kustomize):
    built = kustomize(MANIFESTS / "overlays" / "gke")
    runner = one(built, "ServiceAccount", "tidegate-runner")
    account = runner["metadata"]["annotations"]["iam.gke.io/gcp-service-account"]
    assert account.endswith(".iam.gserviceaccount.com")
    assert not of(built, "ExternalSecret")
    quota = one(built, "ResourceQuota", "tidegate-gpu")
    assert quota["spec"]["hard"] == {"requests.nvidia.com/gpu": "1"}


def test_an_overlay_adds_a_contract_that_tidegate_reads(kustomize):
    built = kustomize(MANIFESTS / "tests" / "contracts")
    data = one(built, "ConfigMap", "tidegate-contracts")["data"]
    assert Contract.parse(data["flights.yaml"]).dataset == "flights"


def test_a_contract_is_read_as_kubernetes_mounts_it(tmp_path):
    contract = (MANIFESTS / "tests" / "contracts" / "flights.yaml").read_bytes()
    version = tmp_path / "..2026_11_24_12_00_00.1"
    version.mkdir()
    (version / "flights.yaml").write_bytes(contract)
    (tmp_path / "..data").symlink_to(version.name)
    (tmp_path / "flights.yaml").symlink_to("..data/flights.yaml")
    read = Contract.load(tmp_path / "flights.yaml")
    (version / "flights.yaml").write_bytes(contract + b"# changed")
    with pytest.raises(ContractError, match="changed since the run began"):
        Contract.load(tmp_path / "flights.yaml", digest=read.digest)


def test_external_secrets_give_the_names_that_pods_read(kustomize):
    from tidegate_kfp.defaults import CREDENTIALS, STORAGE_SECRET

    for path in (MANIFESTS / "overlays" / "production", MANIFESTS / "tests" / "team"):
        secret = one(kustomize(path), "ExternalSecret", "tidegate-storage")
        assert secret["spec"]["target"]["name"] == STORAGE_SECRET
        given = secret["spec"]["target"].get("template", {}).get("data", {})
        assert given.keys() <= set(CREDENTIALS)


def test_kubeflow_pipelines_is_installed_as_the_sdk_knows_it():
    urls = [
        url
        for path in (MANIFESTS / "kind").glob("kfp*/kustomization.yaml")
        for url in yaml.safe_load(path.read_text())["resources"]
    ]
    assert len(urls) == 2
    for url in urls:
        assert url.startswith("https://github.com/kubeflow/pipelines//manifests/kustomize/")
        assert f"?ref={version('kfp')}&" in url


def test_what_the_kind_cluster_opens_is_what_services_listen_on(kustomize):
    cluster = yaml.safe_load((MANIFESTS / "kind" / "cluster.yaml").read_text())
    (node,) = cluster["nodes"]
    assert re.search(r":v1\.34\.\d+@sha256:[0-9a-f]{64}$", node["image"])
    opened = {each["containerPort"] for each in node["extraPortMappings"]}
    assert {each["listenAddress"] for each in node["extraPortMappings"]} == {"127.0.0.1"}
    services = of(kustomize(MANIFESTS / "kind"), "Service")
    patches = yaml.safe_load((MANIFESTS / "kind" / "kfp" / "kustomization.yaml").read_text())
    services += [yaml.safe_load(each["patch"]) for each in patches["patches"]]
    assert {port["nodePort"] for each in services for port in each["spec"]["ports"]} == opened


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_a_workflow_names_actions_by_commit_and_may_only_read(path):
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    used = [s["uses"] for j in workflow["jobs"].values() for s in j["steps"] if "uses" in s]
    assert used
    for action in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action)
