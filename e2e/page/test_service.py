"""The page of the built exec-agent, with a scripted model and real sandboxes: each feature as a person would use it."""

from __future__ import annotations

import io
import json
import re
import secrets
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from page.conftest import LONG, Canary, ask, finished
from page.mock_server import SOURCES
from playwright.sync_api import BrowserContext, Page, expect
from pygments.lexers import get_lexer_for_filename
from pygments.token import Comment, Whitespace
from support import engine
from support.agent_service import AgentService
from support.stdio_client import REPOSITORY

SCRIPT = REPOSITORY / "examples" / "agent" / "page.json"


@pytest.fixture(scope="module")
def model() -> Iterator[str]:
    program = REPOSITORY / "examples" / "agent" / "scripted_model.py"
    with subprocess.Popen(
        [sys.executable, str(program), "--script", str(SCRIPT)], stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout
        yield running.stdout.readline().strip()
        running.terminate()


@pytest.fixture(scope="module")
def name() -> Iterator[str]:
    user = f"page-{secrets.token_hex(4)}"
    yield user
    engine.remove_everything(user)


@pytest.fixture(scope="module")
def service(model: str, name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AgentService]:
    with AgentService(model, name, AGENT_SESSIONS=str(tmp_path_factory.mktemp("sessions"))) as running:
        yield running


@pytest.fixture
def page(service: AgentService, context: BrowserContext, canary: Canary) -> Iterator[Page]:
    context.set_default_timeout(LONG)
    opened = context.new_page()
    canary.watch(opened, service.url)
    opened.goto(service.url)
    expect(opened.locator("body")).to_have_attribute("data-screen", "app")
    yield opened


def significant(name: str, text: str) -> list[tuple[Any, str]]:
    """The tokens of a source, without comments and white space."""
    lexer = get_lexer_for_filename(name, stripnl=False)
    return [
        one for one in lexer.get_tokens(text) if one[1].strip() and one[0] not in Comment and one[0] not in Whitespace
    ]


def test_what_is_served_means_the_same_as_the_sources(service: AgentService) -> None:
    served = 0
    for file in [*SOURCES.glob("*.js"), *SOURCES.glob("*.css")]:
        with urllib.request.urlopen(f"{service.url}/ui/{file.name}") as answer:
            text = answer.read().decode()
        assert significant(file.name, text) == significant(file.name, file.read_text()), file.name
        assert not re.search(r"^\s|^//|/\*\*|\n\n", text), file.name
        served += 1
    assert served > 20


def test_a_whole_analysis_from_the_question_to_the_chart(page: Page) -> None:
    ask(page, "When do we need more people? Make me a chart.")
    agent = page.get_by_role("article", name="Agent")
    expect(agent).to_contain_text("I put the figures into a file", timeout=LONG)
    expect(agent.get_by_role("heading", name="When you need more people")).to_be_visible(timeout=LONG)
    finished(page)
    cards = page.locator("details.card")
    expect(cards.filter(has_text="Wrote a file")).to_have_count(3)
    expect(cards.filter(has_text=re.compile(r"exit 1 ·"))).to_have_count(1)
    failed = cards.filter(has_text=re.compile(r"exit 1 ·"))
    failed.locator("summary").click()
    expect(failed.get_by_label("Errors and messages (stderr)", exact=True)).to_contain_text("KeyError: 'time'")
    ran = cards.filter(has_text="python3 analyse.py")
    ran.locator("summary").click()
    expect(ran.get_by_label("Output", exact=True)).to_contain_text("busiest hour: 12:00")
    expect(agent.locator("table td").first).to_have_text("9")
    expect(agent.locator("math[display=block] mfrac")).to_have_count(2)
    expect(agent).to_contain_text("tokens")
    picture = agent.get_by_role("button", name="Picture cups-by-hour.png")
    picture.scroll_into_view_if_needed()
    expect(picture.locator("img")).to_have_js_property("complete", True)
    assert picture.locator("img").evaluate("one => one.naturalWidth") > 300
    listed = page.get_by_role("tabpanel", name="Artifacts")
    expect(listed.get_by_role("listitem").filter(has_text="cups-by-hour.png")).to_contain_text("PNG")
    with page.expect_download() as download:
        listed.get_by_role("button", name="Download cups-by-hour.png").click()
    assert download.value.path().read_bytes().startswith(b"\x89PNG")
    with page.expect_download() as download:
        listed.get_by_role("button", name="Download all (zip)").click()
    assert "cups-by-hour.png" in "".join(zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())).namelist())


