"""Lines that a person types at a conversation's prompt, as they are seen on the screen."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest
from support.conversation import DOWN, LEFT, PASTE, PASTED, UP, Start, leave, said, send
from support.scripted import bash, calls, says

EDITS = [
    # What is typed, and what stands on the row then, with the cursor's column.
    (f"hello wrld{LEFT * 3}o", "> hello world", 10),
    ("world\x01hello \x05!", "> hello world!", 14),
    ("one two\x17three", "> one three", 11),
    (f"one two{LEFT * 4}\x0b", "> one", 5),
    ("one two\x15three", "> three", 7),
    ("one two\x17\x19\x19", "> one twotwo", 12),
    ("one two\x1bb\x1b[3~T", "> one Two", 7),
    ("one two\x1b[1;5Dx", "> one xtwo", 7),
    ("日本語", "> 日本語", 8),
    (f"日本語{LEFT * 2}x", "> 日x本語", 5),
    (f"日本語{LEFT}\x7f", "> 日語", 4),
    ("cafe\u0301s", "> cafés", 7),
    (f"cafe\u0301s{LEFT}\x7f", "> cafs", 5),
    (f"cafe\u0301s{LEFT * 2}x", "> cafxés", 6),
    (f"a👩\u200d💻b{LEFT}\x7f", "> ab", 3),
    (f"👍🏽 👍{LEFT * 3}x", "> x👍🏽 👍", 3),
    ("\x1b[99;9Rok\x1b[5~\x1bOP\x00", "> ok", 4),
]


def test_lines_are_edited(start: Start) -> None:
    _, terminal = start()
    for typed, row, column in EDITS:
        terminal.type(typed)
        terminal.wait_until(lambda row=row, column=column: (terminal.row, terminal.cursor[1]) == (row, column))
        terminal.type("\x03")
        terminal.wait_until(lambda: terminal.row == ">")
    leave(terminal)


def test_a_line_of_many_rows_is_edited(start: Start) -> None:
    model, terminal = start(columns=20, rows=10)
    text = "".join(f"{number:02} 日本 " for number in range(12))
    terminal.type(text)
    terminal.wait_until(lambda: terminal.shown[-1] == "日本")
    terminal.type("\x01X")
    # The rows are drawn first, and then the cursor is set.
    terminal.wait_until(lambda: terminal.row.startswith("> X00") and terminal.cursor[1] == 3)
    terminal.type("\x05!")
    terminal.wait_until(lambda: terminal.row.endswith("!"))
    send(terminal, "")
    assert said(model) == [f"X{text}!"]
    assert "".join(row.removeprefix("> ") for row in terminal.all_shown).count("05") == 1
    leave(terminal)


def test_what_was_typed_comes_back_in_the_next_conversation(start: Start, tmp_path: Path) -> None:
    _, terminal = start()
    for line in ("first line", "second", " a secret", "second", "last"):
        send(terminal, line)
    leave(terminal)
    file = tmp_path / "state" / "history"
    assert file.read_text() == "first line\nsecond\nlast\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and stat.S_IMODE(file.parent.stat().st_mode) == 0o700

    _, terminal = start()
    for key, row in [(UP, "last"), (UP, "second"), (UP, "first line"), (UP, "first line"), (DOWN, "second")]:
        terminal.type(key)
        terminal.wait_until(lambda row=row: terminal.row == f"> {row}")
    terminal.type("\x15draft" + UP + DOWN)
    terminal.wait_until(lambda: terminal.row == "> second")
    leave(terminal)


def test_conversations_at_once_lose_nothing_of_each_others_history(start: Start, tmp_path: Path) -> None:
    (_, one), (_, other) = start(), start()
    for number in range(3):
        send(one, f"one {number}")
        send(other, f"other {number}")
    leave(one)
    leave(other)
    lines = (tmp_path / "state" / "history").read_text().splitlines()
    assert sorted(lines) == sorted([f"{who} {number}" for who in ("one", "other") for number in range(3)])


@pytest.mark.parametrize("kind", ["off", "a directory", "a pipe", "no directory", "rubbish", "huge"])
def test_a_history_that_is_of_no_use_hinders_nobody(start: Start, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "kept"
    if kind == "a directory":
        file.mkdir()
    elif kind == "a pipe":
        os.mkfifo(file)
    elif kind == "no directory":
        file = Path("/proc/none/history")
    elif kind == "rubbish":
        file.write_bytes(b"\xff\x1b]0;x\x07\n\\\n\x00\nok\n")
    elif kind == "huge":
        file.write_bytes(b"x" * (5 << 20) + b"\nok\n")
    _, terminal = start(AGENT_HISTORY="off" if kind == "off" else str(file))
    if kind in ("rubbish", "huge"):
        terminal.type(UP)
        terminal.wait_until(lambda: terminal.row == "> ok")
        terminal.type("\x15")
    send(terminal, "a line")
    terminal.type(UP)
    terminal.wait_until(lambda: terminal.row == "> a line")
    leave(terminal)
    assert "off" not in os.listdir(tmp_path)
    assert b"\x1b]" not in terminal.raw


def test_history_is_searched(start: Start) -> None:
    model, terminal = start()
    for line in ("plot the primes", "count the words", "plot the noise"):
        send(terminal, line)
    terminal.type("\x12plot")
    terminal.wait_until(lambda: "plot the noise" in terminal.row and "'plot'" in terminal.row)
    terminal.type("\x12")
    terminal.wait_until(lambda: "plot the primes" in terminal.row)
    terminal.type("x")
    terminal.wait_until(lambda: "no match" in terminal.row)
    terminal.type("\x7f\r")
    terminal.wait_until(lambda: terminal.row == ">" and terminal.all_shown.count("Heard.") == 4)
    assert said(model)[-1] == "plot the noise"
    terminal.type("kept\x12count\x07")
    terminal.wait_until(lambda: terminal.row == "> kept")
    terminal.type("\x15\x12count\x05, please")
    terminal.wait_until(lambda: terminal.row == "> count the words, please")
    leave(terminal)


def test_a_paste_of_many_lines_is_one_message(start: Start) -> None:
    model, terminal = start()
    terminal.type(f"See: {PASTE}def f(x):\r\n\treturn x\r\r/exit\x03\x04\x1b[A{PASTED}")
    terminal.wait_until(lambda: terminal.row == "… /exit[A")
    assert len(model.requests()) == 0
    assert [row.rstrip() for row in terminal.shown[-4:]] == ["> See: def f(x):", "…     return x", "…", "… /exit[A"]
    terminal.type(UP * 3)
    terminal.type("\x01\x0bNow:")
    terminal.wait_until(lambda: "> Now:" in terminal.shown)
    terminal.type("\r")
    terminal.wait_until(lambda: terminal.row == ">" and "Heard." in terminal.shown)
    assert said(model) == ["Now:\n\treturn x\n\n/exit[A"]
    terminal.type(UP)
    terminal.wait_until(lambda: terminal.row.startswith("… /exit[A"))
    terminal.type("\x03")
    terminal.wait_until(lambda: terminal.row == ">")
    leave(terminal)


def test_a_paste_larger_than_the_screen_is_one_message(start: Start) -> None:
    model, terminal = start(rows=10)
    lines = [f"line {number} of the paste" for number in range(3000)]
    threading.Thread(target=terminal.type, args=(PASTE + "\r".join(lines) + PASTED,)).start()
    terminal.wait_until(lambda: terminal.row == "… line 2999 of the paste")
    assert len(model.requests()) == 0
    terminal.type("\r")
    terminal.wait_until(lambda: terminal.row == ">" and "Heard." in terminal.shown)
    assert said(model) == ["\n".join(lines)]
    assert any("more lines" in row for row in terminal.all_shown)
    leave(terminal)


def test_a_line_goes_on_in_the_next(start: Start) -> None:
    model, terminal = start()
    terminal.type("one\\\rtwo\x1b\rthree")
    terminal.wait_until(lambda: terminal.shown[-3:] == ["> one", "… two", "… three"])
    send(terminal, "")
    assert said(model) == ["one\ntwo\nthree"]
    leave(terminal)


def test_tab_completes_commands(start: Start) -> None:
    _, terminal = start()
    terminal.type("/n\t")
    terminal.wait_until(lambda: terminal.row == "> /new")
    terminal.type("\x15/\t\t")
    terminal.wait_until(lambda: any("/artifacts" in row and "/save" in row for row in terminal.shown))
    terminal.wait_until(lambda: terminal.row == "> /")
    terminal.type("zzz\t/usr\tx")
    terminal.wait_until(lambda: terminal.row == "> /zzz/usrx")
    leave(terminal)


def test_tab_completes_names_of_artifacts(start: Start) -> None:
    command = "touch /artifacts/plot-one.png /artifacts/plot-two.png '/artifacts/größe 数.csv'"
    _, terminal = start([[calls(bash(command)), says("Heard.")], [says("Heard.")]])
    send(terminal, "Make them.")
    terminal.type("look at pl\t")
    terminal.wait_until(lambda: terminal.row == "> look at plot-")
    terminal.type("\t\t")
    terminal.wait_until(lambda: any("plot-one.png  plot-two.png" in row for row in terminal.shown))
    terminal.type("t\t and `gr\t` nothing\t")
    terminal.wait_until(lambda: terminal.row == "> look at plot-two.png and `größe 数.csv` nothing")
    leave(terminal)


def test_ctrl_c_clears_the_line_and_leaves_at_an_empty_one(start: Start) -> None:
    model, terminal = start()
    terminal.type("never sent\x03")
    terminal.wait_until(lambda: terminal.row == ">")
    send(terminal, "sent")
    assert said(model) == ["sent"]
    terminal.type("\x03")
    assert terminal.wait() == 130
    assert terminal.takes_lines


def test_ctrl_d_leaves_at_an_empty_line_alone(start: Start) -> None:
    _, terminal = start()
    terminal.type("ab\x01\x04")
    terminal.wait_until(lambda: terminal.row == "> b")
    terminal.type("\x05\x04x")
    terminal.wait_until(lambda: terminal.row == "> bx")
    leave(terminal)


def test_ctrl_c_interrupts_an_answer_and_what_was_typed_for_it(start: Start) -> None:
    model, terminal = start([[says(["Half", " an answer."], failures=[{"silence": "after"}])], [says("Heard.")]])
    terminal.type("go\r")
    terminal.wait_until(lambda: "Half" in terminal.row)
    terminal.type("thrown away\r\x03")
    terminal.wait_until(lambda: terminal.row == ">" and "Interrupted." in terminal.shown)
    send(terminal, "go on")
    assert said(model) == ["go", "go on"]
    leave(terminal)


def test_what_is_typed_while_the_model_answers_waits_for_the_prompt(start: Start) -> None:
    words = [f"word{number} " for number in range(40)]
    model, terminal = start([[says(words, pace=0.02)], [says("Heard.")]])
    terminal.type("go\r")
    terminal.wait_until(lambda: "word3" in " ".join(terminal.shown))
    terminal.type(f"typed{LEFT}{LEFT}x\rnex{PASTE}t\rone{PASTED}")
    terminal.wait_until(lambda: terminal.shown[-4:] == ["> typxed", "Heard.", "> next", "… one"])
    shown = "".join(terminal.all_shown)
    assert "".join(words).strip() in shown.replace(" > ", " ")
    assert said(model) == ["go", "typxed"]
    leave(terminal)


def test_what_is_typed_ahead_and_not_kept_is_said(start: Start) -> None:
    model, terminal = start([[says(["Half", " an answer."], failures=[{"silence": "after"}])], [says("Heard.")]])
    terminal.type("go\r")
    terminal.wait_until(lambda: len(model.requests()) == 1)
    for letter in "ab":
        terminal.type(PASTE + letter * 700_000 + PASTED)
    terminal.type("\r")
    terminal.wait_until(lambda: any("typed ahead exceeds 1 MiB" in row for row in terminal.all_shown), 60)
    terminal.type("\x03")
    terminal.wait_until(lambda: terminal.row == ">")
    send(terminal, "next")
    assert said(model) == ["go", "next"]
    leave(terminal)


def test_a_terminal_of_another_size_shows_the_line(start: Start) -> None:
    model, terminal = start()
    words = " ".join(f"word{number}" for number in range(10))
    terminal.type(words)
    terminal.wait_until(lambda: terminal.row.endswith("word9"))
    terminal.resize(24, 40)
    terminal.wait_until(lambda: "".join(terminal.shown[-2:]) == f"> {words}")
    terminal.resize(24, 100)
    terminal.wait_until(lambda: terminal.row == f"> {words}")
    send(terminal, "")
    assert said(model) == [words]
    leave(terminal)


@pytest.mark.parametrize("variables", [{"TERM": "dumb"}, {"TERM": ""}])
def test_a_terminal_that_cannot_redraw_edits_by_itself(start: Start, variables: dict[str, str]) -> None:
    model, terminal = start(None, **variables)
    assert terminal.takes_lines
    terminal.type("on\x7fne\\\ntwo\n")
    terminal.wait_until(lambda: any("Heard." in row for row in terminal.shown))
    assert said(model) == ["one\ntwo"]
    assert b"\x1b" not in terminal.raw
    terminal.type("\x04")
    assert terminal.wait() == 0


def test_a_paste_without_its_end_leaves_the_keys_alive(start: Start) -> None:
    model, terminal = start()
    terminal.type(f"{PASTE}half")
    terminal.wait_until(lambda: terminal.row == "> half")
    terminal.type("\x03")
    terminal.wait_until(lambda: terminal.row == ">")
    send(terminal, "whole")
    assert said(model) == ["whole"]


def test_a_search_in_a_narrow_terminal_stays_on_its_rows(start: Start) -> None:
    _, terminal = start(columns=20)
    send(terminal, "plot")
    shown = terminal.shown
    terminal.type("\x12")
    for letter in "nothing-like-that":
        terminal.type(letter)
    terminal.wait_until(lambda: any(row.startswith("(no match)") for row in terminal.shown))
    terminal.type("\x07")
    terminal.wait_until(lambda: terminal.row == ">" and terminal.shown == shown)
