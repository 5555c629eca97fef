"""Whatever a client sends, it gets the right error, and the next request is served as if nothing had happened."""

import json

import pytest
from support.stdio_client import modern_meta

LEGACY_REVISIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
PARSE_ERROR, INVALID_REQUEST, INVALID_PARAMS = -32700, -32600, -32602


@pytest.fixture(params=[None, "2025-11-25"], ids=["before-initialize", "initialized"])
def server(request, start_server):
    """A server that has to be in its right mind when the test is over."""
    started = start_server(initialize=request.param)
    yield started
    assert started.request("ping") == {}
    assert started.request("tools/list", modern=True)["tools"]


def assert_error(answer, codes, request_id=None):
    assert answer["jsonrpc"] == "2.0"
    assert answer["error"]["code"] in codes, answer["error"]
    assert answer["error"]["message"]
    if request_id is None:
        assert "id" not in answer, "no revision allows an id of null"
    else:
        assert answer["id"] == request_id


@pytest.mark.parametrize(
    ("line", "request_id"),
    [
        (b"hello", None),
        (b"{", None),
        (b"}", None),
        (b'{"jsonrpc":"2.0","id":901,"method":"ping"', 901),
        (b'{"jsonrpc":"2.0","id":901,"method":"pi', 901),
        (b'{"jsonrpc":"2.0","id":901', None),
        (b'{"jsonrpc":"2.0","id":901,"method":"ping"} trailing', 901),
        (b'{"jsonrpc":"2.0","id":901,"method":"ping"}{"jsonrpc":"2.0","id":2,"method":"ping"}', 901),
        (b"{'jsonrpc':'2.0','id':1,'method':'ping'}", None),
        (b'{"jsonrpc":"2.0","id":901,"method":"ping",}', 901),
        (b'{"jsonrpc":"2.0","id":01,"method":"ping"}', None),
        (b'{"jsonrpc":"2.0","id":NaN,"method":"ping"}', None),
        (b'{"jsonrpc":"2.0","id":901,"id":2,"method":"ping",}', None),
        (b'{"jsonrpc":"2.0","id":"one","method":"pi\x01ng"}', "one"),
        (b'{"jsonrpc":"2.0","id":901,"method":"pi\\qng"}', 901),
        (b'{"method":"ping","params":{"id":9,"x":[{"id":8},]},"jsonrpc":"2.0","id":901}', 901),
        (b'{"method":"ping","params":{"id":9},}', None),
        (b"\x00", None),
        (b"Content-Length: 42", None),
        (b"GET / HTTP/1.1", None),
    ],
)
def test_what_is_not_json_is_a_parse_error_that_bears_the_id_there_is(server, line, request_id):
    assert_error(server.exchange(line), {PARSE_ERROR}, request_id)


@pytest.mark.parametrize(
    ("line", "request_id"),
    [
        (b"\xff\xfe\xfd", None),
        (b'{"jsonrpc":"2.0","id":901,"method":"ping\xff"}', 901),
        (b'{"jsonrpc":"2.0","method":"ping","params":{"x":"\xc3"},"id":"last"}', "last"),
        (b'{"jsonrpc":"2.0","id":901,"method":"ping","params":{"x":"\xed\xa0\x80"}}', 901),
        (b'{"jsonrpc":"2.0","id":901,"method":"ping","params":{"x":"\xc0\xaf"}}', 901),
    ],
)
def test_invalid_utf8_is_a_parse_error(server, line, request_id):
    assert_error(server.exchange(line), {PARSE_ERROR}, request_id)


@pytest.mark.parametrize(
    "text", ["905.0", "1e3", "-901", "123456789012345678901234567890", '"cut \\ud83d"', '"\\ude00"', '"\\u0031"']
)
def test_an_id_comes_back_as_it_was_written(server, text):
    server.send_line(f'{{"jsonrpc":"2.0","id":{text},"method":"ping"}}')
    assert server.response(json.loads(text))["result"] == {}
    if "u0031" not in text:
        assert f'"id":{text},'.encode() in server.journal[-1].raw


