"""Servers of the official SDK, both of its generations, that are reached by a URL."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.stdio_client import REPOSITORY, StdioClient, server_binary

SERVER = REPOSITORY / "e2e" / "support" / "http_mcp_server.py"
SDKS = {"mcp1": Path(sys.prefix).parent / "tests-mcp1" / "bin" / "python", "mcp2": Path(sys.executable)}
OPEN = {"tools": {"allow": ["*"]}}
TOKEN = "Bearer a-secret-token"

Json = dict[str, Any]


@pytest.fixture
def serve() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a server of an SDK; the result's `port` is where it listens."""
    started: list[subprocess.Popen[str]] = []

    def start(sdk: str, *options: str) -> subprocess.Popen[str]:
        process = subprocess.Popen([SDKS[sdk], SERVER, *options], stdout=subprocess.PIPE, text=True)
        started.append(process)
        process.port = int(process.stdout.readline())
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def configure(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file of servers."""

    def write(**entries: Json) -> Path:
        file = tmp_path / "servers.json"
        file.write_text(json.dumps({"mcpServers": entries}))
        return file

    return write


@pytest.fixture
def bridged(start_server, tmp_path: Path, configure) -> Callable[..., StdioClient]:
    def start(*options: str, env: Json | None = None, **entries: Json) -> StdioClient:
        state = {"XDG_STATE_HOME": str(tmp_path / "state"), **(env or {})}
        return start_server("--mcp-config", str(configure(**entries)), *options, env=state)

    return start


def entry(port: int, **members: Any) -> Json:
    return {"type": "http", "url": f"http://127.0.0.1:{port}/mcp", "exec-mcp": OPEN, **members}


def check(file: Path, tmp_path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    ours = {name: value for name, value in os.environ.items() if name not in ("CURL_CA_BUNDLE", "SSL_CERT_DIR")}
    environment = {**ours, "XDG_STATE_HOME": str(tmp_path / "state"), **variables}
    return subprocess.run(
        [server_binary(), "bridge", "check", "--mcp-config", str(file)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def lines(journal: Path) -> list[str]:
    return journal.read_text().split() if journal.exists() else []


def test_servers_of_every_kind_are_called(bridged, serve):
    entries = {}
    for sdk in SDKS:
        for mode in ([], ["--json"], ["--stateless"], ["--stateless", "--json"]):
            name = "_".join([sdk, *(option.strip("-") for option in mode)])
            entries[name] = entry(serve(sdk, *mode).port)
    client = bridged(**entries)
    result = client.python(
        """
import importlib
from servers import ToolError, together
# The older SDK doesn't mark what it wraps.
def plain(value):
    return value["result"] if isinstance(value, dict) else value
for name in NAMES:
    module = importlib.import_module(f"servers.{name}")
    sums = [plain(each) for each in together(module.add, [{"a": n, "b": 1} for n in range(6)])]
    try:
        module.fail()
    except ToolError as error:
        print(name, sums, len(plain(module.long(200_000))), error.tool == "fail")
""".replace("NAMES", repr(sorted(entries)))
    )
    assert result["exit_code"] == 0, result["stderr"]
    assert result["stdout"].splitlines() == [f"{name} [1, 2, 3, 4, 5, 6] 200000 True" for name in sorted(entries)]


def test_headers_are_sent_and_never_shown(serve, configure, tmp_path):
    port = serve("mcp2", "--token", TOKEN).port
    with_token = configure(web=entry(port, headers={"Authorization": "Bearer ${WEB_TOKEN}"}))
    assert check(with_token, tmp_path, WEB_TOKEN="a-secret-token").returncode == 0
    wrong = check(with_token, tmp_path, WEB_TOKEN="another-secret")
    assert wrong.returncode == 1
    assert "it requires authorization (HTTP status 401 Unauthorized)" in wrong.stdout
    assert "npx mcp-remote" in wrong.stdout
    assert "another-secret" not in wrong.stdout + wrong.stderr
    missing = check(with_token, tmp_path)
    assert "WEB_TOKEN is not set" in missing.stderr


def test_a_certificate_authority_of_ones_own_is_trusted_when_named(serve, configure, tmp_path):
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
        + ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    both = tmp_path / "both.pem"
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    port = serve("mcp2", "--certificate", str(both)).port
    file = configure(web=entry(port, url=f"https://127.0.0.1:{port}/mcp"))
    for variable in ("SSL_CERT_FILE", "CURL_CA_BUNDLE"):
        trusted = check(file, tmp_path, **{variable: str(certificate)})
        assert trusted.returncode == 0, trusted.stdout
    distrusted = check(file, tmp_path)
    assert distrusted.returncode == 1
    assert "CURL_CA_BUNDLE" in distrusted.stdout


# A server of the newer SDK in JSON mode never looks whether its client is still there.
@pytest.mark.parametrize(("sdk", "options"), [("mcp1", ()), ("mcp1", ("--json",)), ("mcp2", ())])
def test_the_end_of_a_command_cancels_its_calls(bridged, serve, tmp_path, sdk, options):
    journal = tmp_path / "journal"
    client = bridged(web=entry(serve(sdk, *options, "--journal", str(journal)).port))
    call = client.start_tool("execute_bash", command="mcp call web slow")
    wait_for(lambda: "slow" in lines(journal))
    client.notify("notifications/cancelled", {"requestId": call.id})
    wait_for(lambda: "cancelled" in lines(journal))


def test_a_server_that_is_gone_in_mid_call_may_have_done_it(bridged, serve, tmp_path):
    journal = tmp_path / "journal"
    process = serve("mcp2", "--journal", str(journal))
    client = bridged(web=entry(process.port))

    def failure(call: str) -> str:
        return client.python(f"""
from servers import web, ServerUnavailable
try:
    {call}
except ServerUnavailable as error:
    print(str(error).replace("\\n", " "), end="")
""")["stdout"]

    first = failure("web.leave()")
    assert "the connection broke off before the response" in first
    assert first.endswith("may have happened.")
    # Until the process is gone, its socket still takes connections that nobody will ever answer.
    process.wait()
    second = failure("web.add(a=1, b=2)")
    assert "cannot be reached" in second
    assert "may have happened" not in second


def test_nothing_is_left_of_a_killed_server(bridged, serve, tmp_path):
    journal = tmp_path / "journal"
    client = bridged(web=entry(serve("mcp2", "--journal", str(journal)).port))
    client.start_tool("execute_bash", command="mcp call web slow")
    wait_for(lambda: "slow" in lines(journal))
    client.kill9()
    # The connection of the process that made the request is closed.
    wait_for(lambda: "cancelled" in lines(journal))
