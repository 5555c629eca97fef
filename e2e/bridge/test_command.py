"""The command `mcp` from outside: what it asks, what it prints, and its exit status."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import pty
import signal
import subprocess
import threading
from typing import Any

import pytest
from support.scripted_bridge import Refusal, Request, ScriptedBridge, Silence, text

SCHEMA = {
    "type": "object",
    "properties": {
        "query": {"type": "string"},
        "max_count": {"type": "integer"},
        "exact": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["query"],
}


@pytest.fixture
def shop(bridge: ScriptedBridge) -> ScriptedBridge:
    bridge.handlers["tool"] = lambda request: {"name": "find", "inputSchema": SCHEMA, "docstring": "Finds articles."}
    bridge.tools["find"] = text("found")
    return bridge


def answer(bridge: ScriptedBridge, method: str, result: Any) -> None:
    bridge.handlers[method] = lambda request: result


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        (["--query", "a b"], {"query": "a b"}),
        (["--query=a=b"], {"query": "a=b"}),
        (["--max-count", "3", "--query", "a"], {"query": "a", "max_count": 3}),
        (["a b"], {"query": "a b"}),
        (["--exact", "a"], {"query": "a", "exact": True}),
        (["--tags", "x", "--tags", "y", "--no-exact", "a"], {"query": "a", "tags": ["x", "y"], "exact": False}),
        (["--json", '{"query": "a", "max_count": 1}', "--max-count", "2"], {"query": "a", "max_count": 2}),
        (["--", "--query"], {"query": "--query"}),
        ([], {}),
    ],
)
def test_a_call_sends_what_the_options_say(shop: ScriptedBridge, run_mcp: Any, words: Any, arguments: Any) -> None:
    run = run_mcp("call", "my shop", "find", *words)
    assert (run.stdout, run.stderr, run.returncode) == ("found\n", "", 0)
    assert shop.calls() == [{"server": "my shop", "tool": "find", "arguments": arguments}]


@pytest.mark.parametrize("words", [["-"], ["--json", "-"]])
def test_arguments_are_read_from_standard_input(shop: ScriptedBridge, run_mcp: Any, words: list[str]) -> None:
    assert run_mcp("call", "shop", "find", *words, input='{"query": "é"}').stdout == "found\n"
    assert shop.calls()[0]["arguments"] == {"query": "é"}


@pytest.mark.parametrize(
    ("words", "sent"),
    [
        (["shop__find", "a"], {"tool": "shop__find", "arguments": {"query": "a"}}),
        (["shop.find", "--query", "a"], {"server": "shop", "tool": "find", "arguments": {"query": "a"}}),
        (
            ["--timeout", "7.5", "shop", "find", "a"],
            {"server": "shop", "tool": "find", "arguments": {"query": "a"}, "timeout": 7.5},
        ),
        (
            ["shop", "find", "a", "--timeout=9"],
            {"server": "shop", "tool": "find", "arguments": {"query": "a"}, "timeout": 9.0},
        ),
    ],
)
def test_a_tool_may_be_named_in_one_word(shop: ScriptedBridge, run_mcp: Any, words: Any, sent: Any) -> None:
    def details(request: Request) -> Any:
        if request.params.get("server") in ("shop__find", "shop.find"):
            raise Refusal("ServerNotFound", "no such server")
        return {"name": "find", "inputSchema": SCHEMA}

    shop.handlers["tool"] = details
    shop.tools["shop__find"] = text("found")
    assert run_mcp("call", *words).stdout == "found\n"
    assert shop.calls() == [sent]


@pytest.mark.parametrize(
    ("result", "printed"),
    [
        (text("plain"), "plain\n"),
        (text("two\nlines\n"), "two\nlines\n"),
        (text("é\u2028"), "é\u2028\n"),
        (text('{"b": 1, "a": [1.50, "é"]}'), '{"b":1,"a":[1.5,"é"]}\n'),
        (text("007"), "007\n"),
        (text("x", structuredContent={"a": [1, 2]}), '{"a":[1,2]}\n'),
        (text("x", structuredContent={"result": "text"}, unwraps=True), "text\n"),
        (text("x", structuredContent={"result": True}, unwraps=True), "true\n"),
        (text("x", structuredContent={"result": None}, unwraps=True), ""),
        (text("x", structuredContent=["a", "b"]), '["a","b"]\n'),
        (text("first", '{"a": 1}', "last"), 'first\n{"a":1}\nlast\n'),
        ({"content": []}, ""),
        ({"content": [{"type": "resource_link", "uri": "shop://1", "name": "one"}]}, "shop://1\n"),
    ],
)
def test_a_result_is_printed_for_pipes(shop: ScriptedBridge, run_mcp: Any, result: Any, printed: str) -> None:
    shop.tools["find"] = result
    run = run_mcp("call", "shop", "find", "a")
    assert (run.stdout, run.stderr, run.returncode) == (printed, "", 0)


def test_a_picture_is_printed_as_its_path(shop: ScriptedBridge, run_mcp: Any, tmp_path: Any) -> None:
    data = base64.b64encode(b"picture").decode()
    shop.tools["find"] = {"content": [{"type": "image", "data": data, "mimeType": "image/png"}]}
    assert run_mcp("call", "shop", "find", "a").stdout == f"{tmp_path}/files/shop/1-find.png\n"


def test_data_is_indented_on_a_terminal(shop: ScriptedBridge, environment: dict[str, str]) -> None:
    shop.tools["find"] = text("x", structuredContent={"a": [1]})
    ours, theirs = pty.openpty()
    subprocess.run(["mcp", "call", "shop", "find", "a"], env=environment, stdout=theirs, timeout=60, check=True)
    os.close(theirs)
    shown = b""
    # What was written need not come at once, and the end of all is an error.
    with contextlib.suppress(OSError):
        while piece := os.read(ours, 4096):
            shown += piece
    os.close(ours)
    assert shown.decode().replace("\r", "") == '{\n  "a": [\n    1\n  ]\n}\n'


@pytest.mark.parametrize("words", [["--raw", "shop", "find", "a"], ["shop", "find", "a", "--raw"]])
def test_the_raw_result_is_printed_on_demand(shop: ScriptedBridge, run_mcp: Any, words: list[str]) -> None:
    shop.tools["find"] = text("broken", isError=True, structuredContent={"code": 1})
    run = run_mcp("call", *words)
    assert json.loads(run.stdout) == {**shop.tools["find"], "files": []}
    assert run.returncode == 1


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("ToolError", 1),
        ("ResultTooLarge", 1),
        ("ProtocolError", 1),
        ("ToolNotFound", 2),
        ("ServerNotFound", 2),
        ("ToolInputError", 2),
        ("ServerUnavailable", 3),
        ("ToolTimeout", 3),
        ("ToolInterrupted", 3),
        ("NotRecorded", 3),
        ("ToolDenied", 4),
        ("ApprovalRequired", 4),
        ("BudgetExceeded", 5),
    ],
)
def test_an_error_decides_the_exit_status(shop: ScriptedBridge, run_mcp: Any, kind: str, status: int) -> None:
    def refuse(request: Request) -> None:
        raise Refusal(kind, "what happened")

    shop.handlers["call"] = refuse
    run = run_mcp("call", "shop", "find", "a")
    assert (run.stdout, run.returncode) == ("", status)
    assert run.stderr == "mcp: shop.find: what happened\nparameters: query*, max_count, exact, tags\n"


def test_a_failure_of_the_tool_is_status_1_with_its_text(shop: ScriptedBridge, run_mcp: Any) -> None:
    shop.tools["find"] = text("nothing found", isError=True)
    run = run_mcp("call", "shop", "find", "a")
    assert (run.stdout, run.returncode) == ("", 1)
    assert run.stderr.startswith("mcp: shop.find: nothing found\n")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["cal"], "unknown command 'cal'. Did you mean call?"),
        (["git", "git_log"], "mcp call git git_log"),
        (["call"], "name a server and a tool"),
        (["call", "shop"], "mcp list shop shows them"),
        (["call", "shop", "find", "--qurey", "a"], "unknown parameter 'qurey'. Did you mean --query?"),
        (["call", "shop", "find", "--query"], "--query needs a value"),
        (["call", "shop", "find", "--max-count", "many"], "--max-count many: it must be integer."),
        (["call", "shop", "find", "--query", "a", "--query", "b"], "given 2 times"),
        (["call", "shop", "find", "--json", "{"], "--json is no JSON"),
        (["call", "shop", "find", "--json", "[1]"], "--json needs an object"),
        (["call", "shop", "find", "a", "b"], "'b' has no name"),
        (["call", "--timeout", "soon", "shop", "find"], "must be a number"),
        (["call", "--timeout"], "needs a value"),
        (["read", "shop"], "usage: mcp read SERVER URI"),
        (["search"], "say in words"),
        (["log", "all"], "mcp log NUMBER"),
        (["--unknown"], "unknown command '--unknown'"),
    ],
)
def test_wrong_usage_is_status_2_and_says_what_is_right(
    shop: ScriptedBridge, run_mcp: Any, words: list[str], says: str
) -> None:
    run = run_mcp(*words)
    assert (run.stdout, run.returncode) == ("", 2)
    assert says in run.stderr
    assert shop.calls() == []


def test_without_a_bridge_the_status_is_3(run_mcp: Any, environment: dict[str, str]) -> None:
    del environment["MCP_BRIDGE"]
    run = run_mcp()
    assert run.returncode == 3
    assert "no bridge to MCP servers is here" in run.stderr


def test_servers_tools_and_matches_are_listed(bridge: ScriptedBridge, run_mcp: Any) -> None:
    server = {"name": "shop", "module": "shop", "tools": 3, "state": "idle", "summary": "order, refund"}
    tool = {"name": "find", "server": "shop", "module": "shop", "signature": "find(*, query: str)", "summary": "Finds."}
    answer(bridge, "servers", {"servers": [server]})
    answer(bridge, "tools", {"tools": [tool]})
    answer(bridge, "search", {"tools": [tool], "matched": 4, "of": 9})
    line = "servers.shop.find(*, query: str)  # Finds.\n"
    assert run_mcp().stdout == 'servers.shop: 3 tools, idle  # "order, refund"\n'
    assert run_mcp("list", "shop").stdout == line
    assert run_mcp("search", "find", "me", "things", "--limit", "1").stdout == line + "# 1 of 4 matches among 9 tools\n"
    assert bridge.requests[-1].params == {"query": "find me things", "limit": 1}


def test_help_shows_the_command_line_and_the_docstring(shop: ScriptedBridge, run_mcp: Any) -> None:
    usage = "mcp call shop find --query STRING [--max-count INTEGER] [--exact] [--tags ARRAY]...\n\nFinds articles.\n"
    assert run_mcp("help", "shop", "find").stdout == usage
    assert run_mcp("call", "shop", "find", "--help").stdout == usage
    assert run_mcp("--help").stdout == run_mcp("help").stdout
    assert shop.calls() == []


def test_resources_and_prompts_are_listed_and_read(bridge: ScriptedBridge, run_mcp: Any) -> None:
    answer(bridge, "resources", {"resources": [{"uri": "a://1", "name": "one"}], "templates": []})
    answer(bridge, "read", {"contents": [{"uri": "a://1", "text": "[1,\n2]"}]})
    answer(bridge, "prompts", {"prompts": [{"name": "ask"}]})
    answer(bridge, "prompt", {"messages": [{"role": "user", "content": {"type": "text", "text": "Why?"}}]})
    assert run_mcp("resources", "shop").stdout == "a://1  # one\n"
    assert run_mcp("read", "shop", "a://1").stdout == "[1,\n2]\n"
    assert run_mcp("prompts", "shop").stdout == "ask()\n"
    assert run_mcp("prompt", "shop", "ask", "--what", "3").stdout == "user: Why?\n"
    assert bridge.requests[-1].params == {"server": "shop", "name": "ask", "arguments": {"what": "3"}}


def test_the_log_is_one_line_per_call(bridge: ScriptedBridge, run_mcp: Any) -> None:
    entry = {"time": "12:00:00", "server": "shop", "tool": "find", "ms": 3, "bytes": 70, "outcome": "ok", "command": 5}
    answer(bridge, "log", {"calls": [entry, {**entry, "command": None}]})
    assert run_mcp("log", "2").stdout == (
        "12:00:00  shop.find  3 ms  70 bytes  ok  command 5\n12:00:00  shop.find  3 ms  70 bytes  ok  command -\n"
    )
    assert bridge.requests[0].params == {"limit": 2}


def test_a_reader_that_leaves_ends_it_quietly(shop: ScriptedBridge, environment: dict[str, str]) -> None:
    shop.tools["find"] = text("line\n" * 500_000)
    run = subprocess.run(
        ["bash", "-c", "mcp call shop find a | head -1; echo ${PIPESTATUS[0]}"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (run.stdout, run.stderr) == (f"line\n{128 + signal.SIGPIPE}\n", "")


def test_an_interrupt_ends_it_as_a_shell_expects(shop: ScriptedBridge, environment: dict[str, str]) -> None:
    begun = threading.Event()

    def hang(request: Request) -> Any:
        begun.set()
        raise Silence

    shop.tools["find"] = hang
    process = subprocess.Popen(["mcp", "call", "shop", "find", "a"], env=environment, stderr=subprocess.PIPE, text=True)
    assert begun.wait(30)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30) == (None, "")
    assert process.returncode == -signal.SIGINT
    assert shop.closed.acquire(timeout=30)


def test_lines_pass_through_both_ways(bridge: ScriptedBridge, run_mcp: Any) -> None:
    answer(bridge, "servers", {"servers": []})
    bridge.tools["find"] = lambda request: text("x" * 300_000)
    lines = [
        json.dumps({"id": 1, "method": "servers"}),
        json.dumps({"id": "two", "method": "call", "params": {"tool": "find", "arguments": {"text": "y" * 300_000}}}),
    ]
    run = run_mcp("connect", input="".join(line + "\n" for line in lines))
    answers = {message["id"]: message["result"] for message in map(json.loads, run.stdout.splitlines())}
    assert answers == {1: {"servers": []}, "two": text("x" * 300_000)}
    assert (run.stderr, run.returncode) == ("", 0)


def test_refused_tools_are_marked(bridge: ScriptedBridge, run_mcp: Any) -> None:
    """Which rule refuses them is in their line, what would allow them is in `mcp help`."""
    import servers

    reason = 'It does not declare that it only reads. In the entry shop: "exec-mcp": {"tools": {"allow": ["pay"]}}.'
    refused = {"rule": "default", "needsApproval": False, "reason": reason}
    asked = {"rule": "ask re*", "needsApproval": True, "reason": "A person has to approve it."}
    tools = [
        {"name": "pay", "module": "shop", "signature": "pay()", "summary": "Pays.", "refused": refused},
        {"name": "refund", "module": "shop", "signature": "refund()", "summary": "", "refused": asked},
        {"name": "find", "module": "shop", "signature": "find()", "summary": "Finds."},
        {"name": "odd", "module": "shop", "signature": "odd()", "summary": "", "refused": "yes"},
    ]
    answer(bridge, "tools", {"tools": tools})
    answer(bridge, "search", {"tools": tools[:1], "matched": 1, "of": 3})
    lines = run_mcp("list", "shop").stdout.splitlines()
    assert lines == [
        "servers.shop.pay()  # [refused by the rule: default] Pays.",
        "servers.shop.refund()  # [needs approval by the rule: ask re*]",
        "servers.shop.find()  # Finds.",
        "servers.shop.odd()",
        "# why a tool is refused, and what would allow it: mcp help shop TOOL",
    ]
    assert [line.refused for line in servers.list_tools("shop")] == [reason, "A person has to approve it.", "", ""]
    assert "[refused by the rule: default]" in run_mcp("search", "money").stdout
    details = {"name": "pay", "docstring": f"pay()\n\nPolicy: refused. {reason}", "inputSchema": {}, "refused": refused}
    answer(bridge, "tool", details)
    assert reason in run_mcp("help", "shop", "pay").stdout
    assert servers.tool_details("shop", "pay")["refused"]["rule"] == "default"


def test_a_failing_server_says_why_instead_of_what_it_is_about(bridge: ScriptedBridge, run_mcp: Any) -> None:
    server = {"name": "shop", "module": "shop", "tools": 0, "state": "failed", "summary": "order", "error": "It died."}
    answer(bridge, "servers", {"servers": [server]})
    assert run_mcp().stdout == "servers.shop: 0 tools, failed  # It died.\n"
