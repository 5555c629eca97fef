"""examples/bridge: the demo answers its question, and fails aloud where it must."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from support.stdio_client import REPOSITORY, server_binary

DEMO = REPOSITORY / "examples" / "bridge" / "demo.py"
SERVERS = REPOSITORY / ".venv" / "servers" / "bin"


def run(binary: str | None = None, servers: Path = SERVERS, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(DEMO), "--binary", binary or server_binary(), "--servers", str(servers)],
        capture_output=True,
        text=True,
        timeout=240,
        env={**os.environ, **environment},
    )


def test_it_finds_the_releases_and_saves_most_tokens() -> None:
    """Whatever is set for other sandboxes."""
    demo = run(MCP_EXECUTOR_MCP_CONFIG="/nowhere.json", MCP_TOOLS_PATH="/nowhere")
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert demo.stdout.count("<- the same file, and it was over") == 2
    assert "ecommerce.refund_create needs a person's approval" in demo.stdout
    saved = re.search(r"(\d+)% less", demo.stdout)
    assert saved and int(saved[1]) >= 70, demo.stdout
    assert "\033" not in demo.stdout, "colours where there is no terminal"
    shown = (REPOSITORY / "docs" / "bridge.md").read_text()
    answer = shown.partition("   │ 451 orders")[2].partition("[tools:")[0]
    assert answer.count("\n") > 8
    assert [line for line in answer.splitlines() if line.rstrip() not in demo.stdout] == [], "the page shows another"


def test_missing_servers_are_named_with_their_remedy(tmp_path: Path) -> None:
    demo = run(servers=tmp_path)
    assert demo.returncode == 1
    assert str(tmp_path) in demo.stderr and "e2e/environment.sh servers" in demo.stderr
    assert "Traceback" not in demo.stderr


def test_a_server_that_ends_is_reported() -> None:
    demo = run(binary="/bin/true")
    assert demo.returncode == 1 and "the server ended" in demo.stderr
    assert "Traceback" not in demo.stderr
