"""The main path in Firefox: a key, a task, its output, its file. Playwright cannot drive this Firefox; Mozilla's own
client can."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from marionette_driver import By, Wait
from marionette_driver.keys import Keys
from marionette_driver.marionette import Marionette
from support.agent_service import AgentService
from support.scripted import bash, call, calls, says

PATIENCE = 120  # seconds


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


@pytest.fixture
def firefox(tmp_path: Path) -> Iterator[Marionette]:
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    assert program, "Firefox is missing: run e2e/environment.sh"
    log = str(tmp_path / "firefox.log")
    client = Marionette(
        bin=program, port=free_port(), headless=True, gecko_log=log, startup_timeout=PATIENCE, workspace=str(tmp_path)
    )
    try:
        client.start_session()
        client.timeout.script = PATIENCE
        yield client
    finally:
        client.cleanup()


def shown(client: Marionette, selector: str, words: str = "") -> Any:
    """The first element, once it is there with these words."""

    def found(_: Marionette) -> Any:
        return next((one for one in client.find_elements(By.CSS_SELECTOR, selector) if words in one.text), None)

    return Wait(client, timeout=PATIENCE).until(found, message=f"{selector} with '{words}' never came")


def test_the_main_path_in_firefox(firefox: Marionette, serve: Callable[..., AgentService], user: str) -> None:
    report = call("write_file", file_path="/artifacts/report.html", content="<h1>A report</h1>")
    service = serve(
        [[calls(bash("seq 3 | paste -sd+"), report), says("It is **done**: $x^2$")]],
        AGENT_API_KEYS=f"{user}:the-key-of-this-person",
    )
    firefox.navigate(service.url)
    shown(firefox, "#key").send_keys(f"the-key-of-this-person{Keys.ENTER}")
    shown(firefox, "#who", user)
    firefox.execute_script(
        "window.refused = [];"
        "addEventListener('securitypolicyviolation', (one) => refused.push(one.violatedDirective));",
        sandbox=None,
    )
    shown(firefox, "#text").send_keys(f"Add up{Keys.ENTER}")
    shown(firefox, "article.agent footer", "tokens")
    assert shown(firefox, "article.agent .answer strong").text == "done"
    shown(firefox, "article.agent math")
    shown(firefox, "details.card summary", "Ran a command").click()
    shown(firefox, "details.card pre", "1+2+3")
    shown(firefox, "#pane-artifacts .opener", "report.html").click()
    firefox.switch_to_frame(shown(firefox, "dialog iframe"))
    shown(firefox, "h1", "A report")
    firefox.switch_to_frame()
    assert firefox.execute_script("return window.refused;", sandbox=None) == []
