"""Talking to the agent: messages, what it does, stopping it, changing a message, attachments, questions."""

from __future__ import annotations

import re
from collections.abc import Callable

from page.conftest import ask
from page.mock_server import Mock
from page.samples import bash, ended, finished, started, stream, text, usage
from playwright.sync_api import Page, expect

Visit = Callable[..., Page]


def test_an_answer_appears_while_it_is_written(mock: Mock, visit: Visit) -> None:
    page = visit()
    ask(page, "Say *hello*")
    run = mock.last_run()
    expect(page.get_by_role("article", name="You")).to_contain_text("Say *hello*")
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    expect(page.get_by_role("log")).to_have_attribute("aria-busy", "true")
    run.add(text("Hello **wor"))
    answer = page.get_by_role("article", name="Agent")
    expect(answer).to_contain_text("Hello **wor")
    run.add(text("ld**, and more"))
    expect(answer.locator("strong")).to_have_text("world")
    mock.finish(run, usage={"prompt_tokens": 1200, "completion_tokens": 34})
    expect(answer).to_contain_text("1,234 tokens")
    expect(page.get_by_role("status")).to_have_text("Answer complete, 4 words")
    expect(page.get_by_role("log")).to_have_attribute("aria-busy", "false")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    assert page.url.endswith(f"#/c/{run.conversation}")
    expect(page.get_by_role("navigation", name="Conversations").get_by_role("link")).to_have_count(1)


def test_enter_sends_and_shift_enter_begins_a_line(mock: Mock, visit: Visit) -> None:
    page = visit()
    page.get_by_label("Message to the agent").fill("one")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two")
    page.keyboard.press("Enter")
    mock.last_run()
    assert mock.seen_bodies("POST", "/ui/runs") == [{"text": "one\ntwo"}]


def test_an_example_becomes_the_message_and_nothing_is_sent(mock: Mock, visit: Visit) -> None:
    page = visit()
    page.get_by_role("button", name="Plot the first 50 primes").click()
    expect(page.get_by_label("Message to the agent")).to_have_value("Plot the first 50 primes")
    expect(page.get_by_label("Message to the agent")).to_be_focused()
    assert not mock.runs


def test_a_call_is_a_folded_card_with_all_of_it(mock: Mock, visit: Visit) -> None:
    page = visit()
    ask(page, "Go")
    run = mock.last_run()
    run.add(started("execute_bash", "c1", command="make test\necho done", timeout=60))
    card = page.locator("details.card")
    expect(card).to_contain_text("Running a command")
    run.add({"type": "tool_progress", "id": "c1", "message": "compiling\nlinking 3 of 4"})
    expect(card.locator(".live")).to_have_text("linking 3 of 4")
    run.add(
        ended(
            "execute_bash",
            "c1",
            exit_code=2,
            stdout=stream("\x1b[32mok\x1b[0m 1\n"),
            stderr=stream("bad\n"),
            calls=[{"server": "calendar", "tool": "list", "seconds": 0.2, "ok": False}],
        )
    )
    expect(card.locator("summary")).to_contain_text("Ran a command")
    expect(card.locator(".state")).to_have_text("exit 2 · 0.4 s")
    expect(page.get_by_role("status")).to_have_text("Ran a command, exit 2 · 0.4 s")
    expect(card.locator(".card-body")).to_be_hidden()
    card.locator("summary").click()
    expect(page.get_by_label("Command", exact=True)).to_have_text("make test\necho done")
    expect(page.get_by_label("Output", exact=True)).to_have_text("ok 1")
    expect(card.locator(".c-green")).to_have_text("ok")
    expect(page.get_by_label("Errors and messages (stderr)", exact=True)).to_have_text("bad")
    expect(card).to_contain_text("timeout60")
    expect(card.get_by_role("listitem")).to_have_text("calendar.list failed · 0.2 s")


def test_a_call_that_was_too_late_says_so(mock: Mock, visit: Visit) -> None:
    name = mock.converse("x", {"text": "x", "events": bash("sleep 99", "c1", code=124, timed_out=True)})
    page = visit(f"#/c/{name}")
    expect(page.locator("details.card .state")).to_have_text("timed out · 0.4 s")


def test_calls_of_other_servers_show_their_arguments_as_fields(mock: Mock, visit: Visit) -> None:
    events = [
        started("create_event", "c1", "calendar", title="Tea", day=3),
        ended("create_event", "c1", text="created"),
    ]
    page = visit(f"#/c/{mock.converse('x', {'text': 'x', 'events': events})}")
    page.locator("details.card summary").click()
    expect(page.locator("dl.fields dt")).to_have_text(["title", "day"])
    expect(page.locator("details.card summary")).to_contain_text("Used calendar: create_event")
    expect(page.get_by_label("Result", exact=True)).to_have_text("created")


