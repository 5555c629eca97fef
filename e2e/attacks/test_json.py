"""JSON made to hurt: it is refused or answered, in bounded memory, and the next request is served."""

import json

import pytest
from support.host_processes import resident_bytes

MIB = 1 << 20
PARSE_ERROR, INVALID_REQUEST, INVALID_PARAMS = -32700, -32600, -32602


@pytest.fixture
def server(start_server):
    """A server that has to be in its right mind when the test is over, and not much larger than before."""
    started = start_server()
    before = resident_bytes(started.process.pid)
    yield started
    assert started.request("ping") == {}
    grown = resident_bytes(started.process.pid) - before
    print(f"grown by {grown // MIB} MiB")
    assert grown < 400 * MIB


def request(params: str, method: str = "tools/list") -> str:
    return f'{{"jsonrpc":"2.0","id":"bomb","method":"{method}","params":{params}}}'


@pytest.mark.parametrize(
    "line",
    [
        '{"jsonrpc":"2.0","id":"bomb","id":"other","method":"ping"}',
        '{"jsonrpc":"2.0","id":"bomb","method":"ping","method":"tools/list"}',
        '{"jsonrpc":"2.0","id":"bomb","method":"ping","m\\u0065thod":"tools/list"}',
        request('{"name":"read_file","name":"execute_bash","arguments":{"command":"true"}}', "tools/call"),
        request('{"name":"execute_bash","arguments":{"command":"true","command":"touch /tmp/second"}}', "tools/call"),
        request('{"_meta":{"x-user-id":"a","x-user-id":"b"}}'),
    ],
)
def test_a_name_that_comes_twice_is_refused(server, line):
    """Otherwise two programs may understand two things by one line."""
    assert server.exchange(line)["error"]["code"] in (PARSE_ERROR, INVALID_REQUEST)


NUMBERS = ["1e999999999", "-1e999999999", "1e-999999999", "9" * 1_000_000, "1E+99999", "-0.0e-0"]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number[:12])
@pytest.mark.parametrize("name", ["timeout", "offset", "line_count"])
def test_a_number_beyond_all_bounds_is_an_error(server, number, name):
    tool = "execute_bash" if name == "timeout" else "read_file"
    required = '"command":"true"' if name == "timeout" else '"file_path":"/etc/passwd"'
    line = request(f'{{"name":"{tool}","arguments":{{{required},"{name}":{number}}}}}', "tools/call")
    answer = server.exchange(line, 60)
    if name != "timeout" and number in ("-0.0e-0", "1e-999999999"):
        return  # as good as 0
    assert "error" in answer or answer["result"]["isError"] is True, answer


def test_a_number_with_a_million_digits_is_the_number_it_is(server):
    call = '{"name":"execute_bash","arguments":{"command":"true","timeout":9.' + "1" * 1_000_000 + "}}"
    assert server.exchange(request(call, "tools/call"))["result"]["structuredContent"]["exit_code"] == 0


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number[:12])
def test_such_a_number_is_no_id_that_anyone_else_gets(server, number):
    answer = server.exchange(f'{{"jsonrpc":"2.0","id":{number},"method":"ping"}}')
    assert "error" in answer or answer["id"] in (0, json.loads(number)), str(answer)[:200]


BOMBS = {
    "escapes": lambda: request('{"cursor":"' + "\\u0041" * 4_000_000 + '"}'),
    "surrogate pairs": lambda: request('{"cursor":"' + "\\ud83d\\ude80" * 2_000_000 + '"}'),
    "control characters": lambda: request('{"cursor":"' + "\\u0000" * 4_000_000 + '"}'),
    "backslashes": lambda: request('{"cursor":"' + "\\\\" * 10_000_000 + '"}'),
    "empty arrays": lambda: request('{"x":[' + ",".join(["[]"] * 2_000_000) + "]}"),
    "empty objects": lambda: request('{"x":[' + ",".join(["{}"] * 2_000_000) + "]}"),
    "zeros": lambda: request('{"x":[' + ",".join("0" * 5_000_000) + "]}"),
    "names": lambda: request("{" + ",".join(f'"{number}":0' for number in range(500_000)) + "}"),
    "names that look alike": lambda: request("{" + ",".join(f'"{"x" * 50}{n}":0' for n in range(200_000)) + "}"),
    "a long name": lambda: request('{"' + "n" * 20_000_000 + '":0}'),
    "a long method": lambda: '{"jsonrpc":"2.0","id":"bomb","method":"' + "m" * 20_000_000 + '"}',
    "white space": lambda: request(" " * 20_000_000 + "{}"),
    "120 levels, many times": lambda: request('{"x":[' + ",".join(["[" * 120 + "]" * 120] * 50_000) + "]}"),
    "levels just within bounds": lambda: request('{"x":' + "[" * 120 + "]" * 120 + "}"),
    "levels just beyond them": lambda: request('{"x":' + "[" * 128 + "]" * 128 + "}"),
    "objects in objects": lambda: request('{"x":' * 200 + "0" + "}" * 200),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_answered(server, bomb):
    """The time is not measured: what takes quadratic time does not come to an end within the wait."""
    line = BOMBS[bomb]()
    answer = server.exchange(line, 60)
    assert "result" in answer or answer["error"]["code"] in (PARSE_ERROR, INVALID_REQUEST, -32601, INVALID_PARAMS)
    assert len(json.dumps(answer)) < 100_000, "the bomb comes back"


@pytest.mark.parametrize("bomb", ["names", "empty arrays", "escapes"])
def test_a_bomb_in_the_arguments_of_a_tool_is_refused_as_such(server, bomb):
    arguments = json.loads(BOMBS[bomb]())["params"]
    call = {"name": "execute_bash", "arguments": {"command": "true", "timeout": arguments}}
    answer = server.exchange(json.dumps({"jsonrpc": "2.0", "id": "b", "method": "tools/call", "params": call}), 60)
    assert "error" in answer or answer["result"]["isError"] is True
    assert len(json.dumps(answer)) < 100_000


def peak_bytes(process: int) -> int:
    """The most physical memory that a process has had."""
    with open(f"/proc/{process}/status", encoding="ascii") as file:
        return 1024 * next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))


