#!/usr/bin/env python3
"""Records the page of `exec-agent serve` at work, as examples/agent/page_demo.py shows it: docs/images/page.gif.

The model is a recording; the agent, the server, the sandbox and the browser are real.
"""

from __future__ import annotations

import argparse
import io
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Error, Page, sync_playwright

REPOSITORY = Path(__file__).resolve().parents[2]
AGENT_EXAMPLES = REPOSITORY / "examples" / "agent"
QUESTION = "This is how many cups of coffee we sold last week. When do we need more people? Make me a chart."
VIEW = {"width": 1120, "height": 720}
# Seconds: how long to wait for the run to end, between two looks at the page, and how long a changed page and the last
# one are shown.
PATIENCE, LOOK, SHOWN, LAST = 300, 0.25, 0.9, 6.0


class PageError(Exception):
    """The demo does not start, or its run does not end as it must."""


@contextmanager
def served(agent: Path, server: Path) -> Iterator[str]:
    """The page's demo. Gives its address."""
    command = [sys.executable, str(AGENT_EXAMPLES / "page_demo.py"), "--agent", str(agent), "--server", str(server)]
    with subprocess.Popen(
        [*command, "--port", "0", "--no-browser"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as demo:
        try:
            said = []
            for line in demo.stdout:
                said.append(line)
                if line.startswith("The page: "):
                    break
            else:
                raise PageError("the page's demo did not start:\n" + "".join(said))
            yield said[-1].split()[-1]
        finally:
            demo.terminate()


def watch(page: Page) -> list[Image.Image]:
    """Asks the agent, and takes a picture whenever the page has changed, until the answer is there."""
    page.get_by_role("textbox").first.fill(f"{QUESTION}\n\n{(AGENT_EXAMPLES / 'cups.csv').read_text()}")
    frames = [picture(page)]
    page.keyboard.press("Enter")
    deadline = time.monotonic() + PATIENCE
    while not page.get_by_role("button", name="Send", exact=True).is_visible() or len(frames) < 3:
        if time.monotonic() > deadline:
            raise PageError(f"the run did not end within {PATIENCE} seconds")
        page.wait_for_timeout(LOOK * 1000)
        frames.append(picture(page))
    page.wait_for_timeout(1500)
    return [*frames, picture(page)]


def picture(page: Page) -> Image.Image:
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def save(frames: list[Image.Image], file: Path) -> None:
    """Writes an animation with one palette, without the frames that look like the one before. It begins with the last
    frame, which is what a viewer shows that doesn't animate.
    """
    kept = [frame for number, frame in enumerate(frames) if number == 0 or frame != frames[number - 1]]
    palette = kept[-1].quantize(128)
    *others, last = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in kept]
    times = [round(seconds * 1000) for seconds in (LAST, *[SHOWN] * len(others))]
    last.save(file, save_all=True, append_images=others, duration=times, loop=0, optimize=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="Records the page at work.")
    release = REPOSITORY / ".build" / "release"
    parser.add_argument("--agent", type=Path, default=release / "exec-agent")
    parser.add_argument("--server", type=Path, default=release / "exec-mcp")
    parser.add_argument("--images", type=Path, default=REPOSITORY / "docs" / "images", help="where the picture goes")
    options = parser.parse_args()
    try:
        with served(options.agent.absolute(), options.server.absolute()) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport=VIEW, locale="en", timezone_id="UTC", reduced_motion="reduce")
            page.goto(address)
            frames = watch(page)
            browser.close()
        save(frames, options.images / "page.gif")
    except (PageError, Error, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
