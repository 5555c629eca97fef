"""Markdown in answers, as it is seen on the screen of a terminal, and elsewhere."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.agent import agent_binary, environment
from support.scripted import Json, ScriptedModel, says
from support.terminal import Terminal

TEXT = """# Results

The **mean** is *about* `4.5`, see [the page](https://example.org/a_b).

- one
  - two
1. three

| Name | Größe | 数 |
|:-----|:-----:|---:|
| a    | x     | 日本語 |
| **longer** | yy | 1 |

> quoted

```python
def f(x):
    return x ** 2  # *as it is*

    # end
```

The _end_.
"""

SCREEN = """Results

The mean is about 4.5, see the page (https://example.org/a_b).

• one
  • two
1. three

Name   │ Größe │     数
───────┼───────┼───────
a      │   x   │ 日本語
longer │  yy   │      1

│ quoted

def f(x):
    return x ** 2  # *as it is*

    # end

The end."""

Show = Callable[..., Terminal]


@pytest.fixture
def show(start_model: Callable[..., ScriptedModel], user: str, tmp_path: Path) -> Iterator[Show]:
    """Shows an answer on a terminal, as the answer to one task."""
    terminals: list[Terminal] = []

    def run(
        answer: str | list[str],
        *options: str,
        columns: int = 80,
        pace: float = 0,
        failures: list[Json] | None = None,
        **variables: str,
    ) -> Terminal:
        model = start_model([[says(answer, pace=pace, failures=failures or [])]])
        settings = environment(model.url, user, **{"TERM": "xterm-256color", "NO_COLOR": "", **variables})
        terminal = Terminal([agent_binary(), *options, "Go."], settings, tmp_path, 60, columns)
        terminals.append(terminal)
        return terminal

    yield run
    for terminal in terminals:
        terminal.close()


def test_markdown_is_drawn(show: Show) -> None:
    terminal = show(TEXT)
    assert terminal.wait() == 0
    assert "\n".join(terminal.shown) == SCREEN
    assert all(bold for _, bold, _, _ in terminal.looks(0))
    words = "".join(letter for letter, bold, italic, _ in terminal.looks(2) if bold or italic)
    assert words == "meanabout"
    assert {color for letter, _, _, color in terminal.looks(2) if letter in "45"} == {"cyan"}
    code = SCREEN.splitlines().index("def f(x):")
    assert {color for _, _, _, color in terminal.looks(code)} == {"cyan"}


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_however_it_is_cut_it_is_drawn_alike(show: Show, size: int) -> None:
    terminal = show([TEXT[start : start + size] for start in range(0, len(TEXT), size)])
    assert terminal.wait() == 0
    assert "\n".join(terminal.shown) == SCREEN


def test_it_is_shown_while_the_model_writes(show: Show) -> None:
    pieces = ["One **two** thr", "ee\n\n| a |\n|---|\n| 1 |\n", "\n```\ncode li", "ne\n```\nlast"]
    terminal = show(pieces, pace=0.7)
    for text in ("One two thr", "three", "1", "code li", "last"):
        terminal.wait_until(lambda text=text: any(row.startswith(text) or row.endswith(text) for row in terminal.shown))
    assert terminal.wait() == 0
    assert terminal.shown == ["One two three", "", "a", "─", "1", "", "code line", "last"]


def test_what_the_model_has_written_is_shown_when_it_falls_silent(show: Show) -> None:
    terminal = show(["One **two** thr", "ee"], failures=[{"silence": "after"}])
    terminal.wait_until(lambda: terminal.shown == ["One two thr"])


def test_code_is_copied_as_it_is(show: Show) -> None:
    code = f"for i in range(3):\n    print(f'{{i:>10}} | {{i ** 2}}')\n\n\nif True:\n    {'x' * 100}  # `a` **b**"
    terminal = show(f"Do this:\n\n```python\n{code}\n```\nDone.", columns=60)
    assert terminal.wait() == 0
    # When it is copied, a terminal puts a line together again that it has broken itself.
    rows = "".join(row if len(row) == 60 else f"{row}\n" for row in terminal.shown)
    assert rows == f"Do this:\n\n{code}\nDone.\n"


@pytest.mark.parametrize(
    ("options", "variables"),
    [(["--plain"], {}), ([], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"})],
    ids=["--plain", "NO_COLOR", "dumb"],
)
def test_it_is_shown_as_it_is_where_that_is_asked_for(
    start_model: Callable[..., ScriptedModel], user: str, tmp_path: Path, options: list[str], variables: dict[str, str]
) -> None:
    model = start_model([[says(TEXT)]])
    settings = {**environment(model.url, user), "TERM": "xterm", "NO_COLOR": "", **variables}
    terminal = Terminal([agent_binary(), *options, "Go."], settings, tmp_path, 60, 100)
    assert terminal.wait() == 0
    assert "\n".join(terminal.shown) == TEXT.rstrip()
    terminal.close()


@pytest.mark.parametrize("options", [[], ["--plain"]])
def test_a_pipe_gets_it_as_it_is(
    start_model: Callable[..., ScriptedModel], user: str, tmp_path: Path, options: list[str]
) -> None:
    model = start_model([[says(TEXT)]])
    settings = {**environment(model.url, user), "TERM": "xterm"}
    ran = subprocess.run(
        [agent_binary(), *options, "Go."], env=settings, cwd=tmp_path, capture_output=True, timeout=120, text=True
    )
    assert (ran.returncode, ran.stdout) == (0, TEXT)


def test_hostile_text_does_nothing_but_show(show: Show) -> None:
    title, clear, report = "\x1b]0;owned\x07", "\x1b[2J\x1b[H", "\x1b[6n"
    hostile = f"{title}{clear}{report}\x9b2J\u202e&#27;[2J"
    terminal = show(
        f"# {hostile}\n**{hostile}** `{hostile}` [{hostile}]({hostile})\n| {hostile} |\n|---|\n| {hostile} |\n\n"
        f"```{hostile}\n{hostile}\n```\n> {hostile}\n1. {hostile}\nThe end."
    )
    assert terminal.wait() == 0
    assert terminal.shown[-1] == "The end."
    for part in (title, "\x1b]", clear, report, "\x1b[2J", "\x9b", "\u202e"):
        assert part.encode() not in terminal.raw, repr(part)
