"""Hostile code in a sandbox: what it says on the socket, how often, and on whose behalf. It gets clear errors and harms
nobody else.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import engine
from support.bridged import audited, bridged_server, output
from support.fixture_server import entry, read_journal
from support.host_processes import open_descriptors, resident_bytes
from support.stdio_client import StdioClient

MIB = 1 << 20
# A socket to the bridge, and lines on it.
HEADING = """
import json, os, socket, time
def connect():
    opened = socket.socket(socket.AF_UNIX)
    opened.settimeout(60)
    opened.connect("\\0" + os.environ["MCP_BRIDGE"][1:])
    return opened
def say(opened, *lines):
    opened.sendall(b"".join(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\\n" for line in lines))
def call(number, tool, **arguments):
    params = {"server": "fixture", "tool": tool, "arguments": arguments}
    return {"id": number, "method": "call", "params": params}
"""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bad-code")


@pytest.fixture(scope="module")
def client(user: str, directory: Path) -> Iterator[StdioClient]:
    settings = {"tools": {"allow": ["*"], "deny": ["count"]}}
    servers = {"fixture": {**entry("--journal", str(directory / "journal")), "exec-mcp": settings}}
    with bridged_server(user, directory, servers, "--workspace", "ephemeral") as shared:
        yield shared


@pytest.fixture
def bystander(client: StdioClient, passing_users: list[str]) -> Iterator[None]:
    """Another user of the same exec-mcp, whose calls work meanwhile."""
    name = f"bystander-{secrets.token_hex(4)}"
    passing_users.append(name)
    program = """
from servers import fixture
for number in range(30): assert fixture.add(a=number, b=1)["sum"] == number + 1
print("well")
"""
    results: list[str] = []
    # Both sandboxes and servers are there before the test counts anything.
    for meta in (None, {"x-user-id": name}):
        assert client.python("from servers import fixture\nfixture.echo('x')", meta=meta)["exit_code"] == 0

    def use() -> None:
        results.append(client.python(program, meta={"x-user-id": name})["stdout"])

    thread = threading.Thread(target=use)
    thread.start()
    yield
    thread.join(120)
    assert results == ["well\n"]


@pytest.mark.parametrize(
    ("line", "type_"),
    [
        ("b'\\0\\xff\\xfe garbage\\n'", "ProtocolError"),
        ('b\'{"id": 1, "method": "servers"\\n\'', "ProtocolError"),
        ("b'[' * 100_000 + b'\\n'", "ProtocolError"),
        ('b\'{"id": 1, "id": 2, "method": 3}\\n\'', "ProtocolError"),
        ('b\'[{"id": 1, "method": "servers"}]\\n\'', "ProtocolError"),
        ("{'id': {}, 'method': 'servers'}", "ProtocolError"),
        ("{'id': None, 'method': 'servers'}", "ProtocolError"),
        ("{'id': 1, 'result': {'content': []}}", "ProtocolError"),
        ("{'id': 1, 'method': 'clock', 'params': {'held': True}}", "ProtocolError"),
        ("{'id': 1, 'method': 'install_modules', 'params': {}}", "ProtocolError"),
        ("{'id': 1, 'method': 'tools/call', 'params': {'name': 'echo'}}", "ProtocolError"),
        ("{'id': 1, 'method': 'read', 'params': {'server': 'fixture', 'uri': 'file:///etc/passwd'}}", "Tool"),
        ("{'id': 1, 'method': 'call', 'params': {'server': '../fixture', 'tool': 'echo'}}", "ServerNotFound"),
    ],
)
def test_what_is_no_request_is_an_error_and_the_next_line_is_read(client, line, type_):
    program = f"""{HEADING}
opened = connect()
say(opened, {line}, call("next", "echo", text="on"))
answers = opened.makefile()
print(answers.readline(), answers.readline(), sep="", end="")
"""
    answers = [json.loads(answer) for answer in output(client, program).splitlines()]
    errors = [answer["error"]["type"] for answer in answers if "error" in answer]
    assert len(errors) == 1 and errors[0].startswith(type_), answers
    assert [answer["result"]["content"][0]["text"] for answer in answers if "result" in answer] == ["on"]


def test_a_line_without_end_ends_its_connection_alone(client, bystander):
    before = resident_bytes(client.process.pid)
    program = f"""{HEADING}
opened, other = connect(), connect()
try:
    for _ in range(40): opened.sendall(b"x" * {MIB})
except OSError: print("closed")
print(opened.makefile().readline())
say(other, call(1, "echo", text="on"))
print(other.makefile().readline())
"""
    printed = output(client, program)
    assert printed.startswith("closed\n") and "A request has more than 8388608 bytes." in printed, printed
    assert '"text":"on"' in printed
    assert resident_bytes(client.process.pid) - before < 40 * MIB


def test_a_thousand_connections_are_refused_above_the_limit_and_leave_nothing(client, bystander):
    before = open_descriptors(client.process.pid)
    program = f"""{HEADING}
kept, refused = [], 0
for number in range(1000):
    opened = connect()
    try: say(opened, {{"id": number, "method": "servers"}})
    except BrokenPipeError: pass
    answer = json.loads(opened.makefile().readline())
    if "error" in answer:
        assert answer["error"]["type"] == "BudgetExceeded" and "64 connections" in answer["error"]["message"], answer
        refused += 1
        opened.close()
    else:
        kept.append(opened)
print(len(kept), refused)
kept.pop().close()
"""
    kept, refused = map(int, output(client, program).split())
    assert (kept, refused) == (64, 936)
    assert output(client, "from servers import fixture\nprint(fixture.echo('well'))") == "well\n"
    assert engine.poll(lambda: open_descriptors(client.process.pid) <= before + 2) is not None


def test_who_never_reads_stops_only_themselves(client, bystander):
    before = resident_bytes(client.process.pid)
    program = f"""{HEADING}
opened = connect()
opened.settimeout(4)
try:
    for number in range(400): say(opened, call(number, "huge", bytes={MIB}))
    while True: say(opened, call(0, "echo", text="x" * {MIB}))
except TimeoutError: print("is not read either")
open("/tmp/stuck", "w")
while not os.path.exists("/tmp/enough"): time.sleep(0.01)
"""
    stuck = client.start_tool("execute_bash", command=f"python3 - <<'END'\n{program}\nEND", timeout=120)
    wait = "while [ ! -e /tmp/stuck ]; do sleep 0.02; done; mcp call fixture echo --text well; touch /tmp/enough"
    assert client.bash(wait, timeout=120)["stdout"] == "well\n"
    result = client.result(stuck)["structuredContent"]
    assert (result["stdout"], result["exit_code"]) == ("is not read either\n", 0), result
    assert output(client, "from servers import fixture\nprint(fixture.echo('well'))") == "well\n"
    assert resident_bytes(client.process.pid) - before < 100 * MIB


def newest(directory):
    """The line of the audit log about the newest command's call."""
    return max(audited(directory), key=lambda line: line["command"] or 0)


def test_no_request_can_name_another_command(client, directory):
    """The kernel says which command a process belongs to; what it says itself counts for nothing."""
    program = f"""{HEADING}
opened = connect()
request = call(1, "echo", text="forged")
request["command"] = request["params"]["command"] = 1
request["params"]["sandbox"] = request["params"]["user"] = "someone"
say(opened, request)
print(opened.makefile().readline())
"""
    output(client, "pass")  # a command before those that count
    printed = output(client, program)
    # Calls of earlier commands may end late, and be written behind.
    own = newest(directory)
    assert own["tool"] == "fixture.echo" and own["user"] == audited(directory)[0]["user"]
    first = own["command"]
    assert first and first > 1
    output(client, program)
    assert newest(directory)["command"] > first
    assert "forged" in printed


def test_a_process_in_the_background_acts_for_no_command(client, directory):
    """It outlives its own, and its calls are neither those of the next command nor ended with it."""
    background = """
import os, time
from servers import fixture
while not os.path.exists("/tmp/now"): time.sleep(0.01)
print(fixture.echo("from the background"), flush=True)
"""
    client.bash(f"cat > /tmp/background.py <<'END'\n{background}\nEND")
    started = client.bash("nohup setsid python3 /tmp/background.py > /tmp/said 2>&1 < /dev/null & echo started")
    assert started["stdout"] == "started\n"
    result = client.bash("touch /tmp/now; while ! grep -q background /tmp/said; do sleep 0.02; done", timeout=60)
    assert result["exit_code"] == 0 and "[tools:" not in result["stderr"]
    assert audited(directory)[-1]["command"] == "background"


@pytest.mark.parametrize(
    "way",
    [
        "from servers import fixture; fixture.count()",
        "from servers import fixture; fixture.count.raw()",
        "from servers import fixture; import asyncio; asyncio.run(fixture.count.aio())",
        "from servers import call_tool; call_tool('fixture', 'count')",
        "from servers import call_tool; call_tool('fixture__count')",
        "from servers import call_tool; call_tool('fixture.count')",
        "from servers import callMCPTool; callMCPTool('fixture__count', {})",
        "from servers import together, fixture; together(fixture.count, [{}])",
        "from servers import together; together('fixture.count', [{}])",
        "import subprocess; subprocess.run(['mcp', 'call', 'fixture', 'count'], check=True)",
        "import subprocess; subprocess.run(['mcp', 'call', 'fixture__count', '--json', '{}'], check=True)",
    ],
)
def test_a_denied_tool_is_denied_whichever_way_it_is_called(client, directory, way):
    result = client.python(way)
    assert result["exit_code"] == 1 and "exec-mcp.tools.deny" in result["stderr"]
    assert not [one for one in read_journal(directory / "journal", "call") if one["tool"] == "count"]


def test_a_denied_tool_is_denied_over_the_socket_and_with_changed_modules(client, directory):
    """/mcp belongs to the sandbox: code may change its own copy, and gains nothing by it."""
    program = f"""{HEADING}
opened = connect()
answers = opened.makefile()
for tool in ("count", "fixture__count", "fixture.count"):
    request = call(1, tool)
    if tool != "count": del request["params"]["server"]
    say(opened, request)
    print(json.loads(answers.readline())["error"]["type"])
from servers import _runtime, fixture
fixture._server = _runtime.Server("fixture", '[["count", {{}}]]')
try: fixture._server.call(0, {{}})
except Exception as error: print(type(error).__name__)
"""
    assert output(client, program).split() == ["ToolDenied"] * 4
    assert not [one for one in read_journal(directory / "journal", "call") if one["tool"] == "count"]


def test_hundreds_of_calls_are_one_script_and_the_next_is_over_the_limit(client):
    program = """
from servers import BudgetExceeded, fixture, together
sums = together(fixture.add, [{"a": n, "b": n} for n in range(500)])
assert [one["sum"] for one in sums] == [2 * n for n in range(500)]
try: fixture.echo("one more")
except BudgetExceeded as error: print(error.text)
"""
    result = client.python(program, timeout=60)
    assert result["stdout"].startswith("A command may call tools 500 times."), result
    assert "[tools: 500 calls, fixture 500; 1 failed]" in result["stderr"]
    assert client.bash("mcp call fixture echo --text again")["stdout"] == "again\n"


def test_arguments_over_the_limit_never_reach_the_server(client, directory):
    before = len(read_journal(directory / "journal", "call"))
    program = """
from servers import ToolError, fixture
try: fixture.echo("x" * (9 << 20))
except ToolError as error: print(error)
"""
    assert "fixture.echo" in output(client, program)
    assert len(read_journal(directory / "journal", "call")) == before
