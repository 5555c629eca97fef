"""Scenarios of the server as a whole: the handshake, and what 2026-07-28 says of requests that stand alone."""

from support.listening import Listener
from support.skill_files import write_skill
from support.stdio_client import META_PREFIX, modern_meta

VERSION = META_PREFIX + "protocolVersion"
CAPABILITIES = META_PREFIX + "clientCapabilities"
GONE = ["ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe", "roots/list", "no/such/method"]


def test_server_initialize(start_server):
    server = start_server(initialize=None)
    result = server.initialize("2025-11-25")
    assert result["protocolVersion"] == "2025-11-25"
    assert isinstance(result["capabilities"], dict)
    assert result["serverInfo"]["name"]
    assert result["serverInfo"]["version"]
    assert server.request("tools/list")["tools"], "initialized was accepted"


def test_ping(legacy):
    assert legacy.request("ping") == {}


def error_of(server, method, meta, **params):
    return server.response(server.start(method, {**params, "_meta": meta}, modern=False, deliberate=True))["error"]


def check_metadata(server):
    """Missing or incomplete metadata is refused; who the client is need not be said."""
    without = server.start("tools/list", modern=False, deliberate=True)
    assert server.response(without)["error"]["code"] == -32602
    for missing in (VERSION, CAPABILITIES):
        meta = modern_meta()
        del meta[missing]
        assert error_of(server, "tools/list", meta)["code"] == -32602
    anonymous = modern_meta()
    del anonymous[META_PREFIX + "clientInfo"]
    assert server.request("tools/list", {"_meta": anonymous}, modern=False)["tools"]


def check_discovery(server):
    """Discovery says what is served, and what is not advertised is not found."""
    discovered = server.request("server/discover")
    assert discovered["supportedVersions"]
    assert discovered["_meta"][META_PREFIX + "serverInfo"]["name"]
    capabilities = discovered["capabilities"]
    for method, capability in (
        ("tools/list", "tools"),
        ("prompts/list", "prompts"),
        ("resources/list", "resources"),
        ("resources/templates/list", "resources"),
        ("logging/setLevel", "logging"),
    ):
        response = server.response(server.start(method, deliberate=True))
        assert (response.get("error", {}).get("code") != -32601) == (capability in capabilities), method
    error = error_of(server, "tools/list", modern_meta("v999.0.0"))
    assert error["code"] == -32022
    assert error["data"]["requested"] == "v999.0.0"
    assert set(error["data"]["supported"]) <= set(discovered["supportedVersions"])


def check_requests(server):
    """Capabilities count for the request that declares them; what the revision dropped is not found; ids come back."""
    error = server.error("tasks/get", {"taskId": "x"})
    assert error.code == -32021
    assert isinstance(error.data["requiredCapabilities"], dict)
    for method in GONE:
        assert server.error(method).code == -32601, method
    for request_id in ("text", 7_000_001):
        server.send(
            {"jsonrpc": "2.0", "id": request_id, "method": "no/such/method", "params": {"_meta": modern_meta()}},
            deliberate=True,
        )
        assert server.response(request_id)["error"]["code"] == -32601


def check_silence(server):
    """A call makes the server ask nothing and log nothing."""
    before = len(server.messages)
    server.call_tool("execute_bash", command="echo quiet")
    assert [message for message in server.messages[before:] if "method" in message] == []


def check_listening(server, skills):
    """The acknowledgment is first, everything names its subscription, and the filter is kept."""
    prompts = Listener(server, promptsListChanged=True)
    resources = Listener(server, resourcesListChanged=True, toolsListChanged=True)
    assert prompts.honoured == {"promptsListChanged": True}
    assert resources.honoured == {"resourcesListChanged": True}
    write_skill(skills, "another")
    prompts.wait("prompts/list_changed")
    resources.wait("resources/list_changed")
    assert set(prompts.received()) == {"prompts/list_changed"}
    assert set(resources.received()) == {"resources/list_changed"}


def test_server_stateless(modern, skills):
    check_metadata(modern)
    check_discovery(modern)
    check_requests(modern)
    check_silence(modern)
    check_listening(modern, skills)


def test_caching(modern):
    results = {
        method: modern.request(method)
        for method in ("tools/list", "prompts/list", "resources/list", "resources/templates/list")
    }
    results["resources/read"] = modern.request("resources/read", {"uri": "skill://fixture/SKILL.md"})
    for method, result in results.items():
        assert type(result["ttlMs"]) is int, method
        assert result["ttlMs"] >= 0
        assert result["cacheScope"] in ("public", "private")


def test_input_required_result_result_type(modern):
    for method in ("tools/list", "prompts/list", "resources/list", "server/discover"):
        assert modern.request(method)["resultType"] == "complete"
    assert modern.call_tool("execute_bash", command="true")["resultType"] == "complete"
    assert modern.request("prompts/get", {"name": "agent_system_prompt"})["resultType"] == "complete"


def test_input_required_result_unsupported_methods(modern):
    for method in ("tools/list", "prompts/list", "resources/list", "resources/templates/list", "server/discover"):
        assert "inputRequests" not in modern.request(method)
        assert "requestState" not in modern.request(method)


def test_input_required_result_capability_check(modern):
    everything = {"elicitation": {"form": {}, "url": {}}, "sampling": {}, "roots": {}}
    for capabilities in ({}, everything):
        result = modern.call_tool("execute_bash", command="rm -rf /workspace/none", meta={CAPABILITIES: capabilities})
        assert result["resultType"] == "complete"


def test_input_required_result_ignore_extra_params(modern):
    params = {"name": "execute_bash", "arguments": {"command": "echo served"}, "unknown": {"a": 1}}
    params["inputResponses"] = {"never-asked": {"action": "accept", "content": {"a": 1}}}
    result = modern.request("tools/call", params)
    assert result["structuredContent"]["stdout"] == "served\n"
