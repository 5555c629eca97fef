"""The row of the shortest command, and what rows of other calls are made with."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from benchmarking import processes
from benchmarking.bench import Bench
from benchmarking.client import Client, Refused, Tool, text
from benchmarking.contenders import commands, docker_sdk, exec_mcp, kept_session
from benchmarking.results import Timing
from benchmarking.rounds import Action, interleave


def ended_well(line: bytes) -> None:
    """Checks the answer to `execute_bash`: the command ran, and its status was 0."""
    if json.loads(text(line))["exit_code"] != 0:
        raise Refused(line[:300].decode())


def call(
    server: Client, tool: str, *, check: Callable[[bytes], object] = text, slow: bool = False, **arguments: object
) -> Action:
    """One tool call, as an action."""
    request = Tool(tool, arguments)
    return Action(lambda: server.call(request), check, slow=slow)


def execute_true(bench: Bench) -> Iterator[Timing]:
    """`true`, through everything there is: what a call costs when the command costs nothing."""
    container, spawned = bench.container, commands.bash("true")
    session = bench.kept_session
    actions = {
        exec_mcp.NAME: call(bench.exec_mcp, "execute_bash", check=ended_well, command="true"),
        commands.DOCKER_EXEC: _command(
            commands.docker_exec(container, "bash", "-c", "true"), in_a_row=bench.effort.of(5, 3)
        ),
        docker_sdk.NAME: call(bench.docker_sdk, "execute_bash", check=ended_well, slow=True, command="true"),
        kept_session.COMMAND: Action(
            lambda: session.execute_command("bash -c true"), kept_session.succeeded, slow=True
        ),
        kept_session.RUN: Action(lambda: session.run("pass"), kept_session.succeeded, slow=True, in_a_row=3),
        commands.SUBPROCESS: Action(lambda: commands.by_subprocess(spawned)),
        commands.SPAWN: _command(spawned),
    }
    notes = (
        "posix_spawn and waitpid are the floor: the least with which any program can start bash and see it end",
        "taken in turns of five calls with a pause before each turn; the row at-once has calls without a pause",
    )
    samples = interleave(actions, bench.effort.pace((40, 20), (10, 1)))
    yield Timing("true", "execute_bash true", samples, notes=notes)


def _command(words: commands.Command, in_a_row: int = 5) -> Action:
    return Action(lambda: processes.run(words), in_a_row=in_a_row)
