"""What is too large for one call is an answer in words, and nothing of the sandbox is lost by it."""

import json

import pytest
from support.stdio_client import text_of

MIB = 1 << 20

TOO_LARGE = [
    ("execute_bash", "command", lambda: {"command": ": " + "x" * 1_100_000}),
    ("execute_bash", "command", lambda: {"command": "true\n" * 200_000 + "\n" * 400_000}),
    ("execute_bash", "command", lambda: {"command": "cat > a <<'E'\n" + "aGVsbG8=" * 500_000 + "\nE\n"}),
    ("read_file", "file_path", lambda: {"file_path": "x" * 2_000_000}),
    ("read_file", "file_path", lambda: {"file_path": "d/" * 500_000}),
    ("write_file", "file_path", lambda: {"file_path": "x" * 2_000_000, "content": "a"}),
    ("write_file", "content", lambda: {"file_path": "a", "content": "x" * (33 * MIB)}),
    ("read_docstring", "file_path", lambda: {"file_path": "x" * 2_000_000, "function_name": "f"}),
    ("read_docstring", "function_name", lambda: {"file_path": "/tools/x.py", "function_name": "f" * 2_000_000}),
]


def test_what_is_too_large_costs_the_sandbox_nothing(start_server):
    server = start_server()
    server.bash("echo kept > /tmp/kept; nohup sleep 600 > /dev/null 2>&1 & echo $! > /tmp/pid")
    beside = server.start_tool("execute_bash", command="until [ -e /tmp/done ]; do sleep 0.02; done; echo beside")
    for tool, argument, arguments in TOO_LARGE:
        result = server.call_tool(tool, **arguments())
        assert result["isError"] is True, (tool, argument)
        assert text_of(result).startswith(f"{argument} has "), (tool, text_of(result)[:200])
    look = "cat /tmp/kept; kill -0 $(cat /tmp/pid) && echo alive; touch /tmp/done"
    assert server.bash(look)["stdout"] == "kept\nalive\n"
    assert json.loads(server.result(beside)["content"][0]["text"])["stdout"] == "beside\n"


@pytest.mark.parametrize("length", [5_000, 65_000])
def test_a_long_path_is_refused_by_the_sandbox_itself(client, length):
    """Its answer names the path, and must fit into a frame as well."""
    more = {"read_file": {}, "write_file": {"content": "a"}, "read_docstring": {"function_name": "f"}}
    for tool, arguments in more.items():
        result = client.call_tool(tool, file_path="x" * length, **arguments)
        assert result["isError"] is True
    assert client.bash("echo fine")["stdout"] == "fine\n"


def test_a_command_of_a_megabyte_runs(client):
    assert client.bash("echo " + "x" * 1_000_000 + " | wc -c")["stdout"] == "1000001\n"


def test_a_name_of_a_function_comes_back_in_a_refusal(client):
    client.call_tool("write_file", file_path="module.py", content="def f():\n    '''Text.'''\n")
    result = client.call_tool("read_docstring", file_path="module.py", function_name="g" * 60_000)
    assert result["isError"] is True
    assert client.bash("echo fine")["stdout"] == "fine\n"
