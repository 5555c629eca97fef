"""Standard input as hosts, shells and people leave it: one that does not wait, a last line without end, a terminal."""

import contextlib
import json
import os
import pty
import subprocess
import time
from pathlib import Path

import pytest
from support.stdio_client import server_binary

PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
PONG = {"jsonrpc": "2.0", "id": 1, "result": {}}


def start(standard_input: int) -> subprocess.Popen:
    return subprocess.Popen(
        [server_binary(), "--user", "standard-input"],
        stdin=standard_input,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def wait_until_it_reads(process: subprocess.Popen) -> None:
    """Returns once the server has looked at its input: its thread for that waits."""

    def waits() -> bool:
        tasks = Path(f"/proc/{process.pid}/task")
        names = []
        with contextlib.suppress(OSError):  # a thread may end meanwhile
            names += [(task / "wchan").read_text() for task in tasks.iterdir()]
        return process.poll() is not None or any("poll" in name or "pipe" in name for name in names)

    while not waits():
        time.sleep(0.005)


def test_a_pipe_that_does_not_wait_is_waited_for():
    """Node leaves the flag on pipes that it inherits or passes on, and it belongs to the pipe, not to the process."""
    read_end, write_end = os.pipe()
    os.set_blocking(read_end, False)
    with start(read_end) as server:
        os.close(read_end)
        try:
            for piece in (PING[:20], PING[20:], b"\n", PING + b"\n" + PING[:5], PING[5:] + b"\n"):
                wait_until_it_reads(server)
                time.sleep(0.02)
                os.write(write_end, piece)
            assert [json.loads(server.stdout.readline()) for _ in range(3)] == [PONG] * 3
        finally:
            os.close(write_end)
        assert server.wait(90) == 0
        assert server.stdout.read() == b"" and server.stderr.read() == b""


def test_input_that_cannot_be_read_is_told(tmp_path):
    directory = os.open(tmp_path, os.O_RDONLY)
    with start(directory) as server:
        os.close(directory)
        assert server.wait(90) == 0
        assert b"error: cannot read standard input: Is a directory" in server.stderr.read()


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (PING, 1),
        (PING + b"\n" + PING, 2),
        (PING + b"\r", 1),
        (PING + b"\n\n  ", 1),
        (PING[:-1], 0),
        (PING + b"\n" + PING[:10], 1),
        (b"hello", 0),
        (b"", 0),
    ],
)
def test_a_last_line_without_an_end_counts_where_it_is_a_whole_message(text, count):
    done = subprocess.run([server_binary()], input=text, capture_output=True, timeout=60)
    assert done.returncode == 0
    assert [json.loads(line) for line in done.stdout.splitlines()] == [PONG] * count


def test_people_are_told_what_it_is_that_waits():
    main, other = pty.openpty()
    with start(other) as server:
        os.close(other)
        said = server.stderr.readline().decode()
        assert all(part in said for part in ("MCP server", "exec-mcp config", "exec-mcp doctor", "exec-mcp --help"))
        os.write(main, PING + b"\n")
        assert json.loads(server.stdout.readline()) == PONG
        os.write(main, b"\x04")
        assert server.wait(90) == 0
        os.close(main)
        assert server.stderr.read() == b""


def test_hosts_are_told_nothing():
    done = subprocess.run([server_binary()], input=PING + b"\n", capture_output=True, timeout=60)
    assert done.stderr == b""
