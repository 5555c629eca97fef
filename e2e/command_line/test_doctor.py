"""exec-mcp doctor: what it says of a sound machine, and of one thing after another that is broken."""

from __future__ import annotations

import json
import os
import pty
import secrets
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support import engine
from support.stdio_client import server_binary

CHECKS = [
    "command line", "engine", "image", "sandbox", "limits", "isolation", "network", "workspace", "skills", "tools",
    "latency", "end", "left-overs",
]  # fmt: skip


def doctor(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [server_binary(), "doctor", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **(env or {})},
        check=False,
    )


def examine(*arguments: str, env: dict[str, str] | None = None) -> dict[str, dict[str, Any]]:
    """The checks of a run by name. The exit status agrees with them."""
    run = doctor("--json", *arguments, env=env)
    assert run.stderr == ""
    report = json.loads(run.stdout)
    checks = {check["name"]: check for check in report["checks"]}
    assert list(checks) == CHECKS
    failed = [check for check in report["checks"] if check["status"] == "failed"]
    assert report["ok"] is (not failed)
    assert run.returncode == (1 if failed else 0)
    return checks


def status(checks: dict[str, dict[str, Any]], *names: str) -> set[str]:
    """What came of some checks. That all is well, but slow, says only that other tests run on this machine."""
    slow = {name for name, check in checks.items() if "machine busy" in check.get("remedy", "")}
    return {"passed" if name in slow else checks[name]["status"] for name in names}


def trials() -> set[str]:
    """What trials have left with the engine, containers and volumes."""
    containers = engine.run("ps", "--all", "--format", "{{.Names}}").split()
    return {
        name
        for name in containers + engine.run("volume", "ls", "--quiet").split()
        if name.startswith(f"{engine.NAME_PREFIX}trial-")
    }


def gone(earlier: set[str]) -> None:
    """Another doctor may be at work on this machine: what was there before, or comes and goes, is not ours."""
    mine = trials() - earlier
    assert engine.poll(lambda: not mine & trials()) is not None, mine & trials()


@pytest.fixture
def fake(tmp_path: Path):
    """Writes a program that stands in for the engine: `case` lines for what it does otherwise than the real one."""

    def write(cases: str) -> str:
        path = tmp_path / "engine"
        path.write_text(f'#!/bin/sh\ncase " $* " in\n{cases}\n*) exec {engine.path_of_program()} "$@";;\nesac\n')
        path.chmod(0o755)
        return str(path)

    return write


def test_a_sound_machine_passes_and_nothing_is_left_behind() -> None:
    before = trials()
    checks = examine()
    assert {name: check for name, check in checks.items() if check["status"] == "failed"} == {}
    assert status(checks, "command line", "engine", "image", "sandbox", "isolation", "network", "end") == {"passed"}
    assert checks["network"]["found"] == "none"
    assert "Python 3." in checks["sandbox"]["found"] and "bash" in checks["sandbox"]["found"]
    assert checks["image"]["found"].startswith(engine.IMAGE)
    gone(before)


def test_the_options_are_the_servers() -> None:
    checks = examine("--memory", "256m", "--pids=40", "--cpus", "0.5", "--workspace", "ephemeral", "--network=bridge")
    assert checks["limits"]["found"] == "256m of memory, 40 processes, 0.5 processors"
    assert checks["workspace"]["found"].startswith("in memory, ")
    assert checks["network"]["found"].startswith("bridge, as requested")


def test_it_says_how_python_starts(tmp_path: Path) -> None:
    assert "(plain)" in examine()["sandbox"]["found"]
    bare = f"exec-mcp-test:{secrets.token_hex(4)}"
    recipe = f"FROM {engine.IMAGE}\nUSER root\nRUN rm -rf /usr/libexec/exec-mcp\nUSER coderunner\n"
    (tmp_path / "Dockerfile").write_text(recipe)
    engine.run("build", "--tag", bare, str(tmp_path))
    try:
        check = examine("--python", "instant", "--image", bare)["sandbox"]
    finally:
        engine.run("rmi", "--force", bare)
    assert check["status"] == "warning"
    assert "(plain)" in check["found"]
    assert "exec-mcp image" in check["remedy"]
    if engine.run("run", "--rm", engine.IMAGE, "find", "/usr/libexec", "-name", "preloader.so").strip():
        assert "(instant)" in examine("--python", "instant")["sandbox"]["found"]


