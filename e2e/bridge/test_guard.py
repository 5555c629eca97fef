"""What may leave a sandbox whose session has read private data and text of strangers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.bridged import OPEN, audited, bridged_server
from support.fixture_server import entry

Json = dict[str, Any]

# `echo` only reads, on this machine.
READ_BOTH = "mcp call crm echo --text x && mcp call web echo --text x"


def servers(private: str | None = "private", untrusted: str | None = "untrusted") -> dict[str, Json]:
    sources = {"crm": private, "web": untrusted, "desk": None}
    return {
        name: {**entry(), "exec-mcp": {**OPEN, **({"source": source} if source else {})}}
        for name, source in sources.items()
    }


@pytest.mark.parametrize(("private", "untrusted"), [("private", None), (None, "untrusted"), (None, None)])
def test_without_both_kinds_of_sources_nothing_is_guarded(
    user: str, tmp_path: Path, private: str | None, untrusted: str | None
) -> None:
    with bridged_server(user, tmp_path / "run", servers(private, untrusted)) as client:
        result = client.bash(f"{READ_BOTH} && mcp call desk count --json '{{}}'")
        assert result["exit_code"] == 0, result["stderr"]


def test_a_way_out_needs_a_person_and_says_why_if_there_is_none(user: str, tmp_path: Path) -> None:
    run = tmp_path / "run"
    with bridged_server(user, run, servers(), "--allow-host", "files.example:443") as client:
        assert client.bash("mcp call desk count --json '{}'")["exit_code"] == 0
        assert client.bash(READ_BOTH)["exit_code"] == 0
        result = client.bash("mcp call desk count --json '{}'")
        assert result["exit_code"] == 4
        assert "has read private data (crm) and text of strangers (web)" in result["stderr"]
        assert audited(run)[-1]["rule"] == "guard"
        # An allowed host is a way out too. It is refused before anything is looked up.
        result = client.python("import urllib.request\nurllib.request.urlopen('https://files.example/')")
        assert result["exit_code"] != 0
        client.wait_for_log("files.example:443: This session has read private data (crm)")
        # What only reads, and only on this machine, goes on.
        assert client.bash(READ_BOTH)["exit_code"] == 0