def test_the_workspace_shows_what_the_agent_wrote(page: Page) -> None:
    page.get_by_role("tab", name="Workspace").click()
    page.get_by_role("tabpanel", name="Workspace").get_by_role("button", name=re.compile("^cups.csv")).click()
    expect(page.get_by_role("dialog", name="cups.csv").get_by_role("columnheader").first).to_have_text("hour")


def test_any_file_reaches_the_sandbox(page: Page) -> None:
    content = bytes(range(256)) * 300
    page.get_by_label("Files to attach").set_input_files([{"name": "any thing.bin", "mimeType": "", "buffer": content}])
    expect(page.get_by_role("list", name="Attachments").get_by_role("progressbar")).to_have_count(0)
    ask(page, "Look at what I attach")
    expect(page.get_by_role("article", name="Agent")).to_contain_text("76800", timeout=LONG)
    finished(page)
    expect(page.get_by_role("article", name="You")).to_contain_text("any thing.bin")
    page.get_by_role("tab", name="Workspace").click()
    page.get_by_role("button", name=re.compile("^uploads")).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download any thing.bin").click()
    assert download.value.path().read_bytes() == content


def test_a_run_survives_a_reload_and_stop_ends_it(page: Page, name: str) -> None:
    ask(page, "Something slow")
    expect(page.locator("details.card .live")).to_contain_text("step", timeout=LONG)
    page.reload()
    expect(page.locator("details.card")).to_contain_text("Running a command")
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("article", name="Agent")).to_contain_text("Stopped.", timeout=LONG)
    finished(page)
    container = engine.only_container(name)
    assert (
        engine.poll(lambda: not any("sleep 0.1" in one or "seq 1 200" in one for one in engine.processes(container)))
        is not None
    )


def test_a_web_page_is_previewed_without_its_scripts(page: Page) -> None:
    ask(page, "A report please")
    finished(page)
    page.get_by_role("tabpanel", name="Artifacts").get_by_role("button", name="report.html").first.click()
    dialog = page.get_by_role("dialog", name="report.html")
    expect(dialog.frame_locator("iframe").get_by_text("Scripts are off.")).to_be_visible()
    dialog.get_by_text("Scripts are off", exact=True).click()
    dialog.get_by_role("button", name="Run its scripts").click()
    expect(dialog.frame_locator("iframe").get_by_text("Scripts are on.")).to_be_visible()


def test_ten_megabytes_of_output_are_behind_the_card(page: Page) -> None:
    ask(page, "Something loud")
    expect(page.get_by_role("article", name="Agent")).to_contain_text("10 MB of numbers", timeout=LONG)
    card = page.locator("details.card")
    card.locator("summary").click()
    output = card.get_by_label("Output", exact=True)
    expect(output).to_contain_text("1500000")
    with page.expect_download() as download:
        card.get_by_role("button", name="Save the whole output").first.click()
    assert len(download.value.path().read_bytes()) > 10_000_000


