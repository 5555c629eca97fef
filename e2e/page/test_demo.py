"""`make demo-page`: it starts, plays its script to the end on the page, and Ctrl-C ends it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable

from page.conftest import LONG, ask, finished
from playwright.sync_api import Page, expect
from support import engine
from support.agent_service import agent_binary
from support.stdio_client import REPOSITORY, server_binary

EXAMPLES = REPOSITORY / "examples" / "agent"


def test_the_demo_plays_its_script_and_ends_with_ctrl_c(user: str, visit: Callable[..., Page]) -> None:
    conversations = json.loads((EXAMPLES / "page.json").read_text())["conversation"]
    command = [sys.executable, str(EXAMPLES / "page_demo.py"), "--agent", agent_binary(), "--server", server_binary()]
    with subprocess.Popen(
        [*command, "--user", user, "--port", "0", "--no-browser"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as demo:
        try:
            assert demo.stdout
            found = next((one for line in demo.stdout if (one := re.search(r"The page: (http://\S+)", line))), None)
            assert found, "it printed no address"
            page = visit(url=found[1])
            page.context.set_default_timeout(LONG)
            messages = [one.get("when", "Go on") for one in conversations]
            for number, words in enumerate(messages, 1):
                ask(page, words)
                finished(page, number)
            agents = page.get_by_role("article", name="Agent")
            expect(agents).to_have_count(len(messages))
            for number, one in enumerate(conversations):
                # Its last words, as far as they are neither Markdown nor a result.
                words = max(re.findall(r"[A-Za-z ]+", one["turns"][-1]["text"]), key=len).strip()
                expect(agents.nth(number)).to_contain_text(words)
            expect(agents.first.locator("math[display=block]")).not_to_have_count(0)
            expect(agents.first.locator("table")).not_to_have_count(0)
            expect(agents.first.get_by_role("button", name=re.compile("Picture"))).not_to_have_count(0)
            assert engine.containers(user)
            # What a terminal does: the whole group gets it.
            os.killpg(demo.pid, signal.SIGINT)
            assert demo.wait(60) == 0
        finally:
            if demo.poll() is None:
                os.killpg(demo.pid, signal.SIGKILL)
    assert engine.poll(lambda: not engine.containers(user)) is not None
    assert engine.poll(lambda: not in_group(demo.pid)) is not None, in_group(demo.pid)


def in_group(group: int) -> list[str]:
    """The processes of a group, those that are only waiting to be reaped aside."""
    listed = subprocess.run(["ps", "-eo", "pgid=,stat=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    return [row[2] for row in rows if len(row) == 3 and row[0] == str(group) and not row[1].startswith("Z")]
