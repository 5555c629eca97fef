"""Pictures of the page in eight states, for people to look at: docs/images has them if PAGE_PICTURES=1 is set."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from page.mock_server import Mock
from page.states import at_work, empty, login, previewed, system, whole
from playwright.sync_api import Browser, Page

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
LARGEST = 150_000
SMALL = {"width": 390, "height": 780}
WIDE = {"width": 1280, "height": 800}
STATES = {
    "page-empty": (empty, WIDE, "light"),
    "page-work": (whole, WIDE, "light"),
    "page-dark": (whole, WIDE, "dark"),
    "page-small": (at_work, SMALL, "light"),
    "page-approval": (at_work, WIDE, "light"),
    "page-preview": (previewed, WIDE, "dark"),
    "page-system": (system, WIDE, "light"),
    "page-login": (login, SMALL, "dark"),
}


@pytest.mark.parametrize("name", STATES)
def test_a_picture_of(name: str, mock: Mock, browser: Browser, tmp_path: Path) -> None:
    state, size, scheme = STATES[name]
    context = browser.new_context(
        viewport=size, color_scheme=scheme, locale="en", timezone_id="UTC", reduced_motion="reduce"
    )

    def visit(at: str = "", ready: bool = True) -> Page:
        page = context.new_page()
        page.goto(mock.url + at)
        return page

    page = state(mock, visit)
    if state is whole:
        for card in page.locator("details.card > summary").all():
            card.click()
        page.locator("details.card > summary").nth(1).click()
        page.locator("details.card[open] .card-body").last.locator("p").last.wait_for()
    page.mouse.move(0, 0)
    page.wait_for_timeout(300)
    file = (IMAGES if os.environ.get("PAGE_PICTURES") else tmp_path) / f"{name}.png"
    page.screenshot(path=file)
    context.close()
    assert 4_000 < file.stat().st_size < LARGEST
