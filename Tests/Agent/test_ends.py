"""The end of exec-agent: a signal is heard whenever it comes."""

from __future__ import annotations

import signal
import subprocess

import pytest
from support.agent import agent_binary, environment

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
