"""The ways to name servers, tools and functions, those included that models try first."""

from __future__ import annotations

from typing import Any

import pytest
from support.scripted_bridge import Refusal, ScriptedBridge, text

FOUND = {
    "server": "my shop",
    "name": "get-order",
    "module": "shop",
    "python": "get_order",
    "signature": "get_order(*, order_id: str) -> dict",
    "summary": "Gets an order. And more about it.",
}
LINE = "servers.shop.get_order(*, order_id: str) -> dict  # Gets an order."


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        (("git", "git_log", {"a": 1}), {"server": "git", "tool": "git_log", "arguments": {"a": 1}}),
        (("git", "git_log"), {"server": "git", "tool": "git_log", "arguments": {}}),
        (("git__git_log", {"a": 1}), {"tool": "git__git_log", "arguments": {"a": 1}}),
        (("a__b__c", {"a": 1}), {"tool": "a__b__c", "arguments": {"a": 1}}),
        (("git.git_log", {"a": 1}), {"server": "git", "tool": "git_log", "arguments": {"a": 1}}),
        (("servers.git.git_log", {}), {"server": "git", "tool": "git_log", "arguments": {}}),
        (("my server", "log all", {}), {"server": "my server", "tool": "log all", "arguments": {}}),
    ],
)
def test_a_tool_is_called_by_its_real_name(bridge: ScriptedBridge, arguments: Any, sent: Any) -> None:
    from servers import call_tool

    bridge.handlers["call"] = lambda request: text("done")
    assert call_tool(*arguments) == "done"
    assert bridge.calls() == [sent]


def test_arguments_may_be_keywords(bridge: ScriptedBridge) -> None:
    from servers import call_mcp_tool, call_tool

    bridge.handlers["call"] = lambda request: text("done")
    call_tool("git", "git_log", {"a": 1}, b=2, timeout=5)
    call_tool("git", "git_log", a=1)
    call_mcp_tool("git__git_log", a=1)
    assert [call["arguments"] for call in bridge.calls()] == [{"a": 1, "b": 2}, {"a": 1}, {"a": 1}]
    assert [call.get("timeout") for call in bridge.calls()] == [5, None, None]


@pytest.mark.parametrize("alias", ["callMCPTool", "call_mcp_tool"])
def test_other_names_of_the_call_reach_it(bridge: ScriptedBridge, alias: str) -> None:
    import servers

    bridge.handlers["call"] = lambda request: text("done")
    assert getattr(servers, alias)("git__git_log", {"a": 1}) == "done"
    assert bridge.calls() == [{"tool": "git__git_log", "arguments": {"a": 1}}]


@pytest.mark.parametrize(
    "script",
    [
        "from servers import search_tools; print(search_tools('an order'))",
        "import servers; print(servers.search('an order'))",
        "import tools; print(tools.search('an order'))",
        "from tools import search; [print(line) for line in search('an order')]",
        "from servers import *; print(search_tools(['an', 'order'])[0])",
    ],
)
def test_search_is_found_wherever_it_is_looked_for(bridge: ScriptedBridge, run_python: Any, script: str) -> None:
    bridge.handlers["search"] = lambda request: {"tools": [FOUND], "matched": 1, "of": 9}
    run = run_python(script)
    assert (run.stdout, run.stderr) == (LINE + "\n", "")
    assert bridge.requests[0].params == {"query": "an order", "limit": 10}


@pytest.mark.parametrize(
    ("script", "prints"),
    [
        ("import tools.mine; print(tools.mine.VALUE)", "7"),
        ("from tools import mine; print(mine.VALUE)", "7"),
        ("from tools.mine import VALUE; print(VALUE)", "7"),
        ("import tools; print(tools.search.VALUE)", "8"),
        ("from tools import list_servers; print(list_servers.__name__)", "list_servers"),
        ("import tools; print(hasattr(tools, 'nothing'), hasattr(tools, '__nothing__'))", "False False"),
    ],
)
def test_a_directory_of_the_same_name_stays_importable(
    run_python: Any, environment: dict[str, str], tmp_path: Any, script: str, prints: str
) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "mine.py").write_text("VALUE = 7")
    (tmp_path / "tools" / "search.py").write_text("VALUE = 8")
    environment["PYTHONPATH"] += f":{tmp_path}"
    assert run_python(script).stdout == prints + "\n"


def test_a_line_of_the_search_can_be_called_and_taken_apart(bridge: ScriptedBridge) -> None:
    from servers import call_tool, search_tools, tool_details

    bridge.handlers["search"] = lambda request: {"tools": [FOUND], "matched": 1, "of": 9}
    bridge.handlers["call"] = lambda request: text("done")
    bridge.handlers["tool"] = lambda request: {"name": "get-order", "docstring": "All about it."}
    (line,) = search_tools("order", server="my shop", limit=3)
    assert (line.server, line.tool, line["name"], line.get("summary")) == (
        "my shop",
        "get-order",
        "get-order",
        "Gets an order.",
    )
    call_tool(line, {"order-id": 1})
    assert bridge.calls() == [{"server": "my shop", "tool": "get-order", "arguments": {"order-id": 1}}]
    assert str(tool_details(line)) == "All about it."


@pytest.mark.parametrize(
    ("answer", "printed"),
    [
        ({"tools": [FOUND], "matched": 30, "of": 99}, LINE + "\n# 1 of 30 matches among 99 tools"),
        ({"tools": [], "matched": 0, "of": 99}, "# 0 of 0 matches among 99 tools"),
        (
            {"tools": [], "matched": 0, "of": 9, "didYouMean": ["order", "others"]},
            "# 0 of 0 matches among 9 tools; did you mean: order, others",
        ),
    ],
)
def test_a_search_says_what_it_left_out(bridge: ScriptedBridge, answer: Any, printed: str) -> None:
    from servers import search_tools

    bridge.handlers["search"] = lambda request: answer
    assert str(search_tools("x")) == printed


