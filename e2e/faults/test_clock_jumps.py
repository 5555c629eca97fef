"""Someone sets the machine's clock, or the machine sleeps: nothing ends early or waits for ever, and what is written
with a time on it stays readable. Only the server's clocks jump; the engine and the sandboxes go by the machine's."""

import datetime
import json
import re
import time

import pytest
from support import engine
from support.clocks import Clocks
from support.in_between import write_engine
from support.stdio_client import META_PREFIX

UTC = datetime.timezone.utc
DAY = datetime.timedelta(days=1)
JUMPS = {
    "a day ahead": lambda now: now + DAY,
    "a year back": lambda now: now - 365 * DAY,
    "to 1970": lambda now: datetime.datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC),
    "to 2100": lambda now: datetime.datetime(2100, 1, 1, tzinfo=UTC),
}
HOUR = 3600
TASKS = {META_PREFIX + "clientCapabilities": {"extensions": {META_PREFIX + "tasks": {}}}}
# The server looks after its sandboxes every second or two: while a call of somebody's takes this long, it has done so.
A_ROUND = "sleep 2.5"


@pytest.fixture
def clocks(tmp_path):
    return Clocks(tmp_path)


@pytest.fixture
def start(start_server, clocks, fresh_user):
    def start(*arguments, **options):
        return start_server("--user", fresh_user, *clocks.options, *arguments, env=clocks.environment, **options)

    return start


@pytest.fixture
def other(fresh_user, passing_users):
    name = f"{fresh_user}.other"
    passing_users.append(name)
    return {"x-user-id": name}


def jump(clocks, name):
    clocks.set_wall(JUMPS[name](datetime.datetime.now(UTC)))


def begin(server, command, **arguments):
    """Starts a command and returns once it runs."""
    call = server.start_tool("execute_bash", command=f"touch begun; {command}", **arguments)
    server.bash("until [ -e begun ]; do sleep 0.02; done; rm begun", timeout=60)
    return call


def written_year(log):
    return int(json.loads(log.read_text().splitlines()[-1])["time"][:4])


def test_the_clocks_of_the_server_do_jump(start, clocks, tmp_path):
    """Otherwise nothing here would show a thing."""
    log = tmp_path / "calls.jsonl"
    server = start("--audit-log", str(log))
    server.bash("true")
    assert written_year(log) == datetime.datetime.now(UTC).year
    jump(clocks, "to 2100")
    server.bash("true")
    assert written_year(log) == 2100


@pytest.mark.parametrize("name", JUMPS)
def test_calls_go_on_and_end_with_their_timeouts(start, clocks, fresh_user, name):
    server = start()
    server.bash("true")
    container = engine.only_container(fresh_user)
    steady = begin(server, "until [ -e go ]; do sleep 0.05; done; echo whole", timeout=120)
    begun = time.monotonic()
    endless = begin(server, "sleep 600", timeout=3)
    jump(clocks, name)
    ended = server.result(endless)["structuredContent"]
    assert time.monotonic() - begun >= 3, "the timeout came early"
    assert ended["timed_out"] is True
    server.bash("touch go")
    assert server.result(steady)["structuredContent"] == {"exit_code": 0, "stdout": "whole\n", "stderr": ""}
    assert server.bash("sleep 600", timeout=1)["timed_out"] is True
    assert engine.only_container(fresh_user) == container


def test_a_jump_makes_nobody_idle(start, clocks, fresh_user, other):
    server = start("--idle-timeout", "600")
    server.bash("true")
    container = engine.only_container(fresh_user)
    for name in JUMPS:
        jump(clocks, name)
        server.bash(A_ROUND, meta=other)
        assert engine.only_container(fresh_user) == container, name


def test_who_is_idle_is_stopped_whatever_the_clock_says(start, clocks, fresh_user):
    server = start("--idle-timeout", "2")
    server.bash("true")
    jump(clocks, "to 1970")
    assert engine.poll(lambda: not engine.containers(fresh_user)) is not None


