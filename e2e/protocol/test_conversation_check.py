"""The check that every other test relies on: it finds what is wrong with a conversation, and nothing else."""

import copy
import json

import pytest
from support.schemas import Conversation
from support.stdio_client import Line, modern_meta

INFO = {"name": "x", "version": "1"}
INITIALIZE = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": INFO}
TOOL = {
    "name": "t",
    "inputSchema": {"type": "object"},
    "outputSchema": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]},
}
RESULT = {"content": [{"type": "text", "text": "{}"}], "structuredContent": {"n": 1}}
GOOD = [
    ("client", {"id": 1, "method": "initialize", "params": INITIALIZE}),
    ("server", {"id": 1, "result": {"protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": INFO}}),
    ("client", {"method": "notifications/initialized"}),
    ("client", {"id": 2, "method": "tools/list"}),
    ("server", {"id": 2, "result": {"tools": [TOOL]}}),
    ("client", {"id": "a", "method": "tools/call", "params": {"name": "t", "arguments": {}}}),
    ("server", {"id": "a", "result": RESULT}),
    ("client", {"id": 3, "method": "prompts/list", "params": {"_meta": modern_meta()}}),
    ("server", {"id": 3, "result": {"resultType": "complete", "prompts": [], "ttlMs": 0, "cacheScope": "public"}}),
    ("client", {"id": 4, "method": "ping"}),
    ("server", {"id": 4, "result": {}}),
]


def problems(messages, deliberate=False) -> list[str]:
    conversation = Conversation()
    for direction, message in messages:
        raw = message if isinstance(message, bytes) else json.dumps({"jsonrpc": "2.0", **message}).encode()
        conversation.feed(Line(direction, raw, deliberate and direction == "client"))
    return conversation.problems


def changed(place: int, **fields) -> list:
    messages = copy.deepcopy(GOOD)
    messages[place][1].update(fields)
    return messages


def result_changed(place: int, **fields) -> list:
    messages = copy.deepcopy(GOOD)
    messages[place][1]["result"].update(fields)
    return messages


def test_a_good_conversation_has_no_problems():
    assert problems(GOOD) == []


@pytest.mark.parametrize(
    "messages",
    [
        changed(1, jsonrpc="1.0"),
        changed(1, id=7),
        changed(1, id="1"),
        changed(4, id=None),
        changed(4, result={}),
        changed(4, result={"tools": [{"name": "t"}]}),
        changed(8, result={"prompts": []}),
        result_changed(1, resultType="complete"),
        result_changed(4, ttlMs=0),
        result_changed(6, structuredContent={"n": "one"}),
        result_changed(6, content=[{"type": "text"}]),
        result_changed(8, cacheScope="everybody"),
        result_changed(10, extra=1),
        [*GOOD, ("server", GOOD[10][1])],
        [*GOOD, ("server", {"method": "notifications/made/up"})],
        [*GOOD, ("server", {"id": 9, "method": "roots/list"})],
        [*GOOD, ("server", b"Starting up...")],
        [*GOOD, ("server", b"[]x")],
        [*GOOD, ("server", b'[{"jsonrpc":"2.0","id":1,"result":{}}]')],
        [*GOOD, ("client", {"id": 5, "method": "tools/call", "params": {"arguments": {}}})],
        [*GOOD, ("client", {"id": 5, "method": "server/discover"})],
        [*GOOD, ("client", {"id": 5, "method": "ping"}), ("server", {"id": 5, "error": {"code": "x", "message": ""}})],
        [*GOOD, ("server", {"id": None, "error": {"code": -32700, "message": ""}})],
    ],
    ids=range(23),
)
def test_each_kind_of_fault_is_found(messages):
    assert problems(messages)


@pytest.mark.parametrize("revision", ["2024-11-05", "2025-03-26"])
def test_a_field_is_a_fault_where_its_revision_does_not_know_it(revision):
    messages = result_changed(1, protocolVersion=revision)
    found = problems(messages)
    assert any("outputSchema" in problem for problem in found)
    assert any("structuredContent" in problem for problem in found)


def test_what_a_client_does_wrong_on_purpose_is_no_fault_but_the_answer_is_checked():
    request = ("client", {"id": 5, "method": 5})
    assert problems([request, ("server", {"id": 5, "error": {"code": -32600, "message": "m"}})], deliberate=True) == []
    assert problems([request, ("server", {"id": 5, "error": {"code": -32600}})], deliberate=True)
    assert problems([("client", b"nonsense"), ("server", {"error": {"code": -32700, "message": "m"}})], True) == []
