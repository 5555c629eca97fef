"""Approval by the person behind the published client `mcp` 1.x: nothing runs before."""

import sys
from contextlib import asynccontextmanager

import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.types import ElicitResult
from support import approval_cases, approvals, engine
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
    await approval_cases.the_answer_decides(connect, run, tmp_path)


async def test_31_calls_at_once_are_asked_about_together(connect, tmp_path):
    await approval_cases.calls_at_once_are_asked_about_together(connect, run, tmp_path)


async def test_two_commands_at_once_get_their_own_answers(connect, tmp_path):
    await approval_cases.commands_at_once_get_their_own_answers(connect, run, tmp_path)


async def test_the_clock_stands_while_the_person_thinks(connect, tmp_path):
    await approval_cases.the_clock_stands_while_the_person_thinks(connect, run, tmp_path)


async def test_without_an_answer_nothing_runs(connect, tmp_path):
    await approval_cases.without_an_answer_nothing_runs(connect, run, tmp_path)


test_without_an_answer_nothing_runs.settings = approval_cases.IMPATIENT

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
