"""With `--seal-channel`, nothing that a sandbox writes reads as anything, and everything works as always."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
from support import engine
from support.channel_tap import engine_with_tap
from support.disguises import bits_per_byte, compressed_share, disguises, found_in
from support.fixture_server import entry
from support.outside import HTTP, NAME, outside
from support.resources import artifacts, read
from support.stdio_client import StdioClient, text_of

SEALED = "--seal-channel"
MIB = 1 << 20


class Tap:
    """What was written by the sandboxes of a server."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.program = str(engine_with_tap(directory, engine.path_of_program()))

    def output(self) -> bytes:
        return (self._directory / "stdout").read_bytes()

    def errors(self) -> bytes:
        return (self._directory / "stderr").read_bytes()


@pytest.fixture
def tap(tmp_path: Path) -> Tap:
    return Tap(tmp_path)


@pytest.fixture
def start_tapped(tap: Tap, start_server: Callable[..., StdioClient], fresh_user: str) -> Callable[..., StdioClient]:
    def start(*options: str, **more: object) -> StdioClient:
        return start_server("--user", fresh_user, "--engine", tap.program, *options, **more)

    return start


@pytest.mark.parametrize("name", disguises("canary 7f"))
def test_a_disguise_is_seen_through(name):
    assert name in found_in(b"\0some bytes" + disguises("canary 7f")[name] + b"and more\0", "canary 7f")


@pytest.mark.parametrize("before", range(3))
def test_base64_is_seen_through(before):
    data = base64.b64encode(bytes(before) + b"canary 7f" + bytes(9))
    assert found_in(data, "canary 7f") == [f"base64 after {before}"]


def use_everything(server: StdioClient, canary: str) -> None:
    """Has the canary pass through every kind of frame that there is."""
    docstring = f'def f():\n    """Says {canary} \\S \\{canary}."""\n'
    server.bash(f"echo {canary}; echo {canary} >&2; echo {canary} > /artifacts/{canary}.txt; exit 3")
    assert not server.call_tool("write_file", file_path=f"{canary}.py", content=docstring).get("isError")
    assert canary in text_of(server.call_tool("read_file", file_path=f"{canary}.py"))
    described = server.call_tool("read_docstring", file_path=f"{canary}.py", function_name="f")
    assert canary in text_of(described)
    for tool, arguments in (
        ("read_file", {"file_path": f"/workspace/{canary}/none"}),
        ("write_file", {"file_path": f"/{canary}", "content": canary}),
        ("read_docstring", {"file_path": f"{canary}.py", "function_name": canary}),
        ("execute_bash", {"command": f"echo {canary}; sleep 600", "timeout": 5}),
    ):
        assert canary in text_of(server.call_tool(tool, **arguments))
    # What no program can decode, and what one complains of.
    server.bash(f"printf 'GIF89a{canary}' > {canary}.gif; printf '{canary}\\377\\376' > {canary}.bin")
    for name in (f"{canary}.gif", f"{canary}.bin"):
        server.call_tool("read_file", file_path=name)
    told = server.start_tool(
        "execute_bash",
        command=f"echo {canary}; until [ -e go ]; do sleep 0.05; done",
        meta={"progressToken": "token"},
    )
    server.wait_for(
        lambda message: message.get("method") == "notifications/progress" and canary in json.dumps(message),
        what="progress",
    )
    server.bash("touch go")
    assert canary in text_of(server.result(told))
    (uri,) = artifacts(server)
    assert canary in read(server, uri).decode()
    server.bash(f"nohup sh -c 'sleep 600; echo {canary}' > /dev/null 2>&1 &")
    server.bash(f"py <<'END'\nprint('{canary}')\nraise ValueError('{canary}')\nEND")


@pytest.mark.parametrize("is_sealed", [True, False])
def test_nothing_that_a_sandbox_writes_reads_as_anything(tap, start_tapped, is_sealed):
    server = start_tapped(*([SEALED] if is_sealed else []))
    canary = f"canary{secrets.token_hex(8)}"
    use_everything(server, canary)
    server.close()
    found = found_in(tap.output(), canary)
    if not is_sealed:
        # It is there to be found.
        assert "UTF-8" in found
        return
    assert found == []
    assert found_in(tap.errors(), canary) == []
    for word in (b"exit_code", b"python", b"shell", b"protocol"):
        assert word not in tap.output()


