"""The published client `mcp` 2.x, in each of its ways to connect."""

import base64
import json

import anyio
import pytest
from mcp import Client, MCPError, StdioServerParameters
from support.tapped_server import wait_until_gone

pytestmark = pytest.mark.anyio
NEGOTIATED = {"legacy": "2025-11-25", "auto": "2026-07-28", "2026-07-28": "2026-07-28"}


@pytest.fixture(params=list(NEGOTIATED))
def mode(request):
    return request.param


@pytest.fixture
def connect(tapped_server, mode):
    """Makes a client for the tapped server, in the mode under test."""
    parameters = StdioServerParameters(
        command=tapped_server.command, args=tapped_server.arguments, env=tapped_server.environment
    )
    return lambda **options: Client(parameters, mode=mode, **options)


async def test_it_connects_and_lists_what_there_is(connect, mode):
    async with connect() as client:
        assert client.protocol_version == NEGOTIATED[mode]
        if mode != "2026-07-28":  # pinned to a revision, the client never asks who is there
            assert client.server_info.name == "exec-mcp"
        tools = (await client.list_tools()).tools
        assert {tool.name for tool in tools} == {"execute_bash", "write_file", "read_file", "read_docstring"}
        assert [prompt.name for prompt in (await client.list_prompts()).prompts] == ["agent_system_prompt"]


async def test_it_gets_the_prompt(connect):
    async with connect() as client:
        prompt = await client.get_prompt("agent_system_prompt")
        assert prompt.messages[0].content.text.startswith("# Agentic Code Execution with Domain Skills")
        with pytest.raises(MCPError):
            await client.get_prompt("no_such_prompt")


async def test_it_calls_every_tool(connect):
    async with connect() as client:
        await client.list_tools()  # with the output schema known, the client validates results itself
        ran = await client.call_tool("execute_bash", {"command": "echo hello; echo oops >&2; exit 3"})
        assert not ran.is_error
        assert ran.structured_content == {"exit_code": 3, "stdout": "hello\n", "stderr": "oops\n"}
        assert json.loads(ran.content[0].text) == ran.structured_content
        source = 'def f():\n    """Says é."""\n'
        wrote = await client.call_tool("write_file", {"file_path": "/workspace/m.py", "content": source})
        assert wrote.content[0].text == f"Successfully wrote {len(source.encode())} bytes to /workspace/m.py"
        read = await client.call_tool("read_file", {"file_path": "m.py"})
        assert read.content[0].text == source
        documented = await client.call_tool("read_docstring", {"file_path": "m.py", "function_name": "f"})
        assert "Says é." in documented.content[0].text


async def test_it_is_given_a_picture(connect):
    async with connect() as client:
        program = "from PIL import Image; Image.new('RGB', (2, 2)).save('p.png')"
        await client.call_tool("execute_bash", {"command": f'python3 -c "{program}"'})
        picture = (await client.call_tool("read_file", {"file_path": "p.png"})).content[0]
        assert picture.mime_type == "image/png"
        assert base64.b64decode(picture.data).startswith(b"\x89PNG")


async def test_errors_are_results_and_unknown_tools_are_not(connect):
    async with connect() as client:
        await client.list_tools()
        for name, arguments in (
            ("read_file", {"file_path": "/no/such/file"}),
            ("execute_bash", {"command": "true", "timeout": -1}),
            ("execute_bash", {"command": 5}),
            ("execute_bash", {}),
        ):
            result = await client.call_tool(name, arguments)
            assert result.is_error, (name, arguments)
            assert result.content[0].text
        with pytest.raises(MCPError) as error:
            await client.call_tool("no_such_tool", {})
        assert error.value.error.code == -32602


async def test_a_timeout_of_the_tool_is_a_result(connect):
    async with connect() as client:
        await client.list_tools()
        result = await client.call_tool("execute_bash", {"command": "echo begun; sleep 1000", "timeout": 5})
        assert result.structured_content["timed_out"] is True
        assert result.structured_content["stdout"] == "begun\n"


async def test_a_call_that_the_client_gives_up_is_ended(connect, tapped_server):
    async with connect() as client:
        await client.call_tool("execute_bash", {"command": "true"})
        with pytest.raises(MCPError):
            await client.call_tool("execute_bash", {"command": "sleep 4321"}, read_timeout_seconds=1)
        gone = await client.call_tool("execute_bash", {"command": wait_until_gone("sleep 4321")})
        assert gone.structured_content["exit_code"] == 0
    assert tapped_server.requests("notifications/cancelled") == 1


async def test_a_call_whose_task_is_cancelled_is_ended(connect):
    async with connect() as client:
        await client.call_tool("execute_bash", {"command": "true"})
        with anyio.move_on_after(1) as scope:
            await client.call_tool("execute_bash", {"command": "sleep 8765", "timeout": 300})
        assert scope.cancelled_caught
        gone = await client.call_tool("execute_bash", {"command": wait_until_gone("sleep 8765")})
        assert gone.structured_content["exit_code"] == 0


async def test_many_calls_at_once_are_not_mixed_up(connect):
    results = {}

    async def call(client, number):
        command = f"sleep 0.{number % 5}; echo {number}"
        results[number] = (await client.call_tool("execute_bash", {"command": command})).structured_content

    async with connect() as client, anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(call, client, number)
    assert {number: result["stdout"] for number, result in results.items()} == {n: f"{n}\n" for n in range(20)}


async def test_files_stay_from_one_connection_to_the_next(connect):
    async with connect() as client:
        await client.call_tool("write_file", {"file_path": "stay.txt", "content": "stayed"})
    async with connect() as client:
        assert (await client.call_tool("read_file", {"file_path": "stay.txt"})).content[0].text == "stayed"


async def test_the_automatic_mode_asks_before_it_connects(connect, tapped_server, mode):
    async with connect() as client:
        await client.list_tools()
    assert tapped_server.requests("initialize") == (1 if mode == "legacy" else 0)
    assert tapped_server.requests("server/discover") == (1 if mode == "auto" else 0)
