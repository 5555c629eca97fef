"""Clients that start a server for each call, as several frameworks do: with `--linger` they keep what lives inside."""

import pytest
from fastmcp import Client as FastClient
from fastmcp.client.transports import StdioTransport
from mcp import Client, StdioServerParameters
from support import engine, holders, jobs
from support.stdio_client import server_binary
from support.tapped_server import TappedServer

pytestmark = pytest.mark.anyio


@pytest.fixture
def server(fresh_user, tmp_path):
    server = TappedServer(fresh_user, tmp_path / "conversation.jsonl", ("--linger", "600"))
    yield server
    holders.end_all(fresh_user)


def with_mcp(server):
    environment = server.environment
    parameters = StdioServerParameters(
        command=server_binary(), args=["--user", server.user, *server.options], env=environment
    )
    return Client(parameters)


def with_fastmcp(server):
    transport = StdioTransport(
        command=server_binary(),
        args=["--user", server.user, *server.options],
        env=server.environment,
        keep_alive=False,
    )
    return FastClient(transport)


@pytest.mark.parametrize("connect", [with_mcp, with_fastmcp])
async def test_jobs_and_files_in_memory_are_there_in_the_next_call(server, connect):
    async def run(command):
        async with connect(server) as client:
            result = await client.call_tool("execute_bash", {"command": command})
        return result.structured_content["stdout"]

    assert await run(f"{jobs.start('sleep 600', 'nohup {} &')}; echo one > /tmp/one.txt") == ""
    assert await run("cat /tmp/one.txt; pgrep -fxc 'sleep 600'; mkdir -p ~/.local/x") == "one\n1\n"
    assert await run("pkill sleep; cat /tmp/one.txt; ls -d ~/.local/x") == "one\n/home/coderunner/.local/x\n"
    assert len(engine.containers(server.user)) == 1
    # One passes it on to the next, and ends.
    assert engine.poll(lambda: len(holders.holders(server.user)) == 1) is not None