@pytest.mark.parametrize("name", JUMPS)
def test_a_server_whose_clock_is_elsewhere_leaves_anothers_containers(start, clocks, fresh_user, other, name):
    """The owner of a container is known by what no clock changes."""
    server = start()
    server.bash("touch /tmp/mine")
    container = engine.only_container(fresh_user)
    labels = engine.inspect(container)["Config"]["Labels"]
    dead = {**labels, engine.LABEL_PREFIX + "start-time": "0", engine.LABEL_PREFIX + "user": other["x-user-id"]}
    ours = {label: value for label, value in dead.items() if label.startswith(engine.LABEL_PREFIX)}
    orphan = engine.leave_orphan(ours)
    jump(clocks, name)
    newcomer = start()
    newcomer.bash("true")
    gone = engine.poll(lambda: orphan not in engine.containers(other["x-user-id"]))
    assert gone is not None, "the removal that this test waits for did not happen"
    assert server.bash("ls /tmp/mine")["stdout"] == "/tmp/mine\n"
    assert container in engine.containers(fresh_user)


def test_the_audit_log_stays_readable(start, clocks, tmp_path):
    log = tmp_path / "calls.jsonl"
    server = start("--audit-log", str(log))
    for name in JUMPS:
        call = begin(server, "sleep 600", timeout=3)
        jump(clocks, name)
        server.result(call)
        server.bash("true")
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    assert len(entries) == 3 * len(JUMPS)
    for entry in entries:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry["time"])
        assert 0 <= entry["duration_ms"] < 120_000, "the duration was taken from the wall clock"
    assert {entry["time"][:4] for entry in entries} >= {"1970", "2100"}


@pytest.mark.parametrize("name", JUMPS)
def test_a_task_never_changes_before_it_was_made(start, clocks, name):
    server = start(initialize=None, modern=True)
    task = server.call_tool("execute_bash", command="until [ -e go ]; do sleep 0.05; done", timeout=120, meta=TASKS)
    jump(clocks, name)
    working = server.request("tasks/get", {"taskId": task["taskId"]}, meta=TASKS)
    assert 0 < working["pollIntervalMs"] < 120_000
    server.bash("touch go")

    def ended():
        state = server.request("tasks/get", {"taskId": task["taskId"]}, meta=TASKS)
        return state if state["status"] == "completed" else None

    assert engine.poll(ended) is not None
    assert ended()["createdAt"] == task["createdAt"]
    assert ended()["createdAt"] <= ended()["lastUpdatedAt"]
    for moment in (ended()["createdAt"], ended()["lastUpdatedAt"]):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", moment)


def test_a_call_goes_on_after_the_machine_has_slept(start, clocks, fresh_user, other):
    """The sandbox has slept as well: no call is late."""
    server = start("--idle-timeout", "100000")
    server.bash("true")
    container = engine.only_container(fresh_user)
    steady = begin(server, "until [ -e go ]; do sleep 0.05; done; echo whole", timeout=120)
    begun = time.monotonic()
    endless = begin(server, "sleep 600", timeout=4)
    clocks.sleep_machine(HOUR)
    server.bash(A_ROUND, meta=other)
    assert server.bash("echo awake")["stdout"] == "awake\n"
    assert server.result(endless)["structuredContent"]["timed_out"] is True
    assert time.monotonic() - begun >= 4, "the timeout came early"
    server.bash("touch go")
    assert server.result(steady)["structuredContent"] == {"exit_code": 0, "stdout": "whole\n", "stderr": ""}
    assert engine.only_container(fresh_user) == container


def test_a_sandbox_that_starts_while_the_machine_sleeps_comes_up(start_server, clocks, fresh_user, tmp_path):
    slow = write_engine(
        tmp_path / "slow", f'unset LD_PRELOAD; case " $* " in *" run "*) touch {tmp_path}/starting; sleep 2;; esac'
    )
    server = start_server("--user", fresh_user, "--engine", str(slow), env=clocks.environment)
    call = server.start_tool("execute_bash", command="echo up")
    assert engine.poll((tmp_path / "starting").exists) is not None
    clocks.sleep_machine(HOUR)
    result = server.result(call)
    assert not result.get("isError"), result
    assert result["structuredContent"]["stdout"] == "up\n"


def test_a_sandbox_that_nobody_used_for_the_length_of_the_sleep_is_stopped(start, clocks, fresh_user):
    """Its place is free, and the next call starts another."""
    server = start("--idle-timeout", "1800")
    server.bash("echo kept > kept.txt")
    clocks.sleep_machine(HOUR)
    assert engine.poll(lambda: not engine.containers(fresh_user)) is not None
    assert server.bash("cat kept.txt")["stdout"] == "kept\n"
