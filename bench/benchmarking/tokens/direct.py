"""The direct arm: the published client calls the servers, as a host does for a model that calls tools itself."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any

from benchmarking.client import Refused
from benchmarking.tokens.transcript import tool_list

Json = dict[str, Any]
# Seconds that an answer may take.
PATIENCE = 120


class DirectArm:
    """Clients of several servers, in a thread with a loop of its own."""

    def __init__(self, entries: dict[str, Json]) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._wanted = asyncio.Event()
        self._clients: dict[str, Any] = {}
        self._lists: dict[str, list[Json]] = {}
        started: asyncio.Future[None] = asyncio.run_coroutine_threadsafe(_future(), self._loop).result()
        self._life = asyncio.run_coroutine_threadsafe(self._live(entries, started), self._loop)
        self.run(_wait(started))

    def tool_list(self, servers: list[str]) -> str:
        """The tools of these servers as a model gets them."""
        return tool_list([tool for server in servers for tool in self._lists[server]])

    def call(self, server: str, tool: str, arguments: Json) -> str:
        """Calls a tool and returns the text of its result."""
        return self.run(self._call(server, tool, arguments))

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def client(self, server: str) -> Any:
        return self._clients[server]

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._wanted.set)
        self._life.result(PATIENCE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    def __enter__(self) -> DirectArm:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def _live(self, entries: dict[str, Json], started: asyncio.Future[None]) -> None:
        """Opens and closes all clients in one task, which is what they require."""
        try:
            async with AsyncExitStack() as stack:
                for name, entry in entries.items():
                    self._clients[name] = await stack.enter_async_context(_client(entry))
                    listed = await self._clients[name].list_tools()
                    self._lists[name] = [tool.model_dump(by_alias=True, exclude_none=True) for tool in listed.tools]
                started.set_result(None)
                await self._wanted.wait()
        except Exception as error:
            if started.done():
                raise
            started.set_exception(error)

    async def _call(self, server: str, tool: str, arguments: Json) -> str:
        result = await self._clients[server].call_tool(tool, arguments)
        text = "".join(block.text for block in result.content if block.type == "text")
        if result.is_error:
            raise Refused(text)
        return text


def _client(entry: Json) -> Any:
    from mcp import Client, StdioServerParameters

    return Client(StdioServerParameters(command=entry["command"], args=entry["args"], env=entry.get("env")))


async def _future() -> asyncio.Future[None]:
    return asyncio.get_running_loop().create_future()


async def _wait(future: asyncio.Future[None]) -> None:
    await future
