"""Questions to the user: in requests of the server, in results, and in the states of tasks."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support import questions
from support.schemas import assert_valid_conversation
from support.stdio_client import META_PREFIX, Json, Pending, StdioClient

ASKS = {"elicitation": {"form": {}}}
CAPABILITIES = META_PREFIX + "clientCapabilities"
YES: Json = {"action": "accept", "content": {"answer": "yes"}}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("questions")


@contextmanager
def started(user: str, directory: Path, era: str) -> Iterator[StdioClient]:
    """A server whose sandboxes have tools that ask."""
    options = ["--user", user, *questions.options(directory)]
    with StdioClient(options, env={"XDG_STATE_HOME": str(directory / "state")}, modern=era == "modern") as shared:
        if era == "legacy":
            shared.initialize(capabilities=ASKS)
        yield shared
    assert_valid_conversation(shared.journal)


@pytest.fixture(scope="module")
def asking(user: str, directory: Path, era: str) -> Iterator[StdioClient]:
    with started(user, directory, era) as shared:
        yield shared


@pytest.fixture(scope="module")
def modern(user: str, directory: Path) -> Iterator[StdioClient]:
    with started(user, directory, "modern") as shared:
        yield shared


def command(*rounds: list[Json]) -> str:
    """A command whose code asks several questions in each round, at once, and prints the answers."""
    return f"""python3 - <<'END'
from servers import modern, together
for round in {rounds!r}:
    for line in together(modern.ask, round):
        print(line)
