"""JSON-RPC batches: 2025-03-26 obliges a server to accept them; no other revision knows them."""

import json

import pytest

REVISION = "2025-03-26"


def call(request_id, command):
    params = {"name": "execute_bash", "arguments": {"command": command}}
    return {"jsonrpc": "2.0", "id": request_id, "method": "tools/call", "params": params}


def ping(request_id):
    return {"jsonrpc": "2.0", "id": request_id, "method": "ping"}


@pytest.fixture
def server(start_server):
    started = start_server(initialize=REVISION)
    yield started
    if started.process.poll() is None:
        assert started.request("ping") == {}


def test_every_request_of_a_batch_is_answered(server):
    server.send([ping("a"), call("b", "echo b"), {"jsonrpc": "2.0", "id": "c", "method": "tools/list"}])
    assert server.response("a")["result"] == {}
    assert json.loads(server.response("b")["result"]["content"][0]["text"])["stdout"] == "b\n"
    assert len(server.response("c")["result"]["tools"]) == 4


def test_the_requests_of_a_batch_run_at_once(server):
    meet = "touch r{0}; while [ ! -e r{1} ]; do sleep 0.02; done"
    server.send([call(f"r{number}", meet.format(number, 1 - number)) for number in (0, 1)])
    for number in (0, 1):
        assert json.loads(server.response(f"r{number}")["result"]["content"][0]["text"])["exit_code"] == 0


def test_notifications_in_a_batch_are_not_answered(server):
    before = len(server.messages)
    server.send([{"jsonrpc": "2.0", "method": "notifications/initialized"}, ping("with-notification")])
    server.response("with-notification")
    server.send([{"jsonrpc": "2.0", "method": "notifications/initialized"}])
    server.request("ping")
    assert len(server.messages) == before + 2


def test_an_empty_batch_is_an_invalid_request(server):
    assert server.exchange("[]")["error"]["code"] == -32600


def test_what_is_wrong_in_a_batch_does_not_spoil_the_rest(server):
    server.send([1, ping("good"), {"jsonrpc": "2.0", "id": "bad", "method": "no/such/method"}], deliberate=True)
    assert server.response("good")["result"] == {}
    assert server.response("bad")["error"]["code"] == -32601
    assert server.wait_for(lambda message: "error" in message and "id" not in message)["error"]["code"] == -32600


def test_initialize_is_refused_inside_a_batch(server):
    params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    server.send([{"jsonrpc": "2.0", "id": "i", "method": "initialize", "params": params}], deliberate=True)
    assert server.response("i")["error"]["code"] == -32600
    server.send([ping("still a batch")])
    assert server.response("still a batch")["result"] == {}


def test_a_call_of_a_batch_can_be_cancelled(server):
    server.send([call("doomed", "sleep 1000"), call("kept", "echo kept")])
    server.notify("notifications/cancelled", {"requestId": "doomed"})
    server.response("kept")
    server.request("ping")
    server.close()
    assert not [message for message in server.messages if message.get("id") == "doomed"]
