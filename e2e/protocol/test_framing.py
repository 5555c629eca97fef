"""Lines and bytes: how messages may arrive, and that nothing but messages leaves."""

import json

import pytest
from support.stdio_client import text_of


def ping(request_id) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": request_id, "method": "ping"}).encode()


def test_a_line_may_end_with_carriage_return(start_server):
    server = start_server()
    server.send_line(ping("crlf") + b"\r", deliberate=False)
    assert server.response("crlf")["result"] == {}


def test_blank_lines_are_skipped(start_server):
    server = start_server()
    before = len(server.messages)
    server.send_bytes(b"\n\r\n   \n\t\n\n")
    assert server.request("ping") == {}
    server.close()
    assert len(server.messages) == before + 1


def test_a_request_may_arrive_a_byte_at_a_time(start_server):
    server = start_server()
    for byte in ping("slow") + b"\n":
        server.send_bytes(bytes([byte]))
    assert server.response("slow")["result"] == {}


def test_a_multibyte_character_may_be_split_between_writes(start_server):
    server = start_server()
    line = '{"jsonrpc":"2.0","id":"Zoë 🚀","method":"ping"}\n'.encode()
    for start in range(0, len(line), 3):
        server.send_bytes(line[start : start + 3])
    assert server.response("Zoë 🚀")["result"] == {}


def test_two_hundred_requests_in_one_write_are_all_answered(start_server):
    server = start_server()
    server.send_bytes(b"".join(ping(f"many-{number}") + b"\n" for number in range(200)))
    for number in range(200):
        assert server.response(f"many-{number}")["result"] == {}
    server.close()
    assert len([m for m in server.messages if str(m.get("id")).startswith("many-")]) == 200


def test_handshake_and_first_requests_may_come_in_one_write(start_server):
    server = start_server(initialize=None)
    initialize = {
        "jsonrpc": "2.0",
        "id": "i",
        "method": "initialize",
        "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
    }
    lines = [
        initialize,
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": "t", "method": "tools/list"},
        {"jsonrpc": "2.0", "id": "p", "method": "prompts/list"},
    ]
    server.send_bytes("".join(json.dumps(line) + "\n" for line in lines).encode())
    for request_id in "itp":
        assert "result" in server.response(request_id)


IDS = [0, 900_001, -1, 2**53 - 1, 2**63 - 1, "", "1", "a b", "日本語", "x" * 1000, "\u0000\n"]


@pytest.mark.parametrize("request_id", IDS, ids=lambda value: repr(value)[:12])
def test_an_id_comes_back_as_it_was(start_server, request_id):
    server = start_server()
    server.send({"jsonrpc": "2.0", "id": request_id, "method": "ping"})
    assert server.response(request_id)["result"] == {}


def test_params_may_be_missing(start_server):
    server = start_server()
    assert "params" not in json.loads(ping(1))
    assert server.request("tools/list")["tools"]
    assert server.request("prompts/list")["prompts"]


def test_large_requests_and_results_pass_in_one_line(start_server):
    server = start_server("--output-limit", "1048576")
    content = "wide ünïcödé \u2028 line\n" * 40_000
    written = server.call_tool("write_file", file_path="big.txt", content=content)
    assert text_of(written).startswith("Successfully wrote")
    result = server.call_tool("read_file", file_path="big.txt")
    assert result["content"][0]["text"] == content


def test_whitespace_around_and_inside_a_message_does_not_matter(start_server):
    server = start_server()
    server.send_line(b' \t{ "jsonrpc" : "2.0" ,"method":"ping", "id" : "spaced" } ', deliberate=False)
    assert server.response("spaced")["result"] == {}


def test_escaped_and_raw_characters_mean_the_same(start_server):
    server = start_server()
    call = r'{"jsonrpc":"2.0","id":"esc","method":"tools\u002fcall","params":{"name":"execute_bash",'
    call += r'"arguments":{"command":"printf %s \u0022\u00e9\ud83d\ude80\u0022"}}}'
    server.send_line(call, deliberate=False)
    assert json.loads(server.response("esc")["result"]["content"][0]["text"])["stdout"] == "é🚀"


def test_stdout_carries_only_protocol_lines(start_server):
    server = start_server("--log-level", "debug")
    server.bash("echo out; echo err >&2; python3 -c 'print(1)'")
    server.exchange(b"not json")
    server.call_tool("read_file", file_path="/none")
    assert server.close() == 0
    lines = [line for line in server.journal if line.direction == "server"]
    assert lines
    for line in lines:
        assert json.loads(line.raw)["jsonrpc"] == "2.0"
    assert b"\r" not in b"".join(line.raw for line in lines)


def test_logs_go_to_stderr_as_lines_of_text(start_server):
    server = start_server("--log-level", "debug")
    server.bash("true")
    server.close()
    assert server.stderr.strip()
    assert "\0" not in server.stderr
