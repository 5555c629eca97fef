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


@pytest.mark.parametrize(
    "arguments",
    [
        ["--engine", "podman", "image", "--print"],
        ["--print", "image", "--engine=podman"],
        ["--print", "--engine", "image", "image"],
        ["--prewarm", "--user", "doctor", "image", "--memory", "2g", "--print"],
        ["--tag", "doctor", "image", "--print", "--image", "config"],
    ],
)
def test_a_command_stands_anywhere(arguments: list[str]) -> None:
    assert run(*arguments).stdout == run("image", "--print").stdout != ""


def test_a_block_has_the_options_that_stand_around_the_command() -> None:
    expected = run("config", "cursor", "--", "--user", "ann", "--memory", "2g")
    assert expected.returncode == 0 and '"--user"' in expected.stdout
    assert run("--user", "ann", "config", "cursor", "--memory", "2g").stdout == expected.stdout


def test_a_doctor_is_found_behind_the_options_that_it_is_to_look_at() -> None:
    seen = run("--engine", "no-such-engine", "doctor", "--json")
    assert seen.returncode == 1 and "no-such-engine" in seen.stdout and seen.stderr == ""


@pytest.mark.parametrize("arguments", [["--user", "doctor"], ["--user=config", "--engine", "image"]])
def test_the_value_of_an_option_is_no_command(arguments: list[str]) -> None:
    served = run(*arguments, "--log-level", "error")
    assert served.returncode == 0 and served.stdout == ""


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_word_that_is_no_command_is_refused_wherever_it_stands(place: int) -> None:
    arguments = ["--prewarm", "--user=ann"]
    arguments.insert(place, "doctro")
    refused = run(*arguments)
    assert refused.returncode == 2 and "unknown command 'doctro'" in refused.stderr


def test_without_a_command_it_serves() -> None:
    served = run("--log-level", "error")
    assert served.returncode == 0 and served.stdout == ""
