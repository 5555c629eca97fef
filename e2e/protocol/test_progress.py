"""Progress: who gives a token hears how far a call is, in order, and nothing after the answer."""

import json

import pytest
from support.stdio_client import NoAnswer, is_response_to

REVISIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"]
THREE_LINES = "for i in one two three; do echo $i; sleep 0.5; done"
WORDS = ("one", "two", "three")


@pytest.fixture
def server_of(start_server):
    def start(revision="2026-07-28", *options):
        modern = revision == "2026-07-28"
        return start_server(*options, initialize=None if modern else revision, modern=modern)

    return start


def of_token(server, token) -> list[dict]:
    """The progress that was told by a token, in order."""
    told = [message["params"] for message in server.messages if message.get("method") == "notifications/progress"]
    return [params for params in told if json.dumps(params["progressToken"]) == json.dumps(token)]


def run(server, command, token="token", **arguments) -> list[dict]:
    """Runs a command to its end and returns the progress that was told until then."""
    server.call_tool("execute_bash", command=command, meta={"progressToken": token}, **arguments)
    return of_token(server, token)


def run_in_steps(server, steps, token="token") -> list[dict]:
    """Runs commands as one; each goes on once progress has come that its condition wants, if any. Returns all."""
    server.bash("rm -f step-*")
    parts = [f"{command}; until [ -e step-{number} ]; do sleep 0.02; done" for number, (command, _) in enumerate(steps)]
    meta = {"progressToken": token}
    call = server.start_tool("execute_bash", command="\n".join(parts), timeout=300, meta=meta)
    seen = 0
    for number, (command, is_told) in enumerate(steps):

        def goes_on(_, is_told=is_told, seen=seen) -> bool:
            return any(map(is_told, of_token(server, token)[seen:]))

        if is_told:
            server.wait_for(goes_on, what=f"progress of {command}")
        seen = len(of_token(server, token))
        server.bash(f"touch step-{number}")
    server.result(call)
    return of_token(server, token)


def says(text):
    return lambda params: params.get("message") == text


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_command_is_followed_line_by_line(server_of, revision):
    server = server_of(revision)
    server.bash("true")
    has_messages = revision != "2024-11-05"
    told = run_in_steps(server, [(f"echo {word}", says(word) if has_messages else bool) for word in WORDS])
    assert len(told) >= 3
    numbers = [params["progress"] for params in told]
    assert numbers == sorted(set(numbers)), "strictly increasing"
    if revision == "2024-11-05":
        assert not any("message" in params for params in told)
    else:
        messages = [params["message"] for params in told]
        assert list(dict.fromkeys(message for message in messages if message in WORDS)) == list(WORDS)


def test_the_first_call_says_that_the_sandbox_is_started(server_of, fresh_user):
    server = server_of("2026-07-28", "--user", fresh_user)
    told = run(server, "sleep 1")
    assert told[0]["message"] == "Starting the sandbox"
    assert not [params for params in run(server, "sleep 1", "second") if "Starting" in params["message"]]


def test_every_tool_tells_of_the_start(server_of, fresh_user):
    server = server_of("2026-07-28", "--user", fresh_user)
    server.call_tool("write_file", file_path="a.txt", content="a", meta={"progressToken": 1})
    assert of_token(server, 1)[0]["message"] == "Starting the sandbox"


@pytest.mark.parametrize("token", ["", "text", "1", 0, 1, -5, 2**53 - 1, "ünïcödé"], ids=repr)
def test_the_token_comes_back_as_it_was(server_of, token):
    server = server_of()
    server.bash("true")
    assert run_in_steps(server, [("echo told", says("told"))], token)


def test_who_gives_no_token_hears_nothing(server_of):
    server = server_of("2025-11-25")
    server.bash(THREE_LINES)
    assert not [message for message in server.messages if message.get("method") == "notifications/progress"]


@pytest.mark.parametrize("token", [None, 1.5, True, [], {}], ids=repr)
def test_a_token_that_is_none_is_passed_over(server_of, token):
    server = server_of()
    meta = {"progressToken": token}
    params = {"name": "execute_bash", "arguments": {"command": "echo untold; sleep 0.3"}}
    pending = server.start("tools/call", params, meta=meta, deliberate=True)
    response = server.response(pending)
    assert "result" in response or response["error"]["code"] == -32602
    assert not [message for message in server.messages if message.get("method") == "notifications/progress"]


def test_nothing_comes_after_the_answer(server_of):
    server = server_of()
    server.bash("true")
    for token in range(30):
        run(server, "for i in $(seq 50); do echo $i; done", token)
    server.bash("sleep 1")
    server.close()  # the check of the conversation looks at the order