def test_narrow_bounds_on_calls_do_not_hinder_it() -> None:
    checks = examine("--max-timeout", "1", "--output-limit", "1024", "--idle-timeout", "1", "--max-sandboxes", "1")
    assert status(checks, "sandbox", "limits", "latency") == {"passed"}


def test_a_directory_as_workspace_is_written_to_and_left_as_it_was(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    (tmp_path / "mine").write_text("mine")
    assert status(examine("--workspace", str(tmp_path)), "workspace") == {"passed"}
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_people_get_a_table_in_ascii_when_no_terminal_is_there() -> None:
    run = doctor("--engine", "/nonexistent/docker")
    assert run.returncode == 1
    assert run.stdout.isascii()
    assert "FAIL  command line" in run.stdout and "-> Install Docker" in run.stdout
    assert "not checked: command line failed" in run.stdout
    assert run.stdout.endswith("One check failed.\n")


@pytest.mark.parametrize(("locale", "mark"), [("C.UTF-8", "✗"), ("C", "FAIL")])
def test_a_terminal_gets_the_signs_that_it_can_show(locale: str, mark: str) -> None:
    master, slave = pty.openpty()
    environment = {**os.environ, "LC_ALL": locale}
    command = [server_binary(), "doctor", "--engine", "/nonexistent/docker"]
    subprocess.run(command, stdout=slave, stderr=slave, env=environment, timeout=120, check=False)
    shown = os.read(master, 65536).decode()
    os.close(slave)
    os.close(master)
    assert f"{mark}  command line" in shown


def test_an_engine_that_does_not_run_is_told_with_a_remedy(tmp_path: Path) -> None:
    checks = examine(env={"DOCKER_HOST": f"unix://{tmp_path}/no.sock"})
    assert checks["engine"]["status"] == "failed"
    assert "start" in checks["engine"]["remedy"].lower()
    assert status(checks, "image", "sandbox", "limits", "end", "left-overs") == {"not checked"}
    assert status(checks, "skills", "tools") == {"passed"}


def test_a_missing_image_is_told_with_the_command_that_makes_it() -> None:
    checks = examine("--image", "exec-mcp-no-such-image:none")
    assert checks["image"]["status"] == "failed"
    assert "exec-mcp image" in checks["image"]["remedy"]
    assert status(checks, "sandbox", "latency") == {"not checked"}
    assert checks["left-overs"]["status"] == "passed"


def test_a_hung_engine_is_given_up(fake) -> None:
    checks = examine("--engine", fake("*) exec sleep 1000;;"))
    assert "did not answer" in checks["engine"]["found"]


def test_an_engine_that_starts_nothing_is_given_up_and_ended(fake) -> None:
    nap = f"{1000 + secrets.randbelow(10**6) / 10**7:.7f}"
    checks = examine("--engine", fake(f"*' run '*) exec sleep {nap};;"))
    assert "did not start" in checks["sandbox"]["found"]
    assert status(checks, "limits", "workspace", "end") == {"not checked"}

    def asleep() -> bool:
        return subprocess.run(["pgrep", "-f", f"sleep {nap}"], stdout=subprocess.DEVNULL, check=False).returncode == 0

    assert engine.poll(lambda: not asleep()) is not None


def test_an_engine_that_refuses_to_start_one_is_quoted_safely(fake) -> None:
    checks = examine("--engine", fake("*' run '*) printf 'no \\033[31mroom\\n' >&2; exit 125;;"))
    assert checks["sandbox"]["status"] == "failed"
    assert "\x1b" not in json.dumps(checks["sandbox"], ensure_ascii=False)
    assert "room" in checks["sandbox"]["found"] + checks["sandbox"].get("remedy", "")


def without(*flags: str, instead: str = "") -> str:
    """A case in which the real engine runs without some of the flags, each with its value if it has one."""
    skip = "|".join(flags)
    return f"""*' run '*)
  count=$#
  while [ $count -gt 0 ]; do
    argument=$1; shift; count=$((count - 1))
    case $argument in
      {skip}) case $1 in --*) ;; *) shift; count=$((count - 1));; esac;;
      *) set -- "$@" "$argument";;
    esac
  done
  shift
  exec {engine.path_of_program()} run {instead} "$@";;"""


def test_limits_that_the_engine_ignores_are_noticed(fake) -> None:
    checks = examine("--engine", fake(without("--memory", "--memory-swap", "--pids-limit", "--cpus")))
    assert checks["limits"]["status"] == "failed"
    for limit in ("no memory limit", "no limit on processes", "no limit on processors"):
        assert limit in checks["limits"]["found"]
    assert checks["isolation"]["status"] == "passed"


def test_a_sandbox_that_is_not_isolated_is_noticed(fake) -> None:
    flags = ("--cap-drop", "--read-only", "--security-opt", "--network", "--user")
    # In a persistent workspace a filter of the guest's own keeps commands from privileges, whatever the engine does.
    checks = examine("--workspace", "ephemeral", "--engine", fake(without(*flags, instead="--user 0:0")))
    assert checks["isolation"]["status"] == "failed"
    for part in ("root", "capabilities", "privileges", "written"):
        assert part in checks["isolation"]["found"]
    assert checks["network"]["status"] == "failed"


def test_an_orphan_is_seen_and_removed() -> None:
    """One sandbox's labels, with a start time that no living process has."""
    machine = Path("/etc/machine-id").read_text().strip()
    labels = {"host": machine, "boot": "0", "pid-namespace": "0", "pid": "1", "start-time": "0"}
    name = f"{engine.NAME_PREFIX}orphan-{secrets.token_hex(4)}"
    engine.leave_orphan({engine.LABEL_PREFIX + key: value for key, value in labels.items()}, name)
    try:
        assert examine()["left-overs"]["status"] in ("passed", "warning")
        assert engine.poll(lambda: name not in engine.run("ps", "--all", "--format", "{{.Names}}")) is not None
    finally:
        engine.run("rm", "--force", name, check=False)


def test_a_skill_that_is_left_out_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "SKILL.md").write_text("---\nname: [\n---\n")
    tmp_path.chmod(0o755)
    check = examine("--skills", str(tmp_path))["skills"]
    assert check["status"] == "warning"
    assert "SKILL.md" in check["remedy"]


