"""States of the page to look at, each reached as a person would."""

from __future__ import annotations

import re
from collections.abc import Callable

from page.conftest import ask
from page.mock_server import Mock
from page.samples import bash, fill, finished, started, text, usage
from playwright.sync_api import Page, expect

Visit = Callable[..., Page]

APPROVAL = {
    "type": "question",
    "id": "question_1",
    "server": "exec-mcp",
    "call_id": "c1",
    "mode": "form",
    "message": "Allow?",
    "schema": {"type": "object", "properties": {"decision": {"type": "string", "enum": ["once", "session", "deny"]}}},
    "approval": {
        "server": "calendar",
        "tool": "create_event",
        "count": 1,
        "reason": "it writes",
        "rule": "calendar.*: ask",
        "arguments": [{"title": "Tea\u202e with \u200bAnn\u3164\U000e0041"}],
    },
}
FORM = {
    "type": "object",
    "required": ["name", "size"],
    "properties": {
        "name": {"type": "string", "title": "Your name", "minLength": 2},
        "size": {"type": "integer", "minimum": 1, "maximum": 9},
        "colour": {"type": "string", "oneOf": [{"const": "r", "title": "Red"}, {"const": "b", "title": "Blue"}]},
        "fast": {"type": "boolean", "default": True},
        "days": {"type": "array", "items": {"enum": ["mon", "tue"]}},
    },
}


def empty(mock: Mock, visit: Visit) -> Page:
    return visit()


def whole(mock: Mock, visit: Visit) -> Page:
    page = visit(f"#/c/{fill(mock)}")
    expect(page.get_by_role("button", name="Picture cups-by-hour.png").locator("img")).to_have_js_property(
        "complete", True
    )
    for card in page.locator("details.card > summary").all():
        card.click()
    page.evaluate("document.getElementById('scroll').scrollTop = 0")
    return page


def at_work(mock: Mock, visit: Visit) -> Page:
    page = visit()
    page.get_by_label("Message to the agent").fill("Go")
    page.keyboard.press("Enter")
    run = mock.last_run()
    run.add(
        text("I begin."),
        started("execute_bash", "c1", command="make"),
        {"type": "tool_progress", "id": "c1", "message": "1 of 9"},
        APPROVAL,
    )
    expect(page.get_by_role("dialog")).to_be_visible()
    return page


def failed(mock: Mock, visit: Visit) -> Page:
    page = visit()
    page.get_by_label("Files to attach").set_input_files([{"name": "a.csv", "mimeType": "", "buffer": b"1"}])
    page.get_by_label("Message to the agent").fill("Go")
    page.get_by_role("button", name="Send", exact=True).click()
    mock.finish(mock.last_run(), "failed", error={"message": "The model cannot be reached."})
    mock.refuse["POST /ui/runs"] = (503, {"message": "The server is busy."}, {})
    page.get_by_role("button", name="Send again", exact=True).click()
    page.get_by_role("button", name="Edit and send again").click()
    page.keyboard.press("Enter")
    expect(page.locator("#banner")).to_contain_text("The server is busy.")
    return page


def previewed(mock: Mock, visit: Visit) -> Page:
    fill(mock)
    page = visit()
    page.get_by_role("tabpanel", name="Artifacts").get_by_role("button", name="summary.csv").first.click()
    expect(page.get_by_role("dialog").get_by_role("table")).to_be_visible()
    return page


def system(mock: Mock, visit: Visit) -> Page:
    mock.status["operator"] = True
    mock.sandboxes = [{"user": "ann", "state": "busy"}]
    page = visit()
    page.locator("#system-button").click()
    expect(page.get_by_role("button", name="Stop the sandbox of ann")).to_be_visible()
    return page


def login(mock: Mock, visit: Visit) -> Page:
    mock.key = "key"
    page = visit(ready=False)
    page.get_by_label("Key", exact=True).fill("x")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="not accepted")).to_be_visible()
    return page


def menu(mock: Mock, visit: Visit) -> Page:
    fill(mock)
    page = visit()
    page.get_by_role("button", name="More for When do we need more people?").click()
    expect(page.get_by_role("menuitem").first).to_be_focused()
    return page


def workspace(mock: Mock, visit: Visit) -> Page:
    fill(mock)
    page = visit()
    page.get_by_role("tab", name="Workspace").click()
    expect(page.get_by_role("button", name=re.compile("^uploads"))).to_be_visible()
    return page


def running(mock: Mock, visit: Visit) -> Page:
    """An answer that is being written, beside a command that runs."""
    page = visit()
    ask(page, "Go")
    run = mock.last_run()
    run.add(
        text("## Figures\n\nI count *them*:\n\n| a | b |\n|---|---|\n| 1 |"),
        started("execute_bash", "c1", command="make"),
        {"type": "tool_progress", "id": "c1", "message": "1 of 9"},
    )
    expect(page.locator("details.card")).to_contain_text("1 of 9")
    return page


def stopped(mock: Mock, visit: Visit) -> Page:
    page = running(mock, visit)
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("article", name="Agent")).to_contain_text("Stopped.")
    return page


