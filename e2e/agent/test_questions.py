"""What tool servers ask the person who uses exec-agent: on its terminal, in one task, and through its API."""

from __future__ import annotations

import json
import shlex
import signal
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import engine, fixture_server
from support.agent import Service, agent_binary, environment, json_lines
from support.conversation import Start
from support.scripted import Json, ScriptedModel, call, calls, says
from support.terminal import Terminal

ERAS = ["modern", "legacy"]
PROMPT = "Allow? [y/s/a/N]"
DECISIONS = ["once", "session", "always", "deny"]


def approval(*arguments: Json, count: int = 1, offered: list[str] = DECISIONS) -> Json:
    """The parameters of a question whether calls may run, as exec-mcp asks it."""
    decision = {"type": "string", "oneOf": [{"const": value, "title": value.title()} for value in offered]}
    details = {"kind": "approval", "server": "calendar", "tool": "create_event", "arguments": list(arguments)}
    return {
        "mode": "form",
        "message": f"May calendar.create_event run with {json.dumps(arguments)}?",
        "requestedSchema": {"type": "object", "properties": {"decision": decision}, "required": ["decision"]},
        "_meta": {"exec-mcp/approval": {**details, "count": count, "script": "3f2a", "rule": "default"}},
    }


DENTIST = approval({"title": "Dentist"})


def asking(params: Json) -> Json:
    return call("elicit", params=params)


def server(tmp_path: Path, era: str = "modern", *options: str) -> list[str]:
    """The options that make a server which asks the only one."""
    file = tmp_path / "servers.json"
    file.write_text(json.dumps({"mcpServers": {"asker": fixture_server.entry("--elicit", "--era", era, *options)}}))
    words = " ".join(fixture_server.command("--only", "echo", "--name", "other"))
    return ["--mcp", words, "--mcp-config", str(file)]


def answers(model: ScriptedModel) -> list[Any]:
    """What the server was answered, in the order of the calls."""
    return [json.loads(result) for result in model.results()]


# In a conversation


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    ("typed", "answer", "said"),
    [
        ("y", {"action": "accept", "content": {"decision": "once"}}, "allowed"),
        ("s", {"action": "accept", "content": {"decision": "session"}}, "allowed until the session ends"),
        ("A", {"action": "accept", "content": {"decision": "always"}}, "always allowed"),
        ("n", {"action": "decline"}, "not allowed"),
        ("", {"action": "decline"}, "not allowed"),
        ("\x04", {"action": "cancel"}, "dismissed"),
    ],
)
def test_a_person_decides(start: Start, tmp_path: Path, era: str, typed: str, answer: Json, said: str) -> None:
    model, terminal = start([[calls(asking(DENTIST)), says("Done.")]], *server(tmp_path, era))
    terminal.type("go\r")
    terminal.wait_until(lambda: terminal.row == PROMPT)
    assert '│ "title": "Dentist"' in terminal.shown
    assert "asker asks whether to allow a call of calendar.create_event:" in terminal.shown
    terminal.type(typed if typed == "\x04" else f"{typed}\r")
    terminal.wait_until(lambda: terminal.row == ">" and "Done." in terminal.shown)
    assert f"calendar.create_event: {said}" in terminal.shown
    assert answers(model) == [answer]


def test_what_was_typed_before_decides_nothing(start: Start, tmp_path: Path) -> None:
    slow = call("slow", seconds=6)
    model, terminal = start([[calls(slow), calls(asking(DENTIST)), says("Done.")], [says("Heard.")]], *server(tmp_path))
    terminal.type("go\r")
    terminal.wait_until(lambda: any("[1] slow" in row for row in terminal.shown))
    terminal.type("y\ra\ry")
    terminal.wait_until(lambda: terminal.row == PROMPT)
    terminal.type("really\r")
    terminal.wait_until(lambda: "Type y, s, a or n. Ctrl-D dismisses the question." in terminal.shown)
    terminal.wait_until(lambda: terminal.row == PROMPT)
    terminal.type("n\r")
    # What was typed before is the next messages.
    shown = {"Done.", "Heard."}
    terminal.wait_until(lambda: terminal.row == "> y" and shown <= set(terminal.all_shown))
    asked = [message["content"] for message in model.bodies()[-1]["messages"] if message["role"] == "user"]
    assert asked[:2] == ["go", "y"]
    assert '{"action": "decline"}' in [
        message["content"] for message in model.bodies()[-1]["messages"] if message["role"] == "tool"
    ]


def numbers(terminal: Terminal) -> list[str]:
    """The calls that were asked about so far, by their argument."""
    return [row for row in terminal.shown if row.startswith('│ "number": ')]