def batch(count: int) -> str:
    one = '{"jsonrpc":"2.0","id":%d,"method":"tools/list"}'
    return "[" + ",".join(one % number for number in range(count)) + "]"


GREEDY = {
    "zeros": lambda: request('{"x":[' + ",".join("0" * 20_000_000) + "]}", "ping"),
    "empty arrays": lambda: request('{"x":[' + ",".join(["[]"] * 10_000_000) + "]}", "ping"),
    "empty objects": lambda: request('{"x":[' + ",".join(["{}"] * 10_000_000) + "]}", "ping"),
    "names": lambda: request("{" + ",".join(f'"{number}":0' for number in range(2_000_000)) + "}", "ping"),
    "a cursor": lambda: request('{"cursor":"' + b"resources/list:".hex() + "61" * 15_000_000 + '"}', "resources/list"),
    "a token": lambda: request('{"_meta":{"progressToken":"' + "t" * 30_000_000 + '"}}'),
    "an id": lambda: '{"jsonrpc":"2.0","id":"' + "i" * 30_000_000 + '","method":"ping"}',
    "an id of digits": lambda: '{"jsonrpc":"2.0","id":' + "1" * 30_000_000 + ',"method":"ping"}',
    "a batch": lambda: batch(600_000),
    "escapes": lambda: request('{"x":"' + "\\u00e9" * 5_000_000 + '"}', "ping"),
    "text": lambda: request('{"x":"' + "x" * 30_000_000 + '"}', "ping"),
}


@pytest.mark.parametrize("greed", GREEDY)
def test_a_line_costs_a_small_multiple_of_its_length(start_server, greed):
    """The line, its text and little more: not tens of bytes for each of its own."""
    server = start_server(initialize="2025-03-26")
    line = GREEDY[greed]()
    before = peak_bytes(server.process.pid)
    answer = server.exchange(line, 60)
    grown = peak_bytes(server.process.pid) - before
    print(f"{greed}: {len(line) / MIB:.0f} MiB cost {grown / MIB:.0f} MiB, {grown / len(line):.1f} times as much")
    assert grown < 4 * len(line) + 8 * MIB
    assert len(json.dumps(answer)) < 1000


def test_the_answers_to_a_batch_are_kept_as_they_are_written(start_server):
    server = start_server(initialize="2025-03-26")
    before = peak_bytes(server.process.pid)
    server.send_line(batch(1000), deliberate=False)
    server.response(999)
    size = len(server.journal[-1].raw)
    grown = peak_bytes(server.process.pid) - before
    print(f"{size / MIB:.1f} MiB of answers cost {grown / MIB:.1f} MiB")
    assert grown < 4 * size + 8 * MIB
    assert server.exchange(batch(1001))["error"]["code"] == INVALID_REQUEST


LONG = {
    "progressToken": lambda text: ("tools/list", {"_meta": {"progressToken": text}}),
    "cursor": lambda text: ("resources/list", {"cursor": text}),
    "uri": lambda text: ("resources/read", {"uri": "artifact:///" + text}),
}


@pytest.mark.parametrize("name", LONG)
def test_what_is_kept_or_decoded_has_a_bound(server, name):
    method, params = LONG[name]("6c" * 100_000)
    assert server.error(method, params).code in (INVALID_PARAMS, -32002)
