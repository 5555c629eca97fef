"""Fixtures of the page's suite: a browser, pages with a canary, and a server of which a test decides what it does."""

from __future__ import annotations

import contextlib
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from page.mock_server import Mock
from page.sinks import Sinks
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright
from support.agent_service import AgentService
from support.scripted import Json, ScriptedModel

CHROMIUM = shutil.which("chromium")
LONG = 120_000  # milliseconds: a first sandbox on a busy machine
PATIENCE = 60_000  # milliseconds: nothing here takes this long, however busy the machine is

expect.set_options(timeout=PATIENCE)


@dataclass
class Canary:
    """What a page must never do: run what came from outside, ask another host, be refused anything by its policy."""

    songs: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def watch(self, page: Page, origin: str) -> None:
        def requested(request: Any) -> None:
            if not request.url.startswith((origin, "blob:", "data:", "about:")):
                self.songs.append(f"request to {request.url}")

        def said(message: Any) -> None:
            if re.search(r"Content Security Policy|TrustedHTML|Refused to|violates", message.text):
                self.songs.append(f"console: {message.text}")

        page.on("request", requested)
        page.on("console", said)
        page.on("dialog", lambda dialog: (self.songs.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("popup", lambda popup: self.songs.append(f"popup {popup.url}"))
        page.on("pageerror", lambda error: self.errors.append(str(error)))


def until(page: Page, condition: str) -> None:
    """Waits for a condition in JavaScript; Playwright's own way evaluates a string, which the page's policy refuses."""
    limit = time.monotonic() + PATIENCE / 1000
    while not page.evaluate(condition):
        assert time.monotonic() < limit, f"it never held: {condition}"
        page.wait_for_timeout(50)


def ask(page: Page, words: str) -> None:
    page.get_by_label("Message to the agent").fill(words)
    page.keyboard.press("Enter")


def finished(page: Page, turns: int = 1) -> None:
    """Waits until this number of turns have their end, which shows the time they took."""
    expect(page.locator("article.agent > footer > .quiet")).to_have_count(turns, timeout=LONG)
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible(timeout=LONG)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    yield started
    started.close()


@pytest.fixture
def mock() -> Iterator[Mock]:
    server = Mock().start()
    yield server
    server.close()


@pytest.fixture
def sinks() -> Iterator[Sinks]:
    opened = Sinks()
    opened.prove()
    yield opened
    opened.close()
    assert not opened.heard, opened.heard


@pytest.fixture
def serve(tmp_path: Path, user: str) -> Iterator[Callable[..., AgentService]]:
    """Starts the service on top of a model that plays a conversation: the turns that answer each message."""
    with contextlib.ExitStack() as closing:

        def start(conversation: list[list[Json]], *options: str, **variables: str) -> AgentService:
            model = ScriptedModel(tmp_path, conversation)
            closing.callback(model.close)
            return closing.enter_context(AgentService(model.url, user, *options, **variables))

        yield start


@pytest.fixture
def canary() -> Iterator[Canary]:
    watching = Canary()
    yield watching
    assert not watching.songs, watching.songs
    assert not watching.errors, watching.errors


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en", timezone_id="UTC")
    opened.set_default_timeout(PATIENCE)
    yield opened
    opened.close()


@pytest.fixture
def visit(context: BrowserContext, canary: Canary, mock: Mock) -> Callable[..., Page]:
    """Opens the page of the mock in a tab of its own; `at` is what follows the address."""

    def go(at: str = "", ready: bool = True, url: str | None = None) -> Page:
        page = context.new_page()
        base = url or mock.url
        canary.watch(page, base)
        page.goto(base + at)
        if ready:
            expect(page.locator("body")).to_have_attribute("data-screen", "app")
        return page

    return go
