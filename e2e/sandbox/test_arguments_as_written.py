"""Arguments as models and hosts write them: numbers as text, null for what is left out, one more for a comment."""

import json

import pytest
from support.stdio_client import modern_meta, text_of

TEN = "".join(f"{number}\n" for number in range(1, 11))

RUN = [
    ("execute_bash", {"command": "echo a", "timeout": "120"}),
    ("execute_bash", {"command": "echo a", "timeout": " 120.0 "}),
    ("execute_bash", {"command": "echo a", "timeout": "1e2"}),
    ("execute_bash", {"command": "echo a", "timeout": None}),
    ("execute_bash", {"command": "echo a", "description": "Says a", "reason": "to see it"}),
    ("execute_bash", {"command": "echo a", "run_in_background": False, "cwd": None}),
    ("read_file", {"file_path": "ten.txt", "offset": "2", "line_count": "3"}),
    ("read_file", {"file_path": "ten.txt", "offset": " 2.0 ", "line_count": "3e0"}),
    ("read_file", {"file_path": "ten.txt", "offset": 2.0, "line_count": 3.0}),
    ("write_file", {"file_path": "b.txt", "content": "12", "explanation": "a number in a file"}),
    ("read_docstring", {"file_path": "f.py", "function_name": "f", "thought": "what is it?"}),
]
SHOWN = {"execute_bash": "a\n", "read_file": "3\n4\n5\n", "read_docstring": "Text."}

TOLD = [
    ("execute_bash", {"command": "echo a", "timeout_ms": 5000}, "timeout_ms"),
    ("execute_bash", {"command": "echo a", "cwd": "/", "run_in_background": True}, "cwd, run_in_background"),
    ("read_file", {"file_path": "ten.txt", "offset": 2, "line_count": 3, "limit": 5}, "limit"),
    ("write_file", {"file_path": "b.txt", "content": "12", "append": True}, "append"),
    ("read_docstring", {"file_path": "f.py", "function_name": "f", "class": "C"}, "class"),
]


@pytest.fixture(params=["2024-11-05", "2025-11-25", "2026-07-28"])
def server(request, start_server):
    modern = request.param == "2026-07-28"
    started = start_server(initialize=None if modern else request.param, modern=modern)
    started.call_tool("write_file", file_path="ten.txt", content=TEN)
    started.call_tool("write_file", file_path="f.py", content="def f():\n    '''Text.'''\n")
    return started


def shown(tool, result):
    text = result["content"][0]["text"]
    return json.loads(text)["stdout"] if tool == "execute_bash" else text


def test_they_are_taken_for_what_is_meant(server):
    for tool, arguments in RUN:
        result = server.call_tool(tool, **arguments)
        assert not result.get("isError"), (tool, arguments, text_of(result))
        assert shown(tool, result) == SHOWN.get(tool, shown(tool, result)), (tool, arguments)
        assert ": ignored" not in json.dumps(result), (tool, arguments)


def test_what_asks_for_something_and_is_unknown_is_passed_over_with_a_word(server):
    for tool, arguments, names in TOLD:
        result = server.call_tool(tool, **arguments)
        assert not result.get("isError"), (tool, arguments, text_of(result))
        assert shown(tool, result) == SHOWN.get(tool, shown(tool, result)), (tool, arguments)
        assert result["content"][-1]["text"].startswith(f"{tool} has no argument {names}: ignored."), result


def test_half_an_emoji_is_a_replacement_character(server):
    call = '{"name":"write_file","arguments":{"file_path":"s.txt","content":"cut \\ud83d, \\ude00, \\ud83d\\ude00"}}'
    params = json.loads(call)
    if server.modern:
        params["_meta"] = modern_meta()
    server.send_line(json.dumps({"jsonrpc": "2.0", "id": "half", "method": "tools/call", "params": params}))
    assert not server.response("half")["result"].get("isError")
    assert server.bash("cat s.txt")["stdout"] == "cut \ufffd, \ufffd, 😀"
