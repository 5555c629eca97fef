"""What a call costs, beside `docker exec`: a generous bound, so that it does not grow unseen. See also `make bench`.

Both are measured in turn in one run, and only their ratio is judged, so that a busy machine changes little.
"""

from __future__ import annotations

import json

import pytest
from benchmarking import processes
from benchmarking.client import Client, Tool, text
from benchmarking.contenders import commands, exec_mcp
from benchmarking.figures import ratio
from benchmarking.rounds import Action, Pace, interleave
from support import engine

pytestmark = pytest.mark.alone

FASTER = 15
MARK = "cost"


@pytest.fixture
def server(fresh_user: str):
    with exec_mcp.start(fresh_user, MARK, "--workspace", "ephemeral") as client:
        client.initialize()
        yield client
    engine.wait_until_gone(fresh_user)


def ended_well(line: bytes) -> None:
    assert json.loads(text(line)) == {"exit_code": 0, "stdout": "", "stderr": ""}


def test_a_call_is_much_faster_than_docker_exec(server: Client, fresh_user: str) -> None:
    call = Tool("execute_bash", {"command": "true"})
    ended_well(server.call(call))
    through_exec = commands.docker_exec(engine.only_container(fresh_user), "bash", "-c", "true")
    actions = {
        "execute_bash": Action(lambda: server.call(call), ended_well),
        "docker exec": Action(lambda: processes.run(through_exec), in_a_row=2),
    }
    samples = interleave(actions, Pace(rounds=15, slow_rounds=15))
    faster = ratio(samples["docker exec"], samples["execute_bash"])
    print(f"{faster.median:.1f} × faster ({faster.low:.1f} to {faster.high:.1f})")
    assert faster.median >= FASTER
