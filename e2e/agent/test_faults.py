"""Faults injected for real: servers killed, clients that go away, many conversations at once."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import openai
import pytest
from support import engine, host_processes
from support.agent import Service, wait_until_it_has_ended, wait_until_it_runs
from support.scripted import MODEL, Json, ScriptedModel, bash, calls, says, script

Serve = Callable[..., Service]


def exec_mcp_of(service: Service) -> int:
    """The process of the one exec-mcp that a service has started."""
    found = [
        child
        for child in host_processes.children(service.process.pid)
        # Others may end meanwhile.
        if Path(*host_processes.words(child)[:1]).name == "exec-mcp"
    ]
    assert len(found) == 1, found
    return found[0]


def begin(service: Service, is_streamed: bool = True) -> http.client.HTTPConnection:
    """Asks for an answer and reads nothing of it."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=240)
    messages = [{"role": "user", "content": "Go."}]
    body = json.dumps({"model": MODEL, "messages": messages, "user": service.user, "stream": is_streamed})
    connection.request("POST", "/v1/chat/completions", body, headers={"Content-Type": "application/json"})
    return connection


def test_a_killed_mcp_server_in_mid_run(serve: Serve) -> None:
    service = serve(
        [[calls(bash("sleep 4001", timeout=300)), says("{{result}}")], [calls(bash("echo back")), says("{{result}}")]]
    )
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(service.ask)
        wait_until_it_runs("sleep 4001", service.user)
        os.kill(exec_mcp_of(service), signal.SIGKILL)
        told = answer.result(120)
    assert "ended" in told or "killed" in told or "signal" in told, "the model hears what happened to its call"
    assert json.loads(service.ask("And now?"))["stdout"] == "back\n", "the next request works"


def test_an_mcp_server_that_cannot_be_started(serve: Serve) -> None:
    service = serve(script(says("Never.")), MCP_SERVER_COMMAND="/nowhere/exec-mcp")
    for _ in range(2):
        with pytest.raises(openai.APIStatusError) as failed:
            service.ask()
        assert failed.value.status_code >= 500 and "/nowhere/exec-mcp" in failed.value.message
    assert service.process.poll() is None


@pytest.mark.parametrize(
    ("command", "is_streamed", "reads"),
    [("sleep 4002", True, True), ("sleep 4003", True, False), ("sleep 4004", False, False)],
)
def test_a_client_that_goes_away_ends_its_run(serve: Serve, command: str, is_streamed: bool, reads: bool) -> None:
    service = serve([[calls(bash(command, timeout=300)), says("Never.")], [says("Here again.")]])
    connection = begin(service, is_streamed)
    if reads:
        connection.getresponse().readline()
    wait_until_it_runs(command, service.user)
    connection.close()
    wait_until_it_has_ended(command, service.user)
    assert len(service.model.requests()) == 1
    history = [{"role": role, "content": "x"} for role in ("user", "assistant", "user")]
    answer = service.client().chat.completions.create(model=MODEL, messages=history, user=service.user)
    assert answer.choices[0].message.content == "Here again."


def test_the_end_of_the_service_is_the_end_of_everything(start_model: Callable[..., ScriptedModel], user: str) -> None:
    service = Service(start_model(script(calls(bash("sleep 4005", timeout=300)), says("Never."))), user)
    connection = begin(service)
    wait_until_it_runs("sleep 4005", user)
    child = exec_mcp_of(service)
    service.close()
    connection.close()
    assert engine.poll(lambda: not Path(f"/proc/{child}").exists()) is not None, "exec-mcp is left"
    engine.wait_until_gone(user)


@pytest.mark.parametrize(
    ("failure", "status", "words"),
    [
        ({"status": 401, "message": "bad key"}, 502, "OPENAI_API_KEY"),
        ({"status": 503, "retry_after": "0", "forever": True}, 502, "5 times"),
        ({"disconnect": "after"}, 502, "in the middle of the answer"),
    ],
)
def test_an_endpoint_that_fails_is_not_the_clients_fault(serve: Serve, failure: Json, status: int, words: str) -> None:
    service = serve(script(says("Never was so much said.", failures=[failure])))
    with pytest.raises(openai.APIStatusError, match=words) as failed:
        service.ask()
    assert failed.value.status_code == status


def test_an_error_in_mid_stream_reaches_the_client(serve: Serve) -> None:
    service = serve(script(says("Never was so much said.", failures=[{"disconnect": "after"}])))
    stream = service.client().chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "Go."}], user=service.user, stream=True
    )
    with pytest.raises(openai.APIError, match="in the middle of the answer"):
        list(stream)


def test_fifty_conversations_at_once(serve: Serve) -> None:
    service = serve(
        [[calls(bash("echo $((1 + 1))")), says("{{user}}: {{result}}")], [says("Still {{user}}")]],
        MCP_EXECUTOR_WORKSPACE="ephemeral",
        MCP_EXECUTOR_MAX_SANDBOXES="64",
        MCP_EXECUTOR_MEMORY="256m",
    )
    people = [f"crowd-{secrets.token_hex(4)}" for _ in range(50)]
    with ThreadPoolExecutor(50) as pool:
        first = list(pool.map(lambda person: service.ask(person, person), people))
        second = list(pool.map(lambda person: service.ask(f"{person} again", person), people))
    for person, answer, again in zip(people, first, second):
        assert answer == f'{person}: {{"exit_code":0,"stdout":"2\\n","stderr":""}}'
        assert again == f"Still {person} again"


def test_nothing_piles_up(serve: Serve) -> None:
    service = serve(script(says("Hello there. " * 200)))

    def ask(number: int) -> None:
        connection = begin(service)
        if number % 4:
            connection.getresponse().read()
        connection.close()

    def round_of_requests() -> int:
        with ThreadPoolExecutor(20) as pool:
            list(pool.map(ask, range(100)))
        # Connections to the model are kept for the next requests, but not without end.
        few = before + 40
        assert engine.poll(lambda: host_processes.open_descriptors(service.process.pid) < few) is not None
        return len(service.model.requests())

    before = host_processes.open_descriptors(service.process.pid)
    assert round_of_requests() < round_of_requests() < round_of_requests()
    memory = host_processes.resident_bytes(service.process.pid) >> 20
    print(f"\nafter 300 requests, 75 of them given up: {memory} MB")
