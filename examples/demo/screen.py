"""What a person sees: headed steps, calls, results. Colours only on a terminal."""

from __future__ import annotations

import os
import shutil
import sys

_BOLD, _DIM, _GREEN, _RED, _BLUE = "1", "2", "32", "31", "34"
_LIMIT = 24


def _paint(text: str, *codes: str) -> str:
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\033[{';'.join(codes)}m{text}\033[0m"


def _show(text: str = "") -> None:
    print(text, flush=True)


def title(text: str) -> None:
    _show(_paint(text, _BOLD))


def step(number: int, heading: str, explanation: str = "") -> None:
    """Begins a step."""
    _show()
    _show(_paint(f"{number}. {heading}", _BOLD, _BLUE))
    if explanation:
        _show(f"   {explanation}")


def call(text: str) -> None:
    """A call to the server."""
    width = max(40, shutil.get_terminal_size((110, 24)).columns - 6)
    _show("   " + _paint("→ ", _BOLD) + (text if len(text) <= width else text[: width - 1] + "…"))


def quote(text: str) -> None:
    """Output of a command or the content of a file, as it is."""
    lines = text.rstrip("\n").split("\n")
    for line in lines[:_LIMIT]:
        _show(_paint("   │ ", _DIM) + line)
    if len(lines) > _LIMIT:
        _show(_paint(f"   │ … {len(lines) - _LIMIT} more lines", _DIM))


def outcome(text: str, seconds: float | None = None) -> None:
    """A call's result."""
    time = "" if seconds is None else _paint(f"  ({_duration(seconds)})", _DIM)
    _show("   " + _paint("← ", _BOLD) + text + time)


def note(text: str) -> None:
    _show(f"   {text}")


def plain(text: str = "") -> None:
    _show(text)


def passed(text: str) -> None:
    _show("   " + _paint("ok", _BOLD, _GREEN) + f"  {text}")


def failure(text: str) -> None:
    """Why the demo ends early, on standard error."""
    text = _paint("The demo failed: ", _BOLD, _RED) + text.replace("\n", "\n  ")
    print(f"\n{text}", file=sys.stderr, flush=True)


def _duration(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 0.1 else f"{seconds:.2f} s"
