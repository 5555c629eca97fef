"""Both eras on one pipe: nothing that a client says first decides how it may go on."""

from support.stdio_client import LATEST_LEGACY, META_PREFIX, modern_meta


def test_a_probe_is_followed_by_initialize(start_server):
    server = start_server(initialize=None)
    assert server.request("server/discover", modern=True)["supportedVersions"]
    assert server.initialize()["protocolVersion"] == LATEST_LEGACY
    assert server.request("tools/list")["tools"]


def test_a_failed_probe_is_followed_by_initialize(start_server):
    server = start_server(initialize=None)
    assert server.error("server/discover").code == -32602
    assert server.initialize("2025-03-26")["protocolVersion"] == "2025-03-26"
    assert server.bash("echo still here")["stdout"] == "still here\n"


def test_modern_traffic_is_followed_by_initialize(start_server):
    server = start_server(initialize=None, modern=True)
    assert server.request("tools/list")["resultType"] == "complete"
    assert server.call_tool("execute_bash", command="echo one > both.txt")["resultType"] == "complete"
    server.initialize()
    legacy = server.call_tool("execute_bash", command="cat both.txt")
    assert "resultType" not in legacy
    assert legacy["structuredContent"]["stdout"] == "one\n"


def test_requests_of_both_eras_may_alternate(start_server):
    server = start_server()
    for _ in range(3):
        legacy = server.request("tools/list", modern=False)
        assert "resultType" not in legacy
        assert "ttlMs" not in legacy
        assert "_meta" not in legacy
        modern = server.request("tools/list", modern=True)
        assert modern["resultType"] == "complete"
        assert server.request("ping", modern=False) == {}
        assert server.request("server/discover", modern=True)["supportedVersions"]


def test_requests_of_both_eras_may_be_in_flight_together(start_server):
    server = start_server()
    pending = [
        server.start_tool("execute_bash", command=f"sleep 0.2; echo {number}", modern=number % 2 == 1)
        for number in range(10)
    ]
    for number, call in enumerate(pending):
        result = server.result(call)
        assert ("resultType" in result) == (number % 2 == 1)
        assert result["structuredContent"]["stdout"] == f"{number}\n"


def test_initialize_with_modern_meta_is_the_legacy_handshake(start_server):
    server = start_server(initialize=None)
    params = {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
        "_meta": modern_meta(),
    }
    result = server.request("initialize", params)
    assert result["protocolVersion"] == "2025-06-18"
    assert "resultType" not in result


def test_the_modern_era_is_served_after_a_legacy_handshake_of_any_revision(start_server):
    for revision in ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"):
        server = start_server(initialize=revision)
        modern = server.request("tools/list", modern=True)
        assert modern["_meta"][META_PREFIX + "serverInfo"]["name"]
        legacy = server.request("tools/list", modern=False)
        assert "resultType" not in legacy
        assert ("annotations" in legacy["tools"][0]) <= (revision != "2024-11-05")


def test_every_kind_of_request_of_both_eras_may_alternate(start_server):
    """What one era has and the other has not is decided by each request alone."""
    server = start_server(initialize="2024-11-05")
    for _ in range(2):
        assert server.request("resources/subscribe", {"uri": "artifact:///a"}, modern=False) == {}
        assert server.error("resources/subscribe", {"uri": "artifact:///a"}, modern=True).code == -32601
        assert server.error("resources/read", {"uri": "artifact:///"}, modern=False).code == -32002
        assert server.error("resources/read", {"uri": "artifact:///"}, modern=True).code == -32602
        assert "title" not in server.request("prompts/list", modern=False)["prompts"][0]
        assert server.request("prompts/list", modern=True)["prompts"][0]["title"]
        assert server.error("skills/list", modern=False).code == -32602
        assert server.request("skills/list", modern=True)["skills"]
        assert server.request("ping", modern=False) == {}
        assert server.error("ping", modern=True).code == -32601


def test_progress_of_calls_of_both_eras_at_once_speaks_the_calls_language(start_server):
    server = start_server(initialize="2024-11-05")
    server.bash("true")
    server.bash("rm -f told")
    command = "echo a; until [ -e told ]; do sleep 0.05; done"
    calls = [
        server.start_tool("execute_bash", command=command, modern=modern, meta={"progressToken": str(modern)})
        for modern in (False, True)
    ]
    for token in ("False", "True"):
        server.wait_for(lambda it, token=token: it.get("params", {}).get("progressToken") == token, what="progress")
    server.bash("touch told")
    for call in calls:
        server.result(call)
    told = [message["params"] for message in server.messages if message.get("method") == "notifications/progress"]
    with_message = {params["progressToken"] for params in told if "message" in params}
    assert {params["progressToken"] for params in told} == {"False", "True"}
    assert with_message == {"True"}


def test_a_probe_and_the_server_proper_may_be_two_processes(start_server):
    """Some clients probe a copy of the server that they throw away, and start another one meanwhile."""
    probe, proper = (start_server(initialize=None) for _ in range(2))
    probed = probe.start("server/discover", modern=True)
    assert proper.initialize()["protocolVersion"] == LATEST_LEGACY
    assert probe.result(probed)["supportedVersions"]
    probe.kill9()
    assert proper.bash("echo alone")["stdout"] == "alone\n"
