"""The documents: what they say of options and files is so."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from support.agent import agent_binary
from support.stdio_client import REPOSITORY, server_binary

DOCUMENTS = [
    *REPOSITORY.glob("*.md"),
    *REPOSITORY.glob("docs/**/*.md"),
    REPOSITORY / "examples" / "README.md",
]


def options_in_help() -> list[tuple[str, str, str]]:
    """(flag, variable, default) of each option, as --help tells them."""
    text = subprocess.run([server_binary(), "--help"], check=True, capture_output=True, text=True, timeout=30).stdout
    found = re.findall(r"^  (--[a-z-]+)(?: \S+)?\n.*\n +\((\w+); default: (.*)\)$", text, re.MULTILINE)
    assert len(found) >= 15
    return found


def test_the_page_of_options_lists_every_option_of_the_help_in_its_order() -> None:
    page = (REPOSITORY / "docs" / "options.md").read_text()
    rows = re.findall(r"^\| `(--[a-z-]+)(?: [^`]+)?` \| `(\w+)` \| `?(.*?)`? \|", page, re.MULTILINE)
    assert rows == options_in_help()


def test_the_agents_page_lists_every_option_of_its_help_in_its_order() -> None:
    text = subprocess.run([agent_binary(), "--help"], check=True, capture_output=True, text=True, timeout=30).stdout
    options = []
    pattern = r"^  (--\S+|[A-Z_]+)(?: (\S+))?\n +(.*)\n +\((?:(\w+); )?default: (.*)\)$"
    for name, value, meaning, variable, default in re.findall(pattern, text, re.MULTILINE):
        flag = " ".join(filter(None, [name, value])) if name.startswith("--") else ""
        options.append((flag, variable if flag else name, default, meaning))
    assert len(options) >= 20
    page = (REPOSITORY / "docs" / "agent.md").read_text().partition("## Options")[2].replace("\\|", "¦")
    rows = re.findall(r"^\| (?:`([^`]+)`)? ?\| (?:`(\w+)`)? ?\| (.*?) \| (.*?) \|$", page, re.MULTILINE)
    assert [tuple(cell.replace("¦", "|") for cell in row) for row in rows] == options


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_links_lead_to_files_that_are_there(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text())
    broken = [
        target for target in targets if not re.match(r"[a-z]+:", target) and not (document.parent / target).exists()
    ]
    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_make_targets_that_are_named_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z][a-z-]*)", document.read_text(), re.MULTILINE))
    assert named <= targets
