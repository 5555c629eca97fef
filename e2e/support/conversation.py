"""What a person does at a conversation's prompt, and the conversation that the model got."""

from __future__ import annotations

from collections.abc import Callable

from .scripted import ScriptedModel
from .terminal import Terminal

Start = Callable[..., tuple[ScriptedModel, Terminal]]

LEFT, RIGHT, UP, DOWN = "\x1b[D", "\x1b[C", "\x1b[A", "\x1b[B"
PASTE, PASTED = "\x1b[200~", "\x1b[201~"


def said(model: ScriptedModel) -> list[str]:
    """What the person said so far."""
    return [message["content"] for message in model.bodies()[-1]["messages"] if message["role"] == "user"]


def send(terminal: Terminal, text: str) -> None:
    """Types a line to its end, and waits until the next is asked for."""
    before = terminal.all_shown.count("Heard.")
    terminal.type(f"{text}\r")
    terminal.wait_until(lambda: terminal.row == ">" and terminal.all_shown.count("Heard.") > before)


def leave(terminal: Terminal) -> None:
    terminal.type("x\x03\x04")
    assert terminal.wait() == 0
    assert terminal.takes_lines