END"""


def call(client: StdioClient, arguments: Json, **more: object) -> Json:
    params = {"name": "execute_bash", "arguments": arguments, **more}
    return client.request("tools/call", params, meta={CAPABILITIES: ASKS})


def output(result: Json) -> str:
    assert result.get("resultType", "complete") == "complete", result
    return json.loads(result["content"][0]["text"])["stdout"]


def answered(asked: Json, response: Json = YES) -> Json:
    """What a repeated request has more than the first one."""
    return {
        "inputResponses": dict.fromkeys(asked["inputRequests"], response),
        "requestState": asked["requestState"],
    }


def asked_form(client: StdioClient, era: str, schema: Json) -> Json:
    """The form that the client is shown for a schema."""
    arguments = {"command": command([{"schema": schema}])}
    if era == "modern":
        asked = call(client, arguments)
        (request,) = asked["inputRequests"].values()
        call(client, arguments, **answered(asked))
        return request["params"]["requestedSchema"]
    before = len(client.messages)
    pending = client.start_tool("execute_bash", **arguments)
    question = client.wait_for(lambda message: message.get("method") == "elicitation/create", since=before)
    questions.respond(client, question, YES)
    assert output(client.result(pending)) == "accept: yes\n"
    return question["params"]["requestedSchema"]


def test_tools_call_elicitation(asking, era):
    form = asked_form(asking, era, {"type": "object", "properties": {"answer": {"type": "string"}}})
    assert form == {"type": "object", "properties": {"answer": {"type": "string"}}}


def test_elicitation_sep1034_defaults(asking, era):
    fields = {
        "name": {"type": "string", "default": "John Doe"},
        "age": {"type": "integer", "default": 30},
        "score": {"type": "number", "default": 95.5},
        "status": {"type": "string", "enum": ["active", "inactive"], "default": "active"},
        "verified": {"type": "boolean", "default": True},
    }
    assert asked_form(asking, era, {"type": "object", "properties": fields})["properties"] == fields


def test_elicitation_sep1330_enums(asking, era):
    titled = [{"const": "a", "title": "A"}, {"const": "b", "title": "B"}]
    fields = {
        "single": {"type": "string", "enum": ["a", "b"]},
        "titled": {"type": "string", "oneOf": titled},
        "many": {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}},
        "manyTitled": {"type": "array", "items": {"anyOf": titled}},
    }
    assert asked_form(asking, era, {"type": "object", "properties": fields})["properties"] == fields


def test_input_required_result_basic_elicitation(modern):
    arguments = {"command": command([{}])}
    asked = call(modern, arguments)
    assert asked["resultType"] == "input_required"
    (request,) = asked["inputRequests"].values()
    assert request["method"] == "elicitation/create"
    assert output(call(modern, arguments, **answered(asked))) == "accept: yes\n"


def test_input_required_result_request_state(modern):
    arguments = {"command": command([{}])}
    asked = call(modern, arguments)
    assert isinstance(asked["requestState"], str) and len(asked["requestState"]) >= 32
    assert output(call(modern, arguments, **answered(asked))) == "accept: yes\n"
    assert refused(modern, arguments, answered(asked)) == -32602


def refused(client: StdioClient, arguments: Json, more: Json) -> int:
    params = {"name": "execute_bash", "arguments": arguments, **more}
    pending: Pending = client.start("tools/call", params, meta={CAPABILITIES: ASKS}, deliberate=True)
    return client.response(pending)["error"]["code"]


def test_input_required_result_multiple_input_requests(modern):
    arguments = {"command": command([{"question": "One?"}, {"question": "Two?"}])}
    asked = call(modern, arguments)
    # The second may come later than the server waits for it. What is not answered is asked again.
    while len(asked["inputRequests"]) < 2:
        asked = call(modern, arguments, inputResponses={}, requestState=asked["requestState"])
    assert len(asked["inputRequests"]) == 2
    assert output(call(modern, arguments, **answered(asked))) == "accept: yes\n" * 2


def test_input_required_result_multi_round(modern):
    arguments = {"command": command([{"question": "One?"}], [{"question": "Two?"}])}
    first = call(modern, arguments)
    second = call(modern, arguments, **answered(first))
    assert second["resultType"] == "input_required"
    assert second["requestState"] != first["requestState"]
    printed = output(call(modern, arguments, **answered(second, {"action": "decline"})))
    assert printed == "accept: yes\ndecline: \n"


def test_input_required_result_missing_input_response(modern):
    arguments = {"command": command([{}])}
    first = call(modern, arguments)
    wrong = {"inputResponses": {"another": YES}, "requestState": first["requestState"]}
    second = call(modern, arguments, **wrong)
    assert second["inputRequests"] == first["inputRequests"]
    assert output(call(modern, arguments, **answered(second))) == "accept: yes\n"


def test_input_required_result_tampered_state(modern):
    arguments = {"command": command([{}])}
    asked = call(modern, arguments)
    more = answered(asked)
    for state in (more["requestState"][:-1] + "x", more["requestState"] + "0", ""):
        assert refused(modern, arguments, {**more, "requestState": state}) == -32602
    assert refused(modern, {"command": "true"}, more) == -32602
    assert output(call(modern, arguments, **more)) == "accept: yes\n"


def test_input_required_result_validate_input(modern):
    """What is no answer counts as none at all: nobody agreed."""
    for response in ({"action": "sure"}, {"action": "accept", "content": {"answer": {"a": 1}}}, {}):
        arguments = {"command": command([{}])}
        params = {"name": "execute_bash", "arguments": arguments, **answered(call(modern, arguments), response)}
        pending = modern.start("tools/call", params, meta={CAPABILITIES: ASKS}, deliberate=True)
        assert output(modern.result(pending)) == "cancel: \n"


def test_tasks_mrtr_input(modern):
    meta = {CAPABILITIES: {**ASKS, "extensions": {META_PREFIX + "tasks": {}}}}
    task = modern.call_tool("execute_bash", command=command([{}]), meta=meta)["taskId"]

    def state(while_it_is: str) -> Json:
        while (found := modern.request("tasks/get", {"taskId": task}, meta=meta))["status"] == while_it_is:
            time.sleep(found["pollIntervalMs"] / 1000)
        return found

    asked = state("working")
    assert asked["status"] == "input_required"
    answers = dict.fromkeys(asked["inputRequests"], YES)
    modern.request("tasks/update", {"taskId": task, "inputResponses": answers}, meta=meta)
    ended = state("working")
    assert ended["status"] == "completed" and "inputRequests" not in ended
    assert output(ended["result"]) == "accept: yes\n"
