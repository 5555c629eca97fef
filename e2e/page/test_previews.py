"""What files of an agent can do to the person who looks at them: real artifacts, previewed from a real sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from page.conftest import LONG, Canary, ask, finished
from page.sinks import Sinks, stealing
from playwright.sync_api import Page, expect
from support.agent_service import AgentService
from support.scripted import call, calls, says

Serve = Callable[..., AgentService]


def files(sinks: Sinks) -> dict[str, str]:
    """Files that try to reach others, by name: all that the page shows as something else than bytes."""
    host = sinks.host
    picture = f'<image href="http://{host}/svg"/><style>@import url(http://{host}/svg.css);</style>'
    script = f"<script>fetch('http://{host}/svg.js')</script>"
    return {
        "steal.html": stealing(sinks),
        "steal.svg": f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{picture}{script}</svg>',
        "steal.md": f"# here\n\n![x](http://{host}/md.png)\n\n<img src=http://{host}/md.html>\n\n[x](http://{host}/)\n",
        "steal.csv": f'here,two\n"<img src=http://{host}/csv>","=HYPERLINK(""http://{host}/"")"\n',
        "steal.json": f'{{"here": "<img src=http://{host}/json>"}}',
    }


@pytest.fixture
def page(serve: Serve, sinks: Sinks, visit: Callable[..., Page], canary: Canary) -> Iterator[Page]:
    written = [
        call("write_file", file_path=f"/{place}/{name}", content=content)
        for place in ("artifacts", "workspace")
        for name, content in files(sinks).items()
    ]
    service = serve([[calls(*written), says("Here they are.")]], "--artifact-scripts", "ask")
    page = visit(url=service.url)
    page.context.set_default_timeout(LONG)
    ask(page, "Make files")
    finished(page)
    yield page
    # The console tells what a frame was refused, and its blocked requests are seen here: what counts is what the sinks
    # have heard.
    canary.songs = [
        song for song in canary.songs if not song.startswith(("console:", f"request to http://{sinks.host}"))
    ]


def look(page: Page, pane: str, name: str) -> None:
    """Opens a file, and gives it the time that its timers need."""
    page.get_by_role("tabpanel", name=pane).get_by_role("button", name=name).first.click()
    dialog = page.get_by_role("dialog")
    if name.endswith(".svg"):
        expect(dialog.get_by_role("img")).to_be_visible()
    elif name.endswith(".html"):
        expect(dialog.frame_locator("iframe").get_by_text("here")).to_be_visible()
    else:
        expect(dialog.get_by_text("here").first).to_be_visible()
    page.wait_for_timeout(1500)


@pytest.mark.parametrize("pane", ["Artifacts", "Workspace"])
def test_no_file_that_is_looked_at_reaches_anybody(page: Page, sinks: Sinks, pane: str) -> None:
    page.get_by_role("tab", name=pane).click()
    for name in files(sinks):
        look(page, pane, name)
        assert not sinks.heard, (name, sinks.heard)
        page.keyboard.press("Escape")
    assert not sinks.heard, sinks.heard


def test_scripts_run_only_after_a_click_and_reach_no_server(page: Page, sinks: Sinks) -> None:
    look(page, "Artifacts", "steal.html")
    assert not sinks.heard, sinks.heard
    dialog = page.get_by_role("dialog", name="steal.html")
    dialog.get_by_text("Scripts are off", exact=True).click()
    dialog.get_by_role("button", name="Run its scripts").click()
    expect(dialog.locator("iframe")).to_have_attribute("sandbox", "allow-scripts")
    page.wait_for_timeout(3000)
    # Browsers let WebRTC through, as the page says; a policy is obeyed for everything else.
    assert all(one.startswith("UDP") for one in sinks.heard), sinks.heard
    sinks.heard.clear()
    page.keyboard.press("Escape")
    look(page, "Artifacts", "steal.html")
    assert page.get_by_role("dialog").locator("iframe").get_attribute("sandbox") == ""


def test_a_service_with_keys_offers_no_scripts(serve: Serve, user: str, visit: Callable[..., Page]) -> None:
    report = call("write_file", file_path="/artifacts/report.html", content="<p>here</p><script>1</script>")
    service = serve([[calls(report), says("Here it is.")]], AGENT_API_KEYS=f"{user}:the-key-of-this-person")
    page = visit(url=service.url, ready=False)
    page.get_by_label("Key", exact=True).fill("the-key-of-this-person")
    page.keyboard.press("Enter")
    ask(page, "Make a file")
    finished(page)
    look(page, "Artifacts", "report.html")
    expect(page.get_by_text("Shown without scripts and without network.")).to_be_visible()
    expect(page.get_by_role("button", name="Run its scripts")).to_have_count(0)
