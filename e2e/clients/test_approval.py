"""Approval by the person behind the published clients `mcp` 2.x and `fastmcp`, in both eras: nothing runs before."""

import sys

import pytest
from fastmcp import Client as FastClient
from fastmcp.client.elicitation import ElicitResult as FastElicitResult
from fastmcp.client.transports import StdioTransport
from mcp import Client, StdioServerParameters
from mcp_types import ElicitResult
from support import approval_cases, approvals, engine
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
