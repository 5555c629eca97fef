#!/usr/bin/env python3
"""Records examples/demo/demo.py, a real session with the real engine, as docs/images/terminal.cast, and draws the
recording as terminal.svg. With --draw it only draws again what was recorded.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import cast
import terminal_svg

REPOSITORY = Path(__file__).resolve().parents[2]
IMAGES = REPOSITORY / "docs" / "images"
DEMO = "examples/demo/demo.py"
COLUMNS, ROWS = 116, 30
TITLE = "A recorded session: an agent's code runs in the sandbox, makes a chart, and the chart comes out"
# What stands for the directory of the checkout, which is nobody's business.
HOME = "/home/you/exec-mcp"


def recorded(binary: Path) -> cast.Cast:
    """The demo, with the command that started it as the first line."""
    with tempfile.TemporaryDirectory() as output:
        command = [sys.executable, DEMO, "--binary", str(binary), "--output", output]
        run = cast.record(command, os.environ, COLUMNS, ROWS, REPOSITORY)
        lines = [(seconds, anonymous(line, binary, output)) for seconds, line in run.lines]
    return cast.Cast(COLUMNS, ROWS, [(0.0, f"\033[1;32m$\033[0m python3 {DEMO}\n"), *lines])


def anonymous(text: str, binary: Path, output: str) -> str:
    """What the demo printed, with the paths of this machine replaced."""
    places = {
        str(binary): f"{HOME}/.build/release/exec-mcp",
        os.path.relpath(binary, REPOSITORY): ".build/release/exec-mcp",
        output: f"{HOME}/demo-output",
        str(REPOSITORY): HOME,
    }
    for place, shown in places.items():
        text = text.replace(place, shown)
    return text


def main() -> int:
    parser = argparse.ArgumentParser(description="Records a terminal session and draws it.")
    parser.add_argument("--binary", type=Path, default=REPOSITORY / ".build" / "release" / "exec-mcp")
    parser.add_argument("--images", type=Path, default=IMAGES, help="where the pictures go")
    parser.add_argument("--draw", action="store_true", help="draw the recording that is there")
    options = parser.parse_args()
    file = options.images / "terminal.cast"
    try:
        if not options.draw:
            recorded(options.binary.absolute()).write(file)
        (options.images / "terminal.svg").write_text(terminal_svg.draw(cast.Cast.read(file), TITLE))
    except (cast.RecordingError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
