"""Tools called by code in a real sandbox: from Python, bash and Perl, and what becomes of calls when a command ends."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import engine
from support.fixture_server import entry, read_journal
from support.schemas import assert_valid_conversation
from support.stdio_client import Pending, StdioClient

# What the tool `crash` writes to standard error.
SECRET = "sk-live-0123456789abcdef"
ALLOWED = {"exec-mcp": {"tools": {"allow": ["*"]}}}


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("journal") / "journal"


@pytest.fixture(scope="module")
def client(user: str, journal: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StdioClient]:
    """A server whose sandbox may call three servers: one of each era, and one whose names are no identifiers."""
    directory = tmp_path_factory.mktemp("bridge")
    options = ("--journal", str(journal))
    servers = {
        "fixture": {**entry(*options), **ALLOWED, "env": {"TOKEN": SECRET}},
        "old-style": {**entry(*options, "--era", "legacy"), **ALLOWED},
        "odd": {**entry("--odd", "--tools", "20", "--era", "modern"), **ALLOWED},
    }
    configuration = directory / "mcp.json"
    configuration.write_text(json.dumps({"mcpServers": servers}))
    environment = {"XDG_STATE_HOME": str(directory / "state")}
    with StdioClient(["--user", user, "--mcp-config", str(configuration)], environment) as shared:
        shared.initialize()
        yield shared
    assert_valid_conversation(shared.journal)


def run(client: StdioClient, command: str, **options: Any) -> str:
    """Returns what a command prints, which must succeed."""
    done = client.bash(command, **options)
    assert done["exit_code"] == 0, done
    return done["stdout"]


def python(client: StdioClient, program: str, **options: Any) -> str:
    done = client.python(program, **options)
    assert done["exit_code"] == 0, done
    return done["stdout"]


def cancelled(journal: Path, tool: str) -> int:
    """How many calls of a tool were cancelled so far."""
    return sum(1 for note in read_journal(journal, "cancelled") if note["tool"] == tool)


def start_waiting(client: StdioClient, journal: Path, command: str) -> Pending:
    """Starts a command that calls the tool `wait`. Returns when the server has the call, and has told the command so by
    the file `{called}`."""

    def calls() -> int:
        return sum(1 for note in read_journal(journal, "call") if note["tool"] == "wait")

    before, called = calls(), f"/tmp/called-{secrets.token_hex(4)}"
    started = client.start_tool("execute_bash", command=command.replace("{called}", called), timeout=100)
    assert engine.poll(lambda: calls() > before) is not None
    run(client, f"touch {called}")
    return started


# Languages


@pytest.mark.parametrize("server", ["fixture", "old_style"])
def test_python_calls_tools_of_both_eras(client: StdioClient, server: str) -> None:
    program = f"""
from servers import {server} as tools, call_tool, ToolError
print(tools.echo("é"), tools.add(a=1, b=2), tools.wrapped(count=2), tools.nothing())
print(tools.orders()["orders"][0]["items"][0]["qty"])
try:
    tools.fail(message="broken")
except ToolError as error:
    print(error)
"""
    name = server.replace("_", "-")
    assert python(client, program) == (
        f"é {{'sum': 3}} [0, 1] None\n12345678901234567890\n{name}.fail: broken\nparameters: message\n"
    )


def test_bash_calls_tools(client: StdioClient) -> None:
    assert run(client, "mcp call fixture echo --text 'a b'") == "a b\n"
    assert run(client, "mcp call fixture add --a 1 --b 2.5 | jq .sum") == "3.5\n"
    assert run(client, "mcp call old-style wrapped --count 3") == "[0,1,2]\n"
    assert client.bash("mcp call fixture fail --message broken; exit $?")["exit_code"] == 1
    assert client.bash("mcp call fixture nothing_like_it; exit $?")["exit_code"] == 2
    assert re.search(r"^servers\.fixture: \d+ tools, \w+", run(client, "mcp"), re.MULTILINE)
    assert "servers.fixture.orders" in run(client, "mcp search orders")


def test_any_language_calls_tools(client: StdioClient) -> None:
    request = json.dumps({"id": 1, "method": "call", "params": {"server": "fixture", "tool": "now", "arguments": {}}})
    program = f"""