def test_two_questions_at_once_come_in_turn(start: Start, tmp_path: Path) -> None:
    first, second = (asking(approval({"number": number})) for number in (1, 2))
    model, terminal = start([[calls(first, second), says("Done.")]], *server(tmp_path))
    terminal.type("go\r")
    for count in (1, 2):
        terminal.wait_until(lambda count=count: terminal.row == PROMPT and len(numbers(terminal)) == count)
        terminal.type("y\r" if numbers(terminal)[-1] == '│ "number": 1' else "\r")
    terminal.wait_until(lambda: terminal.row == ">" and "Done." in terminal.shown)
    assert [answer["action"] for answer in answers(model)] == ["accept", "decline"]


@pytest.mark.parametrize("era", ERAS)
def test_ctrl_c_interrupts_the_run_that_asks(start: Start, tmp_path: Path, era: str) -> None:
    _, terminal = start([[calls(asking(DENTIST)), says("Never.")], [says("Heard.")]], *server(tmp_path, era))
    terminal.type("go\r")
    terminal.wait_until(lambda: terminal.row == PROMPT)
    terminal.type("y\x03")
    terminal.wait_until(lambda: terminal.row == ">" and "Interrupted." in terminal.shown)
    terminal.type("again\r")
    terminal.wait_until(lambda: terminal.row == ">" and "Heard." in terminal.shown)
    terminal.type("\x04")
    assert terminal.wait() == 0
    assert terminal.takes_lines


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_the_terminal_as_it_was(start: Start, tmp_path: Path, number: signal.Signals) -> None:
    _, terminal = start([[calls(asking(DENTIST)), says("Never.")]], *server(tmp_path))
    terminal.type("go\r")
    terminal.wait_until(lambda: terminal.row == PROMPT)
    terminal.process.send_signal(number)
    assert terminal.wait() in (128 + number, -number)
    assert terminal.takes_lines


def test_a_program_that_was_stopped_asks_again(start: Start, tmp_path: Path) -> None:
    shell = ["bash", "--norc", "--noprofile", "--noediting", "-i"]
    model, terminal = start([[calls(asking(DENTIST)), says("Done.")]], program=shell, PS1="shell: ")
    terminal.wait_until(lambda: terminal.row == "shell:")
    terminal.type(f"{shlex.join([agent_binary(), *server(tmp_path)])}\n")
    terminal.wait_until(lambda: terminal.row == ">")
    terminal.type("go\r")
    terminal.wait_until(lambda: terminal.row == PROMPT)
    terminal.type("\x1a")
    terminal.wait_until(lambda: terminal.row == "shell:" and any("Stopped" in row for row in terminal.shown))
    assert terminal.takes_lines
    terminal.type("fg\n")
    terminal.wait_until(lambda: terminal.row == PROMPT)
    terminal.type("y\r")
    terminal.wait_until(lambda: terminal.row == ">" and "Done." in terminal.shown)
    assert answers(model) == [{"action": "accept", "content": {"decision": "once"}}]
    terminal.type("\x04")
    terminal.wait_until(lambda: terminal.row == "shell:")
    terminal.type("exit\n")
    assert terminal.wait() == 0


def test_other_output_waits_for_the_answer(start: Start, tmp_path: Path) -> None:
    turn = {**calls(asking(DENTIST), call("slow", seconds=1)), "text": "**First** I ask"}
    journal = tmp_path / "journal"
    _, terminal = start([[turn, says("# Done")]], *server(tmp_path, "modern", "--journal", str(journal)))
    terminal.type("go\r")
    terminal.wait_until(lambda: terminal.row == PROMPT)
    ended = fixture_server.read_journal
    assert engine.poll(lambda: any(one["tool"] == "slow" for one in ended(journal, "result"))) is not None
    terminal.settle()
    assert terminal.shown[-1] == PROMPT
    assert "First I ask" in terminal.shown
    terminal.type("y\r")
    terminal.wait_until(lambda: terminal.row == ">" and "Done" in terminal.shown)
    assert any("[2] done" in row for row in terminal.shown)


HOSTILE = "\x1b]0;title\x07\x1b[2J\u202eexe.\u2066 \u200b\r\nAllow? [y/s/a/N] y\n\x9b31m" + "x" * 300


def test_nothing_in_a_question_controls_the_terminal(start: Start, tmp_path: Path) -> None:
    question = approval({"text": HOSTILE, "\x1b[1Ak\u202e": {"deep": "\u202e\x1b"}}, count=2)
    model, terminal = start([[calls(asking(question)), says("Done.")]], *server(tmp_path), rows=60)
    terminal.type("go\r")
    terminal.wait_until(lambda: terminal.row == PROMPT)
    first = terminal.shown.index("asker asks whether to allow 2 calls of calendar.create_event:") + 1
    quoted = terminal.shown[first:-2]
    assert all(row.startswith(("│ ", "│↳")) for row in quoted), quoted
    assert any("\\u{1B}]0;title\\u{7}\\u{1B}[2J\\u{202E}exe.\\u{2066} \\u{200B}" in row for row in quoted)
    assert "│     │ Allow? [y/s/a/N] y" in quoted
    assert b"\x1b]0;" not in terminal.raw
    assert "\u202e".encode() not in terminal.raw
    terminal.type("\r")
    terminal.wait_until(lambda: terminal.row == ">" and "Done." in terminal.shown)
    assert answers(model) == [{"action": "decline"}]


