"""The repository's documents, and what a reader of Markdown sees in them."""

from __future__ import annotations

import re
from pathlib import Path

from support.stdio_client import REPOSITORY

# Folders with documents of the project. Others have copies of what others publish, or samples for tests.
DOCUMENTS = sorted(
    [
        *REPOSITORY.glob("*.md"),
        *(REPOSITORY / "docs").rglob("*.md"),
        *(REPOSITORY / "examples").rglob("*.md"),
        *(REPOSITORY / "container").glob("*.md"),
        *(REPOSITORY / "packaging").glob("*.md"),
        *(REPOSITORY / "e2e").glob("[a-z]*/README.md"),
    ]
)


def names(document: Path) -> str:
    return str(document.relative_to(REPOSITORY))


def prose(text: str) -> str:
    """A document without its fenced blocks."""
    return re.sub(r"^( *)(```|~~~).*?^\1\2\s*?$", "", text, flags=re.MULTILINE | re.DOTALL)


def fenced(text: str) -> list[tuple[str, str]]:
    """The language and the content of each fenced block."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def links(document: Path) -> list[str]:
    """Where a document's links and pictures lead within the repository."""
    targets = re.findall(r"\]\(([^)\s]+)[^)]*\)", prose(document.read_text()))
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    found: set[str] = set()
    for title in re.findall(r"^#{1,6} +(.*?) *#*$", prose(document.read_text()), re.MULTILINE):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower()
        slug = base = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        number = 0
        while slug in found:
            number += 1
            slug = f"{base}-{number}"
        found.add(slug)
    return found