def test_servers_and_tools_are_listed_as_lines(bridge: ScriptedBridge) -> None:
    from servers import list_mcp_tools, list_servers, list_tools, shop

    bridge.handlers["servers"] = lambda request: {
        "servers": [
            {"name": "my shop", "module": "shop", "tools": 1, "state": "idle", "summary": "Sells."},
            {"name": "git", "module": "git", "tools": 0, "state": "failed", "error": "exit status 1"},
        ]
    }
    bridge.handlers["tools"] = lambda request: {"tools": [FOUND]}
    assert str(list_servers()) == (
        'servers.shop (my shop): 1 tool, idle  # "Sells."\nservers.git: 0 tools, failed  # exit status 1'
    )
    assert [(line.name, line.state) for line in list_servers()] == [("my shop", "idle"), ("git", "failed")]
    assert (
        str(list_tools(list_servers()[0]))
        == str(list_tools("my shop"))
        == str(list_tools(shop))
        == str(list_tools())
        == LINE
    )
    assert list_mcp_tools() == ["my shop__get-order"]


def test_the_details_of_a_tool_print_as_its_docstring(bridge: ScriptedBridge) -> None:
    from servers import get_mcp_tool_details, shop, tool_details

    bridge.handlers["tool"] = lambda request: {"docstring": "Shows it.", "inputSchema": {"type": "object"}}
    for details in (
        tool_details("my shop", "get-order"),
        tool_details(shop.get_order),
        get_mcp_tool_details("shop__get-order"),
    ):
        assert str(details) == "Shows it."
        assert details["inputSchema"] == {"type": "object"}
    assert [request.params for request in bridge.requests] == [
        {"server": "my shop", "tool": "get-order"},
        {"server": "my shop", "tool": "get-order"},
        {"tool": "shop__get-order"},
    ]


def test_resources_are_links_and_are_read(bridge: ScriptedBridge) -> None:
    from servers import list_resources, read_resource

    bridge.handlers["resources"] = lambda request: {
        "resources": [{"uri": "a://1", "name": "one"}, {"uri": "a://2"}],
        "templates": [{"uriTemplate": "a://{id}", "name": "any"}],
    }
    bridge.handlers["read"] = lambda request: {"contents": [{"uri": "a://1", "text": "first"}, {"blob": "AAA="}]}
    listed = list_resources("shop")
    assert str(listed) == "a://1  # one\na://2\n# also: a://{id}"
    assert (listed[0], listed[0].name, listed.templates) == ("a://1", "one", ["a://{id}"])
    content = read_resource("shop", listed[0])
    assert content[0] == "first"
    assert content[1].read_bytes() == b"\0\0"


def test_prompts_are_listed_and_read(bridge: ScriptedBridge) -> None:
    from servers import get_prompt, list_prompts

    bridge.handlers["prompts"] = lambda request: {
        "prompts": [{"name": "ask", "description": "Asks.", "arguments": [{"name": "what", "required": True}]}]
    }
    bridge.handlers["prompt"] = lambda request: {
        "messages": [{"role": "user", "content": {"type": "text", "text": "[1]"}}]
    }
    assert str(list_prompts("shop")) == "ask(what*)  # Asks."
    messages = get_prompt("shop", "ask", {"what": 3, "why": {"a": 1}})
    assert messages == [{"role": "user", "content": "[1]"}]
    assert str(messages) == "user: [1]"
    assert bridge.requests[-1].params["arguments"] == {"what": "3", "why": '{"a":1}'}


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("from servers import shp", "no server 'shp'. Did you mean shop? Servers: shop"),
        ("import servers.gti", "no server 'gti'. Servers: shop"),
        ("from servers.gti import log", "no server 'gti'. Servers: shop"),
        ("import servers; servers.shp", "AttributeError: no server 'shp'. Did you mean shop?"),
        ("from servers.shop import fnd", "cannot import name 'fnd'"),
    ],
)
def test_a_server_that_is_not_there_is_explained(run_python: Any, script: str, says: str) -> None:
    run = run_python(script)
    assert run.returncode == 1
    assert says in run.stderr


def test_a_missing_server_is_no_attribute(installed: object) -> None:
    import servers

    assert not hasattr(servers, "nothing")
    assert not hasattr(servers, "__wrapped__")
    assert servers.shop.find
    assert "shop" in dir(servers)
    assert "call_tool" in dir(servers)


def test_an_error_in_a_module_is_not_taken_for_a_missing_one(installed: Any, run_python: Any) -> None:
    broken = installed / "servers" / "broken.py"
    broken.write_text("import nothing_of_that_name")
    try:
        run = run_python("import servers; servers.broken")
    finally:
        broken.unlink()
    assert "No module named 'nothing_of_that_name'" in run.stderr


def test_an_ambiguous_name_is_refused_with_the_bridges_words(bridge: ScriptedBridge) -> None:
    from servers import ToolNotFound, call_tool

    def ambiguous(request: object) -> None:
        raise Refusal("ToolNotFound", "a__b__c is tool b__c of a, or c of a__b.")

    bridge.handlers["call"] = ambiguous
    with pytest.raises(ToolNotFound, match="or c of a__b"):
        call_tool("a__b__c", {})


@pytest.mark.parametrize("name", [3, None, b"git", ["git"]])
def test_a_name_is_text(installed: object, name: Any) -> None:
    from servers import ToolInputError, list_tools, read_resource

    with pytest.raises(ToolInputError, match="must be text"):
        read_resource(name, "a://1")
    if name is not None:
        with pytest.raises(ToolInputError, match="must be text"):
            list_tools(name)