def test_long_output_is_folded_in_its_middle_and_shown_in_steps(mock: Mock, visit: Visit) -> None:
    lines = "".join(f"line {number}\n" for number in range(4000))
    page = visit(f"#/c/{mock.converse('x', {'text': 'x', 'events': bash('seq', 'c1', lines)})}")
    page.locator("details.card summary").click()
    output = page.get_by_label("Output", exact=True)
    expect(output).to_contain_text("line 199")
    expect(output).to_contain_text("line 3999")
    expect(output).not_to_contain_text("line 200\n")
    for _ in range(4):
        page.get_by_role("button", name=re.compile("Show more")).click()
    expect(page.get_by_role("button", name=re.compile("Show more"))).to_have_count(0)
    assert output.inner_text().split() == lines.split()


def test_what_the_server_left_out_is_said_and_can_be_saved(mock: Mock, visit: Visit) -> None:
    mock.files["/output/1/stdout"] = b"everything"
    event = ended(
        "execute_bash",
        "c1",
        exit_code=0,
        stdout=stream("start", 5_000_000, "end"),
        stderr=stream(""),
        truncated=True,
        output_path="/output/1/stdout",
    )
    page = visit(
        f"#/c/{mock.converse('x', {'text': 'x', 'events': [started('execute_bash', 'c1', command='x'), event]})}"
    )
    page.locator("details.card summary").click()
    expect(page.get_by_label("Output", exact=True)).to_contain_text("5.0 MB are not shown here")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the whole output").click()
    assert download.value.path().read_bytes() == b"everything"


def test_writing_a_file_again_shows_what_changed(mock: Mock, visit: Visit) -> None:
    first, second = "a\nb\nc\nd\ne\nf\ng\nh\n", "a\nb\nc\nd\nE\nf\ng\nh\n"
    events = [
        started("write_file", "c1", file_path="x.py", content=first),
        ended("write_file", "c1", text="ok"),
        started("write_file", "c2", file_path="/workspace/x.py", content=second),
        ended("write_file", "c2", text="ok"),
    ]
    page = visit(f"#/c/{mock.converse('x', {'text': 'x', 'events': events})}")
    expect(page.locator("details.card")).to_have_count(2)
    for card in page.locator("details.card > summary").all():
        card.click()
    expect(page.get_by_label("Changes in x.py", exact=True)).to_have_text("@@ -2 +2 @@\n b\n c\n d\n-e\n+E\n f\n g\n h")


def test_a_stored_conversation_shows_what_changed_since_the_turn_before(mock: Mock, visit: Visit) -> None:
    turns = [
        {
            "text": content,
            "events": [
                started("write_file", f"c{number}", file_path="x.py", content=content),
                ended("write_file", f"c{number}", text="ok"),
                finished(),
            ],
        }
        for number, content in enumerate(("old\n", "new\n"))
    ]
    page = visit(f"#/c/{mock.converse('x', *turns)}")
    expect(page.locator("details.card")).to_have_count(2)
    for card in page.locator("details.card > summary").all():
        card.click()
    expect(page.get_by_label("x.py", exact=True).first).to_have_text("old")
    expect(page.get_by_label("Changes in x.py", exact=True)).to_have_text("@@ -1 +1 @@\n-old\n+new\n ")


def test_stop_ends_the_run(mock: Mock, visit: Visit) -> None:
    page = visit()
    ask(page, "Run for long")
    run = mock.last_run()
    run.add(started("execute_bash", "c1", command="sleep 1000"))
    expect(page.locator("details.card")).to_have_count(1)
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("article", name="Agent")).to_contain_text("Stopped.")
    expect(page.locator("details.card .state")).to_have_text("ended with the run")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible()
    assert ("DELETE", f"/ui/runs/{run.name}") in [one[:2] for one in mock.seen]
    expect(page.get_by_role("button", name="Send again", exact=True)).to_be_visible()


def test_the_last_message_can_be_changed_and_sent_again(mock: Mock, visit: Visit) -> None:
    name = mock.converse(
        "Old",
        {"text": "first", "events": [text("1"), finished()]},
        {"text": "secnd", "events": [text("2"), finished()]},
    )
    page = visit(f"#/c/{name}")
    expect(page.get_by_role("button", name="Edit and send again")).to_have_count(1)
    page.get_by_role("button", name="Edit and send again").click()
    expect(page.get_by_label("Message to the agent")).to_have_value("secnd")
    page.keyboard.press("Escape")
    expect(page.get_by_label("Message to the agent")).to_have_value("")
    page.get_by_role("button", name="Edit and send again").click()
    ask(page, "second")
    run = mock.last_run()
    run.add(text("Now"))
    mock.finish(run)
    expect(page.get_by_role("article", name="You")).to_have_text([re.compile("first"), re.compile("second")])
    assert mock.seen_bodies("POST", "/ui/runs") == [{"text": "second", "conversation_id": name, "replace_turn": 1}]