def test_a_skill_that_the_sandbox_may_not_read_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed" / "SKILL.md").write_text("---\nname: closed\ndescription: x\n---\n")
    (tmp_path / "closed" / "SKILL.md").chmod(0o600)
    tmp_path.chmod(0o755)
    check = examine("--skills", str(tmp_path))["skills"]
    assert check["status"] == "failed"
    assert "/skills/closed/SKILL.md" in check["found"]


def test_a_broken_off_run_leaves_nothing_behind() -> None:
    before = trials()
    process = subprocess.Popen([server_binary(), "doctor"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    engine.poll(lambda: process.poll() is not None or trials() - before)
    process.terminate()
    process.communicate(timeout=120)
    assert process.returncode in (0, 130)
    gone(before)


@pytest.mark.parametrize("arguments", [["--memory", "1"], ["--bogus"], ["extra"]])
def test_a_bad_command_line_is_refused(arguments: list[str]) -> None:
    run = doctor(*arguments)
    assert run.returncode == 2
    assert run.stdout == ""
    assert len(run.stderr.splitlines()) == 1


def test_help_says_what_it_does() -> None:
    run = doctor("--help")
    assert run.returncode == 0
    assert "Usage: exec-mcp doctor" in run.stdout


def test_a_server_with_a_url_needs_curl_and_the_report_says_so(tmp_path: Path) -> None:
    file = tmp_path / "servers.json"
    file.write_text(json.dumps({"mcpServers": {"web": {"type": "http", "url": "http://127.0.0.1:1/mcp"}}}))
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "docker").symlink_to(engine.path_of_program())
    environment = {"PATH": str(programs), "XDG_STATE_HOME": str(tmp_path / "state")}
    run = doctor("--json", "--mcp-config", str(file), env=environment)
    check = next(check for check in json.loads(run.stdout)["checks"] if check["name"] == "MCP servers")
    assert check["status"] == "warning"
    assert "the program curl, which connects to servers with a URL, is not on PATH: install it" in check["remedy"]
