"""Frames of ten megabytes in both directions while others come and go: none is ever spliced into another.

Every line of both directions is parsed and validated after each test, as everywhere; here the lines are long enough
that a writer who gives way in the middle of one would be caught.
"""

import hashlib
import json

import pytest
from support.resources import content_of, read
from support.stdio_client import text_of

SIZE = 10 * 1024 * 1024
CHATTER = "while [ ! -e quiet ]; do echo 'still at it'; sleep 0.02; done"


@pytest.fixture
def chattering(start_server):
    """A server that four commands of both eras make talk all the while."""
    server = start_server()
    server.bash("rm -f quiet")
    options = {"command": CHATTER, "timeout": 300}
    calls = [
        server.start_tool("execute_bash", modern=number % 2 == 1, meta={"progressToken": number}, **options)
        for number in range(4)
    ]
    for number in range(4):
        server.wait_for(lambda it, number=number: it.get("params", {}).get("progressToken") == number, what="progress")
    yield server
    server.bash("touch quiet")
    for call in calls:
        assert server.result(call)["structuredContent"]["exit_code"] == 0
    told = [message for message in server.messages if message.get("method") == "notifications/progress"]
    assert {message["params"]["progressToken"] for message in told} == set(range(4))


def small_talk(server, count: int) -> list:
    """Requests whose answers have to find their way between the long frames."""
    return [server.start("ping", modern=False) for _ in range(count)]


def test_a_file_of_ten_megabytes_is_written_and_read_back(chattering):
    content = ("wide ünïcödé \u2028 line\\ \"quoted\" \t\n" * (SIZE // 36))[:SIZE]
    written = chattering.start_tool("write_file", file_path="/artifacts/big.txt", content=content)
    pings = small_talk(chattering, 50)
    assert text_of(chattering.result(written)).startswith(f"Successfully wrote {len(content.encode())} bytes")
    uri = {"uri": "artifact:///big.txt"}
    readers = [chattering.start("resources/read", uri, modern=modern) for modern in (False, True)]
    pings += small_talk(chattering, 50)
    for reader in readers:
        assert content_of(chattering.result(reader))["text"] == content
    assert all(chattering.result(ping) == {} for ping in pings)


def test_an_artifact_of_ten_megabytes_is_read_byte_for_byte(chattering):
    program = f"""
import hashlib, os
content = os.urandom({SIZE})
open("/artifacts/big.bin", "wb").write(content)
print(hashlib.sha256(content).hexdigest())
"""
    digest = chattering.python(program)["stdout"].strip()
    readers = [
        chattering.start("resources/read", {"uri": "artifact:///big.bin"}, modern=modern) for modern in (False, True)
    ]
    pings = small_talk(chattering, 100)
    for reader in readers:
        content = content_of(chattering.result(reader))
        assert len(content["blob"]) > SIZE
    assert hashlib.sha256(read(chattering, "artifact:///big.bin")).hexdigest() == digest
    assert all(chattering.result(ping) == {} for ping in pings)


def test_long_lines_may_come_in_any_pieces(start_server):
    server = start_server()
    content = "x" * SIZE
    call = {
        "jsonrpc": "2.0",
        "id": "pieces",
        "method": "tools/call",
        "params": {"name": "write_file", "arguments": {"file_path": "pieces.txt", "content": content}},
    }
    line = json.dumps(call).encode() + b"\r\n\n"
    pieces = [line[start : start + 99_991] for start in range(0, len(line), 99_991)]
    for piece in pieces:
        server.send_bytes(piece)
    assert text_of(server.response("pieces")["result"]).startswith(f"Successfully wrote {SIZE} bytes")
