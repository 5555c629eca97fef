"""The command line's commands: each explains itself, and what is none is refused in one line."""

from __future__ import annotations

import re
import subprocess

import pytest
from support.stdio_client import server_binary


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the program with nothing to read, so that a server that starts by mistake ends at once."""
    return subprocess.run(
        [server_binary(), *arguments], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
    )


def commands() -> list[str]:
    """The commands that --help lists."""
    section = run("--help").stdout.split("Commands (")[1].split("Options (")[0]
    found = re.findall(r"^  ([a-z]+) +\S", section, re.MULTILINE)
    assert "config" in found
    return found


def test_every_command_has_a_help_of_its_own() -> None:
    for command in commands():
        for flag in ["--help", "-h"]:
            help_ = run(command, flag)
            assert help_.returncode == 0 and help_.stderr == ""
            assert f"Usage: exec-mcp {command}" in help_.stdout


@pytest.mark.parametrize("word", ["serve", "confi", "Config", "", "config\nx"])
def test_an_unknown_command_is_refused_with_those_there_are(word: str) -> None:
    refused = run(word)
    assert refused.returncode == 2 and refused.stdout == ""
    assert refused.stderr.count("\n") == 1
    assert all(command in refused.stderr for command in commands()) and "--help" in refused.stderr


def test_a_command_stands_first() -> None:
    refused = run("--user", "ann", "config")
    assert refused.returncode == 2 and "'config'" in refused.stderr and refused.stderr.count("\n") == 1


def test_without_a_command_it_serves() -> None:
    served = run("--log-level", "error")
    assert served.returncode == 0 and served.stdout == ""
