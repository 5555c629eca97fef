"""The legacy handshake: `initialize`, `ping`, and what a client may and may not ask for afterwards."""

import pytest
from support.file_methods import ANNOUNCED
from support.stdio_client import LATEST_LEGACY

LEGACY_REVISIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]


@pytest.mark.parametrize("revision", LEGACY_REVISIONS)
def test_every_legacy_revision_is_agreed_to(start_server, revision):
    server = start_server(initialize=None)
    result = server.initialize(revision)
    assert result["protocolVersion"] == revision
    assert result["serverInfo"]["name"]
    assert result["serverInfo"]["version"]
    assert {"tools", "prompts"} <= result["capabilities"].keys()


@pytest.mark.parametrize("revision", ["1900-01-01", "2026-07-28", "2099-12-31", "latest", ""])
def test_an_unknown_revision_is_answered_with_the_latest_legacy_one(start_server, revision):
    server = start_server(initialize=None)
    assert server.initialize(revision)["protocolVersion"] == LATEST_LEGACY
    assert server.request("tools/list")["tools"]


@pytest.mark.parametrize("params", [None, {}, {"protocolVersion": 20251125, "capabilities": {}}])
def test_initialize_without_a_revision_is_refused_and_can_be_repeated(start_server, params):
    server = start_server(initialize=None)
    assert server.error("initialize", params).code == -32602
    assert server.initialize()["protocolVersion"] == LATEST_LEGACY


def test_a_second_initialize_negotiates_again(start_server):
    server = start_server(initialize="2024-11-05")
    assert all("outputSchema" not in tool for tool in server.request("tools/list")["tools"])
    assert server.initialize("2025-11-25")["protocolVersion"] == "2025-11-25"
    assert any("outputSchema" in tool for tool in server.request("tools/list")["tools"])


def test_ping_is_answered_before_and_after_initialize(start_server):
    server = start_server(initialize=None)
    assert server.request("ping") == {}
    server.initialize()
    assert server.request("ping") == {}
    assert server.request("ping", {}) == {}


def test_ping_is_answered_while_a_command_sleeps(start_server):
    server = start_server()
    server.bash("true")
    sleeping = server.start_tool("execute_bash", command="until [ -e awake ]; do sleep 0.05; done; echo woke up")
    before = len(server.messages)
    assert server.request("ping") == {}
    assert len(server.messages) == before + 1, "the ping had to wait for the command"
    server.bash("touch awake")
    assert "woke up" in server.result(sleeping)["content"][0]["text"]


@pytest.mark.parametrize("method", ["tools/list", "tools/call", "prompts/list", "no/such/method"])
def test_before_initialize_a_request_without_meta_is_told_which_keys_are_missing(start_server, method):
    server = start_server(initialize=None)
    error = server.error(method)
    assert error.code == -32602
    assert "io.modelcontextprotocol/protocolVersion" in error.message
    assert "io.modelcontextprotocol/clientCapabilities" in error.message


@pytest.mark.parametrize("method", ["no/such/method", "tools/lists", "", "notifications/initialized", "Ping"])
def test_an_unknown_method_is_not_found(start_server, method):
    server = start_server()
    assert server.error(method).code == -32601
    assert server.request("ping") == {}


@pytest.mark.parametrize(
    ("method", "capability"),
    [
        ("resources/list", "resources"),
        ("resources/templates/list", "resources"),
        ("resources/read", "resources"),
        ("resources/subscribe", "resources"),
        ("resources/unsubscribe", "resources"),
        ("completion/complete", "completions"),
        ("logging/setLevel", "logging"),
    ],
)
@pytest.mark.parametrize("revision", LEGACY_REVISIONS)
def test_what_is_advertised_is_found_and_what_is_not_is_not(start_server, revision, method, capability):
    server = start_server(initialize=None)
    capabilities = server.initialize(revision)["capabilities"]
    params = {"level": "info"} if method == "logging/setLevel" else {}
    response = server.response(server.start(method, params, deliberate=True))
    found = response.get("error", {}).get("code") != -32601
    # The oldest revision has completion, but no word for it among the capabilities.
    assert found == (capability in capabilities or (capability, revision) == ("completions", "2024-11-05"))


@pytest.mark.parametrize("revision", LEGACY_REVISIONS)
def test_the_capabilities_are_those_of_the_revision(start_server, revision):
    expected = {
        "tools": {},
        "prompts": {"listChanged": True},
        "resources": {"subscribe": True, "listChanged": True},
        "experimental": ANNOUNCED,
    }
    if revision != "2024-11-05":
        expected["completions"] = {}
    assert start_server(initialize=None).initialize(revision)["capabilities"] == expected


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("notifications/initialized", None),
        ("notifications/roots/list_changed", None),
        ("notifications/cancelled", {"requestId": 12345}),
        ("notifications/cancelled", {}),
        ("notifications/cancelled", {"requestId": None}),
        ("notifications/no/such/thing", {"x": 1}),
        ("tools/list", None),
        ("no/such/method", None),
    ],
)
def test_a_notification_is_never_answered(start_server, method, params):
    server = start_server()
    before = len(server.messages)
    server.send({"jsonrpc": "2.0", "method": method, **({"params": params} if params else {})}, deliberate=True)
    assert server.request("ping") == {}
    server.close()
    assert len(server.messages) == before + 1


def test_a_response_that_nobody_asked_for_does_no_harm(start_server):
    server = start_server()
    server.send({"jsonrpc": "2.0", "id": 77, "result": {}}, deliberate=True)
    server.send({"jsonrpc": "2.0", "id": 78, "error": {"code": -1, "message": "no"}}, deliberate=True)
    assert server.request("ping") == {}
