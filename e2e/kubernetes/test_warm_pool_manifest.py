"""What is printed for a pool and for a claim, and what a claim cannot ask for."""

from __future__ import annotations

import json
import os
import subprocess

import kubernetes_validate
import pytest
from support.cluster.checks import wait_for
from support.cluster.warm_pools import POOL


def test_kubectl_creates_what_is_printed(double, kubectl, run_server, on_cluster):
    own = ["--kubernetes-namespace", "pools", "--kubernetes-warm-pool", POOL]
    printed = run_server("kubernetes", "manifest", *own).stdout
    command = [kubectl, "create", "--validate=false", "--filename", "-"]
    environment = {**os.environ, **double.environment}
    done = subprocess.run(command, input=printed, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "sandboxwarmpool.extensions.agents.x-k8s.io/ready created" in done.stdout
    wait_for(lambda: double.warm_pools.is_full(POOL, 2))
    assert on_cluster(*own).bash("echo there")["stdout"] == "there\n"


def test_what_is_printed_is_valid_and_restricted(manifest):
    items = manifest("--max-sandboxes", "10", "--memory", "2g", size=3)
    kinds = [item["kind"] for item in items]
    assert kinds[:6] == ["Namespace", "ServiceAccount", "Role", "RoleBinding", "ResourceQuota", "NetworkPolicy"]
    assert kinds[-2:] == ["SandboxTemplate", "SandboxWarmPool"] and set(kinds[6:-2]) == {"ConfigMap"}
    for item in items[:-2]:
        kubernetes_validate.validate(item, "1.34", strict=True)
    template, pool = (item["spec"] for item in items[-2:])
    # A policy of the controller's own would let pods reach the Internet.
    assert template["networkPolicyManagement"] == "Unmanaged"
    assert pool == {
        "replicas": 3, "sandboxTemplateRef": {"name": POOL}, "updateStrategy": {"type": "Recreate"},
    }  # fmt: skip
    pod = template["podTemplate"]
    whole = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x", **pod["metadata"]}, "spec": pod["spec"]}
    for version in ("1.31", "1.34", "1.37"):
        kubernetes_validate.validate(whole, version, strict=True)
    (program,) = pod["spec"]["containers"]
    assert program["stdin"] is True and program["stdinOnce"] is True
    # A pod of a pool waits for its server as long as it takes.
    assert "select" not in program["command"][-1]
    assert pod["spec"]["securityContext"]["runAsUser"] > 1000
    quota = items[4]["spec"]["hard"]
    assert quota["pods"] == "15" and quota["limits.memory"] == str(15 * 2 << 30)
    rules = {resource: rule for rule in items[2]["rules"] for resource in rule["resources"]}
    assert rules["sandboxclaims"]["apiGroups"] == ["extensions.agents.x-k8s.io"]
    assert rules["sandboxclaims"]["verbs"] == ["create", "get", "list", "watch", "patch", "delete"]


def test_the_agent_in_the_cluster_uses_the_pool(manifest):
    variables = manifest("--agent", "registry.example/agent:1")[-1]["spec"]["template"]["spec"]["containers"][0]["env"]
    assert {"name": "MCP_EXECUTOR_KUBERNETES_WARM_POOL", "value": POOL} in variables


def test_a_template_becomes_part_of_the_pools(manifest, tmp_path):
    path = tmp_path / "pod.json"
    path.write_text(json.dumps({"metadata": {"labels": {"team": "data"}}, "spec": {"hostUsers": False}}))
    pod = manifest("--pod-template", str(path))[-2]["spec"]["podTemplate"]
    assert pod["metadata"]["labels"]["team"] == "data" and pod["spec"]["hostUsers"] is False


def test_the_claim_is_printed(run_server):
    done = run_server("kubernetes", "job", "--kubernetes-warm-pool", POOL)
    (claim,) = json.loads(done.stdout)["items"]
    assert claim["kind"] == "SandboxClaim" and claim["apiVersion"] == "extensions.agents.x-k8s.io/v1beta1"
    assert claim["spec"]["lifecycle"]["shutdownPolicy"] == "Delete"


@pytest.mark.parametrize(
    ("command", "arguments", "said"),
    [
        ("job", ["--kubernetes-storage-class", "fast"], "--kubernetes-storage-class and --kubernetes-warm-pool"),
        ("job", ["--pod-template", "TEMPLATE"], "--pod-template and --kubernetes-warm-pool"),
        ("job", ["--workspace", "persistent"], "--workspace persistent"),
        ("job", ["--pool-size", "3"], "--pool-size is for exec-mcp kubernetes manifest"),
        ("manifest", ["--pool-size", "0"], "--pool-size needs a number"),
        ("manifest", ["--kubernetes-storage-class", "fast"], "exclude each other"),
    ],
)
def test_what_a_claim_cannot_ask_for_is_refused(run_server, tmp_path, command, arguments, said):
    path = tmp_path / "pod.json"
    path.write_text('{"spec": {"priorityClassName": "low"}}')
    words = [str(path) if word == "TEMPLATE" else word for word in arguments]
    done = run_server("kubernetes", command, "--kubernetes-warm-pool", POOL, *words)
    assert done.returncode == 2 and said in " ".join(done.stderr.split()), done.stderr


def test_a_size_without_a_pool_is_refused(run_server):
    done = run_server("kubernetes", "manifest", "--pool-size", "3")
    assert done.returncode == 2 and "--kubernetes-warm-pool" in done.stderr
