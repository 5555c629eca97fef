"""What a script gets of a result: data, files and links, and nothing of the wrapper."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from support.scripted_bridge import ScriptedBridge, text

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(300)).decode()
PICTURE = {"type": "image", "data": PNG, "mimeType": "image/png"}


def call(bridge: ScriptedBridge, result: dict[str, Any], **options: Any) -> Any:
    from servers import call_tool

    bridge.tools["tool"] = result
    return call_tool("shop", "tool", {}, **options)


@pytest.mark.parametrize(
    ("result", "value"),
    [
        (text("plain"), "plain"),
        (text(""), ""),
        (text("  kept  \n"), "  kept  \n"),
        (text('{"a": 1}'), {"a": 1}),
        (text(" \n[1, 2] "), [1, 2]),
        (text("{}"), {}),
        (text("007"), "007"),
        (text("1e5"), "1e5"),
        (text("12"), "12"),
        (text("true"), "true"),
        (text("null"), "null"),
        (text('"quoted"'), '"quoted"'),
        (text("[1, 2] and more"), "[1, 2] and more"),
        (text('{"a": 1'), '{"a": 1'),
        (text("[bracketed] words"), "[bracketed] words"),
        (text("[12345678901234567890]"), [12345678901234567890]),
        (text("[" + "9" * 5000 + "]"), [10**5000 - 1]),
        (text("[" * 100_000), "[" * 100_000),
        (text('{"a": 1}', declaresOutput=True), '{"a": 1}'),
        (text('{"a": 1}', declaresOutput=False), {"a": 1}),
        (text("one", '{"a": 1}'), ["one", {"a": 1}]),
        ({"content": []}, None),
        ({}, None),
        (text("words", structuredContent={"a": 1}), {"a": 1}),
        (text("words", structuredContent=[]), []),
        (text("words", structuredContent=0), 0),
        (text("words", structuredContent=None), "words"),
        (text("x", structuredContent={"result": [1]}, unwraps=True), [1]),
        (text("x", structuredContent={"result": None}, unwraps=True), None),
        (text("x", structuredContent={"result": [1]}, unwraps=False), {"result": [1]}),
        (text("x", structuredContent={"result": 1, "more": 2}, unwraps=True), {"result": 1, "more": 2}),
        ({"content": [{"type": "resource", "resource": {"uri": "a:b", "text": "[1]"}}]}, [1]),
        ({"content": [{"type": "hologram", "depth": 3}]}, {"type": "hologram", "depth": 3}),
        ({"content": "nonsense"}, None),
        ({"content": [None, 1, {"type": "text"}]}, ""),
        (text("fine", isError=False), "fine"),
    ],
)
def test_a_result_becomes_data(bridge: ScriptedBridge, result: dict[str, Any], value: Any) -> None:
    assert call(bridge, result) == value


def test_a_picture_becomes_a_file(bridge: ScriptedBridge, tmp_path: Path) -> None:
    file = call(bridge, {"content": [PICTURE]})
    assert str(file) == file.path == str(tmp_path / "files" / "shop" / "1-tool.png")
    assert (file.mime, file.size) == ("image/png", 308)
    assert Path(file).read_bytes() == file.read_bytes() == base64.b64decode(PNG)
    assert repr(file) == f"File({file.path!r}, 'image/png', 308)"


def test_mixed_content_is_a_list_in_order(bridge: ScriptedBridge) -> None:
    link = {"type": "resource_link", "uri": "shop://orders/1", "name": "order", "mimeType": "text/plain"}
    sound = {"type": "audio", "data": PNG, "mimeType": "audio/wav"}
    blob = {
        "type": "resource",
        "resource": {"uri": "file:///a/Report%20.pdf", "blob": PNG, "mimeType": "application/pdf"},
    }
    value = call(bridge, {"content": [PICTURE, {"type": "text", "text": "between"}, link, sound, blob]})
    assert [Path(value[0]).name, value[1], value[2], Path(value[3]).name, Path(value[4]).name] == [
        "1-tool.png",
        "between",
        "shop://orders/1",
        "2-tool.wav",
        "3-Report_20.pdf",
    ]
    assert (value[2].uri, value[2].server, value[2].name) == ("shop://orders/1", "shop", "order")


def test_a_link_reads_its_resource(bridge: ScriptedBridge) -> None:
    bridge.handlers["read"] = lambda request: {"contents": [{"uri": request.params["uri"], "text": "[1]"}]}
    link = call(bridge, {"content": [{"type": "resource_link", "uri": "shop://orders/1", "name": "order"}]})
    # A resource is a file, and its text stays text.
    assert link.read() == "[1]"
    assert bridge.requests[-1].params == {"server": "shop", "uri": "shop://orders/1"}


def test_what_comes_beside_data_is_saved_and_named(bridge: ScriptedBridge, capsys: pytest.CaptureFixture[str]) -> None:
    result = text("x", structuredContent={"a": 1})
    result["content"] += [PICTURE, {"type": "resource_link", "uri": "shop://more", "name": "more"}]
    assert call(bridge, result) == {"a": 1}
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    path = said.err.split("came ")[1].split(",")[0]
    assert Path(path).read_bytes() == base64.b64decode(PNG)
    assert "shop://more" in said.err


def test_remarks_on_what_comes_beside_data_end_after_three(
    bridge: ScriptedBridge, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(10):
        call(bridge, {"content": [PICTURE], "structuredContent": {"a": 1}})
    assert capsys.readouterr().err.count("\n") == 3


def test_the_raw_result_is_untouched_and_has_its_files(bridge: ScriptedBridge) -> None:
    result = {"content": [PICTURE], "structuredContent": {"result": 1}, "_meta": {"a": 1}}
    raw = call(bridge, {**result, "unwraps": True, "declaresOutput": True}, raw=True)
    files = raw.pop("files")
    assert raw == {**result, "isError": False}
    assert [file.size for file in files] == [308]


def test_the_raw_result_of_a_failure_does_not_raise(bridge: ScriptedBridge) -> None:
    raw = call(bridge, text("broken", isError=True), raw=True)
    assert raw["isError"] is True
    assert raw["content"][0]["text"] == "broken"


def test_a_failure_raises_with_the_tools_own_text(bridge: ScriptedBridge) -> None:
    from servers import ToolError

    with pytest.raises(ToolError) as caught:
        call(bridge, text("fatal: not a repository", isError=True, structuredContent={"code": 128}))
    error = caught.value
    assert (error.server, error.tool, error.text) == ("shop", "tool", "fatal: not a repository")
    assert error.data["structuredContent"] == {"code": 128}
    assert str(error) == "shop.tool: fatal: not a repository"


@pytest.mark.parametrize(
    ("result", "part"),
    [
        ({"content": [], "isError": True}, "failed without saying why"),
        ({"content": [], "isError": True, "structuredContent": {"code": 3}}, '{"code":3}'),
        ({"content": [PICTURE], "isError": True}, "[image/png, 309 bytes]"),
        (text("see data:image/png;base64," + PNG, isError=True), "characters of base64]"),
        (text("\n".join([PNG[at : at + 76] for at in range(0, 400, 76)]), isError=True), "characters of base64]"),
        (text("a" * 3000 + "b" * 9000, isError=True), "characters are left out"),
    ],
)
def test_a_failures_message_is_short_and_without_base64(bridge: ScriptedBridge, result: Any, part: str) -> None:
    from servers import ToolError

    with pytest.raises(ToolError) as caught:
        call(bridge, result)
    assert part in str(caught.value)
    assert PNG[:100] not in str(caught.value)
    assert len(str(caught.value)) <= 4000 + len("shop.tool: ")


def test_damaged_content_is_an_error_that_says_so(bridge: ScriptedBridge) -> None:
    from servers import ToolError

    with pytest.raises(ToolError, match="damaged: .*call itself has succeeded"):
        call(bridge, {"content": [{"type": "image", "data": "no base64!", "mimeType": "image/png"}]})


@pytest.mark.parametrize("result", [None, [], "text", 3])
def test_a_result_that_is_none_is_an_error(bridge: ScriptedBridge, result: Any) -> None:
    from servers import ToolError

    with pytest.raises(ToolError):
        call(bridge, {"content": []} if result == () else result)
