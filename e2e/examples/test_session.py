"""examples/session: the scripted session runs and shows what its description promises."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from support.stdio_client import REPOSITORY, server_binary

RUN = REPOSITORY / "examples" / "session" / "run.py"


@pytest.fixture(scope="module")
def replies() -> dict[int, Any]:
    """The replies as the script prints them, by id."""
    run = subprocess.run(
        [sys.executable, str(RUN), "--binary", server_binary()], capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr
    blocks = [block for block in run.stdout.replace("\n< ", "\n\n< ").split("\n\n") if block.startswith("< ")]
    messages = [json.loads(block[2:]) for block in blocks]
    return {message["id"]: message.get("result") or message["error"] for message in messages}


def test_every_request_is_answered(replies: dict[int, Any]) -> None:
    assert sorted(replies) == list(range(1, 11))


def test_a_file_is_written_and_run(replies: dict[int, Any]) -> None:
    assert replies[3]["structuredContent"] == {
        "exit_code": 0,
        "stdout": "1 4 9 16 25 36 49 64 81 100\n",
        "stderr": "",
    }


def test_a_failing_command_is_a_result(replies: dict[int, Any]) -> None:
    assert replies[4]["structuredContent"]["exit_code"] == 2 and "isError" not in replies[4]


def test_a_timeout_keeps_what_was_printed(replies: dict[int, Any]) -> None:
    assert replies[5]["structuredContent"]["stdout"] == "started\n"
    assert replies[5]["structuredContent"]["timed_out"] is True


def test_the_same_process_speaks_both_eras(replies: dict[int, Any]) -> None:
    assert replies[1]["protocolVersion"] == "2025-11-25" and "resultType" not in replies[3]
    assert replies[6]["supportedVersions"][0] == "2026-07-28" and replies[7]["resultType"] == "complete"


def test_a_missing_file_is_an_error_result(replies: dict[int, Any]) -> None:
    assert replies[9]["isError"] is True and "missing.txt" in replies[9]["content"][0]["text"]


def test_an_unknown_revision_is_refused_with_those_there_are(replies: dict[int, Any]) -> None:
    assert replies[10]["code"] == -32022 and "2026-07-28" in replies[10]["data"]["supported"]


def test_a_server_that_does_not_answer_is_reported() -> None:
    run = subprocess.run(
        [sys.executable, str(RUN), "--binary", "/bin/true"], capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 1 and "ended without an answer" in run.stderr