@pytest.mark.parametrize("revision", ["2025-11-25", "2026-07-28"])
def test_nothing_comes_after_a_cancellation(server_of, revision):
    server = server_of(revision)
    server.bash("true")
    command = "while sleep 0.05; do echo busy; done"
    call = server.start_tool("execute_bash", command=command, timeout=300, meta={"progressToken": "c"})
    server.wait_for(lambda message: message.get("method") == "notifications/progress", what="progress")
    server.notify("notifications/cancelled", {"requestId": call.id})
    server.request("tools/list")  # read after the cancellation
    before = len(of_token(server, "c"))
    server.bash("sleep 1.5")
    server.close()
    assert len(of_token(server, "c")) == before
    assert not [message for message in server.messages if is_response_to(message, call.id)]


def test_a_flood_is_told_four_times_a_second_at_most(server_of):
    server = server_of()
    server.bash("true")
    told = run(server, "timeout 3 seq -f 'line %.0f ünïcödé' 1000000000", timeout=60)
    assert len(told) >= 2
    seconds = told[-1]["progress"] - told[0]["progress"]
    assert len(told) <= 4 * seconds + 3, f"{len(told)} in {seconds} s"


def test_silence_is_broken_by_a_sign_of_life(server_of):
    server = server_of()
    server.bash("true")
    told = run(server, "echo begun; sleep 8", timeout=60)
    assert told[0]["message"] == "begun"
    signs = told[1:]
    assert 1 <= len(signs) <= 2
    assert all(sign["message"] for sign in signs)


def test_a_message_is_one_short_line_without_control_characters(server_of):
    server = server_of()
    server.bash("true")
    steps = [
        (r"printf 'a\033[31mred\033[0m\tb\001\002\n'", lambda params: "red" in params["message"]),
        ("printf 'x%.0s' $(seq 100000)", lambda params: params["message"].startswith("xxx")),
        (r"printf '\nloading 10%%\rloading 20%%\rloading 30%%'", says("loading 30%")),
        (r"printf '\377\376\n'; sleep 0.5", None),
    ]
    told = run_in_steps(server, steps)
    for params in told:
        message = params["message"]
        assert len(message.encode()) <= 600
        assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in message), message
    assert any("red" in params["message"] for params in told)
    assert any(params["message"] == "loading 30%" for params in told)


def test_a_line_that_repeats_itself_is_told_again(server_of):
    server = server_of()
    server.bash("true")
    told = run(server, "for i in $(seq 10); do echo again; sleep 0.2; done")
    assert len(told) >= 2
    assert {params["message"] for params in told} == {"again"}


def test_both_streams_are_followed(server_of):
    server = server_of()
    server.bash("true")
    told = run_in_steps(server, [("echo out", says("out")), ("echo err >&2", says("err"))])
    assert [params["message"] for params in told][:2] == ["out", "err"]


def test_calls_at_once_are_told_apart(server_of):
    server = server_of()
    server.bash("true")
    server.bash("rm -f all-told")
    commands = [f"echo c{number}; until [ -e all-told ]; do sleep 0.05; done" for number in range(8)]
    calls = [
        server.start_tool("execute_bash", command=command, meta={"progressToken": number})
        for number, command in enumerate(commands)
    ]
    for number in range(8):
        server.wait_for(lambda _, number=number: of_token(server, number), what=f"progress of call {number}")
    server.bash("touch all-told")
    for number, call in enumerate(calls):
        server.result(call)
        told = of_token(server, number)
        assert told
        assert {params["message"] for params in told} == {f"c{number}"}


def test_the_result_is_the_same_with_progress_and_without(server_of):
    server = server_of("2025-11-25")
    quiet = server.call_tool("execute_bash", command="echo a; echo b >&2; exit 3")
    told = server.call_tool("execute_bash", command="echo a; echo b >&2; exit 3", meta={"progressToken": 1})
    assert quiet == told


def test_a_timeout_is_told_until_it_strikes(server_of):
    server = server_of()
    server.bash("true")
    result = server.call_tool(
        "execute_bash", command="while sleep 0.1; do date +%N; done", timeout=6, meta={"progressToken": "t"}
    )
    assert result["structuredContent"]["timed_out"] is True
    assert len(of_token(server, "t")) >= 2
    before = len(server.messages)
    with pytest.raises(NoAnswer):
        server.wait_for(lambda message: message.get("method") == "notifications/progress", 1, since=before)


def test_progress_of_a_call_in_a_batch_comes_by_itself(server_of):
    server = server_of("2025-03-26")
    server.bash("rm -f told")
    command = "echo told; until [ -e told ]; do sleep 0.05; done"
    params = {"name": "execute_bash", "arguments": {"command": command}, "_meta": {"progressToken": "b"}}
    batch = [
        {"jsonrpc": "2.0", "id": "call", "method": "tools/call", "params": params},
        {"jsonrpc": "2.0", "id": "ping", "method": "ping"},
    ]
    server.send(batch)
    server.wait_for(lambda _: of_token(server, "b"), what="progress")
    server.bash("touch told")
    assert server.response("call")["result"]["content"]
    assert server.response("ping")["result"] == {}
    assert [told["message"] for told in of_token(server, "b")][:1] == ["told"]
    raw = [json.loads(line.raw) for line in server.journal if line.direction == "server"]
    assert sum(isinstance(message, list) for message in raw) == 1
