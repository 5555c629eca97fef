"""Much of everything, and the page stays quick.

The longest task is compared with what the machine needs at the moment, and the best of three tries counts: what a busy
machine adds to one does not come back in all of them, a page's own slowness does.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from page.conftest import LONG, ask
from page.mock_server import Mock, Run
from page.samples import ANSWER, bash, finished, text
from playwright.sync_api import Page, expect

Visit = Callable[..., Page]

WATCH = """
window.longest = 0;
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) window.longest = Math.max(window.longest, one.duration); })
  .observe({type: 'longtask', buffered: true});
"""
# What this machine needs for a fixed piece of work, a few times over: how slow it is at the moment.
UNIT = """
() => { const times = []; for (let round = 0; round < 9; round += 1) { const start = performance.now(); let sum = 0;
  for (let at = 0; at < 3e6; at += 1) sum = (sum + at * 31) % 1000003;
  times.push(performance.now() - start + sum * 0); }
  return times.sort((a, b) => a - b)[8]; }
"""


def stays_quick(attempt: Callable[[], Page]) -> None:
    """Whether the longest task of one of three attempts was 50 ms at most; more on a machine that is slow."""
    told = []
    for _ in range(3):
        page = attempt()
        longest, limit = page.evaluate("longest"), 50 * max(1.0, page.evaluate(UNIT) / 12)
        page.close()
        if longest <= limit:
            return
        told.append((longest, limit))
    raise AssertionError(f"the longest task and what it may take, in ms: {told}")


def started_run(mock: Mock, visit: Visit) -> tuple[Page, Run]:
    page, known = watched(visit), len(mock.runs)
    ask(page, "Go")
    run = mock.last_run(known)
    page.evaluate("longest = 0")
    return page, run


def watched(visit: Visit, at: str = "") -> Page:
    page = visit("")
    page.add_init_script(WATCH)
    page.reload()
    expect(page.locator("body")).to_have_attribute("data-screen", "app")
    if at:
        page.evaluate("(at) => { window.longest = 0; location.hash = at; }", at)
    return page


def test_a_thousand_turns(mock: Mock, visit: Visit) -> None:
    turns = [
        {
            "text": f"Question {number}",
            "events": [
                text(f"Answer *{number}*\n\n- a\n- b\n"),
                *bash(f"echo {number}", f"c{number}", f"{number}\n"),
                finished(),
            ],
        }
        for number in range(1000)
    ]

    def attempt() -> Page:
        page = watched(visit, f"#/c/{mock.converse('Long', *turns)}")
        expect(page.get_by_role("article", name="You")).to_have_count(1000, timeout=LONG)
        # The page scrolls to the end and moves the focus until all is there.
        expect(page.locator("#log")).to_have_attribute("aria-busy", "false", timeout=LONG)
        page.locator("details.card").first.scroll_into_view_if_needed()
        page.locator("details.card > summary").first.click()
        expect(page.get_by_label("Output", exact=True)).to_have_text("0")
        return page

    stays_quick(attempt)


def test_a_long_answer_in_small_pieces(mock: Mock, visit: Visit) -> None:
    def attempt() -> Page:
        page, run = started_run(mock, visit)
        words = ANSWER * 60 + "\n\n```text\n" + "a line of a long listing\n" * 4000
        for start in range(0, len(words), 400):
            run.add(text(words[start : start + 400]))
        mock.finish(run)
        expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible(timeout=LONG)
        expect(page.locator(".prose table")).to_have_count(60)
        return page

    stays_quick(attempt)


def test_ten_megabytes_of_events(mock: Mock, visit: Visit) -> None:
    def attempt() -> Page:
        page, run = started_run(mock, visit)
        output = "".join(f"{number} of the lines\n" for number in range(3400))
        for number in range(160):
            run.add(*bash(f"print {number}", f"c{number}", output))
        mock.finish(run)
        assert sum(len(json.dumps(event)) for event in run.events) > 10_000_000
        expect(page.locator("details.card")).to_have_count(160, timeout=LONG)
        expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible(timeout=LONG)
        page.locator("details.card > summary").last.click()
        expect(page.get_by_label("Output", exact=True)).to_contain_text("3399 of the lines")
        return page

    stays_quick(attempt)


NASTY = {
    "brackets": "[" * 20_000,
    "stars": "*a " * 20_000,
    "run": "*" * 30_000 + "a" + "*" * 30_000,
    "dollars": "$a " * 20_000,
    "ticks": "".join("`" * (number % 300) + " " for number in range(2000)),
    "quotes": ">" * 20_000 + " x",
    "lists": "".join("  " * number + "- x\n" for number in range(400)),
    "lazy": "> a\n" + "b\n" * 20_000,
    "links": "[a](b" * 10_000,
    "pictures": "![" * 20_000,
    "table": "|" * 20_000 + "\n" + "|-" * 10_000,
    "formula": "\\[\n" * 10_000,
    "angle": "<" * 20_000,
    "entities": "&" * 40_000,
    "urls": "http://" * 10_000,
    "tildes": "~~a " * 10_000,
    "underscores": "_a_" * 20_000,
    "escapes": "\\" * 40_001,
    "braces": "$" + "{" * 900 + "}" * 900 + "$",
}
TIME = """
async ([text]) => {
  const { MarkdownView, shower } = await import('/ui/render.js');
  const start = performance.now();
  const view = new MarkdownView(shower({ has: () => false }));
  view.update(text, true);
  while (!view.isDone) await new Promise((resolve) => setTimeout(resolve));
  return performance.now() - start;
}
"""


def test_no_text_takes_the_page_down(visit: Visit) -> None:
    page = visit()
    ordinary = max(page.evaluate(TIME, ["word " * 12_000]) for _ in range(3))
    times = {name: page.evaluate(TIME, [words]) for name, words in NASTY.items()}
    slow = {name: round(taken) for name, taken in times.items() if taken > max(600.0, ordinary * 60)}
    assert not slow, (slow, ordinary)
