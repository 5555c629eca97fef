"""Servers at their worst, called from a real sandbox: each ends in a clear error for the script and harms no other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import engine
from support.bridged import OPEN, audited, bridged_server, output
from support.fixture_server import entry, read_journal
from support.host_processes import resident_bytes
from support.stdio_client import StdioClient, text_of

MIB = 1 << 20
# What becomes of a call, in a form to compare.
HEADING = """
import servers
from servers import ToolError, call_tool
def outcome(call):
    try: return call()
    except ToolError as error: return f"{type(error).__name__}: {' '.join(str(error).split())}"
"""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bad-servers")


@pytest.fixture(scope="module")
def own(directory: Path) -> Callable[..., dict[str, object]]:
    """The entry of a server whose journal has its name."""

    def entry_of(name: str, *options: str, **members: object) -> dict[str, object]:
        return {**entry("--journal", str(directory / name), *options), "exec-mcp": OPEN, **members}

    return entry_of


@pytest.fixture(scope="module")
def servers(own: Callable[..., dict[str, object]]) -> dict[str, dict[str, object]]:
    # Its last words when it crashes have the value.
    secret = {"API_KEY": "sk-live-0123456789abcdef"}
    return {
        "fixture": own("fixture", env=secret),
        "legacy": own("legacy", "--era", "legacy", env=secret),
        "noisy": own("noisy", "--noise", "--flood", str(5 * MIB)),
        "odd": own("odd", "--odd", "--only", "echo"),
        "slow": own("slow", "--start-delay", "1.5", "--only", "echo", "--only", "count"),
    }


@pytest.fixture(scope="module")
def client(user: str, directory: Path, servers: dict[str, dict[str, object]]) -> Iterator[StdioClient]:
    with bridged_server(user, directory, servers, "--workspace", "ephemeral") as shared:
        yield shared


@pytest.fixture(scope="module")
def broken(user: str, directory: Path, own: Callable[..., dict[str, object]]) -> Iterator[StdioClient]:
    """With servers that cannot be used. Each command waits a while for their tools."""
    servers = {
        "fixture": own("beside"),
        "dead": own("dead", "--die-at-start", "7"),
        "absent": {"command": "/nowhere/mcp-server"},
        "silent": own("silent", "--silent", startup_timeout_sec=1),
    }
    with bridged_server(user, directory / "broken", servers, "--workspace", "ephemeral") as shared:
        yield shared


@pytest.fixture(autouse=True)
def others_go_on(client: StdioClient) -> Iterator[None]:
    yield
    assert client.bash("mcp call fixture echo --text well")["stdout"] == "well\n"


def outcome(client: StdioClient, call: str) -> str:
    return output(client, f"{HEADING}\nprint(outcome(lambda: {call}))").rstrip("\n")


@pytest.mark.parametrize(
    ("server", "words"),
    [
        ("dead", ["exit status 7", "cannot start: no such database"]),
        ("absent", ["/nowhere/mcp-server"]),
        ("silent", ["silent"]),
    ],
)
def test_a_server_that_cannot_be_used_says_why(broken, server, words):
    said = outcome(broken, f"call_tool({server!r}, 'echo', {{'text': 'x'}}, timeout=60)")
    assert said.startswith("ServerUnavailable: "), said
    assert all(word in said for word in words), said
    warned = engine.poll(lambda: any("warning" in line and server in line for line in broken.stderr.splitlines()))
    assert warned is not None, broken.stderr
    missing = broken.python(f"from servers import {server}\n{server}.echo(text='x')")["stderr"]
    assert "AttributeError" in missing and all(word in missing for word in words), missing
    result = broken.bash(f"mcp call {server} echo --text x; echo $?; mcp call fixture echo --text well")
    assert result["stdout"] == "3\nwell\n" and server in result["stderr"]


def test_a_start_that_fails_is_not_tried_for_ever(broken, directory):
    def starts() -> int:
        return len(read_journal(directory / "dead", "start"))

    # It was tried before, so that it is left alone for half a minute after each try.
    before, begun = starts(), time.monotonic()
    output(broken, f"{HEADING}\nfor _ in range(20): outcome(lambda: call_tool('dead', 'echo', {{'text': 'x'}}))")
    assert starts() - before <= 2 + (time.monotonic() - begun) // 30


def test_noise_between_messages_is_passed_over(client):
    assert outcome(client, "servers.noisy.add(a=1, b=2)") == "{'sum': 3}"


def test_a_flood_on_standard_error_takes_no_memory(client):
    outcome(client, "servers.fixture.echo('x')")
    before = resident_bytes(client.process.pid)
    assert outcome(client, "servers.fixture.flood(bytes=10_000_000)") == "flooded"
    assert resident_bytes(client.process.pid) - before < 20 * MIB


@pytest.mark.parametrize(("server", "size"), [("fixture", 100_000_000), ("legacy", 12_000_000)])
def test_a_result_over_the_limit_is_an_error_and_the_server_goes_on(client, server, size):
    outcome(client, f"servers.{server}.echo('x')")
    before = resident_bytes(client.process.pid)
    said = outcome(client, f"servers.{server}.huge(bytes={size})")
    assert said.startswith("ResultTooLarge: ") and "bytes" in said, said
    assert outcome(client, f"servers.{server}.echo('on')") == "on"
    assert resident_bytes(client.process.pid) - before < 64 * MIB


def test_a_result_of_many_pages_of_text_arrives_whole_and_only_its_print_is_cut(client):
    """The model reads what a script prints, at most."""
    program = "from servers import fixture\ntext = fixture.huge(bytes=318_000)\nprint(len(text))\nprint(text)"
    result = client.python(program)
    assert result["stdout"].startswith("318000\n") and result["truncated"]
    assert len(result["stdout"]) < 40_000


def test_a_server_that_never_answers_is_given_up(client, directory):
    before = len(read_journal(directory / "fixture", "cancelled"))
    outcome(client, "servers.fixture.echo('x')")
    said = outcome(client, "call_tool('fixture', 'hang', {}, timeout=2.5)")
    assert said == "ToolTimeout: fixture.hang did not finish within 2.5 seconds. What the call does may have happened."
    assert engine.poll(lambda: len(read_journal(directory / "fixture", "cancelled")) > before) is not None


@pytest.mark.parametrize("server", ["fixture", "legacy"])
def test_a_crash_is_an_error_at_once_and_the_tools_are_back_in_the_same_script(client, directory, server):
    program = f"""
{HEADING}
print(outcome(lambda: servers.{server}.crash(status=9)))
print(outcome(lambda: servers.{server}.echo("back")), outcome(lambda: servers.{server}.add(a=1, b=1)))
"""
    died, back = output(client, program).splitlines()
    assert died.startswith("ServerUnavailable: ") and "exit status 9" in died and "may have happened" in died
    assert "out of cheese" in died and "sk-live-0123456789abcdef" not in died, "a secret of its configuration"
    assert back == "back {'sum': 2}"
    crashed = [one for one in read_journal(directory / server, "call") if one["tool"] == "crash"]
    assert len(crashed) == 1, "a call is never made twice"


def test_messages_that_answer_nobody_cost_no_call(client):
    """A line that is no message is passed over, and so is half a message."""
    assert outcome(client, "servers.fixture.garbage()") == "after the garbage"


def test_tools_that_come_change_and_go_are_those_of_the_next_command(client):
    outcome(client, "servers.fixture.grow(name='fresh', description='First words.')")
    assert outcome(client, "servers.fixture.fresh(value='x')") == "fresh: x"
    outcome(client, "servers.fixture.grow(name='fresh', description='Other words.')")
    outcome(client, "None")

    def described() -> str:
        path = "/mcp/servers/fixture.py"
        return text_of(client.call_tool("read_docstring", file_path=path, function_name="fresh"))

    # Commands do not wait until the server has listed them anew.
    assert engine.poll(lambda: "Other words." in described()) is not None
    # The module that a script has imported stays as it was.
    program = f"""
{HEADING}
from servers import fixture
fixture.shrink(name="fresh")
print(outcome(lambda: fixture.fresh(value="x")))
"""
    said = output(client, program)
    assert said.startswith(("ToolNotFound: ", "ToolInputError: ")) and "fresh" in said
    count = "grep -c 'def fresh' /mcp/servers/fixture.py"
    assert engine.poll(lambda: client.bash(count)["stdout"] == "0\n") is not None


def test_a_tool_that_comes_while_a_script_runs_can_be_called_by_it(client):
    program = """
