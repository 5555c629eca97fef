"""examples/demo: the demo runs, leaves a picture, and fails aloud where it must."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.stdio_client import REPOSITORY, server_binary

DEMO = REPOSITORY / "examples" / "demo" / "demo.py"
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def run(output: Path, binary: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(DEMO), "--binary", binary or server_binary(), "--output", str(output)],
        capture_output=True,
        text=True,
        timeout=240,
        cwd=REPOSITORY,
        env={**os.environ, **environment},
    )


def words(text: str) -> str:
    """A text without colours and numbers: times are of their run, versions and sizes of their day."""
    return re.sub(r"\d[\d.]*( m?s\b)?", "…", re.sub(r"\033\[[0-9;]*m", "", text))


def test_it_leaves_the_picture_and_the_block_for_a_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And prints what the recording in the documents shows."""
    demo = run(tmp_path)
    assert demo.returncode == 0, demo.stdout + demo.stderr
    picture = tmp_path / "keplers-third-law.png"
    assert picture.read_bytes().startswith(PNG_SIGNATURE)
    assert str(picture) in demo.stdout
    assert f'"command": "{Path(server_binary()).absolute()}"' in demo.stdout
    assert "\033" not in demo.stdout, "colours where there is no terminal"
    monkeypatch.syspath_prepend(str(REPOSITORY / "examples" / "recording"))
    import record_terminal

    recorded = (REPOSITORY / "docs" / "images" / "terminal.cast").read_text().splitlines()[2:]
    printed = record_terminal.anonymous(demo.stdout, Path(server_binary()).absolute(), str(tmp_path))
    shown = "".join(json.loads(line)[2] for line in recorded)
    assert words(printed) == words(shown), "make pictures records it again"


def test_settings_for_other_sandboxes_do_not_change_it(tmp_path: Path) -> None:
    demo = run(tmp_path, MCP_EXECUTOR_NETWORK="bridge", MCP_TOOLS_PATH="/nowhere")
    assert demo.returncode == 0, demo.stdout + demo.stderr


def test_a_missing_image_is_named_with_its_remedy(tmp_path: Path) -> None:
    demo = run(tmp_path, MCP_EXECUTOR_IMAGE="no-such-image:none")
    assert demo.returncode == 1
    assert "The demo failed" in demo.stderr and "no-such-image:none" in demo.stderr and "make image" in demo.stderr


def test_a_missing_server_is_named_with_its_remedy(tmp_path: Path) -> None:
    demo = run(tmp_path, binary=str(tmp_path / "exec-mcp"))
    assert demo.returncode == 1
    assert str(tmp_path / "exec-mcp") in demo.stderr and "make build" in demo.stderr


def test_a_server_that_ends_is_reported(tmp_path: Path) -> None:
    demo = run(tmp_path, binary="/bin/true")
    assert demo.returncode == 1 and "the server ended" in demo.stderr
    assert "Traceback" not in demo.stderr
