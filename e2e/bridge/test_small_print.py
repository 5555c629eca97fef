"""Details of the package: what is said about names, numbers, outputs and damaged content, and what a dict means."""

from __future__ import annotations

import base64
import copy
import pickle
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from support.scripted_bridge import Refusal, Request, ScriptedBridge, text

Run = Callable[..., "subprocess.CompletedProcess[str]"]

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(300)).decode()
PICTURE = {"type": "image", "data": PNG, "mimeType": "image/png"}
DAMAGED = {"type": "image", "data": "!!!", "mimeType": "image/png"}


def test_an_unknown_tool_of_a_module_has_a_traceback_without_this_package(
    bridge: ScriptedBridge, run_python: Run
) -> None:
    def unknown(request: Request) -> Any:
        raise Refusal("ToolNotFound", "no tool", didYouMean=["my shop.one"])

    bridge.handlers["tool"] = unknown
    run = run_python("from servers import shop\nshop.onne('x')")
    assert run.returncode == 1
    assert "AttributeError: module 'servers.shop' has no attribute 'onne'" in run.stderr
    assert "did you mean: my shop.one" in run.stderr
    assert "Error in sys.excepthook" not in run.stderr


@pytest.mark.parametrize(
    "statement",
    ["from servers.shop import onne", "from servers.shop import one, onne", "from servers.shop import onne as x"],
)
def test_an_import_of_an_unknown_tool_says_what_may_be_meant(
    bridge: ScriptedBridge, run_python: Run, statement: str
) -> None:
    def unknown(request: Request) -> Any:
        raise Refusal("ToolNotFound", "no tool", didYouMean=["my shop.one"])

    bridge.handlers["tool"] = unknown
    run = run_python(f"try:\n    {statement}\nexcept ImportError as error:\n    print(error)")
    assert run.stdout.startswith("cannot import name 'onne' from 'servers.shop': ")
    assert "did you mean: my shop.one" in run.stdout
    run = run_python("from servers import shop\nprint(hasattr(shop, 'onne'), getattr(shop, 'onne', 'default'))")
    assert run.stdout == "False default\n"


@pytest.mark.parametrize(
    ("argument", "sent"),
    [
        ({"name": "a"}, {"name": "a"}),
        ({"name": "a", "times": 3}, {"name": "a", "times": 3}),
        ({"name": {"first": "a"}}, {"name": {"first": "a"}}),
        ({"first": "a"}, {"name": {"first": "a"}}),
        ({"name": "a", "more": 1}, {"name": {"name": "a", "more": 1}}),
        ("a", {"name": "a"}),
    ],
)
def test_a_dict_of_parameters_is_the_arguments_of_a_tool_that_takes_no_dict(
    bridge: ScriptedBridge, argument: Any, sent: dict[str, Any]
) -> None:
    from servers import shop

    bridge.tools["one"] = text("done")
    shop.one(argument)
    assert bridge.calls()[-1]["arguments"] == sent


@pytest.mark.parametrize("argument", [{}, {"times": 3}])
def test_a_dict_without_the_required_parameter_is_refused(bridge: ScriptedBridge, argument: Any) -> None:
    from servers import ToolInputError, shop

    with pytest.raises(ToolInputError, match="missing.*'name'"):
        shop.one(argument)
    assert bridge.calls() == []


def test_lines_can_be_copied_and_pickled(bridge: ScriptedBridge) -> None:
    from servers import list_servers, search_tools

    refused = {"rule": "default", "needsApproval": True, "reason": "Ask."}
    entry = {"name": "get-order", "python": "get_order", "signature": "get_order()", "summary": "Gets.", "server": "s"}
    bridge.handlers["search"] = lambda _: {"tools": [{**entry, "refused": refused}], "matched": 3, "of": 9}
    bridge.handlers["servers"] = lambda _: {"servers": [{"name": "s", "module": "s", "tools": 2, "state": "running"}]}
    for lines in (search_tools("x"), list_servers()):
        for again in (copy.copy(lines), copy.deepcopy(lines), pickle.loads(pickle.dumps(lines))):
            assert str(again) == str(lines)
            for one, other in zip(again, lines, strict=True):
                assert type(one) is type(other)
                names = type(one).__slots__
                assert [getattr(one, name) for name in names] == [getattr(other, name) for name in names]


