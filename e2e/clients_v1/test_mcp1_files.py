"""exec-mcp's own methods through the published client `mcp` 1.x, which knows nothing of them."""

import base64
import hashlib
from typing import Any

import pytest
from mcp import ClientSession, McpError, StdioServerParameters, types
from mcp.client.stdio import stdio_client

pytestmark = pytest.mark.anyio


async def request(session: ClientSession, method: str, **params: Any) -> dict[str, Any]:
    ask = types.Request[dict[str, Any], str](method="exec-mcp/" + method, params=params)
    return (await session.send_request(ask, types.Result)).model_dump()


async def test_bytes_go_in_and_come_back(tapped_server):
    parameters = StdioServerParameters(
        command=tapped_server.command, args=tapped_server.arguments, env=tapped_server.environment
    )
    data = bytes(range(256))
    encoded = base64.b64encode(data).decode()
    async with stdio_client(parameters) as (read, write), ClientSession(read, write) as session:
        started = await session.initialize()
        assert "exec-mcp/files" in started.capabilities.experimental
        stored = await request(
            session, "files/write", name="v1.bin", data=encoded, final=True, sha256=hashlib.sha256(data).hexdigest()
        )
        found = await request(session, "files/read", path=stored["path"])
        assert found["data"] == encoded
        assert (await request(session, "sandbox/status"))["state"] == "idle"
        with pytest.raises(McpError) as refusal:
            await request(session, "files/read", path="/etc/passwd")
        assert refusal.value.error.code == -32602
