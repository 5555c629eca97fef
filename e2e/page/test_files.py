"""Artifacts, their previews, the workspace, the system's state, users and keys."""

from __future__ import annotations

import re
from collections.abc import Callable

from page.conftest import until
from page.mock_server import Mock
from page.samples import bash, fill, png, text
from playwright.sync_api import Page, expect

Visit = Callable[..., Page]


def test_artifacts_are_listed_marked_downloaded_and_deleted(mock: Mock, visit: Visit) -> None:
    fill(mock)
    page = visit()
    panel = page.get_by_role("tabpanel", name="Artifacts")
    expect(panel.get_by_role("listitem")).to_have_count(4)
    expect(panel).to_contain_text("PNG · 3.6 KB")
    with page.expect_download() as download:
        panel.get_by_role("button", name="Download cups-by-hour.png").click()
    assert download.value.path().read_bytes() == png() and download.value.suggested_filename == "cups-by-hour.png"
    with page.expect_download() as download:
        panel.get_by_role("button", name="Download all (zip)").click()
    assert download.value.suggested_filename == "artifacts.zip"
    panel.get_by_role("button", name="Delete notes.md").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    panel.get_by_role("button", name="Delete notes.md").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(panel.get_by_role("listitem")).to_have_count(3)
    assert "notes.md" not in mock.artifacts


def test_a_file_that_a_call_makes_appears_at_once_and_its_picture_in_the_turn(mock: Mock, visit: Visit) -> None:
    page = visit()
    page.get_by_label("Message to the agent").fill("Draw")
    page.keyboard.press("Enter")
    run = mock.last_run()
    mock.artifacts["plot.png"] = png(64, 32)
    made = {"name": "plot.png", "size": 10, "type": "image/png", "change": "new"}
    run.add(*bash("python3 plot.py", "c1", artifacts=[made]))
    expect(page.get_by_role("tabpanel", name="Artifacts").get_by_role("listitem")).to_have_text(
        [re.compile("plot.png.*new")]
    )
    picture = page.get_by_role("article", name="Agent").get_by_role("img", name="Picture")
    expect(picture).to_have_js_property("naturalWidth", 64)
    run.add({"type": "text", "text": "![The chart](plot.png) and [the file](/artifacts/plot.png)"})
    mock.finish(run)
    expect(page.get_by_role("img", name="The chart")).to_have_js_property("naturalWidth", 64)
    expect(page.get_by_role("img", name="Picture")).to_have_count(0)
    page.get_by_role("button", name="the file").click()
    expect(page.get_by_role("dialog", name="plot.png").get_by_role("img")).to_be_visible()


def preview(page: Page, name: str):
    page.get_by_role("tabpanel", name="Artifacts").get_by_role("button", name=name).first.click()
    return page.get_by_role("dialog")


def test_each_kind_of_file_has_its_preview(mock: Mock, visit: Visit) -> None:
    rows = "".join(f"{number},x\n" for number in range(500))
    mock.artifacts = {
        "a.csv": ('n,"a, ""b"""\n' + rows).encode(),
        "b.json": b'{"a":[1]}',
        "c.md": b"# Head\n\n*text*",
        "d.py": b"def f(): pass\n",
        "e.svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"/>',
        "f.pdf": b"%PDF",
        "g.bin": b"\0",
        "h.txt": b"x" * 400_000,
    }
    page = visit()
    dialog = preview(page, "a.csv")
    expect(dialog.get_by_role("columnheader")).to_have_text(["n", 'a, "b"'])
    expect(dialog.get_by_role("row")).to_have_count(201)
    expect(dialog).to_contain_text("The first 200 rows are shown.")
    dialog.get_by_role("button", name="Text", exact=True).click()
    expect(dialog.get_by_label("a.csv", exact=True)).to_contain_text("499,x")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(preview(page, "b.json").get_by_label("b.json", exact=True)).to_have_text('{\n  "a": [\n    1\n  ]\n}')
    page.keyboard.press("Escape")
    expect(preview(page, "c.md").get_by_role("heading", name="Head")).to_be_visible()
    page.keyboard.press("Escape")
    expect(preview(page, "d.py").locator(".t-key").first).to_have_text("def")
    page.keyboard.press("Escape")
    expect(preview(page, "e.svg").get_by_role("img")).to_have_js_property("naturalWidth", 20)
    page.keyboard.press("Escape")
    expect(preview(page, "f.pdf")).to_contain_text("PDF files are not shown here.")
    page.keyboard.press("Escape")
    dialog = preview(page, "g.bin")
    expect(dialog).to_contain_text("There is no preview")
    with page.expect_download() as download:
        dialog.get_by_role("button", name="Download", exact=True).click()
    assert download.value.path().read_bytes() == b"\0"
    page.keyboard.press("Escape")
    expect(preview(page, "h.txt")).to_contain_text("Only the first 300,000 characters")


