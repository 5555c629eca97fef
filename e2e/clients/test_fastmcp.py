"""The published client `fastmcp`, which adds habits of its own to `mcp`."""

import anyio
import pytest
from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from fastmcp.exceptions import ToolError
from mcp import MCPError
from support.tapped_server import wait_until_gone

pytestmark = pytest.mark.anyio
NEGOTIATED = {"legacy": "2025-11-25", "auto": "2026-07-28", "2026-07-28": "2026-07-28"}


@pytest.fixture(params=list(NEGOTIATED))
def mode(request):
    return request.param


@pytest.fixture
def connect(tapped_server, mode):
    """Makes a client for the tapped server, in the mode under test."""

    def make(**options):
        transport = StdioTransport(
            command=tapped_server.command,
            args=tapped_server.arguments,
            env=tapped_server.environment,
            keep_alive=False,
        )
        return Client(transport, mode=mode, **options)

    return make


async def test_it_connects_and_lists_what_there_is(connect, mode):
    async with connect() as client:
        assert client.protocol_version == NEGOTIATED[mode]
        tools = await client.list_tools()
        assert {tool.name for tool in tools} == {"execute_bash", "write_file", "read_file", "read_docstring"}
        assert [prompt.name for prompt in await client.list_prompts()] == ["agent_system_prompt"]


async def test_it_gets_the_prompt(connect):
    async with connect() as client:
        prompt = await client.get_prompt("agent_system_prompt")
        assert "## Available Skills" in prompt.messages[0].content.text


async def test_it_calls_every_tool(connect):
    async with connect() as client:
        ran = await client.call_tool("execute_bash", {"command": "echo hello; exit 3"})
        assert ran.structured_content == {"exit_code": 3, "stdout": "hello\n", "stderr": ""}
        source = 'def f():\n    """Says so."""\n'
        wrote = await client.call_tool("write_file", {"file_path": "/workspace/m.py", "content": source})
        assert wrote.content[0].text.startswith("Successfully wrote")
        read = await client.call_tool("read_file", {"file_path": "m.py"})
        assert read.content[0].text == source
        documented = await client.call_tool("read_docstring", {"file_path": "m.py", "function_name": "f"})
        assert "Says so." in documented.content[0].text


async def test_errors_reach_the_caller(connect):
    async with connect() as client:
        with pytest.raises(ToolError, match="/no/such/file"):
            await client.call_tool("read_file", {"file_path": "/no/such/file"})
        result = await client.call_tool("execute_bash", {"command": "true", "timeout": -1}, raise_on_error=False)
        assert result.is_error
        with pytest.raises(MCPError):
            await client.call_tool_mcp("no_such_tool", {})


async def test_a_timeout_of_the_client_ends_the_command(connect):
    async with connect() as client:
        await client.call_tool("execute_bash", {"command": "true"})
        with pytest.raises((MCPError, ToolError)):
            await client.call_tool("execute_bash", {"command": "sleep 5432"}, timeout=1)
        gone = await client.call_tool("execute_bash", {"command": wait_until_gone("sleep 5432")})
        assert gone.structured_content["exit_code"] == 0


async def test_many_calls_at_once_are_not_mixed_up(connect):
    results = {}

    async def call(client, number):
        result = await client.call_tool("execute_bash", {"command": f"echo {number}"})
        results[number] = result.structured_content["stdout"]

    async with connect() as client, anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(call, client, number)
    assert results == {number: f"{number}\n" for number in range(20)}


@pytest.mark.parametrize("mode", ["legacy"], indirect=True)
async def test_ping_is_answered_where_the_revision_has_it(connect):
    async with connect() as client:
        assert await client.ping()
