"""exec-agent with what the manifest gives its pod: its sandboxes are pods beside it, and are its own."""

from __future__ import annotations

import json
import urllib.request

import pytest
import yaml
from support.agent_service import AgentService
from support.cluster.checks import assert_nothing_is_left, wait_for
from support.scripted import MODEL, ScriptedModel, bash, calls, says

KEY = "a-key-of-the-tests-0001"
POD = {"POD_NAME": "exec-agent-7d4b9-x2x", "POD_UID": "6f1c2a34-4b5d"}


@pytest.fixture
def variables(double, kubectl, run_server) -> dict[str, str]:
    """What a node would put into the environment."""
    done = run_server("kubernetes", "manifest", "--agent", "agent:1", "--max-sandboxes", "3")
    deployment = list(yaml.safe_load_all(done.stdout))[-1]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    found = dict(POD)
    for variable in container["env"]:
        if "value" in variable:
            value = variable["value"]
            for name, own in POD.items():
                value = value.replace(f"$({name})", own)
            found[variable["name"]] = value
    assert found.pop("MCP_EXECUTOR_ENGINE") == "kubectl" and found.pop("HOME")
    # In the pod it is on the PATH, and finds the cluster by itself.
    return {**found, **double.environment, "MCP_EXECUTOR_ENGINE": kubectl, "AGENT_API_KEYS": KEY}


def ask(service: AgentService, path: str, body: object = None) -> dict:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(service.url + path, data, headers), timeout=240) as answer:
        return json.load(answer)


def test_its_sandboxes_are_pods_of_its_own(double, variables, user, tmp_path):
    model = ScriptedModel(tmp_path, [[calls(bash("echo $((6 * 7))")), says("Done.")]])
    try:
        with AgentService(model.url, user, **variables) as service:
            assert ask(service, "/health")["status"] == "healthy"
            messages = [{"role": "user", "content": "Compute."}]
            answer = ask(service, "/v1/chat/completions", {"model": MODEL, "messages": messages})
            assert answer["choices"][0]["message"]["content"].startswith("Done.")
            assert "42" in model.results()[0]
            (job,) = double.objects["jobs"].values()
            (owner,) = job["metadata"]["ownerReferences"]
            assert (owner["name"], owner["uid"]) == tuple(POD.values())
        assert_nothing_is_left(double)
        wait_for(lambda: not double.names("jobs"))
    finally:
        model.close()
