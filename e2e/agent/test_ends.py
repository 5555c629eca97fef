"""The end of exec-agent: a signal is heard whenever it comes."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.agent import agent_binary, environment
from support.scripted import ScriptedModel, says, script

UNREACHABLE = "http://127.0.0.1:9/v1"
ROUNDS = 8
AT_ONCE = 5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_at_the_first_moment_is_not_lost(number: signal.Signals, user: str) -> None:
    for _ in range(ROUNDS):
        services = [
            subprocess.Popen(
                [agent_binary(), "serve", "--port", "0"],
                stderr=subprocess.PIPE,
                text=True,
                env=environment(UNREACHABLE, user),
            )
            for _ in range(AT_ONCE)
        ]
        for service in services:
            assert "listening" in service.stderr.readline()
            service.send_signal(number)
        assert [service.wait(60) for service in services] == [0] * AT_ONCE


def test_a_program_that_outlives_its_terminal(user: str) -> None:
    service = subprocess.Popen(
        ["nohup", agent_binary(), "serve", "--port", "0"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(UNREACHABLE, user),
    )
    while "listening" not in service.stderr.readline():
        assert service.poll() is None
    service.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        service.wait(1)
    service.terminate()
    assert service.wait(60) == 0


def run_to(output: str, arguments: list[str], variables: dict[str, str], directory: Path) -> tuple[int, str]:
    """Runs exec-agent with a shell's redirections; returns its exit status and its last words."""
    errors = directory / "errors"
    done = subprocess.run(
        ["bash", "-c", f'exec "$@" {output} 2> {errors}', "bash", agent_binary(), *arguments],
        env=variables,
        timeout=120,
    )
    return done.returncode, errors.read_text()


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("> /dev/full", "No space left on device"),
        (">&-", "Bad file descriptor"),
        (">&- <&-", "Bad file descriptor"),
        ("> /dev/null > out < /dev/null", None),
    ],
)
@pytest.mark.parametrize("arguments", [["Say it."], ["--json", "Say it."], ["--version"], ["--help"]])
def test_an_answer_that_cannot_be_written_is_a_failure(
    start_model: Callable[..., ScriptedModel],
    user: str,
    tmp_path: Path,
    output: str,
    reason: str | None,
    arguments: list[str],
) -> None:
    model = start_model(script(says("Said.")))
    status, errors = run_to(
        output.replace("out", str(tmp_path / "out")), arguments, environment(model.url, user), tmp_path
    )
    if reason:
        assert status == 1
        assert f"exec-agent: cannot write to standard output: {reason}" in errors
    else:
        assert status == 0 and (tmp_path / "out").read_text()


def test_an_answer_larger_than_a_file_may_be_is_a_failure(
    start_model: Callable[..., ScriptedModel], user: str, tmp_path: Path
) -> None:
    model = start_model(script(says("x" * 20_000)))
    with (tmp_path / "out").open("wb") as out:
        done = subprocess.run(
            [agent_binary(), "Say it."],
            stdout=out,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            env=environment(model.url, user),
            timeout=120,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000)),
        )
    assert done.returncode == 1
    assert b"cannot write to standard output: File too large" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_ends_a_task_with_its_result(
    start_model: Callable[..., ScriptedModel], user: str, number: signal.Signals
) -> None:
    model = start_model(script(says("x", failures=[{"silence": "at_once"}])))
    task = subprocess.Popen(
        [agent_binary(), "--json", "Say it."],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment(model.url, user),
    )
    while not model.requests():
        assert task.poll() is None
    task.send_signal(number)
    output, _ = task.communicate(timeout=60)
    assert task.returncode in (128 + number, 130)
    assert json.loads(output.splitlines()[-1])["status"] == "interrupted"


def test_a_service_ends_with_sigquit(user: str) -> None:
    service = subprocess.Popen(
        [agent_binary(), "serve", "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env=environment(UNREACHABLE, user),
    )
    assert "listening" in service.stderr.readline()
    os.kill(service.pid, signal.SIGQUIT)
    assert service.wait(60) == 0
