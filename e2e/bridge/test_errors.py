"""The errors that scripts catch: their types, their fields and their words."""

from __future__ import annotations

import pickle
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from support.scripted_bridge import Refusal, ScriptedBridge, text

TYPES = [
    "ToolError",
    "ToolNotFound",
    "ServerNotFound",
    "ToolInputError",
    "ToolDenied",
    "ApprovalRequired",
    "ToolTimeout",
    "ServerUnavailable",
    "BudgetExceeded",
    "ToolInterrupted",
    "ResultTooLarge",
    "ProtocolError",
    "NotRecorded",
]


def refuse(bridge: ScriptedBridge, refusal: Refusal) -> None:
    def answer(request: object) -> None:
        raise refusal

    bridge.handlers["call"] = answer


@pytest.mark.parametrize("kind", TYPES)
def test_an_error_has_its_own_type_and_is_a_tool_error(bridge: ScriptedBridge, kind: str) -> None:
    import servers

    refuse(bridge, Refusal(kind, "what happened", rule="deny *", id=7))
    with pytest.raises(servers.ToolError) as caught:
        servers.call_tool("shop", "buy", {})
    error = caught.value
    assert type(error) is getattr(servers, kind)
    assert (error.server, error.tool, error.text) == ("shop", "buy", "what happened")
    assert error.data == {"rule": "deny *", "id": 7}
    assert str(error) == "shop.buy: what happened"


def test_an_unknown_type_is_a_tool_error(bridge: ScriptedBridge) -> None:
    import servers

    refuse(bridge, Refusal("SomethingNew", "of a later version"))
    with pytest.raises(servers.ToolError, match="of a later version"):
        servers.call_tool("shop", "buy", {})


@pytest.mark.parametrize("error", [None, "text", {}, {"type": 3, "message": None, "data": []}])
def test_a_malformed_error_is_a_tool_error(bridge: ScriptedBridge, error: object) -> None:
    import servers

    refusal = Refusal("ToolError")
    refusal.error = error  # type: ignore[assignment]
    refuse(bridge, refusal)
    if error is None:
        # A null error is none, and there is no result either.
        with pytest.raises(servers.ToolError, match="result that is none"):
            servers.call_tool("shop", "buy", {})
    else:
        with pytest.raises(servers.ToolError):
            servers.call_tool("shop", "buy", {})


def test_a_server_that_is_unknown_is_a_tool_that_is_unknown() -> None:
    import servers

    assert issubclass(servers.ServerNotFound, servers.ToolNotFound)
    assert issubclass(servers.ToolInputError, TypeError)


def test_similar_names_are_part_of_the_message_once(bridge: ScriptedBridge) -> None:
    import servers

    refuse(bridge, Refusal("ToolNotFound", "no tool 'by'. Try buy.", didYouMean=["buy", "bid"]))
    with pytest.raises(servers.ToolNotFound) as caught:
        servers.call_tool("shop", "by", {})
    assert str(caught.value) == "shop.by: no tool 'by'. Try buy.\ndid you mean: bid"


def test_the_parameters_are_part_of_an_input_error(bridge: ScriptedBridge) -> None:
    import servers

    refuse(bridge, Refusal("ToolInputError", "query is missing.", parameters=["query*", "limit"]))
    with pytest.raises(servers.ToolInputError) as caught:
        servers.call_tool("shop", "find", {})
    assert str(caught.value) == "shop.find: query is missing.\nparameters: query*, limit"


def test_a_failure_of_a_generated_tool_shows_its_parameters(bridge: ScriptedBridge) -> None:
    from servers import ToolError, shop

    bridge.tools["find"] = text("no such field", isError=True)
    with pytest.raises(ToolError) as caught:
        shop.find(query="a")
    assert str(caught.value) == "my shop.find: no such field\nparameters: query*, limit, tags"
    assert caught.value.parameters == ["query*", "limit", "tags"]


@pytest.mark.parametrize("kind", TYPES)
def test_an_error_crosses_processes_unchanged(installed: object, kind: str) -> None:
    import servers

    error = getattr(servers, kind)("text", "shop", "buy", {"rule": 1}, ["query*"])
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert (copy.server, copy.tool, copy.data, copy.args) == ("shop", "buy", {"rule": 1}, ("text",))


