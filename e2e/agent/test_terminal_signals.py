"""Signals, and keys that send them, at a conversation's prompt: the terminal is left as it was."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from support.agent import agent_binary
from support.conversation import Start, leave, said
from support.scripted import says


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
@pytest.mark.parametrize("when", ["line", "run"])
def test_a_signal_leaves_the_terminal_as_it_was(start: Start, number: signal.Signals, when: str) -> None:
    _, terminal = start([[says(["Half", " an answer."], failures=[{"silence": "after"}])]])
    assert not terminal.takes_lines
    terminal.type("half a line" if when == "line" else "go\r")
    terminal.wait_until(lambda: terminal.row == "> half a line" if when == "line" else "Half" in terminal.row)
    terminal.process.send_signal(number)
    if when == "run" and number == signal.SIGINT:
        terminal.wait_until(lambda: terminal.row == ">")
        terminal.process.send_signal(number)
    assert terminal.wait() in (128 + number, -number)
    assert terminal.takes_lines
    assert terminal.raw.count(b"\x1b[?2004h") == terminal.raw.count(b"\x1b[?2004l")


def test_ctrl_z_stops_the_program_and_the_line_is_there_again(start: Start) -> None:
    shell = ["bash", "--norc", "--noprofile", "--noediting", "-i"]
    model, terminal = start(program=shell, PS1="shell: ")
    terminal.wait_until(lambda: terminal.row == "shell:")
    terminal.type(f"{agent_binary()}\n")
    terminal.wait_until(lambda: terminal.row == ">")
    for _ in range(2):
        terminal.type("half a\x1a")
        terminal.wait_until(lambda: terminal.row == "shell:" and any("Stopped" in row for row in terminal.shown))
        assert terminal.takes_lines
        terminal.type("echo $((6 * 7))\n")
        terminal.wait_until(lambda: "42" in terminal.shown)
        terminal.type("fg\n")
        terminal.wait_until(lambda: terminal.row == "> half a")
        assert not terminal.takes_lines
        terminal.type(" line")
        terminal.wait_until(lambda: terminal.row == "> half a line")
        terminal.type("\x15clear\x15\x0c")
        terminal.wait_until(lambda: terminal.shown == [">"])
    terminal.type("done\r")
    terminal.wait_until(lambda: terminal.row == ">" and "Heard." in terminal.shown)
    assert said(model) == ["done"]
    terminal.type("\x04")
    terminal.wait_until(lambda: terminal.row == "shell:")
    terminal.type("exit\n")
    assert terminal.wait() == 0


def test_a_long_line_is_drawn_once_when_the_program_goes_on(start: Start) -> None:
    shell = ["bash", "--norc", "--noprofile", "--noediting", "-i"]
    _, terminal = start(program=shell, columns=40, PS1="shell: ")
    terminal.wait_until(lambda: terminal.row == "shell:")
    terminal.type(f"{agent_binary()}\n")
    terminal.wait_until(lambda: terminal.row == ">")
    words = " ".join(f"word{number}" for number in range(10, 30))
    for _ in range(3):
        terminal.type(f"{words}\x1a")
        terminal.wait_until(lambda: terminal.row == "shell:")
        terminal.type("clear; fg\n")
        terminal.wait_until(lambda: terminal.row.endswith("word29"))
        terminal.settle()
        terminal.wait_until(lambda: ["".join(terminal.shown).count(word) for word in ("word10", "word20")] == [1, 1])
        terminal.type("\x15\x15\x0c")
        terminal.wait_until(lambda: terminal.shown == [">"])
    terminal.type("\x04")
    terminal.wait_until(lambda: terminal.row == "shell:")


def test_a_program_that_was_stopped_takes_the_terminal_again(start: Start) -> None:
    shell = ["bash", "--norc", "--noprofile", "--noediting", "-i"]
    _, terminal = start(program=shell, PS1="shell: ")
    terminal.wait_until(lambda: terminal.row == "shell:")
    terminal.type(f"{agent_binary()}\n")
    terminal.wait_until(lambda: terminal.row == ">")
    terminal.type("half")
    terminal.wait_until(lambda: terminal.row == "> half")
    child = Path(f"/proc/{terminal.process.pid}/task/{terminal.process.pid}/children").read_text().split()[0]
    os.kill(int(child), signal.SIGSTOP)
    terminal.wait_until(lambda: terminal.row == "shell:")
    terminal.type("fg\n")
    terminal.wait_until(lambda: terminal.row == "> half")
    assert not terminal.takes_lines
    terminal.type("x\x03\x04")
    terminal.wait_until(lambda: terminal.row == "shell:")
    assert terminal.takes_lines


def test_ctrl_z_without_a_shell_changes_nothing(start: Start) -> None:
    _, terminal = start()
    terminal.type("a line\x1a here")
    terminal.wait_until(lambda: terminal.row == "> a line here")
    leave(terminal)
