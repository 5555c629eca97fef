"""What is created on a cluster, against the published schemas and the rules of Pod Security *restricted*."""

from __future__ import annotations

import itertools
import json
from typing import Any

import kubernetes_validate
import pytest
import yaml

Json = dict[str, Any]
VERSIONS = ["1.31", "1.32", "1.33", "1.34", "1.35", "1.36", "1.37"]
TEMPLATE = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"labels": {"team": "data"}},
    "spec": {
        "nodeSelector": {"pool": "sandboxes"},
        "tolerations": [{"key": "sandboxes", "operator": "Exists", "effect": "NoSchedule"}],
        "affinity": {"podAntiAffinity": {}},
        "topologySpreadConstraints": [
            {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway"}
        ],
        "priorityClassName": "low",
        "runtimeClassName": "gvisor",
        "imagePullSecrets": [{"name": "registry"}],
        "hostUsers": False,
    },
}
CHOICES = [
    ["--network", "bridge"],
    ["--runtime", "kata"],
    ["--memory", "3g", "--cpus", "0.25", "--pids", "64"],
    ["--kubernetes-namespace", "other", "--kubernetes-image-pull-secret", "first,second.example"],
    ["--tools", "none", "--skills", "none"],
    ["--allow-host", "packages.example:443"],
    ["--pod-template", "TEMPLATE"],
    ["--user", "Ada_Lovelace-", "--kubernetes-owner", "agent-1/6f1c2a34-0001"],
    ["--kubernetes-storage-class", "fast"],
]
# No option, each alone, every two, and all but a network, which needs no proxy to single hosts.
COMBINATIONS = [
    list(itertools.chain(*chosen))
    for chosen in ([], *itertools.combinations(CHOICES, 1), *itertools.combinations(CHOICES, 2), CHOICES[1:])
    if not ({"--network", "--allow-host"} <= set(itertools.chain(*chosen)))
]
FEW = [*COMBINATIONS[::9], COMBINATIONS[-1]]


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    path = tmp_path_factory.mktemp("template") / "pod.yaml"
    path.write_text(yaml.safe_dump(TEMPLATE))
    return str(path)


@pytest.fixture
def objects(run_server, template):
    def make(*arguments: str) -> list[Json]:
        done = run_server("kubernetes", "job", *(template if word == "TEMPLATE" else word for word in arguments))
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["items"]

    return make


def job_of(items: list[Json]) -> Json:
    (job,) = (item for item in items if item["kind"] == "Job")
    return job


def assert_restricted(pod: Json) -> None:
    """The rules of the Pod Security Standard *restricted*, and of *baseline* below it, as they are published."""
    spec = pod["spec"]
    assert not any(spec.get(name) for name in ("hostNetwork", "hostPID", "hostIPC"))
    assert {kind for volume in spec["volumes"] for kind in volume if kind != "name"} <= {
        "emptyDir", "projected", "persistentVolumeClaim",
    }  # fmt: skip
    assert not pod["metadata"]["annotations"].keys() & {"container.apparmor.security.beta.kubernetes.io/sandbox"}
    security = spec["securityContext"]
    assert security["runAsNonRoot"] is True and security["runAsUser"] > 0
    assert security["seccompProfile"]["type"] == "RuntimeDefault"
    assert not security.keys() & {"sysctls", "seLinuxOptions", "windowsOptions", "supplementalGroups"}
    (container,) = spec["containers"]
    assert not spec.keys() & {"initContainers", "ephemeralContainers"}
    own = container["securityContext"]
    assert own["allowPrivilegeEscalation"] is False and own["privileged"] is False
    assert own["capabilities"] == {"drop": ["ALL"]} and own["readOnlyRootFilesystem"] is True
    assert own["runAsNonRoot"] is True and own["seccompProfile"]["type"] == "RuntimeDefault"
    assert not container.keys() & {"ports", "lifecycle", "livenessProbe", "volumeDevices"}


@pytest.mark.parametrize("number", range(0, len(COMBINATIONS), 8))
def test_every_two_options_are_valid_together(objects, number):
    for combination in COMBINATIONS[number : number + 8]:
        items = objects(*combination)
        for item in items:
            kubernetes_validate.validate(item, VERSIONS[-1], strict=True)
        assert_restricted(job_of(items)["spec"]["template"])


@pytest.mark.parametrize("version", VERSIONS)
def test_they_are_valid_for_every_version(objects, version):
    for combination in FEW:
        for item in objects(*combination):
            kubernetes_validate.validate(item, version, strict=True)


