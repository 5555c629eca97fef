"""The check of what belongs to open requests: progress, subscriptions and the messages of extensions."""

import json

import pytest
from support.schemas import Conversation
from support.stdio_client import META_PREFIX, Line, modern_meta

INFO = {"name": "x", "version": "1"}
TASK = {"taskId": "t", "createdAt": "2026-01-01T00:00:00Z", "lastUpdatedAt": "2026-01-01T00:00:00Z", "ttlMs": None}
DIGEST = "sha256:" + "0" * 64
SKILL = {
    "uri": "skill://a/SKILL.md",
    "frontmatter": {"name": "a", "description": "d", "any-key": [1, {"x": None}]},
    "resources": [{"uri": "skill://a/SKILL.md", "digest": DIGEST, "size": 3}],
}
CACHED = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private"}
BLOCK = {"content": [{"type": "text", "text": "x"}]}


def client(message_id, method, **params):
    return "client", {"id": message_id, "method": method, "params": {**params, "_meta": modern_meta()}}


def call(token):
    params = {"name": "t", "arguments": {}, "_meta": modern_meta(progressToken=token)}
    return "client", {"id": 1, "method": "tools/call", "params": params}


def progress(token, number, **more):
    return "server", {
        "method": "notifications/progress",
        "params": {"progressToken": token, "progress": number, **more},
    }


def of_stream(method, subscription, **params):
    params["_meta"] = {META_PREFIX + "subscriptionId": subscription}
    return "server", {"method": "notifications/" + method, "params": params}


def result(message_id, **members):
    return "server", {"id": message_id, "result": {"resultType": "complete", **members}}


def handshake(revision):
    params = {"protocolVersion": revision, "capabilities": {}, "clientInfo": INFO}
    answer = {"protocolVersion": revision, "capabilities": {}, "serverInfo": INFO}
    return [("client", {"id": 0, "method": "initialize", "params": params}), ("server", {"id": 0, "result": answer})]


def acknowledged(subscription, **notifications):
    return of_stream("subscriptions/acknowledged", subscription, notifications=notifications)


ASKED = {"promptsListChanged": True, "resourceSubscriptions": ["a:"]}
LISTEN = client("l", "subscriptions/listen", notifications=ASKED)
ENDED = ("server", {"id": "l", "result": {"resultType": "complete", "_meta": {META_PREFIX + "subscriptionId": "l"}}})
PROMPTS = of_stream("prompts/list_changed", "l")
LEGACY_CALL = ("client", {"id": 1, "method": "tools/call", "params": {"name": "t", "_meta": {"progressToken": 1}}})


def problems(messages) -> list[str]:
    conversation = Conversation()
    for direction, message in messages:
        conversation.feed(Line(direction, json.dumps({"jsonrpc": "2.0", **message}).encode()))
    return conversation.problems


@pytest.mark.parametrize(
    "messages",
    [
        [call("p"), progress("p", 0), progress("p", 0.5, message="half"), progress("p", 1), result(1, **BLOCK)],
        [*handshake("2025-03-26"), LEGACY_CALL, progress(1, 1, message="m"), ("server", {"id": 1, "result": BLOCK})],
        [LISTEN, acknowledged("l", promptsListChanged=True, resourceSubscriptions=["a:"]), PROMPTS, ENDED],
        [LISTEN, acknowledged("l", resourceSubscriptions=["a:"]), of_stream("resources/updated", "l", uri="a:")],
        [*handshake("2025-11-25"), ("server", {"method": "notifications/prompts/list_changed"})],
        [client(1, "skills/list"), result(1, **CACHED, skills=[SKILL])],
        [client(1, "skills/get", uri=SKILL["uri"]), result(1, **CACHED, skill=SKILL)],
        [client(1, "resources/directory/read", uri="skill://a"), result(1, resources=[{"uri": "x:", "name": "n"}])],
        [client(1, "tools/call", name="t"), result(1, **TASK, resultType="task", status="working")],
        [client(1, "tasks/get", taskId="t"), result(1, **TASK, status="completed", result=BLOCK)],
        [client(1, "tasks/cancel", taskId="t"), result(1)],
    ],
    ids=range(11),
)
def test_good_streams_have_no_problems(messages):
    assert problems(messages) == []


@pytest.mark.parametrize(
    "messages",
    [
        [call("p"), progress("q", 0)],
        [call(1), progress("1", 0)],
        [call("p"), progress("p", 1), progress("p", 1)],
        [call("p"), result(1, **BLOCK), progress("p", 1)],
        [*handshake("2024-11-05"), LEGACY_CALL, progress(1, 1, message="m")],
        [LISTEN, PROMPTS],
        [LISTEN, ENDED],
        [LISTEN, acknowledged("l"), PROMPTS],
        [LISTEN, acknowledged("l", toolsListChanged=True)],
        [LISTEN, acknowledged("l", resourceSubscriptions=["a:", "b:"])],
        [LISTEN, acknowledged("l", promptsListChanged=True), ENDED, PROMPTS],
        [LISTEN, acknowledged("l"), acknowledged("l")],
        [LISTEN, acknowledged("l"), result("l", _meta={META_PREFIX + "subscriptionId": "m"})],
        [LISTEN, acknowledged("m")],
        [("server", {"method": "notifications/prompts/list_changed"})],
        [*handshake("2025-11-25"), ("server", {"method": "notifications/resources/updated", "params": {"uri": "a:"}})],
        [client(1, "skills/list"), result(1, skills=[SKILL])],
        [client(1, "skills/list"), result(1, **CACHED, skills=[{**SKILL, "extra": 1}])],
        [client(1, "skills/list"), result(1, **CACHED, skills=[{**SKILL, "frontmatter": {"name": "a"}}])],
        [client(1, "skills/get", uri="x"), result(1, skill=SKILL)],
        [client(1, "resources/directory/read", uri="skill://a"), result(1, resources=[], ttlMs=0)],
        [client(1, "tasks/get"), result(1, **TASK, status="working")],
        [client(1, "tasks/get", taskId="t"), result(1, **TASK, status="resting")],
        [client(1, "tasks/get", taskId="t"), result(1, **TASK, status="working", extra=1)],
        [client(1, "tasks/get", taskId="t"), result(1, **TASK, status="completed", result={})],
        [client(1, "tasks/cancel", taskId="t"), result(1, **TASK, status="cancelled")],
        [client(1, "tools/call", name="t"), result(1, **TASK, status="working")],
    ],
    ids=range(27),
)
def test_each_kind_of_fault_in_a_stream_is_found(messages):
    assert problems(messages)