def test_a_web_page_is_shown_without_scripts_until_they_are_asked_for(mock: Mock, visit: Visit) -> None:
    mock.artifacts = {"a.html": b"<p>still</p><script>document.querySelector('p').textContent = 'ran'</script>"}
    page = visit()
    dialog = preview(page, "a.html")
    expect(dialog.frame_locator("iframe").get_by_text("still")).to_be_visible()
    dialog.get_by_text("Scripts are off").click()
    dialog.get_by_role("button", name="Run its scripts").click()
    expect(dialog.frame_locator("iframe").get_by_text("ran")).to_be_visible()
    page.keyboard.press("Escape")
    mock.status["artifact_scripts"] = "never"
    page.reload()
    dialog = preview(page, "a.html")
    expect(dialog).to_contain_text("Shown without scripts and without network.")
    expect(dialog.get_by_role("button", name="Run its scripts")).to_have_count(0)


def test_a_file_that_changed_since_shows_how(mock: Mock, visit: Visit) -> None:
    mock.artifacts = {"a.txt": b"one\ntwo\n"}
    page = visit()
    preview(page, "a.txt").get_by_label("a.txt", exact=True).wait_for()
    page.keyboard.press("Escape")
    mock.artifacts = {"a.txt": b"one\n2\n"}
    page.get_by_label("Message to the agent").fill("Change it")
    page.keyboard.press("Enter")
    run = mock.last_run()
    run.add(*bash("x", "c1", artifacts=[{"name": "a.txt", "size": 6, "change": "changed"}]))
    mock.finish(run)
    expect(page.get_by_role("tabpanel", name="Artifacts").get_by_role("listitem")).to_contain_text("changed")
    until(page, "document.querySelector('#pane-artifacts').textContent.includes('6 bytes')")
    dialog = preview(page, "a.txt")
    dialog.get_by_role("button", name="Changes since you looked").click()
    expect(dialog.get_by_label("Changes", exact=True)).to_contain_text("-two\n+2")


def test_the_workspace_is_walked_by_keys(mock: Mock, visit: Visit) -> None:
    mock.files = {"/workspace/data/deep/a.csv": b"1\n", "/workspace/b.txt": b"hello", "/workspace/data/c.txt": b"c"}
    page = visit()
    page.get_by_role("tab", name="Artifacts").focus()
    page.keyboard.press("ArrowRight")
    panel = page.get_by_role("tabpanel", name="Workspace")
    expect(panel.get_by_role("listitem")).to_have_text([re.compile("data"), re.compile("b.txt")])
    page.get_by_role("button", name="data").focus()
    page.keyboard.press("Enter")
    expect(panel.get_by_role("listitem")).to_have_text([re.compile("deep"), re.compile("c.txt")])
    panel.get_by_role("button", name="workspace").click()
    panel.get_by_role("button", name=re.compile("^b.txt")).click()
    expect(page.get_by_role("dialog", name="b.txt")).to_contain_text("hello")


def test_a_workspace_without_a_sandbox_says_so(mock: Mock, visit: Visit) -> None:
    mock.refuse["GET /ui/files"] = (409, {"message": "no sandbox"}, {})
    page = visit()
    page.get_by_role("tab", name="Workspace").click()
    expect(page.get_by_role("tabpanel", name="Workspace")).to_contain_text("There is no sandbox yet.")


# -- The system, users, keys


def test_the_state_of_the_system_is_shown_and_the_sandbox_stopped(mock: Mock, visit: Visit) -> None:
    mock.status["servers"].append(
        {"name": "calendar", "state": "failed", "tools": 0, "error": "It ended with status 1."}
    )
    page = visit()
    page.get_by_role("button", name="Some tools failed").click()
    dialog = page.get_by_role("dialog", name="System")
    expect(dialog).to_contain_text("calendar failed It ended with status 1.")
    expect(dialog).to_contain_text("at most 30 min, 50 requests to the model")
    dialog.get_by_role("button", name="Stop the sandbox").click()
    page.get_by_role("dialog", name="Stop your sandbox?").get_by_role("button", name="Stop", exact=True).click()
    expect(dialog).to_contain_text("Your sandbox is not started.")