FORM = {
    "message": "Who are you?",
    "requestedSchema": {
        "type": "object",
        "properties": {
            "name": {"type": "string", "title": "Your name", "minLength": 2},
            "age": {"type": "integer", "minimum": 0},
            "color": {"type": "string", "enum": ["r", "g"], "enumNames": ["Red", "Green"]},
            "mails": {"type": "boolean", "default": False},
        },
        "required": ["name", "color"],
    },
}


@pytest.mark.parametrize("era", ERAS)
def test_a_form_is_filled_in_field_by_field(start: Start, tmp_path: Path, era: str) -> None:
    model, terminal = start([[calls(asking(FORM)), says("Done.")]], *server(tmp_path, era))
    terminal.type("go\r")
    terminal.wait_until(lambda: terminal.row == "Your name:")
    terminal.type("A\r")
    terminal.wait_until(lambda: "It must have at least 2 characters." in terminal.shown)
    terminal.type("Ann\r")
    terminal.wait_until(lambda: terminal.row == "age [leave out]:")
    terminal.type("\r")
    terminal.wait_until(lambda: terminal.row == "color:")
    assert "│ 2. Green" in terminal.shown
    terminal.type("2\r")
    terminal.wait_until(lambda: terminal.row == "mails (y/n) [false]:")
    terminal.type("y\r")
    terminal.wait_until(lambda: terminal.row == "Send this to asker? [y/N]")
    terminal.type("y\r")
    terminal.wait_until(lambda: terminal.row == ">" and "Done." in terminal.shown)
    assert answers(model) == [{"action": "accept", "content": {"name": "Ann", "color": "g", "mails": True}}]


def test_a_url_is_shown_and_not_opened(start: Start, tmp_path: Path) -> None:
    question = {"mode": "url", "message": "Log in.", "url": "https://example.com/\u202elogin", "elicitationId": "1"}
    model, terminal = start([[calls(asking(question)), says("Done.")]], *server(tmp_path))
    terminal.type("go\r")
    terminal.wait_until(lambda: terminal.row == "Will you visit it? [y/N]")
    assert "│ https://example.com/\\u{202E}login" in terminal.shown
    terminal.type("y\r")
    terminal.wait_until(lambda: terminal.row == ">" and "Done." in terminal.shown)
    assert answers(model) == [{"action": "accept"}]


def test_a_terminal_that_cannot_redraw_asks_too(start: Start, tmp_path: Path) -> None:
    options = server(tmp_path)
    model, terminal = start([[calls(asking(DENTIST)), says("Done.")]], *options, TERM="dumb")
    terminal.type("go\n")
    terminal.wait_for("Allow? [y/s/a/N] ")
    terminal.type("s\n")
    terminal.wait_for("Done.")
    assert answers(model) == [{"action": "accept", "content": {"decision": "session"}}]
    terminal.wait_for("> ")
    terminal.type("\x04")
    assert terminal.wait() == 0


# One task


@pytest.fixture
def task(start_model: Callable[..., ScriptedModel], user: str, tmp_path: Path) -> Any:
    """Starts one task on a terminal."""
    terminals: list[Terminal] = []

    def start(*options: str, era: str = "modern") -> tuple[ScriptedModel, Terminal]:
        model = start_model([[calls(asking(DENTIST)), says("Done.")]])
        program = [agent_binary(), *server(tmp_path, era), *options, "Go."]
        terminals.append(Terminal(program, {**environment(model.url, user), "TERM": "xterm"}, tmp_path))
        return model, terminals[-1]

    yield start
    for terminal in terminals:
        terminal.close()


@pytest.mark.parametrize("era", ERAS)
def test_a_task_on_a_terminal_asks(task: Any, era: str) -> None:
    model, terminal = task(era=era)
    terminal.wait_until(lambda: terminal.row == PROMPT)
    terminal.type("y\n")
    assert terminal.wait() == 0
    assert answers(model) == [{"action": "accept", "content": {"decision": "once"}}]
    assert "Done." in terminal.shown


def test_ctrl_c_interrupts_a_task_that_asks(task: Any) -> None:
    _, terminal = task()
    terminal.wait_until(lambda: terminal.row == PROMPT)
    terminal.type("\x03")
    assert terminal.wait() == 130
    assert terminal.takes_lines


