"""The published client `mcp` 1.x, which knows the handshake only and is what many hosts are built on."""

import json
from contextlib import asynccontextmanager
from datetime import timedelta

import anyio
import pytest
from mcp import ClientSession, McpError, StdioServerParameters
from mcp.client.stdio import stdio_client

pytestmark = pytest.mark.anyio


@pytest.fixture
def connect(tapped_server):
    """Connects a session to the tapped server."""
    parameters = StdioServerParameters(
        command=tapped_server.command, args=tapped_server.arguments, env=tapped_server.environment
    )

    @asynccontextmanager
    async def session():
        async with stdio_client(parameters) as (read, write), ClientSession(read, write) as connected:
            await connected.initialize()
            yield connected

    return session


async def test_it_connects_and_lists_what_there_is(tapped_server, connect):
    async with connect() as session:
        tools = (await session.list_tools()).tools
        assert {tool.name for tool in tools} == {"execute_bash", "write_file", "read_file", "read_docstring"}
        assert [prompt.name for prompt in (await session.list_prompts()).prompts] == ["agent_system_prompt"]
        await session.send_ping()
    assert tapped_server.requests("initialize") == 1


async def test_it_gets_the_prompt(connect):
    async with connect() as session:
        prompt = await session.get_prompt("agent_system_prompt")
        assert "## Available Skills" in prompt.messages[0].content.text
        with pytest.raises(McpError):
            await session.get_prompt("no_such_prompt")


async def test_it_calls_every_tool(connect):
    async with connect() as session:
        await session.list_tools()
        ran = await session.call_tool("execute_bash", {"command": "echo hello; exit 3"})
        assert not ran.isError
        assert ran.structuredContent == {"exit_code": 3, "stdout": "hello\n", "stderr": ""}
        assert json.loads(ran.content[0].text) == ran.structuredContent
        source = 'def f():\n    """Says so."""\n'
        wrote = await session.call_tool("write_file", {"file_path": "/workspace/m.py", "content": source})
        assert wrote.content[0].text == f"Successfully wrote {len(source)} bytes to /workspace/m.py"
        assert (await session.call_tool("read_file", {"file_path": "m.py"})).content[0].text == source
        documented = await session.call_tool("read_docstring", {"file_path": "m.py", "function_name": "f"})
        assert "Says so." in documented.content[0].text


async def test_it_is_given_a_picture(connect):
    async with connect() as session:
        program = "from PIL import Image; Image.new('RGB', (2, 2)).save('p.png')"
        await session.call_tool("execute_bash", {"command": f'python3 -c "{program}"'})
        assert (await session.call_tool("read_file", {"file_path": "p.png"})).content[0].mimeType == "image/png"


async def test_errors_are_results_and_unknown_tools_are_not(connect):
    async with connect() as session:
        await session.list_tools()
        assert (await session.call_tool("read_file", {"file_path": "/no/such/file"})).isError
        assert (await session.call_tool("execute_bash", {"command": "true", "timeout": -1})).isError
        with pytest.raises(McpError) as error:
            await session.call_tool("no_such_tool", {})
        assert error.value.error.code == -32602


async def test_a_timeout_of_the_tool_is_a_result(connect):
    async with connect() as session:
        await session.list_tools()
        result = await session.call_tool("execute_bash", {"command": "echo begun; sleep 1000", "timeout": 5})
        assert result.structuredContent["timed_out"] is True
        assert result.structuredContent["stdout"] == "begun\n"


async def test_a_call_given_up_without_a_word_does_not_disturb_the_next(connect):
    """This client forgets a request that takes too long and tells nobody: its answer comes unasked."""
    async with connect() as session:
        with pytest.raises(McpError):
            await session.call_tool(
                "execute_bash", {"command": "sleep 3; echo late"}, read_timeout_seconds=timedelta(seconds=1)
            )
        assert (await session.call_tool("execute_bash", {"command": "sleep 4; echo next"})).structuredContent == {
            "exit_code": 0,
            "stdout": "next\n",
            "stderr": "",
        }


async def test_many_calls_at_once_are_not_mixed_up(connect):
    results = {}

    async def call(session, number):
        result = await session.call_tool("execute_bash", {"command": f"echo {number}"})
        results[number] = result.structuredContent["stdout"]

    async with connect() as session, anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(call, session, number)
    assert results == {number: f"{number}\n" for number in range(20)}