use IO::Socket::UNIX;
(my $name = $ENV{{MCP_BRIDGE}}) =~ s/^@/\\0/;
my $bridge = IO::Socket::UNIX->new(Peer => $name) or die "no bridge: $!";
print $bridge '{request}', "\\n";
$bridge->flush;
print scalar <$bridge>;
"""
    answer = json.loads(run(client, f"perl - <<'END'\n{program}\nEND"))
    assert answer["id"] == 1
    assert answer["result"]["content"][0]["text"].isdigit()
    assert json.loads(run(client, f"echo '{request}' | mcp connect"))["id"] == 1


def test_odd_names_are_called_by_their_python_and_their_real_names(client: StdioClient) -> None:
    program = """
from servers import odd, call_tool
import servers.odd
names = [name for name in dir(odd) if not name.startswith("_")]
print(len(names))
print(odd.get_item(value="x"), call_tool("odd", "get-item", {"value": "y"}), call_tool("odd", "class", {"value": "z"}))
"""
    lines = python(client, program).splitlines()
    assert int(lines[0]) >= 30
    assert lines[1] == "get_item: x get-item: y class: z"


# Content


def test_pictures_are_files_that_read_file_shows(client: StdioClient) -> None:
    path = python(client, "from servers import fixture; print(fixture.picture())").strip()
    assert re.fullmatch(r"/workspace/\.mcp/fixture/\d+-picture\.png", path)
    assert client.call_tool("read_file", file_path=path)["content"][0]["type"] == "image"
    paths = run(client, "mcp call fixture mixed").splitlines()
    assert paths[0] == "first"
    assert paths[3] == "fixture://notes"


def test_resources_are_read(client: StdioClient) -> None:
    program = """
from servers import fixture, list_resources, read_resource
print(read_resource("fixture", "fixture://item/7"), len(list_resources(fixture)))
print(fixture.mixed()[3].read().splitlines()[0])
"""
    assert python(client, program) == "Item 7 3\nNotes.\n"


def test_a_large_result_arrives_and_one_over_the_limit_is_an_error(client: StdioClient) -> None:
    program = """
from servers import fixture, ToolError
print(len(fixture.huge(7_000_000)))
try:
    fixture.huge(20_000_000)
except ToolError as error:
    print(type(error).__name__)
print(fixture.echo("still here"))
"""
    assert python(client, program, timeout=100) == "7000000\nResultTooLarge\nstill here\n"


def test_many_calls_run_together(client: StdioClient) -> None:
    program = """
from servers import fixture, together
print(together(fixture.echo, [str(at) for at in range(200)]) == [str(at) for at in range(200)])
"""
    assert python(client, program, timeout=100) == "True\n"


# Endings


BACKGROUND = """
python3 -c 'from servers import fixture; fixture.wait()' &
until [ -e {called} ]; do sleep 0.02; done
"""
GIVES_UP = """python3 - <<'END'
import os, signal, threading, time
from servers import fixture
def give_up():
    while not os.path.exists("{called}"): time.sleep(0.02)
    os.kill(os.getpid(), signal.SIGALRM)
threading.Thread(target=give_up, daemon=True).start()
fixture.wait()
END
true"""
ENDINGS = {
    "the process is killed": BACKGROUND + "kill -KILL $!; wait $!; true",
    "the command ends before it": BACKGROUND + "exit 0",
    "the script gives up": GIVES_UP,
}


@pytest.mark.parametrize("way", ENDINGS)
def test_a_call_ends_with_its_process_or_command(client: StdioClient, journal: Path, way: str) -> None:
    before = cancelled(journal, "wait")
    call = start_waiting(client, journal, ENDINGS[way])
    assert client.result(call)["structuredContent"]["exit_code"] == 0
    assert engine.poll(lambda: cancelled(journal, "wait") == before + 1) is not None


def test_a_cancelled_command_cancels_its_call(client: StdioClient, journal: Path) -> None:
    before = cancelled(journal, "wait")
    call = start_waiting(client, journal, "mcp call fixture wait")
    client.notify("notifications/cancelled", {"requestId": call.id})
    assert engine.poll(lambda: cancelled(journal, "wait") == before + 1) is not None


def test_running_out_of_memory_in_mid_call_cancels_it(client: StdioClient, journal: Path) -> None:
    before = cancelled(journal, "wait")
    program = """python3 - <<'END'
