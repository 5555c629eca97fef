"""podman in docker's place, as root and as an ordinary user (`run.sh` says as whom): doctor, image, a whole session."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from support import engine
from support.stdio_client import server_binary


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = ["env", *(f"{name}={value}" for name, value in env.items()), server_binary(), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)


@pytest.fixture(scope="module")
def holds_limits() -> bool:
    """Whether this podman can: without root it needs version 2 of control groups, with the controllers delegated."""
    host = json.loads(engine.run("info", "--format", "json"))["host"]
    return {"memory", "cpu", "pids"} <= set(host["cgroupControllers"] or [])


@pytest.fixture(scope="module")
def report() -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in json.loads(run("doctor", "--json").stdout)["checks"]}


def prompt(client) -> str:
    return client.request("prompts/get", {"name": "agent_system_prompt"})["messages"][0]["content"]["text"]


def test_doctor_finds_nothing_wrong_but_limits_that_cannot_hold(report, holds_limits):
    failed = {name for name, check in report.items() if check["status"] not in ("passed", "warning")}
    assert failed == (set() if holds_limits else {"limits"}), report
    assert report["isolation"]["status"] == report["network"]["status"] == report["end"]["status"] == "passed"


def test_doctor_says_which_limits_do_not_hold(report, holds_limits):
    missing = "no memory limit, no limit on processors, no limit on processes"
    expected = "1g of memory, 256 processes, 1 processor" if holds_limits else missing
    assert report["limits"]["found"].endswith(expected)


def test_an_image_that_was_not_built_here_is_known_and_kept():
    done = run("image")
    assert done.returncode == 0, done.stderr
    assert "was not built here: left as it is" in done.stderr


def test_a_build_that_fails_tells_why_and_leaves_nothing():
    """The image in these tests has no pip, so the build ends there: all that comes before it is podman's."""
    before = sorted(engine.run("images", "--format", "{{.Repository}}:{{.Tag}}").split())
    done = run("image", "--force", "--tag", "exec-mcp-built:latest", "--base", engine.IMAGE)
    assert done.returncode == 1
    said = "error: The image could not be built: the Python packages could not be installed: "
    last = done.stderr.splitlines()[-1]
    assert last.startswith(said) and "No module named pip" in last, done.stderr
    assert sorted(engine.run("images", "--format", "{{.Repository}}:{{.Tag}}").split()) == before


def test_every_tool_works(client):
    assert client.bash("echo $((6 * 7)); echo $USER")["stdout"] == "42\ncoderunner\n"
    source = 'def double(number):\n    """Twice the number."""\n    return 2 * number\n'
    assert not client.call_tool("write_file", file_path="/workspace/maths.py", content=source).get("isError")
    assert "return 2" in json.dumps(client.call_tool("read_file", file_path="/workspace/maths.py"))
    documented = client.call_tool("read_docstring", file_path="/workspace/maths.py", function_name="double")
    assert "Twice the number." in json.dumps(documented)
    assert client.bash("python3 -c 'import maths; print(maths.double(21))'")["stdout"] == "42\n"


def test_files_survive_the_server(start_server, fresh_user):
    first = start_server("--user", fresh_user)
    first.bash("echo kept > /workspace/kept.txt; echo made > /artifacts/made.txt")
    first.close()
    engine.wait_until_gone(fresh_user)
    assert start_server("--user", fresh_user).bash("cat kept.txt /artifacts/made.txt")["stdout"] == "kept\nmade\n"


def test_a_timeout_ends_every_process(client, user):
    client.call_tool("execute_bash", command="setsid sleep 4321 & sleep 4321", timeout=1)
    assert client.bash("pgrep -fx 'sleep 4321'")["stdout"] == ""


@pytest.mark.parametrize("end", ["close", "kill9"])
def test_nothing_is_left_behind_however_the_server_ends(start_server, fresh_user, end):
    server = start_server("--user", fresh_user)
    server.bash("nohup sleep 600 >/dev/null 2>&1 &")
    assert len(engine.containers(fresh_user)) == 1
    getattr(server, end)()
    engine.wait_until_gone(fresh_user)


def test_what_does_not_hold_is_logged_once_and_never_promised(start_server, fresh_user, passing_users, holds_limits):
    server = start_server("--user", fresh_user)
    assert "- Keep within 1g memory, 1 CPU, 256 processes." in prompt(server)
    server.bash("true")
    unkept = "- Keep within 1g memory, 1 CPU, 256 processes, though nothing here enforces it."
    assert ("- Limits: 1g memory" if holds_limits else unkept) in prompt(server)
    other = f"{fresh_user}-b"
    passing_users.append(other)
    server.bash("true", meta={"x-user-id": other})
    server.close()
    warning = "the engine does not enforce the limits of sandboxes: there is no memory limit, no limit on processors"
    assert server.stderr.count(warning) == (0 if holds_limits else 1)
    if not holds_limits:
        assert server.stderr.count("the engine says: ") >= 1