@pytest.mark.parametrize("filler", ["x " * 2500, "word\n" * 1000, '["x"],' * 800])
def test_no_value_is_cut_in_two_where_a_message_is(installed: object, filler: str) -> None:
    import servers

    value = "ada.lovelace@analytical.example.com"
    for place in range(2400, 3200, 23):
        for whole in (filler[:place] + value + " " + filler, filler + " " + value + filler[: place - 2400]):
            said = str(servers.ToolError("begin " + whole + " end"))
            assert len(said) <= 4000
            assert value in said or not any(value[at : at + 5] in said for at in range(len(value) - 5))


def test_a_long_message_keeps_its_beginning_and_its_end(installed: object) -> None:
    import servers

    said = str(servers.ToolError("begin " + "x " * 50_000 + "end"))
    assert len(said) <= 4000
    assert said.startswith("begin ")
    assert said.endswith("end")


@pytest.mark.parametrize("kept", ["-" * 500, "0" * 500, "a/" * 300, "word " * 500])
def test_what_only_looks_like_base64_is_kept(installed: object, kept: str) -> None:
    import servers

    assert servers.ToolError(kept).text == kept


def test_without_a_bridge_calls_say_so(installed: object, monkeypatch: pytest.MonkeyPatch) -> None:
    import servers

    monkeypatch.delenv("MCP_BRIDGE", raising=False)
    with pytest.raises(servers.ServerUnavailable, match="--mcp-config"):
        servers.call_tool("shop", "buy", {})
    monkeypatch.setenv("MCP_BRIDGE", "@exec-mcp-test-nothing-listens-here")
    with pytest.raises(servers.ServerUnavailable, match="does not answer"):
        servers.call_tool("shop", "buy", {})


FAILING = {
    "a generated function": ("from servers import shop\nshop.find(query='x')", "shop.find(query='x')"),
    "its raw form": ("from servers import shop\nshop.find.raw(query='x')", "shop.find.raw(query='x')"),
    "wrong arguments": ("from servers import shop\nshop.find(wrong=1)", "shop.find(wrong=1)"),
    "a call by name": ("import servers\nservers.call_tool('shop', 'find')", "servers.call_tool('shop', 'find')"),
    "an alias": ("import servers\nservers.callMCPTool('shop__find', {})", "servers.callMCPTool('shop__find', {})"),
    "several calls": ("from servers import shop, together\ntogether(shop.one, ['a', 'b'])", "together(shop.one"),
    "an awaited call": (
        "import asyncio\nfrom servers import shop\nasync def main():\n    await shop.one.aio('a')\nasyncio.run(main())",
        "await shop.one.aio('a')",
    ),
    "an error with a cause": (
        "from servers import shop\ntry:\n    shop.one('a')\nexcept Exception as e:\n    raise ValueError(1) from e",
        "shop.one('a')",
    ),
    "discovery": ("import servers\nservers.tool_details('shop', 'find')", "servers.tool_details('shop', 'find')"),
}


@pytest.mark.parametrize("way", FAILING)
def test_an_uncaught_error_points_at_the_scripts_line_alone(
    bridge: ScriptedBridge, environment: dict[str, str], installed: Path, tmp_path: Path, way: str
) -> None:
    refuse(bridge, Refusal("ToolDenied", "a rule refuses it", rule="default"))
    bridge.handlers["tool"] = bridge.handlers["call"]
    program, line = FAILING[way]
    script = tmp_path / "script.py"
    script.write_text(program + "\n")
    done = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert line in done.stderr
    assert f"{installed}/" not in done.stderr, "frames of the package"
    assert done.stderr.splitlines()[-1].startswith(("servers._errors.Tool", "ValueError: 1", "parameters: "))


def test_a_caught_error_has_one_frame_of_the_package(bridge: ScriptedBridge) -> None:
    from servers import shop

    refuse(bridge, Refusal("ToolDenied", "a rule refuses it"))
    try:
        shop.find(query="x")
    except Exception:
        shown = traceback.format_exc()
    assert shown.count('File "') == 2, shown


def test_errors_of_other_kinds_and_hooks_of_scripts_stay_as_they_are(
    bridge: ScriptedBridge, run_python: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    done = run_python("from servers import shop\ndef broken(): return 1 / 0\nbroken()")
    assert done.stderr.count('File "') == 2
    assert done.stderr.splitlines()[-1] == "ZeroDivisionError: division by zero"
    done = run_python(
        "import sys\nsys.excepthook = lambda kind, error, trace: print('mine:', kind.__name__)\n"
        "from servers import shop\nshop.find(wrong=1)"
    )
    assert done.stdout == "mine: ToolInputError\n"