def limited(mock: Mock, visit: Visit) -> Page:
    """A turn with a notice, a new attempt, a call that was too late, and a limit."""
    events = [
        {"type": "notice", "message": "A picture was left out."},
        {"type": "retrying", "reason": "It is overloaded.", "seconds": 2},
        *bash("sleep 60", "c1", code=124, timed_out=True),
        usage(1, 10, 5),
        usage(2, 20, 7),
        finished("limit", error={"message": "The run took longer than 1800 s.", "code": "max_seconds"}),
    ]
    page = visit(f"#/c/{mock.converse('x', {'text': 'x', 'state': 'limit', 'events': events})}")
    page.locator("details.card > summary").click()
    page.locator("footer summary").click()
    return page


def asked_form(mock: Mock, visit: Visit) -> Page:
    """A server's form with a field that is wrong."""
    page = visit()
    ask(page, "Go")
    question = {"type": "question", "id": "q2", "server": "shop", "call_id": "c", "mode": "form", "message": "Which?"}
    mock.last_run().add({**question, "schema": FORM})
    page.get_by_role("dialog").get_by_role("button", name="Send").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).not_to_have_text("")
    return page


def asked_to_visit(mock: Mock, visit: Visit) -> Page:
    page = visit()
    ask(page, "Go")
    question = {"type": "question", "server": "shop", "call_id": "c", "mode": "url", "message": "Sign in"}
    mock.last_run().add(
        {**question, "id": "q1", "url": "https://login.example/" + "x" * 200}, {**question, "id": "q2", "url": "x:y"}
    )
    expect(page.get_by_role("dialog").get_by_role("link")).to_be_visible()
    return page


def attached(mock: Mock, visit: Visit) -> Page:
    """One file that goes with the message, and one that is too large."""
    mock.status["limits"]["upload_bytes"] = 10
    page = visit()
    files = [{"name": name, "mimeType": "", "buffer": bytes(size)} for name, size in (("a.csv", 3), ("big.txt", 11))]
    page.get_by_label("Files to attach").set_input_files(files)
    expect(page.locator("#attached li.bad")).to_have_count(1)
    expect(page.get_by_role("button", name="Remove a.csv")).to_be_visible()
    return page


def renamed(mock: Mock, visit: Visit) -> Page:
    page = menu(mock, visit)
    page.get_by_role("menuitem", name="Rename").click()
    expect(page.get_by_label("Title")).to_be_visible()
    return page


def deleted(mock: Mock, visit: Visit) -> Page:
    """The question whether a conversation is to be deleted."""
    page = menu(mock, visit)
    page.get_by_role("menuitem", name="Delete").click()
    expect(page.get_by_role("dialog", name="Delete this conversation?")).to_be_visible()
    return page


def missing(mock: Mock, visit: Visit) -> Page:
    page = visit("#/c/nothing")
    expect(page.get_by_role("heading", name="This conversation does not exist")).to_be_visible()
    return page


def offline(mock: Mock, visit: Visit) -> Page:
    """A run whose connection is lost."""
    page = running(mock, visit)
    mock.is_down = True
    expect(page.get_by_role("alert").filter(has_text="Connection lost")).to_be_visible()
    return page


def without_server(mock: Mock, visit: Visit) -> Page:
    mock.refuse["GET /ui/status"] = (503, {"message": "It is starting."}, {"Retry_After": "60"})
    page = visit(ready=False)
    expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    return page


def user(mock: Mock, visit: Visit) -> Page:
    """The dialog for another user, with an invalid name."""
    page = visit()
    page.get_by_role("button", name="Change the user").click()
    page.get_by_label("Name").fill("not a name!")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("Use letters")
    return page


def web_page(mock: Mock, visit: Visit) -> Page:
    """The preview of a web page, with the question about its scripts open."""
    fill(mock)
    page = visit()
    page.get_by_role("tabpanel", name="Artifacts").get_by_role("button", name="report.html").first.click()
    expect(page.frame_locator("iframe").get_by_role("heading", name="Coffee")).to_be_visible()
    page.get_by_text("Scripts are off").click()
    return page


def no_sandbox(mock: Mock, visit: Visit) -> Page:
    mock.refuse["GET /ui/files"] = (409, {"message": "no sandbox"}, {})
    page = visit()
    page.get_by_role("tab", name="Workspace").click()
    expect(page.get_by_role("tabpanel", name="Workspace")).to_contain_text("There is no sandbox yet.")
    return page


def failing(mock: Mock, visit: Visit) -> Page:
    """A tool server that failed, seen in the dialog of the system."""
    mock.status["servers"].append({"name": "calendar", "state": "failed", "tools": 0, "error": "It ended."})
    page = visit()
    page.get_by_role("button", name="Some tools failed").click()
    expect(page.get_by_role("dialog", name="System")).to_contain_text("calendar failed It ended.")
    return page


STATES = [
    empty,
    running,
    whole,
    at_work,
    stopped,
    limited,
    failed,
    asked_form,
    asked_to_visit,
    attached,
    previewed,
    web_page,
    workspace,
    no_sandbox,
    menu,
    renamed,
    deleted,
    missing,
    offline,
    without_server,
    system,
    failing,
    user,
    login,
]
