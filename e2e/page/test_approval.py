"""Calls that a person has to approve, on the page: a real exec-mcp asks, for a server whose rule says so."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from page.conftest import LONG, ask, finished
from playwright.sync_api import Page, expect
from support.agent_service import AgentService
from support.fixture_server import entry, read_journal
from support.scripted import bash, calls, says
from support.stdio_client import server_binary

Visit = Callable[..., Page]
TURN = [calls(bash("mcp call fixture count 2>&1; echo status $?", timeout=100)), says("It printed {{result}}")]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def service(serve: Callable[..., AgentService], journal: Path, tmp_path: Path) -> AgentService:
    file = tmp_path / "servers.json"
    asked = {**entry("--journal", str(journal)), "exec-mcp": {"tools": {"ask": ["count"]}}}
    file.write_text(json.dumps({"mcpServers": {"fixture": asked}}))
    command = f"{server_binary()} --workspace ephemeral --mcp-config {file}"
    return serve([TURN] * 3, MCP_SERVER_COMMAND=command, XDG_STATE_HOME=str(tmp_path / "state"))


@pytest.fixture
def page(service: AgentService, visit: Visit) -> Page:
    page = visit(url=service.url)
    page.context.set_default_timeout(LONG)
    return page


def called(journal: Path) -> int:
    """How often the tool was called."""
    messages = [one["message"] for one in read_journal(journal, "message")]
    return sum(message.get("method") == "tools/call" for message in messages)


def question(page: Page) -> object:
    return page.get_by_role("dialog", name=re.compile("asks for your approval"))


def asked(page: Page, words: str = "Count") -> None:
    """Sends a message, and waits until the page asks."""
    ask(page, words)
    expect(question(page)).to_contain_text("fixture.count", timeout=LONG)


def answer(page: Page) -> object:
    return page.get_by_role("article", name="Agent").last


def test_a_call_that_is_allowed_once_runs_and_the_next_is_asked_again(page: Page, journal: Path) -> None:
    asked(page)
    assert called(journal) == 0
    page.get_by_role("button", name="Allow once").click()
    finished(page)
    expect(question(page)).to_have_count(0)
    expect(answer(page)).to_contain_text("status 0")
    assert called(journal) == 1
    card = page.locator("details.card")
    card.locator("summary").click()
    expect(card).to_contain_text("1 call of tools from within")
    expect(card).to_contain_text("fixture.count")
    asked(page, "Again")
    page.get_by_role("button", name="Deny").click()
    finished(page, 2)
    expect(answer(page)).to_contain_text("status 4")
    assert called(journal) == 1


def test_a_call_that_is_allowed_for_the_session_is_not_asked_again(page: Page, journal: Path) -> None:
    asked(page)
    page.get_by_role("button", name="Allow for this session").click()
    finished(page)
    ask(page, "Again")
    finished(page, 2)
    expect(answer(page)).to_contain_text("status 0")
    expect(question(page)).to_have_count(0)
    assert called(journal) == 2


def test_it_is_answered_by_keyboard_alone(page: Page, journal: Path) -> None:
    asked(page)
    expect(page.get_by_label("Message to the agent")).to_be_focused()
    pressed = 0
    while page.evaluate("document.activeElement.textContent") != "Deny":
        page.keyboard.press("Shift+Tab")
        pressed += 1
        assert pressed < 20
    page.keyboard.press("Enter")
    finished(page)
    expect(answer(page)).to_contain_text("status 4")
    expect(page.get_by_label("Message to the agent")).to_be_focused()
    assert called(journal) == 0


def test_two_tabs_show_the_question_and_one_answers(page: Page, visit: Visit, service: AgentService) -> None:
    asked(page)
    second = visit(page.url.removeprefix(service.url), url=service.url)
    expect(question(second)).to_contain_text("fixture.count")
    second.get_by_role("button", name="Allow once").click()
    finished(second)
    page.bring_to_front()
    finished(page)
    for tab in (page, second):
        expect(question(tab)).to_have_count(0)
        expect(answer(tab)).to_contain_text("status 0")


def test_a_question_that_is_answered_elsewhere_is_gone(page: Page, service: AgentService, user: str) -> None:
    asked(page)
    of_user = f"{service.url}/v1/sessions/default/questions"
    with urllib.request.urlopen(of_user, timeout=60) as response:
        (pending,) = json.load(response)["data"]
    content = {"action": "accept", "content": {"decision": "once"}}
    request = urllib.request.Request(
        f"{of_user}/{pending['id']}", json.dumps(content).encode(), {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=60).close()
    expect(question(page)).to_have_count(0)
    finished(page)
    expect(answer(page)).to_contain_text("status 0")


def test_a_run_that_is_stopped_withdraws_its_question(page: Page, journal: Path) -> None:
    asked(page)
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(question(page)).to_have_count(0)
    finished(page)
    expect(answer(page)).to_contain_text("Stopped.")
    assert called(journal) == 0