from servers import fixture
assert not hasattr(fixture, "newest")
fixture.grow(name="newest")
print(fixture.newest(value="x"), fixture.newest.__doc__.splitlines()[0])
"""
    assert output(client, program) == "newest: x newest(*, value: str = ...)\n"


def test_odd_and_hostile_names_are_functions_that_reach_their_tools(client):
    """Names that collide, that are no identifiers, that hide something, and descriptions that want to be code."""
    program = """
import inspect, unicodedata
from servers import ToolDenied, list_tools, odd, tool_details
lines = list_tools("odd")
for line in lines:
    if line.tool == "echo": continue
    function = getattr(odd, line.signature.partition("(")[0])
    # Before the call, from which the documentation learns.
    assert inspect.getdoc(function) == inspect.cleandoc(tool_details("odd", line.tool)["docstring"]), line.tool
    try:
        assert function(value="v") == f"{line.tool}: v", line.tool
    except ToolDenied as error:
        # Nothing honest is called so, and no rule can name it.
        assert chr(10) in line.tool and "control characters" in error.text and chr(10) not in error.text, error.text
    hidden = [c for c in function.__doc__ if unicodedata.category(c) in ("Cf", "Cc", "Co") and c != "\\n"]
    assert not hidden, (line.tool, hidden)
