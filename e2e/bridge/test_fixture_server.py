"""The MCP server that other tests use does what they rely on, in both eras."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.fixture_server import PROGRAM, FixtureServer, read_journal

ERAS = ("legacy", "modern")


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def start(journal: Path) -> Iterator[Callable[..., FixtureServer]]:
    started: list[FixtureServer] = []

    def begin(*options: str, **more: Any) -> FixtureServer:
        started.append(FixtureServer("--journal", str(journal), *options, **more))
        return started[-1]

    yield begin
    for server in started:
        if server.process.poll() is None:
            server.process.kill()
        if not server.process.stdout.closed:
            server.close()


@pytest.mark.parametrize("era", ERAS)
def test_tools_of_every_kind_answer(start: Any, era: str) -> None:
    server = start(era=era)
    assert server.call("echo", text="é")["content"] == [{"type": "text", "text": "é"}]
    assert server.call("add", a=1, b=2)["structuredContent"] == {"sum": 3}
    assert server.call("wrapped", count=2)["structuredContent"] == {"result": [0, 1]}
    kinds = [block["type"] for block in server.call("mixed")["content"]]
    assert kinds == ["text", "image", "audio", "resource_link", "resource", "resource"]
    assert server.call("fail", message="no")["isError"] is True
    assert server.call("refuse", code=-32602)["code"] == -32602
    assert server.call("nowhere")["message"] == "Unknown tool: nowhere"
    assert len(server.call("huge", bytes=1 << 20)["content"][0]["text"]) == 1 << 20
    assert server.request("resources/read", uri="fixture://notes")["contents"][0]["text"].startswith("Notes.")
    assert server.request("prompts/get", name="review", arguments={"code": "x"})["messages"][0]["role"] == "user"


@pytest.mark.parametrize("era", ERAS)
def test_lists_come_in_pages(start: Any, era: str) -> None:
    server = start("--tools", "25", "--page-size", "10", era=era)
    names, cursor = [], {}
    while True:
        page = server.request("tools/list", **cursor)
        assert len(page["tools"]) <= 10
        names += [tool["name"] for tool in page["tools"]]
        if "nextCursor" not in page:
            break
        cursor = {"cursor": page["nextCursor"]}
    assert len(names) == len(set(names)) > 50
    assert "tool_25" in names


@pytest.mark.parametrize("era", ERAS)
def test_a_cancellation_is_recorded_and_ends_the_call(start: Any, journal: Path, era: str) -> None:
    server = start(era=era)
    number = server.send("tools/call", name="wait", arguments={})
    server.notify("notifications/cancelled", requestId=number, reason="enough")
    server.call("echo", text="after")
    (cancelled,) = read_journal(journal, "cancelled")
    assert (cancelled["tool"], cancelled["reason"]) == ("wait", "enough")
    assert all(message.get("id") != number for message in server.messages)


@pytest.mark.parametrize("era", ERAS)
def test_progress_goes_to_who_asked(start: Any, era: str) -> None:
    server = start(era=era)
    server.request("tools/call", name="steps", arguments={"steps": 3}, _meta={"progressToken": "t"})
    server.call("steps", steps=3)
    progress = [message["params"] for message in server.messages if message.get("method") == "notifications/progress"]
    assert [(one["progressToken"], one["progress"], one["total"]) for one in progress] == [
        ("t", 1, 3),
        ("t", 2, 3),
        ("t", 3, 3),
    ]


@pytest.mark.parametrize("era", ERAS)
def test_changed_tools_are_announced(start: Any, era: str) -> None:
    server = start(era=era)
    if era == "modern":
        server.send("subscriptions/listen", notifications={"toolsListChanged": True})
        server.wait_for(lambda message: message.get("method") == "notifications/subscriptions/acknowledged")
    server.call("grow", name="fresh")
    server.wait_for(lambda message: message.get("method") == "notifications/tools/list_changed")
    assert "fresh" in [tool["name"] for tool in server.request("tools/list")["tools"]]
    assert server.call("fresh", value="x")["content"][0]["text"] == "fresh: x"


def test_the_user_is_asked_in_the_way_of_the_era(start: Any) -> None:
    legacy = start(era="legacy")
    number = legacy.send("tools/call", name="ask", arguments={"question": "Which?"})
    question = legacy.wait_for(lambda message: message.get("method") == "elicitation/create")
    legacy.write({"id": question["id"], "result": {"action": "accept", "content": {"answer": "this"}}})
    assert legacy.answer(number)["result"]["content"][0]["text"] == "accept: this"
    modern = start(era="modern")
    asked = modern.call("ask")
    assert (asked["resultType"], list(asked["inputRequests"])) == ("input_required", ["user"])
    reply = {"user": {"action": "decline"}}
    again = modern.request("tools/call", name="ask", arguments={}, inputResponses=reply, requestState="asked")
    assert again["content"][0]["text"] == "decline: "


@pytest.mark.parametrize("era", ERAS)
def test_a_crash_has_a_status_and_a_last_line(start: Any, era: str) -> None:
    server = start(era=era)
    server.send("tools/call", name="crash", arguments={"status": 7})
    assert server.process.wait(30) == 7
    assert server.close() == (7, "mcp_fixture: out of cheese, token=sk-live-0123456789abcdef\n")


def test_noise_and_floods_stay_beside_the_messages(start: Any) -> None:
    server = start("--noise", "--flood", "1000000", era="modern")
    assert server.call("flood", bytes=1_000_000)["content"][0]["text"] == "flooded"
    server.call("garbage")
    assert b"INFO listening\n" in server.noise
    assert len(server.close()[1]) > 1_900_000


def test_a_server_of_one_era_refuses_the_other(start: Any) -> None:
    legacy = start("--era", "legacy", era="modern")
    assert legacy.request("server/discover")["code"] == -32601
    modern = start("--era", "modern", era="legacy")
    assert modern.request("tools/list")["code"] == -32602
    wanted = start(era="modern").request("server/discover")
    assert wanted["supportedVersions"][0] == "2026-07-28"


def test_a_start_fails_in_every_way(start: Any, journal: Path, tmp_path: Path) -> None:
    assert start("--die-at-start", "5", era="modern").close() == (5, "mcp_fixture: cannot start: no such database\n")
    once = ("--die-once", str(tmp_path / "once"))
    assert start(*once, era="modern").close()[0] == 1
    assert start(*once, era="modern").call("echo", text="a")["content"]
    silent = start("--silent", era="modern")
    silent.send("tools/list")
    assert silent.close()[0] == 0
    assert silent.messages == []
    assert len(read_journal(journal, "start")) == 4


def test_odd_names_are_listed_and_called(start: Any) -> None:
    server = start("--odd", era="modern")
    names = [tool["name"] for tool in server.request("tools/list")["tools"]]
    assert len(names) == len(set(names))
    for name in ("get-item", "get.item", "__init__", "line\nbreak", 'quote"""'):
        assert name in names
        assert server.call(name, value="v")["content"][0]["text"] == f"{name}: v"


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_the_published_client_understands_it(mode: str) -> None:
    from mcp import Client, StdioServerParameters

    async def main() -> None:
        parameters = StdioServerParameters(command=sys.executable, args=[str(PROGRAM)])
        async with Client(parameters, mode=mode) as client:
            assert client.session.protocol_version == {"legacy": "2025-11-25", "auto": "2026-07-28"}[mode]
            assert len((await client.list_tools()).tools) > 20
            assert (await client.call_tool("add", {"a": 1, "b": 2})).structured_content == {"sum": 3}
            assert (await client.call_tool("mixed", {})).content[1].type == "image"
            assert (await client.list_resources()).resources
            assert (await client.get_prompt("review", {"code": "x"})).messages

    asyncio.run(main())
