"""A command that ends while a tool works: killed, out of time, out of memory, cancelled. Its server hears of it, the
result names the call, and no process is left.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import engine
from support.bridged import OPEN, audited, bridged_server, output
from support.fixture_server import entry, read_journal
from support.stdio_client import Pending, StdioClient

# Calls tools that never answer, in a process of its own far from the shell's. Then it waits for the file `now`.
PROGRAM = """
import os, subprocess, sys, time
caller = "from servers import fixture, legacy, together; together(lambda server: server.wait(), [fixture, legacy])"
subprocess.Popen([sys.executable, "-c", caller], start_new_session=True, stderr=subprocess.DEVNULL)
while not os.path.exists({now!r}): time.sleep(0.01)
{end}
"""
WAIT = "time.sleep(600)"
ENDS = {
    "killed": "os.kill(os.getppid(), 9); os.kill(os.getpid(), 9)",
    "out of memory": "hoard = []\nwhile True: hoard.append(bytearray(os.urandom(1 << 20) * 16))",
    "cancelled": WAIT,
}
SERVERS = ("fixture", "legacy")


def assert_named(stderr: str) -> None:
    """Whether a result says what its command's calls have come to."""
    assert "[tools: 2 calls, fixture 1, legacy 1; 2 failed]\nnot finished, may have happened: " in stderr
    assert sorted(stderr.rstrip("\n").rpartition(": ")[2].split(", ")) == ["fixture.wait()", "legacy.wait()"]


def servers_in(directory: Path) -> dict[str, dict[str, object]]:
    """A server of each era, whose journal has its name."""
    eras = {"fixture": "modern", "legacy": "legacy"}
    return {
        name: {**entry("--era", era, "--journal", str(directory / name)), "exec-mcp": OPEN}
        for name, era in eras.items()
    }


def journals(directory: Path, what: str) -> list[list[dict[str, object]]]:
    return [[one for one in read_journal(directory / name, what) if one["tool"] == "wait"] for name in SERVERS]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("interruptions")


@pytest.fixture(scope="module")
def client(user: str, directory: Path) -> Iterator[StdioClient]:
    servers = servers_in(directory)
    options = ("--memory", "192m", "--max-timeout", "60", "--workspace", "ephemeral")
    with bridged_server(user, directory, servers, *options) as shared:
        yield shared


def start(client: StdioClient, directory: Path, end: str, timeout: float) -> Pending:
    """Starts the program. Returns when its calls have reached the servers, and has told it to go on."""
    now = f"/tmp/now-{len(client.journal)}"
    before = journals(directory, "call")
    program = PROGRAM.format(now=now, end=end)
    started = client.start_tool("execute_bash", command=f"python3 - <<'END'\n{program}\nEND", timeout=timeout)
    assert engine.poll(lambda: is_one_more(journals(directory, "call"), before)) is not None
    client.bash(f"touch {now}")
    return started


def is_one_more(now: list[list[dict[str, object]]], before: list[list[dict[str, object]]]) -> bool:
    return [len(one) for one in now] == [len(one) + 1 for one in before]


@pytest.mark.parametrize("how", ENDS)
def test_the_server_hears_of_it_the_result_names_the_call_and_nothing_is_left(user, client, directory, how):
    output(client, "from servers import fixture\nfixture.echo('x')")
    container = engine.only_container(user)
    cancelled = journals(directory, "cancelled")
    started = start(client, directory, ENDS[how], 60)
    if how == "cancelled":
        client.notify("notifications/cancelled", {"requestId": started.id, "reason": "test"})
    else:
        stderr = client.result(started)["structuredContent"]["stderr"]
        assert_named(stderr)
        assert ("out of memory" in stderr) == (how == "out of memory")
    heard = engine.poll(lambda: is_one_more(journals(directory, "cancelled"), cancelled))
    assert heard is not None, "a server has not received the cancellation"
    assert engine.poll(lambda: audited(directory)[-1]["outcome"] == "cancelled") is not None
    left = engine.poll(lambda: not engine.processes_of_commands(container))
    assert left is not None, engine.processes(container)
    assert output(client, "from servers import fixture\nprint(fixture.echo('again'))") == "again\n"


def test_a_command_out_of_time_ends_with_its_calls(fresh_user, tmp_path):
    """Its clock stands still while a tool works, up to the longest timeout that there is."""
    options = ("--max-timeout", "12", "--workspace", "ephemeral")
    with bridged_server(fresh_user, tmp_path, servers_in(tmp_path), *options) as client:
        # The servers' start is not what takes time here.
        output(client, "from servers import fixture, legacy\nfixture.echo('x'), legacy.echo('x')")
        result = client.result(start(client, tmp_path, WAIT, 8))["structuredContent"]
        assert result["timed_out"]
        assert_named(result["stderr"].partition("\nCommand timed out")[0])
        assert engine.poll(lambda: all(map(len, journals(tmp_path, "cancelled")))) is not None
        container = engine.only_container(fresh_user)
        assert engine.poll(lambda: not [one for one in engine.processes(container) if "fixture" in one]) is not None


def test_servers_and_their_children_end_with_exec_mcp_even_if_they_do_not_want_to(user, tmp_path):
    servers = {
        name: {**entry("--journal", str(tmp_path / "journal"), *options), "exec-mcp": OPEN}
        for name, options in {"fixture": (), "deaf": ("--deaf",)}.items()
    }
    with bridged_server(user, tmp_path, servers, "--workspace", "ephemeral") as server:
        program = "from servers import deaf, fixture\nprint(fixture.leave_child(), deaf.leave_child())"
        children = list(map(int, output(server, program).split()))
        assert all(map(is_running, children))
    processes = {int(one["process"]) for one in read_journal(tmp_path / "journal")}
    assert len(processes) == 2
    assert engine.poll(lambda: not any(map(is_running, [*children, *processes]))) is not None


def test_servers_end_when_exec_mcp_is_killed(fresh_user, tmp_path):
    servers = servers_in(tmp_path)
    with bridged_server(fresh_user, tmp_path, servers) as server:
        server.start_tool("execute_bash", command="mcp call fixture wait & mcp call legacy wait")
        assert engine.poll(lambda: all(map(len, journals(tmp_path, "call")))) is not None
        server.kill9()
    processes = {int(one["process"]) for name in SERVERS for one in read_journal(tmp_path / name)}
    assert engine.poll(lambda: not any(map(is_running, processes))) is not None


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