@pytest.mark.parametrize("raw", [False, True])
def test_a_damaged_picture_loses_nothing_else(bridge: ScriptedBridge, raw: bool, capfd: Any) -> None:
    from servers import ToolError, call_tool

    said = {"type": "text", "text": "ORDER 77 CREATED"}
    bridge.tools["tool"] = {"content": [said, PICTURE, DAMAGED]}
    if raw:
        result = call_tool("shop", "tool", {}, raw=True)
        assert result["content"] == [said, PICTURE, DAMAGED]
        assert len(result["files"]) == 1
        assert "image/png that is damaged" in capfd.readouterr().err
        return
    with pytest.raises(ToolError, match="ORDER 77 CREATED") as caught:
        call_tool("shop", "tool", {})
    assert caught.value.data == {"content": [said]}
    assert "has succeeded" in caught.value.text


def test_a_damaged_picture_beside_data_is_a_remark(bridge: ScriptedBridge, capfd: Any) -> None:
    from servers import call_tool

    bridge.tools["tool"] = {"content": [DAMAGED, PICTURE], "structuredContent": {"order": 77}}
    assert call_tool("shop", "tool", {}) == {"order": 77}
    said = capfd.readouterr().err
    assert "is damaged" in said
    assert "1-tool.png" in said


@pytest.mark.parametrize(("meta", "is_said"), [({"exec-mcp/lostNumbers": True}, True), ({}, False), (None, False)])
def test_numbers_that_got_lost_are_a_remark(bridge: ScriptedBridge, capfd: Any, meta: Any, is_said: bool) -> None:
    from servers import call_tool

    bridge.tools["tool"] = {"content": [], "structuredContent": {"a": None}, "_meta": meta}
    assert call_tool("shop", "tool", {}) == {"a": None}
    assert ("None stands for numbers" in capfd.readouterr().err) == is_said


def test_a_damaged_part_of_a_resource_leaves_the_others(bridge: ScriptedBridge) -> None:
    from servers import ToolError, read_resource

    contents = [{"uri": "a:b", "text": "kept"}, {"uri": "a:c", "blob": "!!!"}]
    bridge.handlers["read"] = lambda _: {"contents": contents}
    with pytest.raises(ToolError, match="kept"):
        read_resource("shop", "a:b")


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ("log ²", 2, "the number of calls"),
        ("log -1", 2, "the number of calls"),
        ("log 99999999999999999999", 2, "the number of calls"),
        ("search --limit -1 x", 2, "--limit -1: it must be a whole number of at least 0."),
        ("search --limit 1.5 x", 2, "--limit 1.5: it must be a whole number of at least 0."),
        ("call --timeout nan shop one --name x", 2, "--timeout nan: it must be a number of seconds above 0."),
        ("call --timeout 0 shop one --name x", 2, "--timeout 0: it must be a number of seconds above 0."),
        ("call --timeout=-1 shop one --name x", 2, "--timeout -1: it must be a number of seconds above 0."),
        ("call shop one --name x --timeout inf", 2, "--timeout inf: it must be a number of seconds above 0."),
    ],
)
def test_numbers_out_of_range_are_refused_in_words(
    bridge: ScriptedBridge, run_mcp: Run, words: str, status: int, said: str
) -> None:
    schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    bridge.handlers["tool"] = lambda _: {"name": "one", "inputSchema": schema}
    run = run_mcp(*words.split())
    assert run.returncode == status
    assert said in run.stderr
    assert "Traceback" not in run.stderr
    assert bridge.calls() == []


@pytest.mark.parametrize(
    ("command", "status", "said"),
    [
        ("mcp call shop free >/dev/full", 1, "the output can't be written: No space left on device"),
        ("mcp call shop free >&-", 1, "the output can't be written: Bad file descriptor"),
        ("mcp --help >/dev/full", 1, "the output can't be written"),
        ("mcp call shop unknown 2>&-", 2, ""),
        ("mcp call shop free --json - <&-", 2, "standard input is closed"),
        ("mcp connect <&-", 0, ""),
        ("echo '{\"id\": 1, \"method\": \"servers\"}' | mcp connect >/dev/full", 1, "the output can't be written"),
    ],
)
def test_standard_streams_that_are_full_or_closed(
    bridge: ScriptedBridge, environment: dict[str, str], command: str, status: int, said: str
) -> None:
    def details(request: Request) -> Any:
        if request.params["tool"] != "free":
            raise Refusal("ToolNotFound", "no tool")
        return {"name": "free", "inputSchema": {"type": "object"}}

    bridge.handlers.update(tool=details, servers=lambda _: {"servers": []})
    bridge.tools["free"] = text("done")
    run = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True, timeout=60)
    assert run.returncode == status, run.stderr
    assert said in run.stderr
    assert "Traceback" not in run.stderr
    assert "Exception ignored" not in run.stderr
