"""Questions of servers, relayed to the person behind the client: clients of every revision that can ask, and servers of
both eras.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import engine
from support.bridged import OPEN, bridged_server
from support.fixture_server import entry, read_journal
from support.questions import respond
from support.schemas import assert_valid_conversation
from support.stdio_client import META_PREFIX, Json, Pending, StdioClient

REVISIONS = ["2025-06-18", "2025-11-25", "2026-07-28"]
ERAS = ["legacy", "modern"]
ASKS = {"elicitation": {"form": {}}}
DECLARED = {META_PREFIX + "clientCapabilities": ASKS}
YES: Json = {"action": "accept", "content": {"answer": "yes"}}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("elicitation")


class Host:
    """A client with a person behind it."""

    def __init__(self, client: StdioClient, revision: str) -> None:
        self.client = client
        self.is_modern = revision == "2026-07-28"
        self._asked: list[Json] = []

    def start(self, command: str, **arguments: object) -> tuple[Pending, Json]:
        """Starts a command. Returns its request and the arguments."""
        arguments = {"command": command, **arguments}
        return self.client.start("tools/call", self._params(arguments), meta=self._meta), arguments

    def _params(self, arguments: Json, **more: object) -> Json:
        return {"name": "execute_bash", "arguments": arguments, **more}

    @property
    def _meta(self) -> Json | None:
        return DECLARED if self.is_modern else None

    def question(self, pending: Pending) -> Json:
        """The next question, which is the call's if the client is of the modern era."""
        if self.is_modern:
            result = self.client.result(pending)
            assert result["resultType"] == "input_required", result
            return result
        found = self.client.wait_for(
            lambda message: message.get("method") == "elicitation/create" and message not in self._asked
        )
        self._asked.append(found)
        return found

    def params(self, question: Json) -> Json:
        if not self.is_modern:
            return question["params"]
        (request,) = question["inputRequests"].values()
        return request["params"]

    def answer(self, pending: Pending, arguments: Json, question: Json, result: Json) -> Pending:
        """Answers a question. Returns the request that gets the command's result."""
        if not self.is_modern:
            respond(self.client, question, result)
            return pending
        answers = dict.fromkeys(question["inputRequests"], result)
        params = self._params(arguments, inputResponses=answers, requestState=question["requestState"])
        return self.client.start("tools/call", params, meta=self._meta)

    def output(self, pending: Pending) -> Json:
        return json.loads(self.client.result(pending)["content"][0]["text"])


@pytest.fixture
def host(user: str, directory: Path) -> Iterator[Callable[..., Host]]:
    """Starts hosts of a revision, one at a time."""
    servers = {era: {**entry("--era", era, "--journal", str(directory / era)), "exec-mcp": OPEN} for era in ERAS}
    contexts = []

    def start(revision: str, capabilities: Json | None = None) -> Host:
        context = bridged_server(user, directory, servers, "--workspace", "ephemeral", revision=None)
        client = context.__enter__()
        contexts.append((context, client))
        client.modern = revision == "2026-07-28"
        if not client.modern:
            client.initialize(revision, ASKS if capabilities is None else capabilities)
        return Host(client, revision)

    yield start
    for context, client in contexts:
        context.__exit__(None, None, None)
        assert_valid_conversation(client.journal)


def ask(era: str) -> str:
    return f"mcp call {era} ask --question 'Which one?'"


def answered(directory: Path, era: str) -> int:
    """How many answers to questions the server of an era has received."""
    messages = [one["message"] for one in read_journal(directory / era, "message")]
    return sum("action" in json.dumps(message) and "question" not in message for message in messages)


@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize("era", ERAS)
def test_the_server_receives_what_the_person_answers(host, directory, revision, era):
    one = host(revision)
    for result, printed in (
        (YES, "accept: yes\n"),
        ({"action": "decline"}, "decline: \n"),
        ({"action": "cancel"}, "cancel: \n"),
    ):
        pending, arguments = one.start(f"echo begun; {ask(era)}")
        question = one.question(pending)
        params = one.params(question)
        assert params["message"].endswith("\n\nWhich one?") and era in params["message"], params
        assert params["_meta"]["exec-mcp/elicitation"] == {"kind": "elicitation", "server": era, "tool": "ask"}
        before = answered(directory, era)
        output = one.output(one.answer(pending, arguments, question, result))
        assert output["stdout"] == f"begun\n{printed}", output
        assert output["exit_code"] == 0 and answered(directory, era) == before + 1


