"""examples/recording: what is recorded is drawn, and the documents show the drawing of what the demo prints today."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from support.stdio_client import REPOSITORY

RECORDER = REPOSITORY / "examples" / "recording"
IMAGES = REPOSITORY / "docs" / "images"
SVG = "{http://www.w3.org/2000/svg}"
ANYTHING_THAT_LOADS_OR_RUNS = re.compile(r"<script|\bon\w+=|href|@import|@font-face|<image|foreignObject|https?://(?!www\.w3)")


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The modules of the recorder, which are scripts beside each other."""
    monkeypatch.syspath_prepend(str(RECORDER))
    import cast as recording
    import terminal_svg

    return recording, terminal_svg


def shown(picture: str) -> list[str]:
    """The rows of a picture."""
    return ["".join(row.itertext()) for row in ElementTree.fromstring(picture).iter(f"{SVG}text")]


def test_the_picture_in_the_documents_is_the_drawing_of_its_recording(tmp_path: Path) -> None:
    (tmp_path / "terminal.cast").write_bytes((IMAGES / "terminal.cast").read_bytes())
    command = [sys.executable, str(RECORDER / "record_terminal.py"), "--draw", "--images", str(tmp_path)]
    subprocess.run(command, check=True, timeout=60)
    assert (tmp_path / "terminal.svg").read_text() == (IMAGES / "terminal.svg").read_text()


def test_a_recording_has_no_path_of_the_machine(recorder: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import record_terminal

    program = tmp_path / "demo.py"
    program.write_text(f"import sys; print(sys.argv[1:], {str(REPOSITORY / 'x')!r})")
    monkeypatch.setattr(record_terminal, "DEMO", str(program))
    text = record_terminal.recorded(tmp_path / "exec-mcp").text.partition("\n")[2]
    home = "/home/you/exec-mcp"
    words = ["--binary", f"{home}/.build/release/exec-mcp", "--output", f"{home}/demo-output"]
    assert text == f"{words} {home}/x\n"


def test_the_picture_loads_and_runs_nothing() -> None:
    assert ANYTHING_THAT_LOADS_OR_RUNS.findall((IMAGES / "terminal.svg").read_text()) == []
    assert (IMAGES / "page.gif").read_bytes().startswith(b"GIF89a")


def test_all_that_was_written_is_drawn_with_colours_and_as_a_terminal_wraps_it(recorder: Any) -> None:
    recording, terminal_svg = recorder
    events = [(0.0, "\033[1;32m$\033[0m a <b> & c\n\n"), (1.0, "12345"), (2.0, "67890\033[2mabc\033[0m\n")]
    picture = terminal_svg.draw(recording.Cast(10, 4, events), 'a "title" & more')
    assert shown(picture) == ["$ a <b> & ", "c", "1234567890", "abc"]
    assert '<tspan fill="#7ee787" font-weight="700">$</tspan>' in picture
    assert '<tspan opacity="0.6">abc</tspan>' in picture
    assert ElementTree.fromstring(picture).get("aria-label") == 'a "title" & more'


def test_where_nothing_is_animated_the_last_screen_is_shown(recorder: Any) -> None:
    recording, terminal_svg = recorder
    lines = [(number / 10, f"line {number}\n") for number in range(10)]
    picture = ElementTree.fromstring(terminal_svg.draw(recording.Cast(20, 4, lines), "t"))
    moved = {one.get("class"): one.get("transform") for one in picture.iter() if one.get("class")}
    height = terminal_svg.LINE_HEIGHT
    assert moved == {"film": f"translate(0 {-6 * height})", "cover": f"translate(0 {10 * height})"}


def test_readers_get_pauses_but_no_long_waits(recorder: Any) -> None:
    recording, terminal_svg = recorder
    events = [(0.0, "a\n"), (60.0, "b\n"), (60.0, "\n"), (60.0, "c\n")]
    times = terminal_svg.paced(terminal_svg.rows_of(recording.Cast(20, 4, events)))
    waits = [after - before for before, after in zip(times, times[1:])]
    assert waits[0] == pytest.approx(terminal_svg.LONGEST_WAIT)
    assert waits[1] == pytest.approx(terminal_svg.BEFORE_LINE + terminal_svg.BEFORE_PARAGRAPH)
    assert waits[2] == pytest.approx(terminal_svg.BEFORE_LINE)


@pytest.mark.parametrize("strange", ["\033[2K", "a\rb", "\033[38;5;1mx", "\a"])
def test_what_is_not_understood_is_refused(recorder: Any, strange: str) -> None:
    recording, terminal_svg = recorder
    with pytest.raises(recording.RecordingError, match="not drawn"):
        terminal_svg.draw(recording.Cast(20, 4, [(0.0, strange + "\n")]), "t")


def test_a_program_is_recorded_at_a_terminal_of_the_given_size(recorder: Any, tmp_path: Path) -> None:
    recording, _ = recorder
    program = "import os,sys; print(sys.stdout.isatty(), os.get_terminal_size().columns, 'é')"
    cast = recording.record([sys.executable, "-c", program], os.environ, 77, 11, tmp_path)
    assert cast.text == "True 77 é\n"
    cast.write(tmp_path / "a.cast")
    assert recording.Cast.read(tmp_path / "a.cast").text == cast.text


def test_a_program_that_fails_is_no_recording(recorder: Any, tmp_path: Path) -> None:
    recording, _ = recorder
    with pytest.raises(recording.RecordingError, match="status 3"):
        recording.record([sys.executable, "-c", "raise SystemExit(3)"], os.environ, 80, 24, tmp_path)


def test_a_file_that_is_no_recording_is_named(recorder: Any, tmp_path: Path) -> None:
    (tmp_path / "terminal.cast").write_text("hello\n")
    command = [sys.executable, str(RECORDER / "record_terminal.py"), "--draw", "--images", str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert run.returncode == 1 and "isn't an asciicast" in run.stderr and "Traceback" not in run.stderr
