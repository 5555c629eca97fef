"""`--metrics-file`: what node_exporter's textfile collector reads."""

from __future__ import annotations

import json
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support import engine
from support.metrics import Metrics, check
from support.stdio_client import StdioClient, modern_meta, server_binary

Start = Callable[..., StdioClient]


def read(path: Path) -> Metrics:
    text = path.read_text()
    check(text)
    return Metrics(text)


def test_the_last_write_has_everything(start_server: Start, tmp_path: Path) -> None:
    path = tmp_path / "exec-mcp.prom"
    server = start_server("--metrics-file", str(path))
    first = read(path)
    assert first.value("exec_mcp_running", server="exec-mcp") == 1
    assert first.value("exec_mcp_tool_calls_total") == 0
    server.call_tool("execute_bash", command="echo secret-word")
    server.call_tool("execute_bash", command="sleep 60", timeout=1)
    server.call_tool("write_file", file_path="/proc/secret-word", content="x")
    server.close()
    metrics = read(path)
    calls = "exec_mcp_tool_calls_total"
    assert metrics.value(calls, tool="execute_bash", outcome="ok") == 1
    assert metrics.value(calls, tool="execute_bash", outcome="timed_out") == 1
    assert metrics.value(calls, tool="write_file", outcome="error") == 1
    assert metrics.value("exec_mcp_requests_total", method="tools/call", outcome="ok") == 3
    assert metrics.value("exec_mcp_requests_total", method="initialize", outcome="ok") == 1
    assert metrics.value("exec_mcp_sandboxes_started_total", kind="new") == 1
    assert metrics.value("exec_mcp_sandboxes_ended_total", reason="shutdown") == 1
    # Nothing is in progress any more.
    for gauge in ("running", "sandboxes", "tool_calls_in_progress", "queue_length", "questions_open"):
        assert metrics.value("exec_mcp_" + gauge) == 0
    assert "secret" not in metrics.text
    assert [entry.name for entry in tmp_path.iterdir() if not entry.name.startswith(".")] == ["exec-mcp.prom"]


def test_a_client_that_reads_nothing_any_more_does_not_keep_the_last_write_from_being_made(
    user: str, tmp_path: Path
) -> None:
    path = tmp_path / "exec-mcp.prom"
    command = [server_binary(), "--user", user, "--metrics-file", str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        assert server.stdin and server.stdout
        # Their answers are more than a pipe holds.
        for number in range(500):
            request = {"jsonrpc": "2.0", "id": number, "method": "tools/list", "params": {"_meta": modern_meta()}}
            server.stdin.write(json.dumps(request).encode() + b"\n")
        server.stdin.close()
        assert server.wait(timeout=120) == 0
        assert 0 < len(server.stdout.read()) < 500 * 1000
    assert read(path).value("exec_mcp_running") == 0


def test_the_collector_may_read_it_whatever_the_umask(user: str, tmp_path: Path) -> None:
    path = tmp_path / "exec-mcp.prom"
    command = ["sh", "-c", 'umask 077; exec "$@"', "sh", server_binary()]
    with StdioClient(["--user", user, "--metrics-file", str(path)], command=command) as server:
        server.initialize()
        assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_servers_at_the_same_time_have_files_of_their_own(start_server: Start, tmp_path: Path) -> None:
    path = tmp_path / "exec-mcp.prom"
    servers = [start_server("--metrics-file", str(path)) for _ in range(3)]
    paths = [path, tmp_path / "exec-mcp.1.prom", tmp_path / "exec-mcp.2.prom"]
    assert [read(one).value("exec_mcp_running", server=one.name.removesuffix(".prom")) for one in paths] == [1, 1, 1]
    # The collector reads all of them together: no series is there twice.
    Metrics("".join(line for one in paths for line in one.read_text().splitlines(True) if line[0] != "#"))
    servers[1].close()
    assert read(paths[1]).value("exec_mcp_running") == 0
    # A killed server holds its file no longer either.
    servers[0].kill9()
    start_server("--metrics-file", str(path))
    start_server("--metrics-file", str(path))
    assert [read(one).value("exec_mcp_running") for one in paths] == [1, 1, 1]
    assert len(list(tmp_path.glob("*.prom"))) == 3


@pytest.mark.parametrize("name", ["exec-mcp.txt", "none/exec-mcp.prom", ".prom"])
def test_a_file_that_cannot_be_used_is_an_error(tmp_path: Path, name: str) -> None:
    done = subprocess.run(
        [server_binary(), "--metrics-file", str(tmp_path / name)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 2
    assert "--metrics-file" in done.stderr


def test_a_directory_that_is_gone_stops_no_server(start_server: Start, tmp_path: Path) -> None:
    directory = tmp_path / "metrics"
    directory.mkdir()
    server = start_server("--metrics-file", str(directory / "exec-mcp.prom"))
    directory.rename(tmp_path / "moved")
    assert server.request("tools/list")["tools"]
    assert server.close() == 0
    assert "cannot write the metrics file" in server.stderr


def test_a_client_reads_the_numbers_itself(start_server: Start) -> None:
    server = start_server()
    server.bash("true")
    families = {one["name"]: one["series"] for one in server.request("exec-mcp/metrics/read")["families"]}
    assert {"labels": ["execute_bash", "ok"], "value": 1} in families["exec_mcp_tool_calls_total"]
    assert families["exec_mcp_sandboxes"] == [{"labels": [], "value": 1}]
    # Families in which nothing was counted yet are there too.
    assert "exec_mcp_egress_bytes_total" in families


def test_reading_numbers_starts_nothing(start_server: Start, user: str) -> None:
    server = start_server()
    server.request("exec-mcp/metrics/read")
    assert not engine.containers(user)
