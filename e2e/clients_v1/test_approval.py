"""Approval by the person behind the published client `mcp` 1.x: nothing runs before."""

import sys
from contextlib import asynccontextmanager

import anyio
import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.types import ElicitResult
from support import approvals, engine
from support.stdio_client import server_binary

pytestmark = pytest.mark.anyio


@pytest.fixture
def connect(request, user, tmp_path):
    """Connects a session whose person answers a message with an action and, for acceptance, a decision."""
    settings = getattr(request.function, "settings", {})
    with approvals.tapped_server(user, tmp_path, **settings) as server:
        parameters = StdioServerParameters(command=server.command, args=server.arguments, env=server.environment)

        @asynccontextmanager
        async def session(decide):
            async def answer(context, params):
                action, decision = await decide(params.message)
                return ElicitResult(action=action, content=decision and {"decision": decision})

            async with (
                stdio_client(parameters) as (read, write),
                ClientSession(read, write, elicitation_callback=answer) as connected,
            ):
                await connected.initialize()
                yield connected

        yield session


async def run(session, command, **more):
    return (await session.call_tool("execute_bash", {"command": command, **more})).structuredContent["stdout"]


async def test_what_the_person_answers_decides(connect, tmp_path):
    answers = [("accept", "once"), ("decline", None), ("cancel", None), ("accept", "deny"), ("accept", "session")]
    left = list(answers)

    async def decide(message):
        assert approvals.count(message) == 1
        before = approvals.calls(tmp_path)
        # Long enough for a call that did not wait.
        await anyio.sleep(0.2)
        assert approvals.calls(tmp_path) == before
        return left.pop(0)

    async with connect(decide) as session:
        printed = [(await run(session, approvals.ONE)).split() for _ in answers]
        assert printed[0] == ["1", "0"] and printed[4] == ["2", "0"]
        assert all(one[-1] == "4" for one in printed[1:4]), printed
        assert await run(session, approvals.ONE) == "3\n0\n", "for the session"
    assert approvals.calls(tmp_path) == 3 and not left


async def test_31_calls_at_once_are_asked_about_together(connect, tmp_path):
    asked = []

    async def decide(message):
        asked.append(approvals.count(message))
        assert approvals.calls(tmp_path) <= sum(asked[:-1])
        # All others are made meanwhile, and are one more question at most, unless the machine is very busy.
        if len(asked) == 1:
            await anyio.sleep(2)
        return "accept", "once"

    async with connect(decide) as session:
        assert await run(session, approvals.MANY) == f"{list(range(1, 32))}\n"
    assert sum(asked) == 31 and len(asked) < 20, asked
    assert approvals.calls(tmp_path) == 31


async def test_two_commands_at_once_get_their_own_answers(connect, tmp_path):
    decisions = [("accept", "once"), ("decline", None)]

    async def decide(message):
        return decisions.pop(0)

    printed = []

    async def ask(session):
        printed.append((await run(session, approvals.ONE)).split()[-1])

    async with connect(decide) as session, anyio.create_task_group() as tasks:
        for _ in range(2):
            tasks.start_soon(ask, session)
    assert sorted(printed) == ["0", "4"]
    assert approvals.calls(tmp_path) == 1


async def test_the_clock_stands_while_the_person_thinks(connect, tmp_path):
    async def decide(message):
        await anyio.sleep(10)
        return "accept", "once"

    async with connect(decide) as session:
        assert await run(session, approvals.ONE, timeout=8) == "1\n0\n"


async def test_without_an_answer_nothing_runs(connect, tmp_path):
    async def decide(message):
        await anyio.sleep(600)

    with anyio.move_on_after(10):
        async with connect(decide) as session:
            await run(session, approvals.ONE)
    assert approvals.calls(tmp_path) == 0


test_without_an_answer_nothing_runs.settings = {"approvalTimeout": 1}

CLIENT = """
import anyio, sys
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

async def answer(context, params):
    print("asked", flush=True)
    await anyio.sleep(600)

async def main():
    parameters = StdioServerParameters(command=sys.argv[1], args=sys.argv[2:])
    async with stdio_client(parameters) as (read, write):
        async with ClientSession(read, write, elicitation_callback=answer) as session:
            await session.initialize()
            await session.call_tool("execute_bash", {"command": sys.stdin.read()})

anyio.run(main)
"""


async def test_a_killed_client_approves_nothing(user, tmp_path):
    arguments = [server_binary(), "--user", user, *approvals.options(tmp_path)]
    approvals.kill_while_asking([sys.executable, "-c", CLIENT, *arguments])
    engine.wait_until_gone(user)
    assert approvals.calls(tmp_path) == 0