import os, threading, time
from servers import fixture
threading.Thread(target=fixture.wait, daemon=True).start()
while not os.path.exists("{called}"): time.sleep(0.02)
hoard = [bytearray(100 << 20) for _ in range(100)]
END"""
    done = client.result(start_waiting(client, journal, program))["structuredContent"]
    assert done["exit_code"] == 137
    assert "fixture.wait" in done["stderr"], "the receipt names the call that may have happened"
    assert engine.poll(lambda: cancelled(journal, "wait") == before + 1) is not None


def test_processes_in_the_background_call_tools_of_their_own(client: StdioClient) -> None:
    program = 'import time; time.sleep(1); from servers import fixture; print(fixture.echo("from behind"))'
    run(client, f"setsid nohup python3 -c '{program}' > /tmp/behind 2>&1 & echo started")
    assert run(client, "while [ ! -s /tmp/behind ]; do sleep 0.1; done; cat /tmp/behind", timeout=60) == "from behind\n"


# Bad input


def test_a_crash_in_mid_call_is_an_error_and_the_next_call_works(client: StdioClient) -> None:
    program = """
from servers import fixture, ServerUnavailable, ToolInterrupted
try:
    fixture.crash(status=9)
except (ServerUnavailable, ToolInterrupted) as error:
    print(type(error).__name__, "sk-live" in str(error))
print(fixture.echo("again"))
"""
    lines = python(client, program, timeout=60).splitlines()
    assert lines[0].endswith("False")
    assert lines[1] == "again"


def test_noise_and_floods_of_a_server_harm_nobody(client: StdioClient) -> None:
    program = """
from servers import fixture
print(fixture.noise(), fixture.flood(bytes=2_000_000))
print(fixture.garbage())
print(fixture.echo("fine"))
"""
    assert python(client, program, timeout=60) == "noisy flooded\nafter the garbage\nfine\n"


def test_a_thousand_connections_are_refused_in_words_and_harm_nobody(client: StdioClient) -> None:
    program = """
import os, socket
name = b"\\0" + os.environ["MCP_BRIDGE"][1:].encode()
opened, refused = [], 0
for _ in range(1000):
    one = socket.socket(socket.AF_UNIX)
    one.connect(name)
    opened.append(one)
    if len(opened) > 200:
        opened.pop(100).close()
import select, time
deadline = time.monotonic() + 30
while refused < 50 and time.monotonic() < deadline:
    for one in select.select(opened, [], [], 1)[0]:
        if b"BudgetExceeded" in one.recv(500): refused += 1
        opened.remove(one)
print(refused >= 50)
"""
    assert python(client, program, timeout=60) == "True\n"
    assert run(client, "mcp call fixture echo --text fine") == "fine\n"


@pytest.mark.parametrize(
    "line",
    ["no json", "[]", '{"id": 1}', '{"id": 1, "method": "nothing"}', '{"id": {}, "method": "servers"}', "\\xff\\xfe"],
)
def test_a_forged_line_gets_an_error_and_the_connection_goes_on(client: StdioClient, line: str) -> None:
    good = '{"id": 2, "method": "servers"}'
    said = run(client, f"printf '%b\\n' '{line}' '{good}' | mcp connect")
    answers = [json.loads(one) for one in said.splitlines()]
    assert len(answers) == 2
    assert any(answer.get("error") for answer in answers)
    assert any(answer.get("id") == 2 and answer.get("result") for answer in answers)


def test_a_client_that_reads_nothing_stops_only_itself(client: StdioClient) -> None:
    program = """
import json, os, socket
lazy = socket.socket(socket.AF_UNIX)
lazy.connect(b"\\0" + os.environ["MCP_BRIDGE"][1:].encode())
for number in range(5):
    params = {"server": "fixture", "tool": "huge", "arguments": {"bytes": 2_000_000}}
    lazy.sendall(json.dumps({"id": number, "method": "call", "params": params}).encode() + b"\\n")
from servers import fixture
print(fixture.echo("fine"))
"""
    assert python(client, program, timeout=60) == "fine\n"


def test_nothing_of_the_server_is_visible_inside(client: StdioClient) -> None:
    assert "fixture" not in run(client, "env; ps aux")
    assert run(client, "ls /mcp").split() == ["__pycache__", "bin", "servers", "tools.py"]