def test_history_is_kept_renamed_exported_and_deleted(page: Page) -> None:
    nav = page.get_by_role("navigation", name="Conversations")
    nav.get_by_role("link", name=re.compile("^When do we need")).click()
    expect(page.get_by_role("heading", name="When you need more people")).to_be_visible()
    for kind in ("Markdown", "JSON", "script", "notebook"):
        page.get_by_role("button", name="Export and more").click()
        with page.expect_download() as download:
            page.get_by_role("menuitem", name=f"Export as {kind}").click()
        content = download.value.path().read_text()
        assert "python3 analyse.py" in content
        if kind in ("JSON", "notebook"):
            json.loads(content)
    page.get_by_role("button", name="Export and more").click()
    page.get_by_role("menuitem", name="Rename").click()
    page.get_by_label("Title").fill("Coffee")
    page.keyboard.press("Enter")
    expect(nav.get_by_role("link", name=re.compile("^Coffee"))).to_be_visible()
    page.get_by_role("button", name="More for Coffee").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(nav.get_by_role("link", name=re.compile("^Coffee"))).to_have_count(0)


def test_the_last_message_is_changed_and_sent_again(page: Page) -> None:
    ask(page, "A report please")
    finished(page)
    page.get_by_role("button", name="Edit and send again").click()
    ask(page, "Another report please")
    expect(page.get_by_role("article", name="You")).to_have_count(1)
    expect(page.get_by_role("article", name="You")).to_contain_text("Another report please")
    finished(page)


def test_the_sandbox_is_stopped_and_starts_again(page: Page, name: str) -> None:
    ask(page, "A report please")
    finished(page)
    page.locator("#system-button").click()
    page.get_by_role("button", name="Stop the sandbox", exact=True).click()
    page.get_by_role("dialog", name="Stop your sandbox?").get_by_role("button", name="Stop", exact=True).click()
    assert engine.poll(lambda: not engine.containers(name)) is not None
    expect(page.get_by_role("dialog", name="Stop your sandbox?")).to_be_hidden()
    page.keyboard.press("Escape")
    # Behind an open dialog, the message would not be sent.
    expect(page.locator("dialog[open]")).to_have_count(0)
    ask(page, "A report please")
    finished(page, 2)
    expect(page.get_by_role("article", name="Agent").last).to_contain_text("are with your artifacts")


def test_a_server_that_was_killed_in_the_middle_is_found_again(
    model: str, name: str, context: BrowserContext, tmp_path: Path, visit: Callable
) -> None:
    context.set_default_timeout(LONG)
    with AgentService(model, name, AGENT_SESSIONS=str(tmp_path)) as first:
        page = visit(url=first.url)
        ask(page, "Something slow")
        expect(page.locator("details.card .live")).to_contain_text("step", timeout=LONG)
        first.kill()
        expect(page.locator("#banner")).to_contain_text(re.compile("Connection lost|does not answer"))
        with AgentService(model, name, port=first.port, AGENT_SESSIONS=str(tmp_path)):
            expect(page.locator("#banner")).to_have_text("", timeout=LONG)
            expect(page.locator("#state-text")).to_have_text("Ready", timeout=LONG)
            expect(page.get_by_role("article", name="You")).to_contain_text("Something slow")
            expect(page.locator("details.card .state")).to_have_text("ended with the run")


def test_people_with_keys_see_only_their_own(model: str, name: str, context: BrowserContext, visit: Callable) -> None:
    keys = f"{name}:key-of-the-first-person,{name}-b:key-of-the-second-person"
    with AgentService(model, name, AGENT_API_KEYS=keys) as service:
        page = visit(url=service.url, ready=False)
        page.get_by_label("Key", exact=True).fill("key-of-the-first-person")
        page.keyboard.press("Enter")
        expect(page.locator("#who")).to_contain_text(name)
        ask(page, "A report please")
        finished(page)
        link = page.url
        other = visit(url=service.url, ready=False)
        other.get_by_label("Key", exact=True).fill("key-of-the-second-person")
        other.keyboard.press("Enter")
        expect(other.get_by_text("Your conversations will be listed here.")).to_be_visible()
        other.goto(link)
        other.reload()
        other.get_by_label("Key", exact=True).fill("key-of-the-second-person")
        other.keyboard.press("Enter")
        expect(other.get_by_role("heading", name="This conversation does not exist")).to_be_visible()
    engine.remove_everything(f"{name}-b")
