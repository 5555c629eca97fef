"""Approval by the person behind the client, in every era that has elicitation: nothing reaches a server before."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from support.bridged import bridged_server
from support.fixture_server import entry, read_journal
from support.questions import respond
from support.schemas import assert_valid_conversation
from support.stdio_client import META_PREFIX, Json

ASKS = {"elicitation": {"form": {}}}
META = {META_PREFIX + "clientCapabilities": ASKS}
COMMAND = "mcp call fixture count 2>&1; echo $?"


def calls(directory: Path) -> int:
    messages = [one["message"] for one in read_journal(directory / "journal", "message")]
    return sum(message.get("method") == "tools/call" for message in messages)


@pytest.mark.parametrize("revision", ["2025-06-18", "2025-11-25", "2026-07-28"])
def test_a_call_waits_for_the_answer_and_keeps_to_it(user, tmp_path, revision):
    servers = {"fixture": {**entry("--journal", str(tmp_path / "journal")), "exec-mcp": {"tools": {"ask": ["count"]}}}}
    is_modern = revision == "2026-07-28"
    options = ("--workspace", "ephemeral")
    with bridged_server(user, tmp_path, servers, *options, revision=None) as client:
        client.modern = is_modern
        if not is_modern:
            client.initialize(revision, ASKS)
        meta = META if is_modern else None
        seen = 0

        def run(answer: Json) -> str:
            nonlocal seen
            params: Json = {"name": "execute_bash", "arguments": {"command": COMMAND, "timeout": 60}}
            before = calls(tmp_path)
            pending = client.start("tools/call", params, meta=meta)
            if is_modern:
                asked = client.result(pending)
                (question,) = [request["params"] for request in asked["inputRequests"].values()]
            else:
                request = client.wait_for(lambda one: one.get("method") == "elicitation/create", since=seen)
                seen = len(client.messages)
                question = request["params"]
            assert question["_meta"]["exec-mcp/approval"]["tool"] == "count", question
            time.sleep(0.3)
            assert calls(tmp_path) == before
            if is_modern:
                more = {
                    "inputResponses": dict.fromkeys(asked["inputRequests"], answer),
                    "requestState": asked["requestState"],
                }
                pending = client.start("tools/call", {**params, **more}, meta=meta)
            else:
                respond(client, request, answer)
            return json.loads(client.result(pending)["content"][0]["text"])["stdout"]

        assert run({"action": "accept", "content": {"decision": "once"}}) == "1\n0\n"
        for refusal in (
            {"action": "decline"},
            {"action": "cancel"},
            {"action": "accept", "content": {"decision": "deny"}},
        ):
            assert run(refusal).endswith("\n4\n")
        assert calls(tmp_path) == 1
    assert_valid_conversation(client.journal)
