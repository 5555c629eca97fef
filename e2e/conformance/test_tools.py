"""Scenarios of tools, in both eras."""

import base64
import json
import re

import jsonschema
from support.samples import PIXEL
from support.stdio_client import text_of
from support.steps import new_mark, step

NAME = re.compile(r"[A-Za-z0-9_./-]{1,64}")
DRAW = f"echo {base64.b64encode(PIXEL).decode()} | base64 -d > pixel.png"


def test_tools_list(server):
    tools = server.request("tools/list")["tools"]
    assert tools
    for tool in tools:
        assert NAME.fullmatch(tool["name"])
        assert tool["description"]
        assert tool["inputSchema"]["type"] == "object"


def test_tools_call_simple_text(server):
    server.call_tool("write_file", file_path="simple.txt", content="simple")
    content = server.call_tool("read_file", file_path="simple.txt")["content"]
    assert content == [{"type": "text", "text": "simple"}]
    # A call without arguments is no malformed request.
    result = server.request("tools/call", {"name": "execute_bash"})
    assert result["isError"] is True


def test_tools_call_image(server):
    server.bash(DRAW)
    block = server.call_tool("read_file", file_path="pixel.png")["content"][0]
    assert block["type"] == "image"
    assert block["mimeType"] == "image/png"
    assert base64.b64decode(block["data"], validate=True) == PIXEL


def test_tools_call_mixed_content(server):
    content = server.call_tool("execute_bash", command="date +%N%N > /artifacts/mixed.txt; echo mixed")["content"]
    assert [block["type"] for block in content] == ["text", "resource_link"]
    assert json.loads(content[0]["text"])["stdout"] == "mixed\n"
    assert content[1]["uri"] == "artifact:///mixed.txt"
    assert content[1]["name"]


def test_tools_call_error(server):
    result = server.call_tool("read_file", file_path="/no/such/file")
    assert result["isError"] is True
    assert "/no/such/file" in text_of(result)


def test_tools_call_with_progress(server, era):
    server.bash("true")
    parts, mark = ["0", "50", "100"], new_mark()
    command = "; ".join(step(part, mark) for part in parts)
    call = server.start_tool("execute_bash", command=command, timeout=120, meta={"progressToken": f"progress-{era}"})
    for part in parts:
        server.wait_for(lambda message, part=part: (message.get("params") or {}).get("message") == part)
        server.bash(f"touch {mark}-{part}")
    server.result(call)
    told = [message["params"] for message in server.messages if message.get("method") == "notifications/progress"]
    assert len(told) >= 3
    assert {params["progressToken"] for params in told} == {f"progress-{era}"}
    numbers = [params["progress"] for params in told]
    assert numbers == sorted(numbers)
    assert [params["message"] for params in told if params["message"].isdigit()] == parts


def test_json_schema_2020_12(server):
    for tool in server.request("tools/list")["tools"]:
        for schema in [tool["inputSchema"], *([tool["outputSchema"]] if "outputSchema" in tool else [])]:
            jsonschema.Draft202012Validator.check_schema(schema)
            assert schema.get("$schema", "https://json-schema.org/draft/2020-12/schema").endswith("2020-12/schema")
        assert tool["inputSchema"]["additionalProperties"] is False
