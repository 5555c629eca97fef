"""Reloading, lost connections, other tabs, a server that is busy or gone."""

from __future__ import annotations

from collections.abc import Callable

from page.conftest import ask, until
from page.mock_server import Mock
from page.samples import bash, started, text
from playwright.sync_api import BrowserContext, Page, expect

Visit = Callable[..., Page]


def test_a_run_survives_a_reload(mock: Mock, visit: Visit) -> None:
    page = visit()
    ask(page, "Go")
    run = mock.last_run()
    run.add(text("One "), *bash("echo 1", "c1", "1\n"), text("two "))
    expect(page.get_by_role("article", name="Agent")).to_contain_text("two")
    page.reload()
    expect(page.get_by_role("article", name="Agent")).to_contain_text("two")
    run.add(text("three"))
    expect(page.get_by_role("article", name="Agent")).to_contain_text("two three")
    expect(page.locator("details.card")).to_have_count(1)
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    mock.finish(run)
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible()


def test_a_lost_connection_is_told_and_nothing_is_lost_or_doubled(
    mock: Mock, visit: Visit, context: BrowserContext
) -> None:
    page = visit()
    ask(page, "Go")
    run = mock.last_run()
    run.add(text("One "), started("execute_bash", "c1", command="x"))
    expect(page.locator("details.card")).to_have_count(1)
    mock.is_down = True
    expect(page.get_by_role("alert").filter(has_text="Connection lost. The run goes on")).to_be_visible()
    expect(page.locator("#state-text")).to_have_text("Connection lost")
    run.add(text("two "))
    mock.is_down = False
    run.add(text("three"))
    expect(page.get_by_role("article", name="Agent")).to_contain_text("two three")
    expect(page.get_by_role("alert").filter(has_text="Connection lost")).to_have_count(0)
    expect(page.locator("details.card")).to_have_count(1)
    mock.finish(run)
    expect(page.locator("#state-text")).to_have_text("Ready")


def test_a_stream_that_ends_without_its_end_is_taken_up_again(mock: Mock, visit: Visit) -> None:
    page = visit()
    ask(page, "Go")
    run = mock.last_run()
    for number in range(3):
        run.add(text(f"part{number} "))
        expect(page.get_by_role("article", name="Agent")).to_contain_text(f"part{number}")
        mock.cut_streams()
    mock.finish(run)
    expect(page.get_by_role("article", name="Agent").locator(".prose")).to_have_text("part0 part1 part2")


def test_events_that_are_no_longer_kept_are_told(mock: Mock, visit: Visit) -> None:
    page = visit()
    ask(page, "Go")
    run = mock.last_run()
    run.add({"type": "gap", "from": 1, "to": 1}, text("late"))
    expect(page.get_by_role("article", name="Agent")).to_contain_text(
        "Some older activity of this run is no longer kept."
    )


def test_a_second_tab_sees_the_same(mock: Mock, visit: Visit) -> None:
    first = visit()
    ask(first, "Go")
    run = mock.last_run()
    run.add(text("Hello "))
    second = visit(f"#/c/{run.conversation}")
    expect(second.get_by_role("article", name="Agent")).to_contain_text("Hello")
    run.add(text("both"))
    for page in (first, second):
        expect(page.get_by_role("article", name="Agent")).to_contain_text("Hello both")
    mock.finish(run)
    expect(first.get_by_role("button", name="Send", exact=True)).to_be_visible()
    ask(second, "Again")
    expect(first.get_by_role("article", name="You")).to_have_count(2)
    mock.last_run().add(text("again both"))
    for page in (first, second):
        expect(page.get_by_role("article", name="Agent").last).to_contain_text("again both")


def test_a_server_that_is_gone_is_told_and_found_again(mock: Mock, visit: Visit) -> None:
    page = visit()
    mock.is_down = True
    ask(page, "Go")
    expect(page.get_by_role("alert").filter(has_text="The server does not answer.")).to_be_visible()
    expect(page.get_by_label("Message to the agent")).to_have_value("Go")
    mock.is_down = False
    expect(page.get_by_role("alert").filter(has_text="The server does not answer.")).to_have_count(0)
    page.keyboard.press("Enter")
    mock.last_run()


def test_a_server_without_an_answer_at_the_start_is_waited_for(mock: Mock, visit: Visit) -> None:
    mock.refuse["GET /ui/status"] = (503, {"message": "It is starting."}, {"Retry_After": "1"})
    page = visit(ready=False)
    expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text="It is starting.")).to_be_visible()
    mock.refuse.clear()
    expect(page.locator("body")).to_have_attribute("data-screen", "app")


