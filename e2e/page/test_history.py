"""What servers ask during a run, and what is kept: questions, the list of conversations, exports, links."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

from page.conftest import ask
from page.mock_server import Mock
from page.samples import ANSWER, bash, ended, finished, started, text
from page.states import APPROVAL, FORM
from playwright.sync_api import Page, expect

Visit = Callable[..., Page]


def test_a_call_is_approved_without_the_focus_being_moved(mock: Mock, visit: Visit) -> None:
    page = visit()
    ask(page, "Go")
    page.keyboard.type("thinking of something els")
    run = mock.last_run()
    run.add(started("execute_bash", "c1", command="x"), APPROVAL)
    question = page.get_by_role("dialog", name="exec-mcp asks for your approval")
    expect(question).to_contain_text("calendar.create_event")
    expect(question).to_contain_text("Tea⟨U+202E⟩ with ⟨U+200B⟩Ann⟨U+3164⟩⟨U+E0041⟩")
    expect(question).to_contain_text("it writes")
    expect(page.get_by_label("Message to the agent")).to_be_focused()
    page.keyboard.type("e")
    expect(page.get_by_label("Message to the agent")).to_have_value("thinking of something else")
    expect(question.get_by_role("button")).to_have_text(["Deny", "Allow once", "Allow for this session"])
    question.get_by_role("button", name="Allow once").click()
    expect(question).to_have_count(0)
    assert mock.answers == [
        {"user": "default", "question": "question_1", "action": "accept", "content": {"decision": "once"}}
    ]


def test_a_form_is_filled_in_and_checked(mock: Mock, visit: Visit) -> None:
    page = visit()
    ask(page, "Go")
    question = {"type": "question", "id": "q2", "server": "shop", "call_id": "c", "mode": "form", "message": "Which?"}
    mock.last_run().add({**question, "schema": FORM})
    form = page.get_by_role("dialog", name="shop asks you something")
    form.get_by_role("button", name="Send").click()
    expect(form.get_by_label("Your name")).to_be_focused()
    form.get_by_label("Your name").fill("Ann")
    form.get_by_label("size").fill("4")
    form.get_by_label("colour").select_option("Blue")
    form.get_by_label("tue").check()
    form.get_by_role("button", name="Send").click()
    expect(form).to_have_count(0)
    assert mock.answers[0]["content"] == {"name": "Ann", "size": 4, "colour": "b", "fast": True, "days": ["tue"]}


def test_a_page_to_visit_shows_its_host_and_a_dangerous_one_is_no_link(mock: Mock, visit: Visit) -> None:
    page = visit()
    ask(page, "Go")
    question = {"type": "question", "server": "shop", "call_id": "c", "mode": "url", "message": "Sign in"}
    run = mock.last_run()
    run.add(
        {**question, "id": "q1", "url": "https://login.example/x"},
        {**question, "id": "q2", "url": "javascript:alert(1)"},
    )
    dialog = page.get_by_role("dialog", name="shop asks you something")
    expect(dialog.get_by_role("link")).to_have_attribute("href", "https://login.example/x")
    dialog.get_by_role("button", name="Decline").click()
    expect(dialog).to_contain_text("It names an address that is not opened: javascript:alert(1)")
    expect(dialog.get_by_role("link")).to_have_count(0)


# -- History


def test_conversations_are_renamed_deleted_and_reached_by_keys(mock: Mock, visit: Visit) -> None:
    for title in ("One", "Two"):
        mock.converse(title, {"text": title, "events": [text("Answer " + title), finished()]}, name=title)
    page = visit("#/c/One")
    nav = page.get_by_role("navigation", name="Conversations")
    expect(page.get_by_role("heading", name="One")).to_be_visible()
    nav.get_by_role("button", name="More for One").click()
    page.get_by_role("menuitem", name="Rename").click()
    page.get_by_label("Title").fill("First")
    page.keyboard.press("Enter")
    expect(nav.get_by_role("link", name="First")).to_be_visible()
    expect(page.get_by_role("heading", name="First")).to_be_visible()
    nav.get_by_role("link").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    nav.get_by_role("button", name="More for Two").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(nav.get_by_role("link")).to_have_count(1)
    assert "Two" not in mock.conversations


def test_a_conversation_is_exported_in_four_forms(mock: Mock, visit: Visit) -> None:
    events = [
        text("Look:"),
        *bash("echo 'a' `b`", "c1", "a\n"),
        started("write_file", "c2", file_path="it's.txt", content="x\nEND\n"),
        ended("write_file", "c2", text="ok"),
        text(ANSWER),
        finished(),
    ]
    page = visit(f"#/c/{mock.converse('The title/..', {'text': 'Do it', 'events': events})}")
    found = {}
    for kind in ("Markdown", "JSON", "script", "notebook"):
        page.get_by_role("button", name="Export and more").click()
        with page.expect_download() as download:
            page.get_by_role("menuitem", name=f"Export as {kind}").click()
        found[download.value.suggested_filename] = download.value.path().read_text()
    assert list(found) == ["The-title.md", "The-title.json", "The-title.sh", "The-title.ipynb"]
    assert "## You\n\nDo it" in found["The-title.md"] and "```bash\necho 'a' `b`\n```" in found["The-title.md"]
    assert json.loads(found["The-title.json"])["turns"][0]["text"] == "Do it"
    assert (
        "(\necho 'a' `b`\n)" in found["The-title.sh"]
        and "cat > 'it'\\''s.txt' <<'END_'\nx\nEND\nEND_" in found["The-title.sh"]
    )
    notebook = json.loads(found["The-title.ipynb"])
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert "".join(code[0]["source"]) == "%%bash\necho 'a' `b`" and code[0]["outputs"][0]["text"] == ["a\n"]


def test_a_script_that_was_exported_does_what_the_agent_did(mock: Mock, visit: Visit, tmp_path) -> None:
    events = [
        started("write_file", "c1", file_path="d/a b.txt", content="one\ntwo"),
        ended("write_file", "c1", text="ok"),
        *bash("cd /tmp && true", "c2"),
        *bash("wc -c < 'd/a b.txt' > n", "c3"),
        finished(),
    ]
    name = mock.converse("x", {"text": "one\n$(touch bad)", "events": events})
    page = visit(f"#/c/{name}")
    page.get_by_role("button", name="Export and more").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Export as script").click()
    subprocess.run(["bash", str(download.value.path())], cwd=tmp_path, check=True, timeout=60)
    assert (tmp_path / "n").read_text().strip() == "7" and sorted(one.name for one in tmp_path.iterdir()) == [
        "d",
        "n",
    ]


def test_a_link_leads_to_one_call(mock: Mock, visit: Visit) -> None:
    events = [event for number in range(40) for event in bash(f"echo {number}", f"call-{number}", f"{number}\n")]
    name = mock.converse("x", {"text": "x", "events": events})
    page = visit(f"#/c/{name}/call-3")
    expect(page.locator("details.card[open] .subject")).to_have_text("echo 3")
    expect(page.locator("details.card[open]")).to_be_in_viewport()


def test_a_conversation_that_does_not_exist_says_so(visit: Visit) -> None:
    page = visit("#/c/nothing")
    expect(page.get_by_role("heading", name="This conversation does not exist")).to_be_visible()


def test_new_conversation_begins_empty(mock: Mock, visit: Visit) -> None:
    page = visit(f"#/c/{mock.converse('x', {'text': 'x', 'events': [finished()]})}")
    expect(page.get_by_role("article", name="You")).to_have_count(1)
    page.get_by_role("button", name="New conversation").click()
    expect(page.get_by_role("heading", name="What should the agent do?")).to_be_visible()
    expect(page.get_by_label("Message to the agent")).to_be_focused()
    ask(page, "Anew")
    assert mock.last_run() and "conversation_id" not in mock.seen_bodies("POST", "/ui/runs")[0]
