"""For everybody: axe finds nothing in any state, all works by keyboard, and what is read aloud makes sense."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from page.conftest import until
from page.mock_server import Mock
from page.samples import fill, started, text
from page.states import APPROVAL, STATES
from playwright.sync_api import BrowserContext, Page, expect

Visit = Callable[..., Page]
AXE = Axe()


def check(page: Page, state: str) -> None:
    until(
        page,
        "document.getAnimations().every((one) => one.playState !== 'running' ||"
        " one.effect.getTiming().iterations === Infinity)",
    )
    found = AXE.run(page, options={"resultTypes": ["violations"], "iframes": False}).response["violations"]
    told = [(one["id"], [node["html"][:200] for node in one["nodes"][:3]], one["nodes"][0]["any"][:1]) for one in found]
    assert not told, f"{state}: {told}"


LOOKS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "forced colours": {"forced_colors": "active", "color_scheme": "dark"},
}


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_axe_finds_nothing(state, mock: Mock, visit: Visit) -> None:
    page = state(mock, visit)
    for name, look in LOOKS.items():
        page.emulate_media(**look)
        check(page, f"{state.__name__}, {name}")


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_nothing_is_wider_than_a_small_window(state, mock: Mock, visit: Visit, context: BrowserContext) -> None:
    page = state(mock, visit)
    page.set_viewport_size({"width": 320, "height": 640})
    if page.locator("#nav.open").count() and not page.locator("dialog[open]").count():
        page.keyboard.press("Escape")
    wide = page.evaluate(
        """() => [...document.querySelectorAll('body *')].filter((one) => {
        const place = one.getBoundingClientRect();
        if (place.right <= innerWidth + 1 || !place.width) return false;
        if (getComputedStyle(one).visibility === 'hidden') return false;
        for (let up = one; up; up = up.parentElement)
          if (/auto|scroll|hidden|clip/.test(getComputedStyle(up).overflowX) && up !== document.body) return false;
        return true; }).map((one) => one.outerHTML.slice(0, 120))"""
    )
    assert not wide and page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    check(page, f"{state.__name__}, small")


def test_a_whole_task_is_done_by_keyboard(mock: Mock, visit: Visit) -> None:
    page = visit()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the message")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Message to the agent")).to_be_focused()
    page.keyboard.type("Go")
    page.keyboard.press("Enter")
    run = mock.last_run()
    run.add(started("execute_bash", "c1", command="x"), APPROVAL)
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="Allow for this session")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_label("Message to the agent")).to_be_focused()
    for _ in range(12):
        if page.evaluate("document.activeElement.matches('details.card > summary')"):
            break
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Command", exact=True)).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_label("Message to the agent")).to_be_focused()
    page.keyboard.type("/")
    expect(page.get_by_label("Message to the agent")).to_have_value("/")
    page.keyboard.press("Backspace")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("article", name="Agent")).to_contain_text("Stopped.")


def test_drawers_of_a_small_window_are_opened_and_closed_by_keys(mock: Mock, visit: Visit) -> None:
    fill(mock)
    page = visit()
    page.set_viewport_size({"width": 500, "height": 700})
    page.reload()
    toggle = page.get_by_role("button", name="Conversations")
    expect(toggle).to_have_attribute("aria-expanded", "false")
    toggle.press("Enter")
    expect(page.get_by_role("button", name="New conversation")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation", name="Conversations")).to_be_hidden()
    expect(page.get_by_role("article", name="You")).to_be_visible()
    page.get_by_role("button", name="Files", exact=True).press("Enter")
    expect(page.get_by_role("tab", name="Artifacts")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Files", exact=True)).to_be_focused()


def test_the_page_reads_like_a_conversation(mock: Mock, visit: Visit) -> None:
    page = visit(f"#/c/{fill(mock)}")
    expect(page.get_by_role("log")).to_match_aria_snapshot(
        """
        - log "Messages":
          - list:
            - listitem:
              - article /You/:
                - heading /You/ [level=2]
                - paragraph: /This is how many cups of coffee we sold/
              - article "Agent":
                - heading "Agent" [level=2]
                - paragraph: I put the figures into a file and look at them first.
                - group:
                  - text: Wrote a file
                  - code: cups.csv
                  - text: done · 2 ms
                - group:
                  - text: Ran a command
                  - code: /python3 -c/
                  - text: exit 1 · 0.4 s
                - paragraph
                - group
                - group
                - group
                - heading "When you need more people" [level=3]
        """
    )
    expect(page.locator("body")).to_match_aria_snapshot(
        """
        - link "Skip to the message"
        - banner:
          - button "Conversations" [expanded]
          - paragraph
          - button "Ready"
          - 'button "Theme: automatic"'
          - button "Files" [expanded]
        - navigation "Conversations"
        - main
        - complementary "Files"
        """
    )


def test_focus_is_never_moved_and_the_end_is_followed_only_by_those_who_are_there(mock: Mock, visit: Visit) -> None:
    page = visit()
    page.get_by_label("Message to the agent").fill("Go")
    page.keyboard.press("Enter")
    run = mock.last_run()
    box = "document.getElementById('scroll')"
    end = f"({box}.scrollHeight - {box}.scrollTop - {box}.clientHeight)"
    run.add(text("word\n\n" * 200))
    until(page, "document.querySelectorAll('.prose p').length === 200")
    until(page, f"{end} < 5")
    page.get_by_role("button", name="Theme").focus()
    page.mouse.move(640, 300)
    page.mouse.wheel(0, -900)
    expect(page.get_by_role("button", name="Jump to the newest")).to_be_visible()
    before = page.evaluate("document.getElementById('scroll').scrollTop")
    run.add(text("more\n\n" * 200))
    until(page, "document.querySelectorAll('.prose p').length === 400")
    assert abs(page.evaluate("document.getElementById('scroll').scrollTop") - before) < 40
    expect(page.get_by_role("button", name="Theme")).to_be_focused()
    page.get_by_role("button", name="Jump to the newest").click()
    until(page, f"{end} < 5")


def test_the_theme_is_chosen_and_kept(visit: Visit) -> None:
    page = visit()
    page.emulate_media(color_scheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    for name in ("automatic", "light"):
        page.get_by_role("button", name=f"Theme: {name}").click()
    dark = page.evaluate(ground)
    assert dark != light
    page.reload()
    assert page.evaluate(ground) == dark
    page.get_by_role("button", name="Theme: dark").click()
    assert page.evaluate(ground) == light


def test_paper_has_only_the_conversation_and_stillness_is_kept(mock: Mock, visit: Visit) -> None:
    page = visit(f"#/c/{fill(mock)}")
    page.emulate_media(media="print")
    for name in ("#top", "#nav", "#composer", "#files"):
        expect(page.locator(name)).to_be_hidden()
    expect(page.get_by_role("article", name="Agent")).to_be_visible()
    page.emulate_media(media="screen", reduced_motion="reduce")
    assert page.evaluate("document.getAnimations().length") == 0
