#!/usr/bin/env python3
"""Measures the page of `exec-agent serve` in Chromium, on loopback: its first paint, and how much later than a program
that uses the API it shows the first word of an answer.

    bench/page_speed.py [--agent FILE] [--runs N] [--json]

Needs .venv/page (`e2e/environment.sh page`). The model is a recording that answers at once.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))  # has support

from page.conftest import CHROMIUM
from playwright.sync_api import Browser, Page, sync_playwright
from support.agent_service import AgentService, agent_binary
from support.fixture_server import command
from support.scripted import MODEL, ScriptedModel, says

WORD = "ready"
# When the message was sent, and when a word of its answer was first there; in the page's own time.
WATCH = """() => {
  window.first = new Promise((resolve) => {
    let sent;
    addEventListener('keydown', (event) => { if (event.key === 'Enter') sent = performance.now(); }, true);
    new MutationObserver((_, watching) => {
      if (!document.querySelector('article.agent .answer')?.textContent.includes('WORD')) return;
      watching.disconnect();
      resolve(performance.now() - sent);
    }).observe(document.getElementById('turns'), { childList: true, subtree: true, characterData: true });
  });
}""".replace("WORD", WORD)


def paint(browser: Browser, url: str) -> dict[str, float]:
    """The times of a first visit, with an empty cache, in milliseconds."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector("body[data-screen=app]", state="attached")
    found = page.evaluate(
        "() => Object.fromEntries(performance.getEntriesByType('paint').map((one) => [one.name, one.startTime]))"
    )
    found["bytes"] = page.evaluate(
        "() => performance.getEntries().reduce((sum, one) => sum + (/\\/ui\\/[a-z]+\\.|navigation/.test(one.name"
        " + one.entryType) ? one.decodedBodySize || 0 : 0), 0)"
    )
    context.close()
    return found


def through_the_page(page: Page, url: str) -> float:
    page.goto(f"{url}/#/")
    page.reload()
    page.wait_for_selector("body[data-screen=app]", state="attached")
    page.evaluate(WATCH)
    page.get_by_label("Message to the agent").fill("Go")
    page.keyboard.press("Enter")
    return page.evaluate("() => window.first")


def through_the_api(port: int) -> float:
    body = json.dumps({"model": MODEL, "stream": True, "messages": [{"role": "user", "content": "Go"}]})
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.connect()
    start = time.perf_counter()
    connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    while WORD.encode() not in (line := response.readline()):
        assert line, "the answer has ended"
    taken = time.perf_counter() - start
    response.read()
    connection.close()
    return taken * 1000


def spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "median": round(statistics.median(ordered), 1),
        "p95": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))], 1),
        "min": round(ordered[0], 1),
    }


def measure(options: argparse.Namespace) -> dict[str, Any]:
    conversation = [[says(WORD)]] * (2 * options.runs + 4)
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
        model = ScriptedModel(Path(directory), conversation)
        # A tool server that needs no sandbox: what is measured is the agent and its page.
        variables = {"MCP_SERVER_COMMAND": " ".join(command("--only", "echo"))}
        try:
            with AgentService(model.url, "bench", **variables) as service:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
                paint(browser, service.url)  # warms the browser up
                through_the_api(service.port)
                paints = [paint(browser, service.url) for _ in range(options.runs)]
                page = browser.new_context().new_page()
                pairs = [
                    (through_the_page(page, service.url), through_the_api(service.port)) for _ in range(options.runs)
                ]
                browser.close()
        finally:
            model.close()
    return {
        "first_paint_ms": spread([one["first-contentful-paint"] for one in paints]),
        "first_visit_bytes": int(paints[-1]["bytes"]),
        "first_token_page_ms": spread([page for page, _ in pairs]),
        "first_token_api_ms": spread([api for _, api in pairs]),
        "first_token_difference_ms": round(
            statistics.median([page for page, _ in pairs]) - statistics.median([api for _, api in pairs]), 1
        ),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--agent", type=Path, default=Path(agent_binary()))
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    os.environ["EXEC_AGENT_BINARY"] = str(options.agent.absolute())
    found = measure(options)
    if options.json:
        print(json.dumps(found, indent=1))
    else:
        for name, value in found.items():
            print(f"{name:26} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
