"""Where the time of one call goes: the call, and what is left of it when one layer after the other is taken away."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack

from benchmarking import processes
from benchmarking.bench import Bench
from benchmarking.client import Refused, Request, Tool
from benchmarking.contenders import commands, exec_mcp, guest, prewarmed_shell
from benchmarking.figures import Rounds, Spread, median
from benchmarking.results import Facts, Timing
from benchmarking.rounds import Action, Pace, interleave
from benchmarking.rows.calls import call, ended_well

PING = "exec-mcp, a ping"
ECHO = "a byte there and back over the engine's pipe"
# What an agent does between two calls is longer, but no colder.
REST_SECONDS = 0.05

Samples = dict[str, Rounds]


class Echo:
    """`cat` in a container: what goes in comes back, through the engine's command line, its daemon and its shim."""

    def __init__(self, command: commands.Command) -> None:
        reading, self._to_cat = os.pipe()
        self._from_cat, writing = os.pipe()
        self._process = processes.start(command, stdin=reading, stdout=writing)
        os.close(reading)
        os.close(writing)

    def run(self) -> bytes:
        os.write(self._to_cat, b"x")
        return os.read(self._from_cat, 1)

    def close(self) -> None:
        os.close(self._to_cat)
        os.waitpid(self._process, 0)
        os.close(self._from_cat)


def layers(bench: Bench) -> Iterator[Timing | Facts]:
    """The same call with less and less around it, in turns of five and each by itself after a rest."""
    ours = bench.exec_mcp
    user = bench.traces.user()
    with exec_mcp.start(user, bench.traces.mark, "--workspace", "ephemeral") as server, ExitStack() as opened:
        server.initialize()
        server.call(Tool("execute_bash", {"command": "true"}))
        arguments = exec_mcp.run_arguments(server, user)
        mark = bench.traces.mark
        inside = guest.Guest(commands.docker_run_hardened(mark, arguments, "python3"))
        opened.callback(inside.close)
        echo = Echo([*commands.docker_run_hardened(mark, arguments, "cat"), "-u"])
        opened.callback(echo.close)
        shell = prewarmed_shell.PrewarmedShell()
        spawned = commands.bash("true")
        actions = {
            exec_mcp.NAME: call(ours, "execute_bash", check=ended_well, command="true"),
            PING: Action(lambda: ours.call(Request("ping"))),
            guest.NAME: Action(lambda: inside.execute("true"), guest.ended_well),
            ECHO: Action(echo.run, _came_back),
            prewarmed_shell.NAME: Action(shell.run, prewarmed_shell.succeeded, shell.make_ready, shell.tidy_up),
            commands.SPAWN: Action(lambda: processes.run(spawned)),
        }
        in_turns = interleave(actions, bench.effort.pace((40, 40), (8, 8)))
        rested = interleave(
            {name: _after_a_rest(action) for name, action in actions.items()},
            Pace(*[bench.effort.of(60, 10)] * 2),
        )
    yield Timing("layers", "a call, and less and less of it, in turns of five", in_turns)
    yield _where("where", "where the time of a call goes, in turns of five", in_turns)
    yield Timing("layers after a rest", "the same, each after a rest of 50 ms", rested)
    yield _where("where after a rest", "where the time of a call goes after a rest of 50 ms", rested)


def _after_a_rest(action: Action) -> Action:
    def prepare() -> None:
        action.before()
        time.sleep(REST_SECONDS)

    return Action(action.run, action.check, prepare, action.after, in_a_row=1, warm_up=0)


def _came_back(data: bytes) -> None:
    if data != b"x":
        raise Refused("the engine's pipe gave back something else")


def _where(key: str, title: str, samples: Samples) -> Facts:
    """The layers as differences, each taken within a round."""
    whole, ping, inside, echo, shell = (
        [median(turn) for turn in samples[name]]
        for name in (exec_mcp.NAME, PING, guest.NAME, ECHO, prewarmed_shell.NAME)
    )
    found = {
        "exec-mcp and its client: the call less the guest over the same pipe": _difference(whole, inside),
        "of it what a ping takes as well": ping,
        "the engine's command line, daemon and shim: a byte there and back": echo,
        "guest and worker: the guest over the pipe, less pipe and shell": _difference(inside, echo, shell),
        "the shell: from its command to its end": shell,
    }
    notes = (f"the whole call takes {_microseconds(whole)}",)
    values = {f"{name} ({_range(rounds)})": (Spread.of(rounds).median * 1e6, "µs") for name, rounds in found.items()}
    return Facts(key, title, values, notes)


def _difference(whole: list[float], *parts: list[float]) -> list[float]:
    return [one - sum(others) for one, *others in zip(whole, *parts, strict=True)]


def _microseconds(rounds: list[float]) -> str:
    return f"{Spread.of(rounds).median * 1e6:.0f} µs ({_range(rounds)})"


def _range(rounds: list[float]) -> str:
    spread = Spread.of(rounds)
    return f"{spread.low * 1e6:.0f} to {spread.high * 1e6:.0f}"