def test_the_operator_sees_and_stops_all_sandboxes(mock: Mock, visit: Visit) -> None:
    mock.status["operator"] = True
    mock.sandboxes = [{"user": "ann", "state": "busy"}, {"user": "bob", "state": "idle"}]
    page = visit()
    page.get_by_role("button", name="Ready").click()
    page.get_by_role("button", name="Stop the sandbox of ann").click()
    page.get_by_role("dialog", name="Stop ann’s sandbox?").get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("button", name="Stop the sandbox of ann")).to_have_count(0)
    expect(page.get_by_role("button", name="Stop the sandbox of bob")).to_be_visible()


def test_a_key_is_asked_for_and_never_kept_where_others_see_it(mock: Mock, visit: Visit) -> None:
    mock.key = "secret-key"
    mock.status.update(requires_key=True, user={"name": "ann", "is_bound": True})
    page = visit(ready=False)
    field = page.get_by_label("Key", exact=True)
    expect(field).to_be_focused()
    field.fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="This key is not accepted.")).to_be_visible()
    page.get_by_label("Key", exact=True).fill("secret-key")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Signed in as ann")).to_be_visible()
    assert page.get_by_role("button", name="Change the user").count() == 0
    kept = page.evaluate(
        "[location.href, document.cookie, JSON.stringify(localStorage), JSON.stringify(sessionStorage),"
        " document.documentElement.outerHTML]"
    )
    assert "secret-key" not in "".join(kept)
    page.reload()
    expect(page.get_by_label("Key", exact=True)).to_be_visible()
    page.get_by_label("Key", exact=True).fill("secret-key")
    page.get_by_label("Remember it in this tab").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Signed in as ann")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Signed in as ann")).to_be_visible()
    mock.key = "other"
    page.get_by_label("Message to the agent").fill("x")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Key", exact=True)).to_be_visible()


def log_in(mock: Mock, page: Page) -> None:
    """Logs in with the mock's key as soon as it is asked for; nothing is under way once this returns."""
    page.get_by_label("Key", exact=True).fill(str(mock.key))
    page.keyboard.press("Enter")
    expect(page.get_by_role("tabpanel", name="Artifacts").get_by_role("listitem")).to_have_count(1)
    expect(page.get_by_role("navigation", name="Conversations").get_by_role("link")).to_have_count(1)


def test_a_run_is_followed_again_after_a_new_login(mock: Mock, visit: Visit) -> None:
    mock.key = "first"
    mock.artifacts = {"a.txt": b"a"}
    run = mock.begin("Go")
    page = visit(f"#/c/{run.conversation}", ready=False)
    log_in(mock, page)
    run.add(text("One "))
    expect(page.get_by_role("article", name="Agent")).to_contain_text("One")
    mock.key = "second"
    mock.cut_streams()
    log_in(mock, page)
    run.add(text("two"))
    expect(page.get_by_role("article", name="Agent")).to_contain_text("One two")


def test_a_conversation_is_gone_once_another_user_logs_in(mock: Mock, visit: Visit) -> None:
    mock.key = "first"
    mock.artifacts = {"a.txt": b"a"}
    name = mock.converse("Mine", {"text": "x", "events": [text("My answer")]})
    page = visit(f"#/c/{name}", ready=False)
    log_in(mock, page)
    expect(page.get_by_role("article", name="Agent")).to_contain_text("My answer")
    mock.key = "second"
    mock.conversations.clear()
    mock.converse("Theirs", {"text": "y"}, name="other")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    log_in(mock, page)
    expect(page.get_by_role("heading", name="This conversation does not exist")).to_be_visible()
    expect(page.get_by_role("article")).to_have_count(0)


def test_a_user_is_chosen_where_the_key_does_not_decide(mock: Mock, visit: Visit) -> None:
    page = visit()
    page.get_by_role("button", name="Change the user").click()
    page.get_by_label("Name").fill("not a name!")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("Use letters")
    page.get_by_label("Name").fill("bob")
    with page.expect_request(lambda one: one.url.endswith("/ui/status")) as request:
        page.keyboard.press("Enter")
    assert request.value.headers["x-agent-user"] == "bob"
