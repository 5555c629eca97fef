"""The audit log: one line for each call, whatever came of it, in a file for its owner alone."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support import engine
from support.resources import read
from support.stdio_client import META_PREFIX, Json, RPCError, StdioClient, server_binary

TASKS = {META_PREFIX + "clientCapabilities": {"extensions": {META_PREFIX + "tasks": {}}}}
ALWAYS = {"time", "pid", "user", "tool", "arguments", "outcome", "duration_ms", "bytes"}


def entries(log: Path) -> list[Json]:
    """The lines of the file, each of which must be JSON and whole."""
    text = log.read_text()
    assert text == "" or text.endswith("\n")
    found = [json.loads(line) for line in text.splitlines()]
    for entry in found:
        assert set(entry) >= ALWAYS, entry
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry["time"])
    assert all(len(line) <= 4096 for line in log.read_bytes().splitlines())
    return found


def wait_for(log: Path, count: int) -> list[Json]:
    """The lines once there are so many: what is answered without work may be recorded after its answer."""
    assert engine.poll(lambda: log.read_bytes().count(b"\n") >= count) is not None, log.read_text()
    found = entries(log)
    assert len(found) == count
    return found


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "calls.jsonl"


@pytest.fixture
def server(start_server, log: Path) -> StdioClient:
    return start_server("--audit-log", str(log))


def test_a_call_has_its_line_before_its_answer(server, user, log):
    answer = server.bash("echo out; echo err >&2; exit 3")
    assert answer["exit_code"] == 3
    (entry,) = entries(log)
    assert entry["tool"] == "execute_bash"
    assert entry["user"] == user
    assert entry["pid"] == server.process.pid
    assert entry["arguments"] == {"command": "echo out; echo err >&2; exit 3"}
    assert entry["outcome"] == "ok"
    assert entry["exit_code"] == 3
    assert entry["bytes"] == len("out\nerr\n")
    assert entry["duration_ms"] > 0
    assert "error" not in entry


def test_each_way_that_a_call_can_go_has_one_line(server, log):
    server.call_tool("write_file", file_path="notes.txt", content="12345")
    server.call_tool("read_file", file_path="notes.txt")
    server.call_tool("read_file", file_path="missing.txt")
    server.bash("echo begun; sleep 60", timeout=4)
    server.call_tool("execute_bash", command="true", timeout=-1)
    server.error("tools/call", {"name": "no_such_tool", "arguments": {}})
    found = {(entry["tool"], entry["outcome"]): entry for entry in wait_for(log, 6)}
    assert found["read_file", "ok"]["bytes"] == 5
    assert "missing.txt" in found["read_file", "error"]["error"]
    assert found["execute_bash", "timed_out"]["exit_code"] == -1
    assert found["execute_bash", "timed_out"]["duration_ms"] >= 4000
    assert found["execute_bash", "timed_out"]["bytes"] >= len("begun\n")
    assert "timeout" in found["execute_bash", "error"]["error"]
    assert "no_such_tool" in found["no_such_tool", "error"]["error"]
    assert "exit_code" not in found["write_file", "ok"]


def test_long_text_is_cut_and_can_be_proved(server, log):
    content = "secret é\n" * 100_000
    server.call_tool("write_file", file_path="long.txt", content=content)
    (entry,) = entries(log)
    assert entry["arguments"]["file_path"] == "long.txt"
    assert entry["arguments"]["content"] == {
        "text": content[:200],
        "bytes": len(content.encode()),
        "sha256": hashlib.sha256(content.encode()).hexdigest(),
    }


def test_control_characters_stay_on_one_harmless_line(server, log):
    hostile = "# \x1b[31m\r\n\x9b2J\u202e\u2028\x7f"
    server.bash(hostile)
    raw = log.read_text()
    assert raw.isascii()
    assert raw.count("\n") == 1
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", raw)
    assert entries(log)[0]["arguments"]["command"] == hostile


def test_a_cancelled_call_has_a_line(server, log):
    call = server.start_tool("execute_bash", command="touch cancel-me; sleep 100", timeout=100)
    server.bash("while [ ! -e cancel-me ]; do sleep 0.02; done; rm cancel-me", timeout=60)
    server.notify("notifications/cancelled", {"requestId": call.id})
    (cancelled,) = (entry for entry in wait_for(log, 2) if "sleep 100" in entry["arguments"]["command"])
    assert cancelled["outcome"] == "cancelled"
    assert cancelled["bytes"] == 0


def test_a_task_has_a_line_when_it_ends(start_server, log):
    server = start_server("--audit-log", str(log), initialize=None, modern=True)
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    meta = {**TASKS, "traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    task = server.call_tool("execute_bash", command="echo done; exit 4", meta=meta)
    endless = server.call_tool("execute_bash", command="sleep 100", timeout=100, meta=TASKS)
    server.request("tasks/cancel", {"taskId": endless["taskId"]}, meta=TASKS)
    found = {entry["task_id"]: entry for entry in wait_for(log, 2)}
    ended = found[task["taskId"]]
    assert (ended["outcome"], ended["exit_code"], ended["bytes"]) == ("ok", 4, 5)
    assert ended["trace_id"] == trace
    assert found[endless["taskId"]]["outcome"] == "cancelled"
    assert "trace_id" not in found[endless["taskId"]]


def test_reading_an_artifact_has_a_line_and_reading_a_skill_has_none(server, log):
    server.bash("printf 12345 > /artifacts/audited.txt")
    read(server, "artifact:///audited.txt")
    read(server, "skill://data-visualization/SKILL.md")
    with pytest.raises(RPCError):
        read(server, "artifact:///never-made.txt")
    _, success, failure = wait_for(log, 3)
    assert success["tool"] == failure["tool"] == "resources/read"
    assert success["arguments"] == {"uri": "artifact:///audited.txt"}
    assert (success["outcome"], success["bytes"]) == ("ok", 5)
    assert failure["outcome"] == "error"
    assert failure["error"]


def test_a_user_of_one_request_is_the_one_that_is_recorded(server, fresh_user, log):
    server.bash("true", meta={"x-user-id": fresh_user})
    assert entries(log)[0]["user"] == fresh_user


def test_calls_that_the_end_of_the_server_cuts_off_have_lines(start_server, log):
    server = start_server("--audit-log", str(log), initialize=None, modern=True)
    task = server.call_tool("execute_bash", command="touch cut-task; sleep 100", timeout=100, meta=TASKS)
    server.start_tool("execute_bash", command="touch cut-call; sleep 100", timeout=100)
    server.bash("while [ ! -e cut-task ] || [ ! -e cut-call ]; do sleep 0.02; done; rm cut-*", timeout=60)
    server.close()
    waited, *cut_off = entries(log)
    assert waited["outcome"] == "ok"
    assert [entry["outcome"] for entry in cut_off] == ["error", "error"]
    assert {entry.get("task_id") for entry in cut_off} == {None, task["taskId"]}


def test_a_restart_and_a_second_server_add_to_the_file(start_server, log):
    with ThreadPoolExecutor() as pool:
        for _ in range(2):
            servers = [start_server("--audit-log", str(log)) for _ in range(2)]
            list(pool.map(lambda server: [server.bash(f"echo {n}") for n in range(20)], servers))
            for server in servers:
                server.close()
    found = entries(log)
    assert len(found) == 80
    assert len({entry["pid"] for entry in found}) == 4


@pytest.mark.parametrize("umask", ["000", "022", "077", "777"])
def test_the_file_is_for_its_owner_alone_whatever_the_umask(user, log, umask):
    command = ["sh", "-c", f'umask {umask}; exec "$0" "$@"', server_binary()]
    with StdioClient(["--user", user, "--audit-log", str(log)], command=command) as server:
        server.initialize()
        assert log.stat().st_mode & 0o7777 == 0o600
        server.error("tools/call", {"name": "none"})
        wait_for(log, 1)


def test_the_variable_and_the_home_directory_are_understood(start_server, tmp_path):
    server = start_server(env={"MCP_EXECUTOR_AUDIT_LOG": "~/calls.jsonl", "HOME": str(tmp_path)})
    server.error("tools/call", {"name": "none"})
    wait_for(tmp_path / "calls.jsonl", 1)


def test_a_file_that_others_may_read_is_used_with_a_warning(start_server, log):
    log.touch()
    log.chmod(0o644)
    server = start_server("--audit-log", str(log))
    server.wait_for_log("other users may read")
    assert log.stat().st_mode & 0o7777 == 0o644


def make_link(path: Path) -> None:
    path.symlink_to(path.with_name("target"))


def make_foreign(path: Path) -> None:
    path.touch()
    os.chown(path, 12345, 12345)


REFUSED = {
    "directory": (Path.mkdir, "is a directory"),
    "pipe": (os.mkfifo, "is not a regular file"),
    "link": (make_link, "is a link"),
    "foreign": (make_foreign, "belongs to another user"),
    "missing/file": (lambda path: None, "is in a directory that does not exist"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_will_not_do_is_refused_at_the_start(tmp_path, name):
    make, reason = REFUSED[name]
    path = tmp_path / name
    make(path)
    done = subprocess.run(
        [server_binary(), "--audit-log", str(path)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "--audit-log" in done.stderr
    assert reason in done.stderr


@pytest.fixture
def tiny_disk(tmp_path: Path):
    """A file system of one page, which only root can make."""
    place = tmp_path / "tiny"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", place], check=True, timeout=60)
    yield place
    subprocess.run(["umount", place], check=True, timeout=60)


def test_a_full_disk_fails_no_call_and_is_told_once(tiny_disk, start_server):
    log = tiny_disk / "calls.jsonl"
    server = start_server("--audit-log", str(log))
    for number in range(40):
        assert server.bash(f"echo {number}; : {'x' * 150}")["stdout"] == f"{number}\n"
    assert server.stderr.count("cannot write to the audit log") == 1
    assert "No space left" in server.stderr
    # Once there is room again, the line that was torn spoils no other.
    subprocess.run(["mount", "-o", "remount,size=64k", tiny_disk], check=True, timeout=60)
    server.bash("echo again")
    last = json.loads(log.read_text().splitlines()[-1])
    assert last["arguments"] == {"command": "echo again"}


def test_a_limit_on_file_sizes_is_no_end_of_the_server(user, log):
    command = ["sh", "-c", 'ulimit -f 1; exec "$0" "$@"', server_binary()]
    with StdioClient(["--user", user, "--audit-log", str(log)], command=command) as server:
        server.initialize()
        for _ in range(20):
            server.error("tools/call", {"name": "none"})
        server.wait_for_log("cannot write to the audit log")
        assert server.close() == 0, "it ended in order, not by a signal"
        assert log.stat().st_size <= 1024