@pytest.mark.parametrize(("options", "asks"), [(["--approve", "never"], False), (["--approve", "always"], True)])
def test_a_task_that_is_told_what_to_answer_does_not_ask(task: Any, options: list[str], asks: bool) -> None:
    model, terminal = task(*options)
    assert terminal.wait() == 0
    assert not any("Allow?" in row for row in terminal.all_shown)
    if asks:
        assert answers(model) == [{"action": "accept", "content": {"decision": "once"}}]
        assert "calendar.create_event: allowed" in terminal.all_shown
    else:
        assert "accept" not in model.results()[0]


def test_a_task_without_a_terminal_asks_nobody(run: Callable[..., Any], tmp_path: Path) -> None:
    model, process = run([[calls(asking(DENTIST)), says("Done.")]], *server(tmp_path, "legacy"), "Go.")
    assert process.returncode == 0
    assert "Allow?" not in process.stderr
    # The server learns that this client cannot ask.
    assert answers(model)[0]["code"] == -32601


def test_events_tell_of_a_question(run: Callable[..., Any], tmp_path: Path) -> None:
    options = [*server(tmp_path), "--json", "--approve", "always", "Go."]
    _, process = run([[calls(asking(DENTIST)), says("Done.")]], *options)
    closed = [event for event in json_lines(process.stdout) if event["type"] == "question_closed"]
    assert [(event["outcome"], event["decision"]) for event in closed] == [("accepted", "once")]


# The API


def http(service: Service, path: str, body: Json | None = None, **fields: str) -> tuple[int, Json]:
    request = urllib.request.Request(
        service.url + path,
        json.dumps(body).encode() if body is not None else None,
        {"Content-Type": "application/json", **fields} if body is not None else fields,
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.mark.parametrize("era", ERAS)
def test_a_client_answers_for_its_own_user(serve: Callable[..., Service], tmp_path: Path, era: str) -> None:
    turns = [calls(asking(DENTIST)), says("Done.")]
    service = serve([turns], *server(tmp_path, era), "--approve", "ask")
    events: list[Json] = []
    stream = service.client().chat.completions.create(
        model="scripted", messages=[{"role": "user", "content": "Go."}], user="ann", stream=True
    )
    for chunk in stream:
        event = (chunk.model_extra or {}).get("exec_agent")
        if not event:
            continue
        events.append(event)
        if event["type"] != "question":
            continue
        (question,) = http(service, "/v1/sessions/ann/questions")[1]["data"]
        assert question["id"] == event["id"]
        assert question["approval"]["arguments"] == [{"title": "Dentist"}]
        assert http(service, "/v1/sessions/bob/questions")[1]["data"] == []
        answer = {"action": "accept", "content": {"decision": "session"}}
        assert http(service, f"/v1/sessions/bob/questions/{event['id']}", answer)[0] == 404
        wrong = {"action": "accept", "content": {"decision": "forever"}}
        assert http(service, f"/v1/sessions/ann/questions/{event['id']}", wrong)[0] == 400
        assert http(service, f"/v1/sessions/ann/questions/{event['id']}", answer)[0] == 200
        assert http(service, f"/v1/sessions/ann/questions/{event['id']}", answer)[0] == 404
    assert answers(service.model) == [{"action": "accept", "content": {"decision": "session"}}]
    assert [event["decision"] for event in events if event["type"] == "question_closed"] == ["session"]


def test_a_question_that_nobody_answers_expires(serve: Callable[..., Service], tmp_path: Path) -> None:
    turns = [calls(asking(DENTIST)), says("Done.")]
    service = serve([turns], *server(tmp_path), "--approve", "ask", "--approve-timeout", "1")
    assert service.ask(user="ann") == "Done."
    assert answers(service.model) == [{"action": "cancel"}]
    assert http(service, "/v1/sessions/ann/questions")[1]["data"] == []


def test_a_question_goes_with_its_run(serve: Callable[..., Service], tmp_path: Path) -> None:
    service = serve([[calls(asking(DENTIST)), says("Never.")]], *server(tmp_path), "--approve", "ask")
    stream = service.client().chat.completions.create(
        model="scripted", messages=[{"role": "user", "content": "Go."}], user="ann", stream=True
    )
    for chunk in stream:
        if ((chunk.model_extra or {}).get("exec_agent") or {}).get("type") == "question":
            break
    stream.close()
    assert engine.poll(lambda: http(service, "/v1/sessions/ann/questions")[1]["data"] == []) is not None


@pytest.mark.parametrize("options", [[], ["--approve", "never"]])
def test_in_a_run_of_a_client_nobody_is_asked(serve: Callable[..., Service], tmp_path: Path, options: list) -> None:
    service = serve([[calls(asking(DENTIST)), says("Done.")]], *server(tmp_path, "legacy"), *options)
    assert service.ask(user="ann") == "Done."
    (answer,) = answers(service.model)
    assert answer["code"] == -32601 if options else answer == {"action": "cancel"}