print(len(lines))
"""
    assert output(client, program) == "15\n"


def test_a_question_to_the_user_does_not_hang_the_call(client):
    """This client cannot ask anybody; both eras say so in their own way."""
    for server in ("fixture", "legacy"):
        said = outcome(client, f"call_tool({server!r}, 'ask', {{}}, timeout=20)")
        assert "ToolTimeout" not in said and "accept" not in said, said


def test_a_call_that_times_out_in_mid_write_is_made_once(client, directory):
    def calls() -> int:
        return len([one for one in read_journal(directory / "fixture", "call") if one["tool"] == "wait"])

    outcome(client, "servers.fixture.echo('x')")
    before = calls()
    program = f"{HEADING}\nprint(outcome(lambda: call_tool('fixture', 'wait', {{}}, timeout=2)))"
    assert "may have happened" in output(client, program)
    assert engine.poll(lambda: calls() > before) is not None
    # A call that follows is handled later than any other would be.
    outcome(client, "servers.fixture.echo('x')")
    assert calls() == before + 1


def test_a_start_outlives_the_call_that_waited_for_it(client, user, directory, servers):
    """With the tools known from before, the server starts at the first call, which gives up early."""
    outcome(client, "servers.slow.echo('x')")
    before = len(read_journal(directory / "slow", "start"))
    with bridged_server(user, directory, servers, "--workspace", "ephemeral") as second:
        said = outcome(second, "call_tool('slow', 'echo', {'text': 'x'}, timeout=0.3)")
        assert said.startswith("ToolTimeout: ") and "was not called" in said, said
        assert outcome(second, "servers.slow.count()") == "1"
        assert len(read_journal(directory / "slow", "start")) == before + 1


def test_servers_start_side_by_side(fresh_user, tmp_path):
    journal = tmp_path / "journal"
    # Started one after the other, the first would never say a word.
    servers = {f"s{number}": entry("--journal", str(journal), "--start-after", "13") for number in range(13)}
    with bridged_server(fresh_user, tmp_path, servers, "--workspace", "ephemeral") as thirteen:
        assert thirteen.bash("mcp | wc -l")["stdout"] == "13\n"
        heard = engine.poll(lambda: len({one["process"] for one in read_journal(journal, "message")}) == 13)
        assert heard is not None, read_journal(journal)
    assert len(read_journal(journal, "start")) == 13


def test_a_failed_call_is_in_the_audit_log(client, directory):
    outcome(client, "servers.fixture.huge(bytes=9_000_000)")
    last = audited(directory)[-1]
    assert (last["tool"], last["outcome"], last["bytes"]) == ("fixture.huge", "error", 0)
    assert "at most 8388608 are passed on" in last["error"]