@pytest.mark.parametrize("where", ["first", "last"])
def test_the_answer_to_a_line_that_is_too_long_bears_its_id(server, where):
    message = {"jsonrpc": "2.0", "id": "long", "method": "ping", "params": {"id": 1, "x": "x" * (105 << 20)}}
    if where == "last":
        message = dict(reversed(message.items()))
    assert_error(server.exchange(json.dumps(message)), {INVALID_REQUEST}, "long")


@pytest.mark.parametrize(
    ("line", "request_id"),
    [
        (b"42", None),
        (b'"ping"', None),
        (b"null", None),
        (b"true", None),
        (b"{}", None),
        (b'{"jsonrpc":"2.0"}', None),
        (b'{"jsonrpc":"2.0","id":"no-method"}', "no-method"),
        (b'{"jsonrpc":"2.0","id":"typed","method":5}', "typed"),
        (b'{"jsonrpc":"2.0","id":"typed","method":null}', "typed"),
        (b'{"jsonrpc":"2.0","id":"typed","method":["ping"]}', "typed"),
        (b'{"jsonrpc":"1.0","id":"old","method":"ping"}', "old"),
        (b'{"jsonrpc":2.0,"id":"number","method":"ping"}', "number"),
        (b'{"id":"bare","method":"ping"}', "bare"),
    ],
)
def test_json_that_is_no_request_is_an_invalid_request(server, line, request_id):
    answer = server.exchange(line)
    assert_error(answer, {INVALID_REQUEST}, answer.get("id"))
    assert answer.get("id") in (None, request_id)


@pytest.mark.parametrize("bad_id", ["null", "1.5", "true", "[1]", "{}"])
def test_an_id_of_the_wrong_type_is_an_invalid_request(server, bad_id):
    answer = server.exchange(f'{{"jsonrpc":"2.0","id":{bad_id},"method":"ping"}}')
    assert_error(answer, {INVALID_REQUEST})


@pytest.mark.parametrize(
    ("line", "request_id"), [("[]", None), ("[1]", None), ('[{"jsonrpc":"2.0","id":901,"method":"ping"}]', 901)]
)
def test_a_batch_is_an_invalid_request(server, line, request_id):
    assert_error(server.exchange(line), {INVALID_REQUEST}, request_id)


def test_each_request_of_a_batch_that_is_refused_is_answered(server):
    server.send([{"jsonrpc": "2.0", "id": name, "method": "ping"} for name in "abc"], deliberate=True)
    for name in "abc":
        assert_error(server.response(name), {INVALID_REQUEST}, name)


@pytest.mark.parametrize("revision", ["2024-11-05", "2025-06-18", "2025-11-25"])
def test_a_batch_is_refused_in_every_revision_but_one(start_server, revision):
    server = start_server(initialize=revision)
    assert_error(server.exchange('[{"jsonrpc":"2.0","id":"b","method":"ping"}]'), {INVALID_REQUEST}, "b")
    assert server.request("ping") == {}


@pytest.mark.parametrize("params", ["[1]", "5", '"text"', "null", "true"])
@pytest.mark.parametrize("method", ["tools/call", "prompts/get", "tools/list"])
def test_params_of_the_wrong_type_are_refused(start_server, method, params):
    server = start_server()
    answer = server.exchange(f'{{"jsonrpc":"2.0","id":"p","method":"{method}","params":{params}}}')
    if params == "null" and method == "tools/list" and "result" in answer:
        return  # nothing said, nothing lost
    assert_error(answer, {INVALID_REQUEST, INVALID_PARAMS}, "p")
    assert server.request("ping") == {}


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"arguments": {"command": "true"}},
        {"name": 5},
        {"name": None, "arguments": {}},
        {"name": "execute_bash", "arguments": []},
        {"name": "execute_bash", "arguments": "true"},
        {"name": "execute_bash", "arguments": 1},
        {"name": "no_such_tool", "arguments": {}},
        {"name": "", "arguments": {}},
        {"name": "Execute_Bash", "arguments": {"command": "true"}},
        {"name": "no_such_tool"},
    ],
)
@pytest.mark.parametrize("revision", [*LEGACY_REVISIONS, "2026-07-28"])
def test_a_malformed_call_or_an_unknown_tool_is_invalid_params(start_server, revision, params):
    modern = revision == "2026-07-28"
    server = start_server(initialize=None if modern else revision, modern=modern)
    error = server.error("tools/call", params)
    assert error.code == INVALID_PARAMS
    if params.get("name") == "no_such_tool":
        assert "no_such_tool" in error.message
    assert server.request("tools/list")["tools"]


