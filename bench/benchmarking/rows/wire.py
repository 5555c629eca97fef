"""Rows of the wire: pings, and how fast output goes through."""

from __future__ import annotations

import json
from collections.abc import Iterator

from benchmarking import processes
from benchmarking.bench import Bench
from benchmarking.client import Client, Refused, Request, Tool, text
from benchmarking.contenders import commands, docker_sdk, exec_mcp
from benchmarking.results import Timing
from benchmarking.rounds import Action, interleave
from benchmarking.rows.calls import ended_well

PING = Request("ping")
# How many pings are under way together: the answers of all of them fit into a pipe.
WINDOW = 250
HOST = "bash -c on the host, read through a pipe"


def pings(bench: Bench) -> Iterator[Timing]:
    """JSON-RPC alone: an answer to each ping before the next, and many under way at once."""
    ours, theirs = bench.exec_mcp, bench.docker_sdk

    def one_by_one(server: Client, number: int) -> list[bytes]:
        return [server.call(PING) for _ in range(number)]

    def all_answered(answers: list[bytes]) -> None:
        if any(json.loads(answer).get("result") != {} for answer in answers):
            raise Refused("ping: another answer than {}")

    actions = {
        exec_mcp.NAME: Action(lambda: one_by_one(ours, 500), all_answered, times=500),
        docker_sdk.NAME: Action(lambda: one_by_one(theirs, 100), all_answered, times=100, in_a_row=2, slow=True),
    }
    samples = interleave(actions, bench.effort.pace((20, 6), (5, 1)))
    yield Timing("pings", "pings, one by one", samples, amount=1, unit="/s")

    window: list[Request] = [PING] * WINDOW

    def pipelined(server: Client, turns: int) -> list[bytes]:
        return [answer for _ in range(turns) for answer in server.call_all(window)]

    actions = {
        exec_mcp.NAME: Action(lambda: pipelined(ours, 20), all_answered, times=20 * WINDOW),
        docker_sdk.NAME: Action(lambda: pipelined(theirs, 1), all_answered, times=WINDOW, in_a_row=2, slow=True),
    }
    samples = interleave(actions, bench.effort.pace((20, 3), (5, 1)))
    title = f"pings, {WINDOW} at a time"
    yield Timing("pings pipelined", title, samples, amount=1, unit="/s")


def stdout(bench: Bench) -> Iterator[Timing]:
    """Output of a command, from the command through everything there is, counted before it is cut."""
    size = bench.effort.of(2**30, 2**27)
    line = "The quick brown fox jumps over the lazy dog, and the dog does nothing."
    for key, title, command in (
        ("stdout zeros", "stdout, zero bytes", f"head -c {size} /dev/zero"),
        ("stdout lines", "stdout, lines of text", f"yes '{line}' | head -c {size}"),
    ):
        actions = {
            exec_mcp.NAME: _flood(bench.exec_mcp, command),
            commands.DOCKER_EXEC: _counted(
                commands.docker_exec(bench.container, "bash", "-c", command), size, slow=True
            ),
            HOST: _counted(commands.bash(command), size),
        }
        samples = interleave(actions, bench.effort.pace((7, 3), (2, 1)))
        yield Timing(key, title, samples, amount=size / 1e6, unit="MB/s")


def _flood(server: Client, command: str) -> Action:
    def was_cut(answer: bytes) -> None:
        ended_well(answer)
        if not json.loads(text(answer)).get("truncated"):
            raise Refused("a flood came through whole")

    request = Tool("execute_bash", {"command": command, "timeout": 200})
    return Action(lambda: server.call(request), was_cut, in_a_row=1, warm_up=0)


def _counted(command: commands.Command, size: int, slow: bool = False) -> Action:
    def is_whole(counted: int) -> None:
        if counted != size:
            raise Refused(f"{counted} of {size} bytes came")

    return Action(lambda: processes.count(command), is_whole, in_a_row=1, warm_up=0, slow=slow)
