"""However the server ends, in the middle of its work or idle: nothing of it remains, and no file is half written."""

import contextlib
import secrets
import signal
import subprocess
import time

import pytest
from support import engine
from support.host_processes import MARK, marked
from support.stdio_client import ServerGone, server_binary

OLD = "old\n" * 1_000_000
NEW = "new!\n" * 2_000_000


def end_by_closing_stdin(server):
    server.close_stdin()


def end_by_closing_stdout(server):
    server.stop_reading()
    # Our reader lets go of the pipe when it has got something more; an answer to what was asked before is enough.
    with contextlib.suppress(ServerGone):
        server.send_bytes(b'{"jsonrpc":"2.0","id":"last","method":"ping"}\n')


WAYS = {
    "SIGKILL": lambda server: server.kill9(),
    "SIGTERM": lambda server: server.signal(signal.SIGTERM),
    "SIGINT": lambda server: server.signal(signal.SIGINT),
    "stdin": end_by_closing_stdin,
    "stdout": end_by_closing_stdout,
}


@pytest.fixture
def marked_server(start_server, fresh_user, tmp_path):
    """A server with a sandbox, and the mark that it and all of its children carry on the host."""
    workspace, temporary = tmp_path / "workspace", tmp_path / "tmp"
    for directory in (workspace, temporary):
        directory.mkdir()
        directory.chmod(0o777)
    mark = secrets.token_hex(16)
    environment = {MARK: mark, "TMPDIR": str(temporary)}
    server = start_server("--user", fresh_user, "--workspace", str(workspace), env=environment)
    assert not server.call_tool("write_file", file_path="kept.txt", content=OLD).get("isError")
    assert len(marked(mark)) >= 2, "the engine's command line cannot be told from the tests'"
    return server, mark


def assert_nothing_is_left(user, mark, tmp_path):
    assert engine.poll(lambda: not marked(mark)) is not None, f"processes are left: {marked(mark)}"
    engine.wait_until_gone(user)
    assert not list((tmp_path / "tmp").iterdir())


def assert_whole(workspace):
    """No file holds a part of what was written. Beside the old one may be the new one on its way, if it is whole."""
    assert (workspace / "kept.txt").read_text() in (OLD, NEW)
    for path in workspace.iterdir():
        assert path.name == "kept.txt" or path.read_text() == NEW, path


@pytest.mark.parametrize("way", WAYS)
def test_an_idle_server_leaves_nothing(marked_server, fresh_user, tmp_path, way):
    server, mark = marked_server
    WAYS[way](server)
    assert_nothing_is_left(fresh_user, mark, tmp_path)
    assert [path.name for path in (tmp_path / "workspace").iterdir()] == ["kept.txt"]
    assert (tmp_path / "workspace" / "kept.txt").read_text() == OLD


@pytest.mark.parametrize("way", WAYS)
def test_a_busy_server_leaves_nothing_and_no_file_half_written(marked_server, fresh_user, tmp_path, way):
    server, mark = marked_server
    stubborn = "trap '' TERM; touch /tmp/busy; (setsid sleep 600 &); yes > /dev/null"
    server.start_tool("execute_bash", command=stubborn, timeout=600)
    server.bash("until [ -e /tmp/busy ]; do sleep 0.02; done")
    for _ in range(3):
        server.start_tool("write_file", file_path="kept.txt", content=NEW)
    WAYS[way](server)
    assert_nothing_is_left(fresh_user, mark, tmp_path)
    assert_whole(tmp_path / "workspace")


def test_a_server_that_is_killed_while_it_writes_leaves_whole_files(start_server, fresh_user, tmp_path):
    """Again and again, each time a little later; then the next server can write the file."""
    tmp_path.chmod(0o777)
    (tmp_path / "kept.txt").write_text(OLD)
    (tmp_path / "kept.txt").chmod(0o666)
    for delay in (0, 0.02, 0.05, 0.1):
        server = start_server("--user", fresh_user, "--workspace", str(tmp_path))
        server.bash("true")
        for _ in range(4):
            server.start_tool("write_file", file_path="kept.txt", content=NEW)
        time.sleep(delay)
        server.kill9()
        engine.wait_until_gone(fresh_user)
        assert_whole(tmp_path)
    server = start_server("--user", fresh_user, "--workspace", str(tmp_path))
    assert not server.call_tool("write_file", file_path="kept.txt", content="last\n").get("isError")
    assert (tmp_path / "kept.txt").read_text() == "last\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_is_heard_however_early_it_comes(number):
    for delay in range(12):
        servers = [
            subprocess.Popen(
                [server_binary()], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            for _ in range(5)
        ]
        time.sleep(delay / 1000)
        for server in servers:
            server.send_signal(number)
        # Before its first step a process ends as any other does.
        assert {server.wait(60) for server in servers} <= {0, -number}
        for server in servers:
            server.stdin.close()