def test_a_misspelt_field_would_be_found(objects):
    job = job_of(objects())
    job["spec"]["template"]["spec"]["hostUser"] = False
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(job, VERSIONS[-1], strict=True)


def test_a_job_ends_by_itself_and_is_never_repeated(objects):
    spec = job_of(objects())["spec"]
    assert spec["backoffLimit"] == 0 and spec["ttlSecondsAfterFinished"] > 0 and spec["activeDeadlineSeconds"] > 0
    pod = spec["template"]["spec"]
    assert pod["restartPolicy"] == "Never" and pod["terminationGracePeriodSeconds"] == 0
    assert pod["automountServiceAccountToken"] is False and pod["enableServiceLinks"] is False
    (container,) = pod["containers"]
    assert container["stdin"] is True and container["stdinOnce"] is True and container["tty"] is False


def test_a_user_is_named_by_a_digest_alone_where_names_are_restricted(objects):
    job = job_of(objects("--user", "Ada_Lovelace-"))
    assert "Ada" not in job["metadata"]["name"] + json.dumps(job["metadata"]["labels"])
    assert job["metadata"]["annotations"]["io.exec-mcp.user"] == "Ada_Lovelace-"


def test_a_template_is_added(objects, template):
    pod = job_of(objects("--pod-template", template))["spec"]["template"]
    assert pod["metadata"]["labels"]["team"] == "data"
    for name, value in TEMPLATE["spec"].items():
        assert pod["spec"][name] == value


def test_the_flag_for_the_runtime_beats_the_template(objects, template):
    pod = job_of(objects("--pod-template", template, "--runtime", "kata"))["spec"]["template"]
    assert pod["spec"]["runtimeClassName"] == "kata"


@pytest.mark.parametrize(
    ("added", "named"),
    [
        ({"spec": {"hostNetwork": True}}, "spec.hostNetwork"),
        ({"spec": {"containers": [{"name": "sandbox", "securityContext": {"privileged": True}}]}}, "spec.containers"),
        ({"spec": {"initContainers": []}}, "spec.initContainers"),
        ({"spec": {"volumes": []}}, "spec.volumes"),
        ({"spec": {"securityContext": {"runAsUser": 0}}}, "spec.securityContext"),
        ({"spec": {"serviceAccountName": "admin"}}, "spec.serviceAccountName"),
        ({"spec": {"hostUsers": True}}, "spec.hostUsers"),
        ({"spec": {"nodeSelector": {"pool": 1}}}, "spec.nodeSelector"),
        ({"spec": {"runtimeClassName": "a b"}}, "spec.runtimeClassName"),
        ({"metadata": {"annotations": {"a": "b"}}}, "metadata.annotations"),
        ({"metadata": {"labels": {"io.exec-mcp.pid": "1"}}}, "io.exec-mcp.pid"),
        ({"metadata": {"labels": {"job-name": "other"}}}, "job-name"),
        ({"metadata": {"labels": {"app.kubernetes.io/component": "agent"}}}, "app.kubernetes.io/component"),
        ({"status": {}}, "status"),
        ({"kind": "Deployment"}, "kind"),
    ],
)
def test_anything_else_in_a_template_is_refused_by_name(run_server, tmp_path, added, named):
    path = tmp_path / "pod.json"
    path.write_text(json.dumps(added))
    done = run_server("kubernetes", "job", "--pod-template", str(path))
    assert done.returncode == 2 and named in done.stderr, done.stderr