def test_what_is_recorded_is_noise(tap, start_tapped):
    server = start_tapped(SEALED)
    server.bash(f"head -c {2 * MIB} /dev/zero > /artifacts/zeros")
    (uri,) = artifacts(server)
    assert read(server, uri) == bytes(2 * MIB)
    for _ in range(50):
        server.bash("echo the same every time")
    server.close()
    recorded = tap.output()
    assert len(recorded) > 2 * MIB
    assert bits_per_byte(recorded) > 7.99
    assert compressed_share(recorded) > 0.99


def test_much_goes_both_ways_unchanged(start_server, fresh_user):
    server = start_server("--user", fresh_user, SEALED)
    text = "".join(f"{number:07}\n" for number in range(MIB))
    assert not server.call_tool("write_file", file_path="/artifacts/much.txt", content=text).get("isError")
    (uri,) = artifacts(server)
    assert read(server, uri).decode() == text
    server.bash(f"head -c {8 * MIB} /dev/urandom > /artifacts/random; rm /artifacts/much.txt")
    digest = server.bash("sha256sum < /artifacts/random")["stdout"].split()[0]
    (uri,) = artifacts(server)
    assert hashlib.sha256(read(server, uri)).hexdigest() == digest


def test_code_reaches_an_allowed_host(start_server, fresh_user, tmp_path):
    (tmp_path / "outside").mkdir()
    with outside(tmp_path / "outside") as world:
        command = world.server_command()
        server = start_server("--user", fresh_user, "--allow-host", f"{NAME}:{HTTP}", SEALED, command=command)
        program = f"import urllib.request; print(urllib.request.urlopen('http://{NAME}/one').read().decode())"
        done = server.python(program)
        assert (done["exit_code"], done["stdout"]) == (0, "hello from outside\n"), done


def test_code_calls_tools_through_the_bridge(start_server, fresh_user, tmp_path):
    file = tmp_path / "servers.json"
    fixture = {**entry(), "exec-mcp": {"tools": {"allow": ["*"]}}}
    file.write_text(json.dumps({"mcpServers": {"fixture": fixture}}))
    state = {"XDG_STATE_HOME": str(tmp_path / "state")}
    server = start_server("--user", fresh_user, "--mcp-config", str(file), SEALED, env=state)
    total = "sum(fixture.add(a=n, b=1)['sum'] for n in range(10))"
    program = f"from servers import fixture\nprint({total}, fixture.echo('é'))"
    assert server.python(program)["stdout"] == "55 é\n"


@pytest.mark.parametrize("location", ["local", "remote"])
def test_a_killed_server_leaves_nothing(start_server, fresh_user, location):
    server = start_server("--user", fresh_user, "--engine-location", location, SEALED)
    server.bash("sleep 1000 &")
    server.kill9()
    engine.wait_until_gone(fresh_user)


def test_a_sandbox_elsewhere_says_nothing_in_clear_either(tap, start_tapped):
    """There, the guest sends signs of life by itself."""
    server = start_tapped("--engine-location", "remote", "--heartbeat", "3", SEALED)
    canary = f"canary{secrets.token_hex(8)}"
    assert server.bash(f"sleep 7; echo {canary}")["stdout"] == f"{canary}\n"
    server.close()
    assert found_in(tap.output(), canary) == []


def test_code_in_the_sandbox_finds_no_key(start_server, fresh_user):
    """Neither in the files of processes nor in their memory."""
    server = start_server("--user", fresh_user, SEALED)
    look = """
        cat /proc/1/environ /proc/1/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' > seen
        grep -ciE 'seal|[0-9a-f]{64}' seen
        for pid in $(ls /proc | grep '^[0-9]*$'); do
            head -c 1 /proc/$pid/maps > /dev/null 2>&1 && cat /proc/$pid/comm
        done | sort -u | grep -c sandbox
        ls -l /proc/1/fd 2>&1 | grep -c 'Permission denied'
        """
    assert server.bash(look)["stdout"] == "0\n0\n1\n"
