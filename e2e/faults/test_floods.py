"""Output without measure, and clients that do not keep up: memory stays bounded, and nothing waits for ever."""

import contextlib
import json
import os
import select
import subprocess
import threading

import pytest
from support.host_processes import resident_bytes
from support.stdio_client import NoAnswer, server_binary

pytestmark = pytest.mark.alone

MIB = 1 << 20
GROWTH = 20 * MIB


def grown(server, before: int) -> int:
    now = resident_bytes(server.process.pid)
    print(f"resident before {before // 1024} KiB, after {now // 1024} KiB")
    return now - before


def test_two_gigabytes_on_both_streams_at_once(client):
    client.bash("true")
    before = resident_bytes(client.process.pid)
    outcome = client.bash("yes out | head -c 1G & yes err | head -c 1G >&2; wait", timeout=120)
    assert outcome["exit_code"] == 0
    assert outcome["truncated"] is True
    for stream, word in (("stdout", "out"), ("stderr", "err")):
        assert outcome[stream].startswith(word)
        assert outcome[stream].endswith(word + "\n") or "1073741824" in outcome[stream]
        assert len(outcome[stream]) <= 33_000
    assert grown(client, before) < GROWTH


def test_thirty_seconds_of_yes_at_full_speed(client):
    client.bash("true")
    before = most = resident_bytes(client.process.pid)
    call = client.start_tool("execute_bash", command="yes", timeout=30)
    result = None
    while result is None:
        with contextlib.suppress(NoAnswer):
            result = client.result(call, 0.5)
        most = max(most, resident_bytes(client.process.pid))
    outcome = result["structuredContent"]
    assert outcome["timed_out"] is True
    assert outcome["truncated"] is True
    assert outcome["stdout"].startswith("y\ny\n")
    assert len(outcome["stdout"]) <= 33_000
    assert most - before < GROWTH, f"the server has grown from {before} bytes to {most}"
    assert client.bash("echo served")["stdout"] == "served\n"


def test_a_line_of_a_hundred_megabytes(client):
    client.bash("true")
    before = resident_bytes(client.process.pid)
    outcome = client.bash("head -c 100M /dev/zero | tr '\\0' x; echo; echo after")
    assert outcome["truncated"] is True
    assert outcome["stdout"].startswith("xxx")
    assert outcome["stdout"].endswith("x\nafter\n")
    assert grown(client, before) < GROWTH


def test_a_flood_under_way_is_told_of_in_bounded_pieces(client):
    before = resident_bytes(client.process.pid)
    seen = len(client.messages)
    client.bash("timeout 2 yes '\x1b[31mred\x1b[0m'; true", timeout=30, meta={"progressToken": "flood"})
    told = [each for each in client.messages[seen:] if each.get("method") == "notifications/progress"]
    assert 0 < len(told) < 40
    assert all("\x1b" not in each["params"].get("message", "") for each in told)
    assert grown(client, before) < GROWTH


def test_terminal_codes_and_null_bytes_are_valid_json(client):
    shown = "\x1b[2J\x1b]0;title\x07\x00\x7f\x9b31m\x08\x0c"
    outcome = client.python(f"import sys; sys.stdout.buffer.write({shown.encode()!r} + b'\\xff\\xfe\\n')")
    assert outcome["stdout"] == shown + "\ufffd\ufffd\n"
    raw = client.journal[-1].raw
    assert not [byte for byte in raw if byte < 0x20], "a control character was written as it is"


def test_bytes_that_are_no_text_are_valid_json_however_many(client):
    client.bash("true")
    before = resident_bytes(client.process.pid)
    outcome = client.bash("head -c 50M /dev/urandom; head -c 50M /dev/urandom >&2", timeout=120)
    assert outcome["exit_code"] == 0
    assert outcome["truncated"] is True
    assert not [byte for byte in client.journal[-1].raw if byte < 0x20]
    assert grown(client, before) < GROWTH


def test_a_thousand_requests_in_one_write_are_all_answered(start_server, fresh_user):
    server = start_server("--user", fresh_user)
    server.bash("true")
    lines = []
    for number in range(1000):
        call = {"name": "execute_bash", "arguments": {"command": f"echo {number}", "timeout": 300}}
        params = {"method": "tools/call", "params": call} if number % 4 == 0 else {"method": "ping"}
        lines.append(json.dumps({"jsonrpc": "2.0", "id": f"many-{number}", **params}))
    server.send_bytes(("\n".join(lines) + "\n").encode())
    for number in range(1000):
        result = server.response(f"many-{number}", 240)["result"]
        assert result == {} if number % 4 else result["structuredContent"]["stdout"] == f"{number}\n"


def test_one_users_flood_of_calls_does_not_keep_another_waiting(start_server, fresh_user, passing_users):
    server = start_server("--user", fresh_user)
    other = f"{fresh_user}.other"
    passing_users.append(other)
    server.bash("true")
    server.bash("true", meta={"x-user-id": other})
    flood = [server.start_tool("execute_bash", command="sleep 2", timeout=60) for _ in range(100)]
    assert server.bash("echo next", meta={"x-user-id": other})["stdout"] == "next\n"
    assert server.request("ping") == {}
    answered = {message.get("id") for message in server.messages}
    assert not {call.id for call in flood} <= answered, "the flood was over before the other user was served"
    for call in flood:
        assert server.result(call)["structuredContent"]["exit_code"] == 0


def test_a_call_written_a_byte_at_a_time_is_served_beside_others(start_server, fresh_user):
    server = start_server("--user", fresh_user)
    call = {"name": "execute_bash", "arguments": {"command": "echo bit by bit"}}
    line = json.dumps({"jsonrpc": "2.0", "id": "slow", "method": "tools/call", "params": call}) + "\n"
    for byte in line.encode():
        server.send_bytes(bytes([byte]))
    assert server.response("slow")["result"]["structuredContent"]["stdout"] == "bit by bit\n"


def test_a_client_that_never_reads_is_not_read_either():
    """The server holds a bounded number of answers and then stops reading; when the client reads, all of them come."""
    with start_server_that_nobody_reads() as process:
        before = resident_bytes(process.pid)
        sent = send_until_full(process.stdin.fileno())
        growth = resident_bytes(process.pid) - before
        print(f"{sent} requests were taken, the server has grown by {growth // MIB} MiB")
        assert sent < MOST, "the server takes requests without end"
        assert growth < 200 * MIB
        answers = []
        reader = threading.Thread(target=lambda: answers.extend(process.stdout), daemon=True)
        reader.start()
        process.stdin.close()
        assert process.wait(60) == 0
        reader.join(60)
        assert [json.loads(answer)["id"].rstrip("x") for answer in answers] == [f"{number}-" for number in range(sent)]


MOST = 5000


@contextlib.contextmanager
def start_server_that_nobody_reads():
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([server_binary()], **pipes)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def send_until_full(descriptor: int) -> int:
    """Writes requests with large answers until the server takes no more. Returns how many were written whole."""
    os.set_blocking(descriptor, False)
    for number in range(MOST):
        rest = json.dumps({"jsonrpc": "2.0", "id": f"{number}-".ljust(60_000, "x"), "method": "ping"}).encode() + b"\n"
        while rest:
            if not select.select([], [descriptor], [], 3)[1]:
                return number
            with contextlib.suppress(BlockingIOError):
                rest = rest[os.write(descriptor, rest) :]
    return MOST