@pytest.mark.parametrize("revision", ["2025-11-25", "2026-07-28"])
def test_the_time_of_a_command_stands_still_while_the_person_thinks(host, directory, revision):
    one = host(revision)
    one.client.bash("mcp call legacy echo --text x")  # the server's start is not what takes time here
    pending, arguments = one.start(ask("legacy"), timeout=10)
    question = one.question(pending)
    before = answered(directory, "legacy")
    time.sleep(10.5)
    assert answered(directory, "legacy") == before
    output = one.output(one.answer(pending, arguments, question, YES))
    assert output["stdout"] == "accept: yes\n" and "timed_out" not in output, output


@pytest.mark.parametrize("revision", REVISIONS)
def test_two_commands_at_once_get_their_own_answers(host, revision):
    one = host(revision)
    first, first_arguments = one.start(ask("modern"))
    first_question = one.question(first)
    second, second_arguments = one.start(ask("modern"))
    if one.is_modern:
        # Both are open at once, and answered in any order.
        second_question = one.question(second)
        second = one.answer(second, second_arguments, second_question, {"action": "decline"})
        first = one.answer(first, first_arguments, first_question, YES)
    else:
        # A person is asked one thing at a time, while everything else goes on.
        assert one.client.bash("echo meanwhile")["stdout"] == "meanwhile\n"
        one.answer(first, first_arguments, first_question, YES)
        one.answer(second, second_arguments, one.question(second), {"action": "decline"})
    assert one.output(first)["stdout"] == "accept: yes\n"
    assert one.output(second)["stdout"] == "decline: \n"


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_cancelled_command_withdraws_its_question(host, directory, revision):
    """A suspended modern call has no request that could be cancelled; the one that repeats it has."""
    one = host(revision)
    pending, arguments = one.start(f"{ask('legacy')}; mcp call legacy ask --question 'Another?'")
    question = one.question(pending)
    before = len(read_journal(directory / "legacy", "cancelled"))
    if one.is_modern:
        pending = one.answer(pending, arguments, question, YES)
    one.client.notify("notifications/cancelled", {"requestId": pending.id})
    if not one.is_modern:
        withdrawn = one.client.wait_for(lambda message: message.get("method") == "notifications/cancelled")
        assert withdrawn["params"]["requestId"] == question["id"]
        respond(one.client, question, YES)  # too late, which harms nobody
    assert one.output(one.start("echo next")[0])["stdout"] == "next\n"
    if not one.is_modern:
        assert engine.poll(lambda: len(read_journal(directory / "legacy", "cancelled")) > before) is not None


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_client_that_declares_nothing_is_not_asked(host, revision):
    one = host(revision, {})
    command = "for era in legacy modern; do mcp call $era ask 2>&1; done"
    result = one.client.bash(command)
    assert "cancel: " in result["stdout"] and "cannot be asked here" in result["stdout"], result


def test_the_end_of_the_client_ends_what_waits(host, user):
    one = host("2026-07-28")
    pending, _ = one.start(ask("modern"))
    one.question(pending)
    one.client.close_stdin()
    assert one.client.wait_exit() == 0


def test_a_task_asks_in_its_state(host):
    one = host("2026-07-28")
    client = one.client
    extension = META_PREFIX + "tasks"
    meta = {META_PREFIX + "clientCapabilities": {**ASKS, "extensions": {extension: {}}}}
    task = client.call_tool("execute_bash", command=ask("legacy"), meta=meta)
    while (state := client.request("tasks/get", {"taskId": task["taskId"]}, meta=meta))["status"] == "working":
        time.sleep(0.05)
    assert state["status"] == "input_required", state
    answers = dict.fromkeys(state["inputRequests"], YES)
    client.request("tasks/update", {"taskId": task["taskId"], "inputResponses": answers}, meta=meta)
    while (state := client.request("tasks/get", {"taskId": task["taskId"]}, meta=meta))["status"] != "completed":
        time.sleep(0.05)
    assert "accept: yes" in state["result"]["content"][0]["text"]
