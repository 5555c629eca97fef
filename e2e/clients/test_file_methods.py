"""The example in docs/mcp-files.md, run with the published client `mcp` 2.x in each of its ways to connect."""

import os
import re
from pathlib import Path

import pytest
from mcp import Client, MCPError, StdioServerParameters

pytestmark = pytest.mark.anyio
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "mcp-files.md"


@pytest.fixture(scope="module")
def example():
    """The functions of the document's only program."""
    (program,) = re.findall(r"^```python\n(.*?)^```$", DOCUMENT.read_text(), re.DOTALL | re.MULTILINE)
    names: dict = {}
    exec(compile(program, str(DOCUMENT), "exec"), names)
    return names


@pytest.mark.parametrize("mode", ["legacy", "auto", "2026-07-28"])
async def test_the_documents_example_works(tapped_server, mode, example):
    parameters = StdioServerParameters(
        command=tapped_server.command, args=tapped_server.arguments, env=tapped_server.environment
    )
    data = os.urandom(300_000)
    async with Client(parameters, mode=mode) as client:
        path = await example["upload"](client, "from-python.bin", data, chunk=100_000)
        assert path.startswith("/workspace/uploads/from-python")
        assert await example["download"](client, path) == data
        counted = await client.call_tool("execute_bash", {"command": f"wc -c < '{path}'"})
        assert counted.structured_content["stdout"] == "300000\n"
        deleted = await example["request"](client, "files/delete", path=path)
        assert deleted["path"] == path
        with pytest.raises(MCPError) as refusal:
            await example["download"](client, path)
        assert refusal.value.error.code == 404