def test_refusals_are_told_and_the_message_stays(mock: Mock, visit: Visit) -> None:
    page = visit()
    for status, error, words in (
        (429, {"message": "x"}, "Too many requests at once. Try again in 7 s."),
        (503, {"message": "200 runs wait already."}, "200 runs wait already."),
        (409, {"message": "x", "code": "conversation_busy"}, "The agent is still at work in this conversation."),
        (500, {}, "refused"),
    ):
        mock.refuse["POST /ui/runs"] = (status, error, {"Retry_After": "7"})
        ask(page, "Go")
        expect(page.locator("#banner")).to_contain_text(words)
        expect(page.get_by_label("Message to the agent")).to_have_value("Go")
    mock.refuse.clear()
    page.keyboard.press("Enter")
    mock.last_run()
    expect(page.locator("#banner")).to_have_text("")


def test_a_conversation_that_another_person_has_is_not_shown(mock: Mock, visit: Visit) -> None:
    mock.refuse["GET /ui/conversations/theirs"] = (404, {"message": "no"}, {})
    page = visit("#/c/theirs")
    expect(page.get_by_role("heading", name="This conversation does not exist")).to_be_visible()


def test_a_tab_in_the_background_leaves_the_run_to_the_one_that_is_looked_at(mock: Mock, visit: Visit) -> None:
    back = visit()
    back.evaluate("Object.defineProperty(document, 'hidden', {get: () => window.isBack})")
    ask(back, "Go")
    run = mock.last_run()
    run.add(text("One "))
    expect(back.get_by_role("article", name="Agent")).to_contain_text("One")
    back.evaluate("window.isBack = true")
    front = visit(f"#/c/{run.conversation}")
    expect(front.get_by_role("article", name="Agent")).to_contain_text("One")
    run.add(text("two "))
    expect(front.get_by_role("article", name="Agent")).to_contain_text("One two")
    expect(back.get_by_role("article", name="Agent")).not_to_contain_text("two")
    front.close()
    expect(back.get_by_role("article", name="Agent")).to_contain_text("One two")
    run.add(text("three"))
    expect(back.get_by_role("article", name="Agent")).to_contain_text("two three")


def test_a_run_that_ended_with_its_server_is_shown_as_ended(mock: Mock, visit: Visit) -> None:
    page = visit()
    ask(page, "Go")
    run = mock.last_run()
    run.add(started("execute_bash", "c1", command="x"))
    expect(page.locator("details.card")).to_have_count(1)
    mock.is_down = True
    expect(page.locator("#banner")).to_contain_text("Connection lost")
    mock.runs.clear()
    whole = mock.conversations[run.conversation]
    del whole["run_id"]
    whole["turns"][-1].update(state="failed", error={"message": "The service has ended.", "code": "service_ended"})
    mock.is_down = False
    expect(page.get_by_role("article", name="Agent")).to_contain_text("The service has ended.")
    expect(page.locator("#banner")).to_have_text("")
    expect(page.locator("#state-text")).to_have_text("Ready")


def test_a_stream_that_stays_empty_leads_back_to_the_conversation(mock: Mock, visit: Visit) -> None:
    page = visit()
    ask(page, "Go")
    run = mock.last_run()
    run.add(text("One"))
    expect(page.get_by_role("article", name="Agent")).to_contain_text("One")
    whole = mock.conversations[run.conversation]
    del whole["run_id"]
    whole["turns"][-1].update(state="failed", error={"message": "The service has ended."})
    mock.is_mute = True
    mock.cut_streams()
    expect(page.get_by_role("article", name="Agent")).to_contain_text("The service has ended.")
    expect(page.locator("#banner")).to_have_text("")


def test_a_page_whose_files_do_not_arrive_says_so(visit: Visit, context: BrowserContext) -> None:
    context.route("**/ui/dom.js", lambda route: route.fulfill(status=429, body=""))
    page = visit(ready=False)
    until(page, "getComputedStyle(document.body, '::after').visibility === 'visible'")
    assert "reload" in page.evaluate("getComputedStyle(document.body, '::after').content")
    context.unroute("**/ui/dom.js")
    page.reload()
    expect(page.locator("body")).to_have_attribute("data-screen", "app")
    assert page.evaluate("getComputedStyle(document.body, '::after').content") == "none"