def test_the_manifest_is_valid(run_server):
    done = run_server("kubernetes", "manifest", "--max-sandboxes", "10", "--memory", "2g", "--cpus", "0.5")
    assert done.returncode == 0, done.stderr
    documents = list(yaml.safe_load_all(done.stdout))
    for version in VERSIONS:
        for document in documents:
            kubernetes_validate.validate(document, version, strict=True)
    kinds = {document["kind"]: document for document in documents}
    assert list(kinds) == ["Namespace", "ServiceAccount", "Role", "RoleBinding", "ResourceQuota", "NetworkPolicy"]
    assert kinds["Namespace"]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert kinds["NetworkPolicy"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    hard = kinds["ResourceQuota"]["spec"]["hard"]
    assert hard["pods"] == "12" and hard["limits.memory"] == str(12 * 2 << 30) and hard["limits.cpu"] == "6"


AGENT = ("--agent", "registry.example/agent:1")


def test_the_manifest_with_an_agent_is_valid(run_server):
    done = run_server("kubernetes", "manifest", *AGENT, "--max-sandboxes", "10", "--kubernetes-storage-class", "fast")
    assert done.returncode == 0, done.stderr
    documents = list(yaml.safe_load_all(done.stdout))
    for version in VERSIONS:
        for document in documents:
            kubernetes_validate.validate(document, version, strict=True)
    kinds = [document["kind"] for document in documents]
    assert kinds[-3:] == ["NetworkPolicy", "Service", "Deployment"]
    policy, service, deployment = documents[-3:]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    # No sandbox has this label, so that the policy opens nothing for them.
    assert policy["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
    assert policy["spec"]["podSelector"]["matchLabels"] == {"app.kubernetes.io/component": "agent"}
    assert service["spec"]["selector"].items() <= labels.items()
    (quota,) = (document for document in documents if document["kind"] == "ResourceQuota")
    assert quota["spec"]["hard"]["pods"] == "13"


def test_the_agents_pod_is_restricted_and_owns_its_sandboxes(run_server):
    documents = yaml.safe_load_all(run_server("kubernetes", "manifest", *AGENT).stdout)
    pod = list(documents)[-1]["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True and pod["securityContext"]["runAsUser"] > 0
    (container,) = pod["containers"]
    own = container["securityContext"]
    assert own["allowPrivilegeEscalation"] is False and own["capabilities"] == {"drop": ["ALL"]}
    assert own["readOnlyRootFilesystem"] is True and own["seccompProfile"]["type"] == "RuntimeDefault"
    assert container["readinessProbe"]["httpGet"]["path"] == "/health"
    variables = {variable["name"]: variable for variable in container["env"]}
    assert variables["MCP_EXECUTOR_KUBERNETES_OWNER"]["value"] == "$(POD_NAME)/$(POD_UID)"
    assert list(variables).index("POD_UID") < list(variables).index("MCP_EXECUTOR_KUBERNETES_OWNER")
    assert not [name for name in variables if "KEY" in name]


def test_only_the_manifest_has_an_agent(run_server):
    done = run_server("kubernetes", "job", *AGENT)
    assert done.returncode == 2 and "--agent" in done.stderr


def test_an_agent_whose_sandboxes_would_lack_the_template_is_refused(run_server, template):
    done = run_server("kubernetes", "manifest", *AGENT, "--pod-template", template)
    assert done.returncode == 2 and "MCP_EXECUTOR_POD_TEMPLATE" in done.stderr.replace("\n", " "), done.stderr


def test_what_a_server_in_a_pod_creates_goes_with_its_pod(objects):
    items = objects("--kubernetes-owner", "agent-1/0b6c-1")
    owner = {"apiVersion": "v1", "kind": "Pod", "name": "agent-1", "uid": "0b6c-1"}
    assert items and all(item["metadata"]["ownerReferences"] == [owner] for item in items)
    claims = [item for item in objects("--kubernetes-owner", "a/b", "--kubernetes-storage-class", "fast")
              if item["kind"] == "PersistentVolumeClaim"]  # fmt: skip
    assert len(claims) == 1 and "ownerReferences" not in claims[0]["metadata"]


def test_the_role_allows_neither_programs_in_pods_nor_logs_nor_secrets(run_server):
    documents = yaml.safe_load_all(run_server("kubernetes", "manifest").stdout)
    (role,) = (document for document in documents if document["kind"] == "Role")
    rights = {(resource, verb) for rule in role["rules"] for resource in rule["resources"] for verb in rule["verbs"]}
    assert ("pods/attach", "create") in rights and ("pods/attach", "get") in rights
    assert not {resource for resource, _ in rights} & {"pods/exec", "pods/log", "secrets", "*"}
    assert ("pods", "create") not in rights


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--workspace", "persistent"], "--kubernetes-storage-class"),
        (["--workspace", "/tmp"], "cannot mount a directory of this machine"),
        (["--network", "backend"], "--network backend"),
        (["--linger", "60"], "--linger"),
        (["--engine-location", "local"], "--engine-location"),
        (["--runtime", "Not_A_Class"], "--runtime"),
    ],
)
def test_what_a_cluster_cannot_do_is_refused_with_the_reason(run_server, arguments, said):
    done = run_server("kubernetes", "job", *arguments)
    assert done.returncode == 2 and said in done.stderr, done.stderr


def test_options_of_a_cluster_need_one(run_server):
    done = run_server("--kubernetes-namespace", "other")
    assert done.returncode == 2 and "--engine kubectl" in done.stderr.replace("\n", " ")