BAD_ARGUMENTS = [
    ("execute_bash", {}, "command"),
    ("execute_bash", {"command": 5}, "command"),
    ("execute_bash", {"command": None}, "command"),
    ("execute_bash", {"command": ["ls"]}, "command"),
    ("execute_bash", {"command": "true", "timeout": "soon"}, "timeout"),
    ("execute_bash", {"command": "true", "timeout": True}, "timeout"),
    ("execute_bash", {"command": "true", "timeout": [1]}, "timeout"),
    ("execute_bash", {"command": "true", "timeout": "5 s"}, "5 s"),
    ("execute_bash", {"cmd": "true"}, "command"),
    ("write_file", {"file_path": "a"}, "content"),
    ("write_file", {"content": "a"}, "file_path"),
    ("write_file", {"file_path": "a", "content": {"b": 1}}, "content"),
    ("read_file", {}, "file_path"),
    ("read_file", {"file_path": 1}, "file_path"),
    ("read_file", {"file_path": "a", "offset": "first"}, "offset"),
    ("read_file", {"file_path": "a", "offset": "1.5"}, "offset"),
    ("read_file", {"file_path": "a", "offset": 1.5}, "offset"),
    ("read_file", {"file_path": "a", "line_count": "all"}, "line_count"),
    ("read_file", {"path": "a"}, "file_path"),
    ("read_docstring", {"file_path": "a.py"}, "function_name"),
    ("read_docstring", {"file_path": "a.py", "function_name": 5}, "function_name"),
]


@pytest.mark.parametrize("revision", [*LEGACY_REVISIONS, "2026-07-28"])
def test_wrong_arguments_are_answered_as_their_revision_says(start_server, revision):
    modern = revision == "2026-07-28"
    server = start_server(initialize=None if modern else revision, modern=modern)
    for tool, arguments, named in BAD_ARGUMENTS:
        response = server.response(server.start_tool(tool, **arguments))
        if revision <= "2025-06-18":
            assert_error(response, {INVALID_PARAMS}, response["id"])
            assert named in response["error"]["message"], (tool, arguments)
        else:
            assert response["result"]["isError"] is True, (tool, arguments)
            assert named in response["result"]["content"][0]["text"], (tool, arguments)
            assert "structuredContent" not in response["result"]
    assert server.bash("echo fine")["stdout"] == "fine\n"


OUT_OF_RANGE = [
    ("execute_bash", {"command": "true", "timeout": -1}, "600"),
    ("execute_bash", {"command": "true", "timeout": 601}, "600"),
    ("execute_bash", {"command": "true", "timeout": 10**12}, "600"),
    ("execute_bash", {"command": "true", "timeout": 2**64}, "600"),
    ("execute_bash", {"command": "true", "timeout": 1e308}, "600"),
    ("read_file", {"file_path": "ten.txt", "offset": -1}, "offset"),
    ("read_file", {"file_path": "ten.txt", "offset": 10**6}, "10"),
    ("read_file", {"file_path": "ten.txt", "offset": 2**63 - 1}, "offset"),
    ("read_file", {"file_path": "ten.txt", "offset": 2**64}, "offset"),
    ("read_file", {"file_path": "ten.txt", "offset": 1e300}, "offset"),
    ("read_file", {"file_path": "ten.txt", "line_count": -1}, "line_count"),
]


