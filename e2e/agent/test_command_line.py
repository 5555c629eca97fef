"""`exec-agent "task"`: what goes where, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support import engine
from support.agent import agent_binary, environment, json_lines, wait_until_it_runs
from support.scripted import ScriptedModel, bash, calls, says, script

Run = Callable[..., tuple[ScriptedModel, subprocess.CompletedProcess[str]]]


def test_the_answer_on_stdout_and_the_rest_on_stderr(run: Run) -> None:
    _, done = run(script(calls(bash("echo seen\nexit 4"), text="Let me look."), says("It was **seen**.")), "Look.")
    assert done.returncode == 0
    assert done.stdout.endswith("It was **seen**.\n") and "echo" not in done.stdout
    assert "execute_bash: echo seen" in done.stderr and "exit 4" in done.stderr
    assert re.search(r"\d\.\d s", done.stderr), "the time that it took"
    assert "\033" not in done.stderr + done.stdout, "colours where there is no terminal"


def test_the_task_from_standard_input(run: Run) -> None:
    for arguments in ((), ("-",)):
        model, done = run(script(says("You said: {{user}}")), *arguments, stdin="Read this.\nAll of it.\n")
        assert done.returncode == 0 and done.stdout.startswith("You said: Read this.\nAll of it.")
        assert len(model.requests()) == 1


def test_artifacts_are_saved(run: Run, tmp_path: Path) -> None:
    command = (
        "seq 3 > /artifacts/numbers.txt; head -c 100000 /dev/urandom > /artifacts/noise.bin; sha256sum /artifacts/*"
    )
    conversation = script(calls(bash(command)), says("There."))
    output = tmp_path / "results"
    model, done = run(conversation, "--output", str(output), "Make files.")
    assert done.returncode == 0, done.stderr
    assert (output / "numbers.txt").read_text() == "1\n2\n3\n"
    assert (output / "noise.bin").stat().st_size == 100_000
    digest = subprocess.run(["sha256sum", output / "noise.bin"], capture_output=True, text=True, check=True).stdout
    assert digest.split()[0] in model.results()[0]
    # What is there already is not overwritten.
    before = (output / "noise.bin").read_bytes()
    assert run(conversation, "--output", str(output), "Make them again.")[1].returncode == 0
    assert (output / "noise.bin").read_bytes() == before
    assert len(list(output.iterdir())) == 3, sorted(path.name for path in output.iterdir())


def test_for_machines(run: Run, tmp_path: Path) -> None:
    conversation = script(calls(bash("echo seen; seq 3 > /artifacts/three.txt")), says(["All ", "done."]))
    _, done = run(conversation, "--json", "--output", str(tmp_path / "out"), "Do it.")
    assert done.returncode == 0, done.stderr
    events = json_lines(done.stdout)
    assert {"text", "tool_started", "tool_ended", "result"} <= {event["type"] for event in events}
    started = next(event for event in events if event["type"] == "tool_started")
    assert started["name"] == "execute_bash" and "echo seen" in str(started["arguments"])
    ended = next(event for event in events if event["type"] == "tool_ended")
    assert ended["id"] == started["id"] and ended["exit_code"] == 0 and not ended["is_error"]
    assert ended["artifacts"] == ["three.txt"] and ended["seconds"] >= 0
    result = events[-1]
    assert (result["type"], result["status"]) == ("result", "answered")
    assert result["answer"].strip() == "All done." and [file["name"] for file in result["artifacts"]] == ["three.txt"]
    assert Path(result["artifacts"][0]["path"]).read_text() == "1\n2\n3\n"


def test_a_failure_for_machines(run: Run) -> None:
    _, done = run(script(says("Never.", failures=[{"status": 401}])), "--json", "Do it.")
    assert done.returncode == 1
    result = json_lines(done.stdout)[-1]
    assert (result["type"], result["status"]) == ("result", "failed") and "OPENAI_API_KEY" in result["reason"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--max-turns", "2"], "2"),
        (["--max-tokens", "10"], "10"),
        (["--max-seconds", "2"], "2"),
    ],
)
def test_each_limit_is_named(run: Run, options: list[str], words: str) -> None:
    _, done = run(script(calls(bash("sleep 1"), repeat=True)), *options, "Go on for ever.")
    assert done.returncode == 3, done.stderr
    assert words in done.stdout + done.stderr
    assert options[0].removeprefix("--max-").rstrip("s") in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "variables", "words"),
    [
        (["--no-such-option", "x"], {}, "--no-such-option"),
        (["--max-turns", "many", "x"], {}, "--max-turns"),
        (["x"], {"DEFAULT_MODEL": ""}, "DEFAULT_MODEL"),
        (["x"], {"OPENAI_BASE_URL": "nonsense"}, "OPENAI_BASE_URL"),
    ],
)
def test_a_command_line_that_is_not_accepted(
    run: Run, arguments: list[str], variables: dict[str, str], words: str
) -> None:
    model, done = run(script(says("Never.")), *arguments, **variables)
    assert done.returncode in (1, 2) and not done.stdout
    assert words in done.stderr and len(done.stderr.splitlines()) == 1
    assert not model.requests()


def test_help_and_version_need_nothing() -> None:
    for option in ("--help", "--version"):
        done = subprocess.run([agent_binary(), option], capture_output=True, text=True, timeout=60, env={})
        assert done.returncode == 0 and done.stdout and not done.stderr
    assert "OPENAI_API_KEY" in subprocess.run([agent_binary(), "--help"], capture_output=True, text=True).stdout


def test_servers_from_a_file(run: Run, user: str, tmp_path: Path) -> None:
    file = tmp_path / "servers.json"
    command = environment("", user)["MCP_SERVER_COMMAND"]
    entry = {"command": command, "args": ["--user", user]}
    file.write_text(json.dumps({"mcpServers": {"sandbox": entry}}))
    model, done = run(script(calls(bash("echo from the file")), says("{{result}}")), "--mcp-config", str(file), "Go.")
    assert done.returncode == 0, done.stderr
    assert "from the file" in done.stdout


def test_keys_do_not_reach_the_servers(run: Run, tmp_path: Path, user: str) -> None:
    seen = tmp_path / "environment"
    wrapper = tmp_path / "wrapper.sh"
    wrapper.write_text(f"#!/bin/sh\nenv > '{seen}'\nexec {environment('', user)['MCP_SERVER_COMMAND']}\n")
    wrapper.chmod(0o755)
    _, done = run(
        script(says("Hello.")), "Hello", OPENAI_API_KEY="sk-secret-of-the-agent", MCP_SERVER_COMMAND=str(wrapper)
    )
    assert done.returncode == 0, done.stderr
    assert "PATH=" in seen.read_text() and "sk-secret-of-the-agent" not in seen.read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything(start_model: Callable[..., ScriptedModel], user: str, number: signal.Signals) -> None:
    model = start_model(script(calls(bash("sleep 4010", timeout=300)), says("Never.")))
    process = subprocess.Popen(
        [agent_binary(), "Sleep."], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(model.url, user)
    )

    try:
        wait_until_it_runs("sleep 4010", user)
        os.kill(process.pid, number)
        process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode in (128 + number, -number)
    engine.wait_until_gone(user)


def test_hostile_text_does_not_reach_a_terminal(run: Run) -> None:
    hostile = "\x1b]0;owned\x07\x1b[2J"
    _, done = run(script(calls(bash(f"echo '{hostile}'")), says("Clean.")), "Go.")
    assert "\x1b" not in done.stderr and "\x07" not in done.stderr


def test_a_silent_model_is_given_up(run: Run) -> None:
    for moment in ("at_once", "before", "after"):
        _, done = run(
            script(says("Never was so much said.", failures=[{"silence": moment}])), "--model-timeout", "2", "Go."
        )
        assert done.returncode == 1 and "2 seconds" in done.stderr, (moment, done.stderr)
