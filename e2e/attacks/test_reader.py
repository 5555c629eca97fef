"""A client that tries to keep the server from reading: no wait may end only by a line that is not read."""

import json
import os
import select
import subprocess
import time

import pytest
from support.stdio_client import modern_meta, server_binary

pytestmark = pytest.mark.alone


def padded(request_id, method: str, params: dict, size: int = 90_000_000) -> str:
    params = {**params, "_meta": {**modern_meta(), "padding": "p" * size}}
    return json.dumps({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params})


def test_requests_that_stay_open_hold_no_room(start_server):
    server = start_server(initialize=None)
    acknowledged = "notifications/subscriptions/acknowledged"
    for number in range(3):
        server.send_line(padded(f"listen {number}", "subscriptions/listen", {"notifications": {}}), deliberate=False)
        server.wait_for(lambda message, number=number: message.get("method") == acknowledged, since=number)
    assert server.request("ping", modern=False) == {}
    server.notify("notifications/cancelled", {"requestId": "listen 0"})
    # A request that needs room of its own.
    server.send_line(padded("list", "skills/list", {}), deliberate=False)
    assert "skills" in server.response("list")["result"]
    assert server.close() == 0


def test_long_commands_hold_no_more_than_their_command(start_server, user):
    server = start_server()
    call = {"name": "execute_bash", "arguments": {"command": "sleep 600", "timeout": 600, "padding": "p" * 90_000_000}}
    for number in range(3):
        server.send_line(padded(f"sleep {number}", "tools/call", call, 1_000_000), deliberate=False)
    server.send_line(padded("list", "skills/list", {}), deliberate=False)
    assert "skills" in server.response("list")["result"]
    for number in range(3):
        server.notify("notifications/cancelled", {"requestId": f"sleep {number}"})
    assert server.request("ping") == {}


@pytest.mark.parametrize("output", ["open", "closed"])
def test_the_server_ends_with_its_host_though_nobody_reads_what_it_says(output):
    """Its reader waits until its answers are read, and does not come to see that its input has ended."""
    server = subprocess.Popen(
        [server_binary(), "--user", "reader"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    initialize = {"protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    first = {"jsonrpc": "2.0", "id": "i", "method": "initialize", "params": initialize}
    batch = [{"jsonrpc": "2.0", "id": number, "method": "tools/list"} for number in range(1000)]
    # Each line has an answer of two megabytes.
    lines = json.dumps(first).encode() + b"\n" + 100 * (json.dumps(batch).encode() + b"\n")
    try:
        write_until_nobody_reads(server.stdin.fileno(), lines)
        if output == "closed":
            server.stdout.close()
        server.stdin.close()
        assert server.wait(30) == 0
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def test_answers_that_nobody_reads_are_not_made(start_server, user, tmp_path):
    """A short request may have a long answer, and a client may ask for thousands of them."""
    start_server().bash("head -c 8000000 /dev/urandom > /artifacts/large.bin")
    log = tmp_path / "audit.jsonl"
    count = 24
    server = subprocess.Popen(
        [server_binary(), "--user", user, "--audit-log", str(log)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    request = {"jsonrpc": "2.0", "method": "resources/read"}
    params = {"uri": "artifact:///large.bin", "_meta": modern_meta()}
    try:
        for number in range(count):
            server.stdin.write(json.dumps({**request, "id": number, "params": params}).encode() + b"\n")
        server.stdin.flush()
        # 64 MiB may wait, and each artifact that is read at that moment besides.
        assert len(settled_lines(log)) <= 16
        answers = [json.loads(server.stdout.readline()) for _ in range(count)]
        assert sorted(answer["id"] for answer in answers) == list(range(count))
        assert {len(answer["result"]["contents"][0]["blob"]) for answer in answers} == {10_666_668}
        server.stdin.close()
        assert server.wait(30) == 0
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def settled_lines(path) -> list[str]:
    """The lines of a file that has some, once no more have come for a while."""
    lines, since = [], time.monotonic()
    while time.monotonic() - since < 3 or not lines:
        time.sleep(0.1)
        found = path.read_text().splitlines() if path.exists() else []
        if len(found) != len(lines):
            lines, since = found, time.monotonic()
    return lines


def write_until_nobody_reads(descriptor: int, data: bytes) -> None:
    os.set_blocking(descriptor, False)
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    while poll.poll(2000):
        data = data[os.write(descriptor, data) :]
        assert data, "the server reads without end"
