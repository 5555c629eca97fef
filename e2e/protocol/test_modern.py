"""Stateless 2026-07-28 requests: `server/discover`, the validation ladder, and what that revision has dropped."""

import pytest
from support.file_methods import ANNOUNCED
from support.stdio_client import META_PREFIX, MODERN, modern_meta

SUPPORTED = ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"]
VERSION = META_PREFIX + "protocolVersion"
CAPABILITIES = META_PREFIX + "clientCapabilities"


@pytest.fixture
def modern(start_server):
    return start_server(initialize=None, modern=True)


def error_of(server, method, meta, **params):
    """The error of a request with exactly this `_meta`."""
    pending = server.start(method, {**params, "_meta": meta}, modern=False, deliberate=True)
    response = server.response(pending)
    assert "error" in response, response
    return response["error"]


def test_discover_says_what_there_is(modern):
    result = modern.request("server/discover")
    assert result["resultType"] == "complete"
    assert result["supportedVersions"] == SUPPORTED
    assert result["capabilities"] == {
        "tools": {},
        "prompts": {"listChanged": True},
        "resources": {"subscribe": True, "listChanged": True},
        "completions": {},
        "extensions": {
            META_PREFIX + "skills": {"directoryRead": True},
            META_PREFIX + "tasks": {},
            **ANNOUNCED,
        },
    }
    assert result["_meta"][META_PREFIX + "serverInfo"]["name"]
    assert "serverInfo" not in result
    assert result["ttlMs"] >= 0
    assert result["cacheScope"] in ("public", "private")


def test_both_eras_report_the_same_server(start_server):
    server = start_server(initialize=None)
    info = server.initialize()["serverInfo"]
    modern_info = server.request("server/discover", modern=True)["_meta"][META_PREFIX + "serverInfo"]
    assert modern_info["name"] == info["name"]
    assert modern_info["version"] == info["version"]


@pytest.mark.parametrize(
    "method", ["server/discover", "tools/list", "prompts/list", "resources/list", "resources/templates/list"]
)
def test_every_complete_result_names_its_type_its_server_and_its_life(modern, method):
    result = modern.request(method)
    assert result["resultType"] == "complete"
    assert result["_meta"][META_PREFIX + "serverInfo"]["name"]
    assert isinstance(result["ttlMs"], int)
    assert result["cacheScope"] in ("public", "private")


def test_a_tool_is_called_without_any_handshake(modern):
    result = modern.call_tool("execute_bash", command="echo no handshake")
    assert result["resultType"] == "complete"
    assert result["structuredContent"]["stdout"] == "no handshake\n"


def test_client_info_is_optional(modern):
    meta = modern_meta()
    del meta[META_PREFIX + "clientInfo"]
    assert modern.request("tools/list", {"_meta": meta}, modern=False)["tools"]


@pytest.mark.parametrize(
    "extra",
    [
        {"progressToken": 3},
        {"progressToken": "three"},
        {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
        {META_PREFIX + "logLevel": "debug"},
        {"com.example/anything": {"nested": [1, None]}},
    ],
)
def test_optional_meta_is_accepted(modern, extra):
    result = modern.request("tools/call", {"name": "execute_bash", "arguments": {"command": "echo ok"}}, meta=extra)
    assert result.get("structuredContent") == {"exit_code": 0, "stdout": "ok\n", "stderr": ""}, result


def test_no_log_message_is_sent_to_a_client(modern):
    modern.call_tool("execute_bash", command="echo quiet", meta={META_PREFIX + "logLevel": "debug"})
    modern.close()
    assert not [message for message in modern.messages if "method" in message]


@pytest.mark.parametrize(
    "meta",
    [
        {},
        {CAPABILITIES: {}},
        {VERSION: MODERN},
        {VERSION: 20260728, CAPABILITIES: {}},
        {VERSION: None, CAPABILITIES: {}},
        {VERSION: MODERN, CAPABILITIES: None},
        {VERSION: MODERN, CAPABILITIES: []},
        {VERSION: MODERN, CAPABILITIES: "all"},
    ],
)
@pytest.mark.parametrize("method", ["server/discover", "tools/list", "tools/call"])
def test_missing_or_mistyped_meta_is_invalid_params(modern, method, meta):
    assert error_of(modern, method, meta)["code"] == -32602


@pytest.mark.parametrize(
    "method", ["server/discover", "subscriptions/listen", "tasks/get", "tasks/cancel", "skills/list", "skills/get"]
)
@pytest.mark.parametrize("initialized", [False, True])
def test_a_method_of_the_modern_era_needs_meta_even_after_initialize(start_server, method, initialized):
    server = start_server(initialize="2025-11-25" if initialized else None)
    error = server.error(method)
    assert error.code == -32602
    assert VERSION in error.message


@pytest.mark.parametrize("version", ["v999.0.0", "2025-11-25", "2024-11-05", "", "2026-07-29"])
def test_a_version_that_is_not_served_per_request_is_answered_with_those_that_are(modern, version):
    error = error_of(modern, "tools/list", modern_meta(version))
    assert error["code"] == -32022
    assert error["data"]["requested"] == version
    assert error["data"]["supported"]
    discovered = modern.request("server/discover")["supportedVersions"]
    assert set(error["data"]["supported"]) <= set(discovered)


def test_the_probe_of_an_unknown_version_is_answered_likewise(modern):
    error = error_of(modern, "server/discover", modern_meta("2099-01-01"))
    assert error["code"] == -32022
    assert MODERN in error["data"]["supported"]


@pytest.mark.parametrize("level", ["loud", "", 3, []])
def test_an_unknown_log_level_is_invalid_params(modern, level):
    meta = modern_meta(**{META_PREFIX + "logLevel": level})
    assert error_of(modern, "tools/list", meta)["code"] == -32602


@pytest.mark.parametrize(
    "method",
    [
        "ping",
        "logging/setLevel",
        "resources/subscribe",
        "resources/unsubscribe",
        "tasks/list",
        "tasks/result",
        "sampling/createMessage",
        "roots/list",
        "no/such/method",
        "",
    ],
)
def test_what_the_revision_dropped_is_not_found(modern, method):
    assert modern.error(method).code == -32601
    assert modern.request("tools/list")["tools"]


@pytest.mark.parametrize(
    "method",
    ["resources/list", "resources/templates/list", "resources/read", "completion/complete", "subscriptions/listen"],
)
def test_what_is_advertised_is_found(modern, method):
    response = modern.response(modern.start(method, {}, deliberate=True))
    assert response.get("error", {}).get("code") != -32601


def test_the_version_is_checked_before_the_method(modern):
    assert error_of(modern, "no/such/method", modern_meta("v999.0.0"))["code"] == -32022


def test_the_meta_is_checked_before_the_version(modern):
    assert error_of(modern, "tools/list", {VERSION: "v999.0.0"})["code"] == -32602


def test_the_method_is_checked_before_its_params(modern):
    assert error_of(modern, "no/such/method", modern_meta(), name=5)["code"] == -32601


def test_an_error_carries_the_id_of_its_request(modern):
    for request_id in ("a string", 0, -7, 2**53 - 1):
        message = {"jsonrpc": "2.0", "id": request_id, "method": "nope", "params": {"_meta": modern_meta()}}
        modern.send(message, deliberate=True)
        assert modern.response(request_id)["error"]["code"] == -32601