@pytest.mark.parametrize("revision", [*LEGACY_REVISIONS, "2026-07-28"])
def test_values_out_of_range_are_error_results_that_say_what_is_accepted(start_server, revision):
    modern = revision == "2026-07-28"
    server = start_server(initialize=None if modern else revision, modern=modern)
    server.bash("seq 10 > ten.txt")
    for tool, arguments, named in OUT_OF_RANGE:
        result = server.call_tool(tool, **arguments)
        assert result["isError"] is True, (tool, arguments, result)
        assert named in result["content"][0]["text"], (tool, arguments, result)
    assert server.bash("echo fine")["stdout"] == "fine\n"


@pytest.mark.parametrize("user_id", ["", "-x", ".x", "a b", "a/b", "../x", "x" * 64, "é", "a\n", 5, ["a"], {}])
@pytest.mark.parametrize("modern", [False, True])
def test_a_bad_user_id_is_invalid_params(start_server, user_id, modern):
    server = start_server()
    params = {"name": "execute_bash", "arguments": {"command": "true"}}
    pending = server.start("tools/call", params, modern=modern, meta={"x-user-id": user_id})
    assert server.response(pending)["error"]["code"] == INVALID_PARAMS


def test_a_line_of_100_mb_is_refused(server):
    assert_error(server.exchange(b"x" * (100 * 10**6)), {PARSE_ERROR, INVALID_REQUEST})


@pytest.mark.parametrize("modern", [False, True])
def test_a_request_of_100_mb_is_refused_once(start_server, modern):
    server = start_server()
    params = {"name": "write_file", "arguments": {"file_path": "huge", "content": "x" * (100 * 10**6)}}
    if modern:
        params["_meta"] = modern_meta()
    before = len(server.messages)
    answer = server.exchange(json.dumps({"jsonrpc": "2.0", "id": "huge", "method": "tools/call", "params": params}))
    if "error" in answer:
        assert answer["error"]["code"] in {PARSE_ERROR, INVALID_REQUEST, INVALID_PARAMS}
    else:
        assert answer["result"]["isError"] is True
    assert server.request("ping") == {}
    assert "No such file" in server.bash("ls huge")["stderr"]
    assert len(server.messages) == before + 3


def test_a_100_mb_line_does_not_stay_in_memory(start_server):
    server = start_server()
    status = f"/proc/{server.process.pid}/status"

    def resident() -> int:
        with open(status, encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))

    server.exchange(b"x" * (100 * 10**6))
    first = resident()
    for _ in range(3):
        server.exchange(b"x" * (100 * 10**6))
    print(f"resident after one 100 MB line {first} kB, after four {resident()} kB")
    assert resident() < first + 100_000
    assert server.request("ping") == {}


DEPTH = 100_000


@pytest.mark.parametrize(
    "line",
    [
        "[" * DEPTH,
        "[" * DEPTH + "]" * DEPTH,
        '{"a":' * DEPTH,
        '{"a":' * DEPTH + "1" + "}" * DEPTH,
        "[" * DEPTH + "]" * (DEPTH - 1),
    ],
    ids=["open-arrays", "arrays", "open-objects", "objects", "one-short"],
)
def test_100_000_levels_are_refused(server, line):
    assert_error(server.exchange(line), {PARSE_ERROR, INVALID_REQUEST})


def test_100_000_levels_inside_a_request_are_refused(server):
    nested = "[" * DEPTH + "]" * DEPTH
    answer = server.exchange(f'{{"jsonrpc":"2.0","id":"deep","method":"tools/call","params":{{"x":{nested}}}}}')
    assert answer["error"]["code"] in {PARSE_ERROR, INVALID_REQUEST, INVALID_PARAMS}


def test_a_lone_surrogate_does_no_harm(server):
    answer = server.exchange('{"jsonrpc":"2.0","id":"lone","method":"no/\\ud800/such"}')
    assert answer["error"]["code"] in {PARSE_ERROR, -32601, INVALID_PARAMS}


def test_a_hundred_kinds_of_rubbish_in_a_row(server):
    for number in range(100):
        assert_error(server.exchange(bytes([number % 9 + 0xF0]) * (number + 1)), {PARSE_ERROR})
