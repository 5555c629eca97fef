"""A docker engine behind SSH, whose network can be cut. `remote-engine.sh` starts it; `run.sh` says where it is."""

import json
import os
import signal
import subprocess

import pytest
from support import engine
from support.stdio_client import StdioClient, text_of

HOST = os.environ.get("REMOTE_DOCKER_HOST", "")
LINK = os.environ.get("REMOTE_LINK", "")
pytestmark = pytest.mark.skipif(not HOST, reason="e2e/engines/run.sh starts the engine that this is about")

ENVIRONMENT = {"DOCKER_HOST": HOST}
BEAT = ("--heartbeat", "3")


def there(*arguments: str, check: bool = True) -> str:
    """What the engine says to somebody on its own machine."""
    command = ["docker", "--host", os.environ["REMOTE_ENGINE"], *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert not check or done.returncode == 0, done.stderr
    return done.stdout


def containers(user: str) -> list[str]:
    return there("ps", "--all", "--quiet", "--filter", f"label={engine.LABEL_PREFIX}user={user}").split()


def volumes() -> set[str]:
    return set(there("volume", "ls", "--quiet", "--filter", "name=exec-mcp-files-").split())


@pytest.fixture
def start(start_server, fresh_user):
    """Starts a server with the engine elsewhere, and removes the user's volumes there."""

    started: list[StdioClient] = []

    def start(*arguments: str, **options: object) -> StdioClient:
        started.append(start_server("--user", fresh_user, *arguments, env=ENVIRONMENT, **options))
        return started[-1]

    yield start
    for server in started:
        server.close()
    assert engine.poll(lambda: not containers(fresh_user)) is not None
    for name in there("volume", "ls", "--quiet", "--filter", f"name=mcp-executor-{fresh_user}").split():
        there("volume", "rm", name, check=False)


@pytest.fixture
def directories(tmp_path):
    """A module and a skill of this machine."""
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "tides.py").write_text("def high():\n    return 'at noon'\n")
    skill = tmp_path / "skills" / "sailing"
    skill.mkdir(parents=True)
    (skill / "SKILL.md").write_text("---\nname: sailing\ndescription: How to sail.\n---\n\nMind the wind.\n")
    return tmp_path


def options(directories) -> tuple[str, ...]:
    return ("--tools", str(directories / "tools"), "--skills", str(directories / "skills"))


def test_files_travel_once_and_cannot_be_changed(start, directories):
    before = volumes()
    server = start(*options(directories))
    server.bash("echo kept > kept.txt")
    assert server.bash("python3 -c 'import tides; print(tides.high())'")["stdout"] == "at noon\n"
    assert server.bash("cat /skills/sailing/SKILL.md")["stdout"].endswith("Mind the wind.\n")
    for command in ("echo bad >> /tools/tides.py", "touch /skills/x", "rm -r /skills/sailing"):
        assert server.bash(command)["exit_code"] != 0
    assert server.bash("ls /skills; cat /tools/tides.py")["stdout"].startswith("sailing\ndef high()")
    assert server.stderr.count("carrying the files") == 2
    added = volumes() - before
    assert len(added) == 2
    server.close()
    # Another server finds them, and the workspace.
    second = start(*options(directories))
    assert second.bash("cat kept.txt; ls /skills")["stdout"] == "kept\nsailing\n"
    assert "carrying the files" not in second.stderr
    second.close()
    # A changed file is another volume.
    (directories / "tools" / "tides.py").write_text("def high():\n    return 'at night'\n")
    third = start(*options(directories))
    assert third.bash("python3 -c 'import tides; print(tides.high())'")["stdout"] == "at night\n"
    assert third.stderr.count("carrying the files") == 1
    assert len(volumes() - before) == 3
    third.close()
    for name in volumes() - before:
        there("volume", "rm", name, check=False)


def test_the_servers_own_skills_and_modules_travel(start):
    server = start()
    names = server.bash("ls /skills; ls /tools")["stdout"]
    assert "pdf" in names
    assert ".py" in names


def test_one_command_of_the_engine_is_enough_for_a_sandbox(start, directories, tmp_path):
    start(*options(directories)).bash("true")
    calls = tmp_path / "calls"
    program = tmp_path / "docker"
    program.write_text(f'#!/bin/sh\necho "$1" >> {calls}\nexec {engine.path_of_program()} "$@"\n')
    program.chmod(0o755)
    server = start(*options(directories), "--engine", str(program))
    server.bash("true")
    server.close()
    # Besides, the first sandbox of a server looks for those of dead servers, and asks once what the image has.
    assert calls.read_text().split().count("run") == 1
    assert set(calls.read_text().split()) <= {"run", "ps", "image"}


def test_a_directory_of_this_machine_cannot_be_a_workspace_there(start, tmp_path):
    result = start("--workspace", str(tmp_path)).call_tool("execute_bash", command="true")
    assert result["isError"] is True
    assert "a directory of this machine" in text_of(result)
    assert "--engine-location local" in text_of(result)


def test_a_killed_server_leaves_nothing(start, fresh_user):
    server = start()
    server.bash("sleep 1000 &")
    assert len(containers(fresh_user)) == 1
    os.kill(server.process.pid, signal.SIGKILL)
    assert engine.poll(lambda: not containers(fresh_user)) is not None


@pytest.mark.parametrize("is_working", [False, True])
def test_a_cut_network_ends_both_sides(start, fresh_user, is_working):
    server = start(*BEAT)
    server.bash("echo up > up.txt")
    call = None
    if is_working:
        call = server.start_tool("execute_bash", command="touch /tmp/running; sleep 600", timeout=600)
        server.bash("until [ -e /tmp/running ]; do sleep 0.02; done")
    subprocess.run(["ip", "link", "set", LINK, "down"], check=True)
    try:
        assert engine.poll(lambda: not containers(fresh_user)) is not None
        server.wait_for_log("gave no sign of life for 12 seconds")
        if call:
            result = server.result(call)
            assert result["isError"] is True
            assert "the connection to the engine is broken" in text_of(result)
    finally:
        subprocess.run(["ip", "link", "set", LINK, "up"], check=True)

    def is_back() -> bool:
        result = server.call_tool("execute_bash", command="cat up.txt")
        return not result.get("isError") and result["structuredContent"]["stdout"] == "up\n"

    # A call that begins before the network is up again may still fail.
    assert engine.poll(is_back) is not None


def test_a_short_break_of_the_network_ends_nothing(start, fresh_user):
    server = start("--heartbeat", "30")
    server.bash("echo up > /tmp/up.txt")
    container = containers(fresh_user)
    subprocess.run(["ip", "link", "set", LINK, "down"], check=True)
    call = server.start_tool("execute_bash", command="cat /tmp/up.txt")
    subprocess.run(["ip", "link", "set", LINK, "up"], check=True)
    assert server.result(call)["structuredContent"]["stdout"] == "up\n"
    assert containers(fresh_user) == container


def test_doctor_says_that_the_engine_is_elsewhere_and_how_far(tmp_path):
    done = subprocess.run(
        [os.environ["EXEC_MCP_BINARY"], "doctor", "--json"],
        env={**os.environ, **ENVIRONMENT}, capture_output=True, text=True, timeout=180, check=False,
    )
    assert f"not on this machine ({HOST}); it answers after" in done.stdout, done.stdout + done.stderr
    json.loads(done.stdout)
