"""exec-mcp killed (`kill -9`) while a person decides: nothing runs, the files stay whole, the next start works."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support import engine, kill_points
from support.bridged import bridged_server
from support.fixture_server import entry, read_journal
from support.in_between import write_engine
from support.questions import respond
from support.stdio_client import META_PREFIX, StdioClient, server_binary

Json = dict[str, Any]

ASKS = {"elicitation": {"form": {}}}
COMMAND = "mcp call fixture count 2>&1; echo $?"
ALWAYS = {"action": "accept", "content": {"decision": "always"}}
ONCE = {"action": "accept", "content": {"decision": "once"}}


class Place:
    """What outlasts a killed exec-mcp: its state, and the journal of a server whose tools all ask."""

    def __init__(self, user: str, directory: Path) -> None:
        self.user = user
        self.directory = directory
        self.journal = directory / "journal"
        self.state = directory / "state"

    @contextmanager
    def server(self, *options: str, revision: str | None = "2025-11-25") -> Iterator[StdioClient]:
        own = {"trustHints": False}
        servers = {"fixture": {**entry("--journal", str(self.journal)), "exec-mcp": own}}
        arguments = ("--workspace", "ephemeral", *options)
        with bridged_server(self.user, self.directory, servers, *arguments, revision=revision) as client:
            yield client

    @property
    def calls(self) -> int:
        """How many calls the server has really got."""
        messages = [one["message"] for one in read_journal(self.journal, "message")]
        return sum(message.get("method") == "tools/call" for message in messages)

    @property
    def files(self) -> list[Path]:
        """The files with approvals. Those that aren't temporary are whole."""
        found = sorted((self.state / "exec-mcp" / "approvals").glob("*"))
        for file in found:
            if file.suffix == ".json":
                json.loads(file.read_text())
        return found

    def bridge(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs `exec-mcp bridge …` as the person who decides."""
        return subprocess.run(
            [server_binary(), "bridge", *arguments, "--user", self.user],
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, "XDG_STATE_HOME": str(self.state), **environment},
            stdin=subprocess.DEVNULL,
        )

    def pending(self) -> list[Json]:
        done = self.bridge("pending", "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["pending"]


def run(client: StdioClient) -> list[str]:
    """The lines of the call, and its exit status."""
    return client.bash(COMMAND)["stdout"].split("\n")[:-1]


def question(client: StdioClient) -> Json:
    return client.wait_for(lambda one: one.get("method") == "elicitation/create")


def test_killed_at_any_point_of_an_approval(user, tmp_path):
    place = Place(user, tmp_path)
    with place.server() as client:
        assert run(client)[-1] == "4"
    (waiting,) = place.pending()
    kept = tmp_path / "kept"
    shutil.copytree(place.state, kept)
    for point, counts in kill_points.POINTS.items():
        shutil.rmtree(place.state)
        shutil.copytree(kept, place.state)
        killed = place.bridge("approve", waiting["id"], **kill_points.environment(point, "/approvals/"))
        assert killed.returncode == -signal.SIGKILL, (point, killed.stderr)
        assert [one["state"] for one in place.pending()] == ["once" if counts else "pending"], point
        assert place.files, "and they are whole"
        # The next writer tidies up.
        assert place.bridge("deny" if counts else "approve", waiting["id"]).returncode == 0, point
        assert {file.suffix for file in place.files} == {".json", ".lock"}, point
        assert [one["state"] for one in place.pending()] == ["denied" if counts else "once"], point
    shutil.rmtree(place.state)
    shutil.copytree(kept, place.state)
    killed = place.bridge("approve", waiting["id"], **kill_points.environment(("rename", "after"), "/approvals/"))
    assert killed.returncode == -signal.SIGKILL and place.calls == 0
    with place.server() as client:
        assert run(client) == ["1", "0"], "what was approved runs"
        assert run(client)[-1] == "4", "once"
    assert place.calls == 1


@pytest.mark.parametrize("revision", ["2025-11-25", "2026-07-28"])
def test_killed_while_a_question_is_open(fresh_user, tmp_path, revision):
    place = Place(fresh_user, tmp_path)
    is_modern = revision == "2026-07-28"
    meta = {META_PREFIX + "clientCapabilities": ASKS} if is_modern else None
    params: Json = {"name": "execute_bash", "arguments": {"command": COMMAND}}
    for _ in range(2):
        with place.server(revision=None) as client:
            client.modern = is_modern
            if not is_modern:
                client.initialize(revision, ASKS)
            pending = client.start("tools/call", params, meta=meta)
            if is_modern:
                assert client.result(pending)["resultType"] == "input_required"
            else:
                question(client)
            client.kill9()
        engine.wait_until_gone(fresh_user)
        assert place.calls == 0 and not place.pending()
    with place.server(revision=None) as client:
        client.initialize("2025-11-25", ASKS)
        pending = client.start("tools/call", params)
        respond(client, question(client), ONCE)
        assert json.loads(client.result(pending)["content"][0]["text"])["stdout"] == "1\n0\n"
    assert place.calls == 1


@pytest.mark.parametrize(
    "point", [("flock", "after"), ("write", "during"), ("rename", "before"), ("rename", "after")], ids=" ".join
)
def test_killed_while_an_answer_is_stored(fresh_user, tmp_path, point):
    place = Place(fresh_user, tmp_path)
    kills = kill_points.environment(point, "/approvals/")
    # Nothing is preloaded on the engine's program.
    program = write_engine(tmp_path / "engine", "unset LD_PRELOAD")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in kills.items():
            patch.setenv(name, value)
        with place.server("--engine", str(program), revision=None) as client:
            client.initialize("2025-11-25", ASKS)
            client.start("tools/call", {"name": "execute_bash", "arguments": {"command": COMMAND}})
            respond(client, question(client), ALWAYS)
            assert client.process.wait(120) == -signal.SIGKILL
    engine.wait_until_gone(fresh_user)
    assert place.calls == 0, "the call waits until the answer is stored"
    assert place.files
    with place.server(revision=None) as client:
        client.initialize("2025-11-25", ASKS)
        pending = client.start("tools/call", {"name": "execute_bash", "arguments": {"command": COMMAND}})
        if not kill_points.POINTS[point]:
            respond(client, question(client), ALWAYS)
        assert json.loads(client.result(pending)["content"][0]["text"])["stdout"] == "1\n0\n"
    assert place.calls == 1
    assert {file.suffix for file in place.files} == {".json", ".lock"}
