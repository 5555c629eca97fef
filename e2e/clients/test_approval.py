"""Approval by the person behind the published clients `mcp` 2.x and `fastmcp`, in both eras: nothing runs before."""

import sys

import anyio
import pytest
from fastmcp import Client as FastClient
from fastmcp.client.elicitation import ElicitResult as FastElicitResult
from fastmcp.client.transports import StdioTransport
from mcp import Client, StdioServerParameters
from mcp_types import ElicitResult
from support import approvals, engine
from support.stdio_client import server_binary

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["legacy", "auto"])
def mode(request):
    return request.param


@pytest.fixture(params=["mcp", "fastmcp"])
def connect(request, user, tmp_path, mode):
    """Makes a client whose person answers a message with an action and, for acceptance, a decision."""
    settings = getattr(request.function, "settings", {})
    with approvals.tapped_server(user, tmp_path, **settings) as server:
        command = {"command": server.command, "args": server.arguments, "env": server.environment}

        def make(decide):
            async def answer(context, params):
                action, decision = await decide(params.message)
                return ElicitResult(action=action, content=decision and {"decision": decision})

            async def fast_answer(message, response_type, params, context):
                action, decision = await decide(message)
                return FastElicitResult(action=action, content=decision and {"decision": decision})

            if request.param == "mcp":
                return Client(StdioServerParameters(**command), mode=mode, elicitation_callback=answer)
            return FastClient(
                StdioTransport(**command, keep_alive=False), mode=mode, elicitation_handler=fast_answer
            )

        yield make


async def run(client, command, **more):
    result = await client.call_tool("execute_bash", {"command": command, **more})
    return result.structured_content["stdout"]


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

    async with connect(decide) as client:
        printed = [(await run(client, approvals.ONE)).split() for _ in answers]
        assert printed[0] == ["1", "0"] and printed[4] == ["2", "0"]
        assert all(one[-1] == "4" for one in printed[1:4]), printed
        assert await run(client, approvals.ONE) == "3\n0\n", "for the session"
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

    async with connect(decide) as client:
        assert await run(client, approvals.MANY) == f"{list(range(1, 32))}\n"
    assert sum(asked) == 31 and len(asked) < 20, asked
    assert approvals.calls(tmp_path) == 31


async def test_two_commands_at_once_get_their_own_answers(connect, tmp_path):
    decisions = [("accept", "once"), ("decline", None)]

    async def decide(message):
        return decisions.pop(0)

    printed = []

    async def ask(client):
        printed.append((await run(client, approvals.ONE)).split()[-1])

    async with connect(decide) as client, anyio.create_task_group() as tasks:
        for _ in range(2):
            tasks.start_soon(ask, client)
    assert sorted(printed) == ["0", "4"]
    assert approvals.calls(tmp_path) == 1


async def test_the_clock_stands_while_the_person_thinks(connect, tmp_path):
    async def decide(message):
        await anyio.sleep(10)
        return "accept", "once"

    async with connect(decide) as client:
        assert await run(client, approvals.ONE, timeout=8) == "1\n0\n"


async def test_without_an_answer_nothing_runs(connect, tmp_path):
    async def decide(message):
        await anyio.sleep(600)

    with anyio.move_on_after(10):
        async with connect(decide) as client:
            await run(client, approvals.ONE)
    assert approvals.calls(tmp_path) == 0


test_without_an_answer_nothing_runs.settings = {"approvalTimeout": 1}

MCP = """
import anyio, sys
from mcp import Client, StdioServerParameters

async def answer(context, params):
    print("asked", flush=True)
    await anyio.sleep(600)

async def main():
    parameters = StdioServerParameters(command=sys.argv[2], args=sys.argv[3:])
    async with Client(parameters, mode=sys.argv[1], elicitation_callback=answer) as client:
        await client.call_tool("execute_bash", {"command": sys.stdin.read()})

anyio.run(main)
"""
FASTMCP = """
import anyio, sys
from fastmcp import Client
from fastmcp.client.transports import StdioTransport

async def answer(message, response_type, params, context):
    print("asked", flush=True)
    await anyio.sleep(600)

async def main():
    transport = StdioTransport(command=sys.argv[2], args=sys.argv[3:], keep_alive=False)
    async with Client(transport, mode=sys.argv[1], elicitation_handler=answer) as client:
        await client.call_tool("execute_bash", {"command": sys.stdin.read()})

anyio.run(main)
"""


@pytest.mark.parametrize("program", [MCP, FASTMCP], ids=["mcp", "fastmcp"])
async def test_a_killed_client_approves_nothing(program, user, tmp_path, mode):
    arguments = [mode, server_binary(), "--user", user, *approvals.options(tmp_path)]
    approvals.kill_while_asking([sys.executable, "-c", program, *arguments])
    engine.wait_until_gone(user)
    assert approvals.calls(tmp_path) == 0