def test_a_failed_run_says_why_and_can_be_sent_again(mock: Mock, visit: Visit) -> None:
    page = visit()
    ask(page, "Go")
    run = mock.last_run()
    run.add({"type": "retrying", "reason": "It is overloaded.", "seconds": 2})
    expect(page.get_by_role("article", name="Agent")).to_contain_text("It is overloaded. Trying again in 2.0 s.")
    mock.finish(run, "failed", error={"message": "The model cannot be reached.", "code": "model_unreachable"})
    expect(page.get_by_role("article", name="Agent")).to_contain_text("The model cannot be reached.")
    page.get_by_role("button", name="Send again", exact=True).click()
    mock.last_run(1)
    expect(page.get_by_role("article", name="You")).to_have_count(1)
    assert mock.seen_bodies("POST", "/ui/runs")[1] == {
        "text": "Go",
        "conversation_id": run.conversation,
        "replace_turn": 0,
    }


def test_limits_and_notices_are_told(mock: Mock, visit: Visit) -> None:
    limit = finished(
        "limit", seconds=119.7, error={"message": "The run took longer than 1800 s.", "code": "max_seconds"}
    )
    events = [{"type": "notice", "message": "A picture was left out."}, usage(1, 10, 5), usage(2, 20, 7), limit]
    page = visit(f"#/c/{mock.converse('x', {'text': 'x', 'state': 'limit', 'events': events})}")
    agent = page.get_by_role("article", name="Agent")
    expect(agent).to_contain_text("A picture was left out.")
    expect(agent).to_contain_text("The run took longer than 1800 s.")
    expect(agent.locator("footer summary")).to_contain_text("2 min · ")
    agent.locator("footer summary").click()
    expect(agent.locator("footer li")).to_have_text(["10 tokens in, 5 out, 1.2 s", "20 tokens in, 7 out, 1.2 s"])


# -- Attachments


def test_files_are_uploaded_with_the_button_and_go_with_the_message(mock: Mock, visit: Visit) -> None:
    page = visit()
    page.get_by_label("Files to attach").set_input_files(
        [
            {"name": "a<b>.csv", "mimeType": "text/csv", "buffer": b"1,2"},
            {"name": "b.bin", "mimeType": "", "buffer": bytes(9)},
        ]
    )
    expect(page.get_by_role("list", name="Attachments").get_by_role("listitem")).to_have_count(2)
    page.get_by_role("button", name="Remove b.bin").click()
    ask(page, "What is in it?")
    mock.last_run()
    body = mock.seen_bodies("POST", "/ui/runs")[0]
    assert body == {"text": "What is in it?", "attachments": ["/workspace/uploads/a_b_.csv"]}
    assert mock.files["/workspace/uploads/a_b_.csv"] == b"1,2"
    expect(page.get_by_role("article", name="You")).to_contain_text("a_b_.csv")


DROP = """
(kind) => {
  const data = new DataTransfer();
  const name = kind === 'paste' ? 'image.png' : 'dropped.csv';
  const how = {bubbles: true, cancelable: true};
  data.items.add(new File([new Uint8Array([137, 80])], name, {type: 'image/png'}));
  if (kind === 'paste')
    document.getElementById('text').dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, ...how}));
  else for (const type of ['dragenter', 'dragover', 'drop'])
    document.getElementById('scroll').dispatchEvent(new DragEvent(type, {dataTransfer: data, ...how}));
}
"""


def test_files_can_be_dropped_and_pictures_pasted(mock: Mock, visit: Visit) -> None:
    page = visit()
    page.evaluate(DROP, "drop")
    page.evaluate(DROP, "paste")
    expect(page.get_by_role("list", name="Attachments").get_by_role("listitem")).to_have_text(
        [re.compile("dropped.csv"), re.compile(r"pasted-.*\.png")]
    )
    expect(page.locator("#drop")).to_be_hidden()


def test_a_file_that_is_too_large_or_refused_says_so(mock: Mock, visit: Visit) -> None:
    mock.status["limits"]["upload_bytes"] = 10
    mock.refuse["PUT /ui/files/full.txt"] = (507, {"message": "The workspace is full."}, {})
    page = visit()
    page.get_by_label("Files to attach").set_input_files(
        [
            {"name": name, "mimeType": "", "buffer": content}
            for name, content in {"big.txt": bytes(11), "full.txt": b"1"}.items()
        ]
    )
    expect(page.locator("#attached li.bad")).to_have_text(
        [re.compile("is larger than 10 bytes"), re.compile("The workspace is full.")]
    )
