"""What the sources of the page must never contain."""

from __future__ import annotations

import json
import re

import pytest
from page.mock_server import SOURCES

LONGEST = 400
FORBIDDEN = {
    "an HTML string": r"innerHTML|outerHTML|insertAdjacent|document\.write|srcdoc|DOMParser|createContextual",
    "code from a string": r"\beval\b|new Function|\bFunction\(|setTimeout\(['\"`]|setInterval\(['\"`]|javascript:",
    "a style in the markup": r"\bstyle=|setAttribute\(\s*['\"]style|\.cssText",
    "a handler in the markup or a property": r"\bon(?!e\b)[a-z]+\s*=(?!=)",
    "an address of another host": r"https?:",
    "what other hosts can be reached with": r"\b(WebSocket|EventSource|RTCPeer\w+|sendBeacon|importScripts|Worker)\b",
    "a key in an address or a cookie": r"document\.cookie",
}
FILES = sorted(SOURCES.iterdir())
TEXTS = [file for file in FILES if file.suffix in (".js", ".css", ".html")]


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.name)
@pytest.mark.parametrize("what", FORBIDDEN)
def test_sources_never_contain(file, what) -> None:
    found = re.findall(FORBIDDEN[what], file.read_text())
    assert not found, f"{file.name} has {what}: {found}"


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.name)
def test_no_source_is_long(file) -> None:
    assert len(file.read_text().splitlines()) < LONGEST


def test_the_page_asks_for_no_file_that_it_does_not_have() -> None:
    index = (SOURCES / "index.html").read_text()
    asked = re.findall(r'(?:href|src)="ui/([^"]+)"', index)
    for module in SOURCES.glob("*.js"):
        asked += re.findall(r"(?:from |import\()'\./([^']+)'", module.read_text())
    assert asked and not [name for name in asked if not (SOURCES / name).exists()]


def test_the_manifest_names_the_icon() -> None:
    manifest = json.loads((SOURCES / "manifest.webmanifest").read_text())
    assert (SOURCES / manifest["icons"][0]["src"]).exists()
    assert manifest["name"] == "exec-agent"


def test_the_icon_has_no_script() -> None:
    assert not re.search(r"script|\bon|href", (SOURCES / "icon.svg").read_text())
