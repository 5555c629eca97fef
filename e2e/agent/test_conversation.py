"""`exec-agent` alone on a terminal: a conversation."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import engine
from support.agent import agent_binary, environment, wait_until_it_has_ended, wait_until_it_runs
from support.scripted import Json, ScriptedModel, bash, calls, says, text_of
from support.terminal import Terminal

Talk = Callable[[list[list[Json]]], tuple[ScriptedModel, Terminal]]
INTERRUPT = "\x03"


@pytest.fixture
def talk(start_model: Callable[..., ScriptedModel], user: str, tmp_path: Path) -> Iterator[Talk]:
    """Starts a conversation with a model."""
    terminals: list[Terminal] = []

    def start(conversation: list[list[Json]]) -> tuple[ScriptedModel, Terminal]:
        model = start_model(conversation)
        terminals.append(Terminal([agent_binary()], {**environment(model.url, user), "TERM": "xterm"}, tmp_path))
        return model, terminals[-1]

    yield start
    for terminal in terminals:
        terminal.close()


def test_several_messages_are_one_conversation(talk: Talk) -> None:
    model, terminal = talk([[calls(bash("echo $((6 * 7))")), says("It is forty-two.")], [says("I said forty-two.")]])
    terminal.type("What is 6 times 7?\n")
    shown = terminal.wait_for("It is forty-two.")
    assert "execute_bash" in shown
    terminal.type("What did you say?\n")
    terminal.wait_for("I said forty-two.")
    texts = [text_of(message) for message in model.bodies()[-1]["messages"] if message["role"] == "user"]
    assert texts == ["What is 6 times 7?", "What did you say?"]
    terminal.type("/exit\n")
    assert terminal.wait() == 0


def test_a_new_conversation_forgets(talk: Talk) -> None:
    model, terminal = talk([[says("Answer to {{user}}.")], [says("Second answer.")]])
    terminal.type("alpha\n")
    terminal.wait_for("Answer to alpha.")
    terminal.type("/new\n")
    terminal.type("beta\n")
    terminal.wait_for("Answer to beta.")
    assert [message["role"] for message in model.bodies()[-1]["messages"]] == ["system", "user"]


def test_artifacts_are_listed_and_saved(talk: Talk, tmp_path: Path) -> None:
    _, terminal = talk([[calls(bash("seq 3 > /artifacts/three.txt")), says("Made it.")]])
    terminal.type("Make a file.\n")
    terminal.wait_for("Made it.")
    terminal.type("/artifacts\n")
    terminal.wait_for("three.txt")
    terminal.type(f"/artifacts {tmp_path / 'kept'}\n")
    assert engine.poll(lambda: (tmp_path / "kept" / "three.txt").exists()) is not None
    terminal.type("/exit\n")
    assert terminal.wait() == 0
    assert (tmp_path / "kept" / "three.txt").read_text() == "1\n2\n3\n"


def test_a_conversation_is_saved(talk: Talk, tmp_path: Path) -> None:
    _, terminal = talk([[says("An answer to keep.")]])
    terminal.type("A question to keep.\n")
    terminal.wait_for("An answer to keep.")
    terminal.type("/save talk.md\n")
    terminal.type("/save talk.json\n")
    terminal.type("/exit\n")
    assert terminal.wait() == 0
    for text in ("A question to keep.", "An answer to keep."):
        assert text in (tmp_path / "talk.md").read_text()
        assert text in json.dumps(json.loads((tmp_path / "talk.json").read_text()))


def test_ctrl_c_interrupts_the_run_and_not_the_conversation(talk: Talk, user: str) -> None:
    _, terminal = talk([[calls(bash("sleep 4020", timeout=300)), says("Never.")], [says("Still here.")]])

    terminal.type("Sleep.\n")
    wait_until_it_runs("sleep 4020", user)
    terminal.type(INTERRUPT)
    wait_until_it_has_ended("sleep 4020", user)
    terminal.type("/new\n")
    terminal.type("/help\n")
    terminal.wait_for("/save")
    terminal.wait_until(lambda: terminal.row == ">")
    terminal.type(INTERRUPT)
    status = terminal.wait()
    assert status in (0, 130, -2), status
    engine.wait_until_gone(user)


def test_the_end_of_input_leaves(talk: Talk) -> None:
    _, terminal = talk([[says("Hello.")]])
    terminal.type("Hello\n")
    terminal.wait_for("Hello.")
    terminal.wait_until(lambda: terminal.row == ">")
    terminal.type("\x04")
    assert terminal.wait() == 0


def test_a_failure_does_not_end_the_conversation(talk: Talk) -> None:
    _, terminal = talk([[says("Back again.", failures=[{"status": 401}])]])
    terminal.type("First.\n")
    terminal.wait_for("OPENAI_API_KEY")
    terminal.type("First.\n")
    terminal.wait_for("Back again.")


def test_neither_model_nor_sandbox_controls_the_terminal(talk: Talk) -> None:
    title, clear, report = "\x1b]0;owned\x07", "\x1b[2J\x1b[H", "\x1b[6n"
    hostile = title + clear + report + "\x9b2J\u202e"
    command = f"printf '%s' '{hostile}' > '/artifacts/{title}name.txt'; printf '{hostile}'"
    _, terminal = talk([[calls(bash(command), {"name": hostile, "arguments": "{}"}), says(f"It {hostile}is over.")]])
    terminal.type("Go.\n")
    terminal.wait_for("is over.")
    terminal.type("/artifacts\n")
    terminal.wait_for("name.txt")
    terminal.type("/exit\n")
    assert terminal.wait() == 0
    for part in (title, "\x1b]", clear, report, "\x9b", "\u202e"):
        assert part.encode() not in terminal.raw, repr(part)
