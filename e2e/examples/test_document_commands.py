"""The documents: commands, options and variables that they name are those of the programs."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest
from examples.markdown import DOCUMENTS, fenced, names, prose
from support.agent import agent_binary
from support.stdio_client import REPOSITORY, server_binary

# The history names what has been; it is true of its time.
CURRENT = [document for document in DOCUMENTS if document.name != "CHANGELOG.md"]
OPTION = r"(?<![\w-])--[a-z][a-z-]*"

# Options of other programs that the documents name by themselves.
FOREIGN = {
    "docker": "--init --rm --opt --user --network --memory --cpus --log-driver",
    "docker mcp gateway": "--block-network",
    "runsc": "--platform",
    "py": "--list --reset --close --wait",
    "mcp, in the sandbox": "--raw --json --timeout --no-name --name --name-json",
    "servers in examples": "--api-key --token --connection-string --repository --read-only",
    "srun": "--unbuffered --input --account --cpus-per-task --mem --partition --time --quiet --nodelist --export",
    "pytest": "--lf --ff",
    "curl, pip": "--user --config",
    "make bench": "--only",
}


@cache
def helps() -> dict[str, str]:
    """What the help of each command says."""
    commands = re.findall(r"^  ([a-z]+)  ", _help(server_binary()).partition("Commands")[2], re.MULTILINE)
    assert {"config", "doctor", "image"} <= set(commands)
    found = {f"exec-mcp {command}": _help(server_binary(), command) for command in commands}
    return {"exec-mcp": _help(server_binary()), **found, "exec-agent": _help(agent_binary())}


def _help(program: str, *command: str) -> str:
    run = subprocess.run([program, *command, "--help"], check=True, capture_output=True, text=True, timeout=30)
    return run.stdout


def options(*programs: str) -> set[str]:
    return {option for program in programs for option in re.findall(OPTION, helps()[program])}


def command_lines(document: Path) -> list[str]:
    """The command lines of both programs in blocks and in spans of code."""
    text = document.read_text()
    blocks = [line for language, block in fenced(text) if language in ("", "sh", "bash") for line in block.splitlines()]
    spans = re.findall(r"`([^`\n]+)`", text)
    lines = [re.sub(r"^\$ ", "", line).partition(" #")[0] for line in [*blocks, *spans]]
    # A line that ends with a colon or a full stop is output, or a sentence.
    return [line for line in lines if re.match(r"(?:\S*/)?exec-(?:mcp|agent)(?: .*[^:.]|)$", line)]


@pytest.mark.parametrize("document", CURRENT, ids=names)
def test_command_lines_have_commands_and_options_that_exist(document: Path) -> None:
    wrong = []
    for line in command_lines(document):
        words = line.split()
        program = words[0].rpartition("/")[2]
        known = options(program)
        if program == "exec-mcp":
            command = next((f"exec-mcp {word}" for word in words[1:] if f"exec-mcp {word}" in helps()), None)
            known |= options(command) if command else set()
            if len(words) > 1 and re.fullmatch(r"[a-z][a-z-]+", words[1]) and command is None:
                wrong.append(line)
        # What stands in quotes may be another command's.
        plain = re.sub(r"\"[^\"]*\"|'[^']*'", "", line)
        wrong += [line for option in re.findall(OPTION, plain) if option not in known]
    assert [line for line in wrong if not line.startswith("exec-mcp hold-sandbox")] == []


@pytest.mark.parametrize("document", CURRENT, ids=names)
def test_options_that_are_named_exist(document: Path) -> None:
    known = options(*helps()) | set(" ".join(FOREIGN.values()).split())
    spans = re.findall(r"`(--[a-z][^`\n]*)`", prose(document.read_text()))
    assert [span for span in spans if re.match(OPTION, span)[0] not in known] == []


@pytest.mark.parametrize("document", CURRENT, ids=names)
def test_variables_that_are_named_exist(document: Path) -> None:
    scripts = [*(REPOSITORY / "container").glob("*.sh"), REPOSITORY / "Makefile"]
    known = "".join([*helps().values(), *(script.read_text() for script in scripts)])
    named = set(re.findall(r"\b(?:MCP_EXECUTOR|MCP_TOOLS|MCP_SKILLS|AGENT|OPENAI)_[A-Z_]+\b", document.read_text()))
    assert {name for name in named if name not in known} == set()
