"""Runs of the page: they belong to the service, and outlive their watchers."""

from __future__ import annotations

import itertools
import json
import signal
import threading
from collections.abc import Callable
from pathlib import Path

from support import engine
from support.agent import Service, wait_until_it_has_ended, wait_until_it_runs
from support.page_api import PageAPI, of_type, text_of
from support.scripted import bash, calls, says, script

Serve = Callable[..., Service]

# Commands that no other test has.
STEP = "while [ ! -e /workspace/go ]; do sleep 0.1; done; echo gone"


def go(user: str) -> None:
    """Lets a command that waits for it go on."""
    engine.run("exec", engine.only_container(user), "touch", "/workspace/go")


def sleeps(seconds: int) -> str:
    return f"sleep {seconds}"


def test_a_run_survives_a_lost_connection(serve: Serve, user: str) -> None:
    service = serve(script(calls(bash(f"rm -f go; echo begun; {STEP}")), says(["It is ", "done."])))
    page = PageAPI(service)
    run = page.start("work")
    stream = page.events(run["id"])
    seen = list(itertools.takewhile(lambda event: event["type"] != "tool_progress", stream))
    stream.close()
    assert page.conversation(run["conversation_id"])["run_id"] == run["id"]
    assert page.get("/ui/conversations")["conversations"][0]["run_id"] == run["id"]
    wait_until_it_runs("sleep 0.1", user)
    go(user)
    rest = page.whole(run["id"], after=seen[-1]["seq"])
    assert [event["seq"] for event in seen + rest] == list(range(1, rest[-1]["seq"] + 1))
    assert text_of(rest) == "It is done."
    ended = of_type(rest, "tool_ended")[0]
    assert ended["stdout"] == {"head": "begun\ngone\n", "tail": "", "omitted": 0}
    assert ended["exit_code"] == 0
    assert rest[-1]["state"] == "answered"
    assert rest[-1]["usage"]["completion_tokens"] > 0


def test_events_are_replayed_from_any_number(serve: Serve) -> None:
    service = serve(script(calls(bash("echo out; echo err >&2; exit 3")), says("Three.")))
    page = PageAPI(service)
    run, events = page.work("work")
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    for number in range(len(events) - 1):
        assert page.whole(run["id"], after=number) == events[number:]
    assert list(page.events(run["id"], after=events[-1]["seq"])) == []
    turn = page.conversation(run["conversation_id"])["turns"][0]
    assert turn["state"] == "answered"
    assert text_of(turn["events"]) == "Three."
    ended = of_type(turn["events"], "tool_ended")[0]
    assert (ended["exit_code"], ended["stdout"]["head"], ended["stderr"]["head"]) == (3, "out\n", "err\n")
    assert [event["turn"] for event in of_type(events, "turn_usage")] == [1, 2]
    assert of_type(events, "tool_started")[0]["server"] == "exec-mcp"


def test_a_second_watcher_sees_the_same(serve: Serve, user: str) -> None:
    service = serve(script(calls(bash(f"rm -f go; {STEP}")), says("Both.")))
    run = PageAPI(service).start("work")
    found: list[list[dict[str, object]]] = [[], []]

    def watch(place: int) -> None:
        found[place] = PageAPI(service).whole(run["id"])

    watchers = [threading.Thread(target=watch, args=[place]) for place in range(2)]
    for watcher in watchers:
        watcher.start()
    wait_until_it_runs("sleep 0.1", user)
    go(user)
    for watcher in watchers:
        watcher.join()
    assert found[0] == found[1]
    assert text_of(found[0]) == "Both."


def test_stopping_ends_every_process(serve: Serve, user: str) -> None:
    commands = [sleeps(3591), sleeps(3592), sleeps(3593)]
    service = serve(script(calls(bash(f"{commands[0]} & {commands[1]} | cat"), bash(commands[2])), says("Never.")))
    page = PageAPI(service)
    run = page.start("work")
    for command in commands:
        wait_until_it_runs(command, user)
    assert page.ask("DELETE", f"/ui/runs/{run['id']}").status == 202
    assert page.whole(run["id"])[-1]["state"] == "stopped"
    for command in commands:
        wait_until_it_has_ended(command, user)
    assert page.conversation(run["conversation_id"])["turns"][0]["state"] == "stopped"
    assert len(service.model.requests()) == 1


def test_a_stopped_run_can_be_continued(serve: Serve, user: str) -> None:
    service = serve([[calls(bash("echo one")), calls(bash(sleeps(3594)))], [says("Where I was.")]])
    page = PageAPI(service)
    run = page.start("work")
    wait_until_it_runs(sleeps(3594), user)
    page.ask("DELETE", f"/ui/runs/{run['id']}")
    page.whole(run["id"])
    _, events = page.work("Where were you?", conversation_id=run["conversation_id"])
    assert text_of(events) == "Where I was."
    messages = service.model.bodies()[-1]["messages"]
    assert [message["role"] for message in messages[1:]] == [
        *("user", "assistant", "tool", "assistant", "tool", "assistant", "user")
    ]
    assert "one" in messages[3]["content"]
    # On a busy machine the run ends before its call has told how it ended.
    assert any(words in messages[5]["content"] for words in ("cancelled", "the run ended before"))


def test_a_run_that_nobody_watches_ends(serve: Serve, user: str) -> None:
    service = serve(script(calls(bash(sleeps(3595))), says("Never.")), "--ui-detach", "1")
    page = PageAPI(service)
    run = page.start("work")
    stream = page.events(run["id"])
    # Watched, it goes on longer than that.
    next(stream)
    wait_until_it_runs(sleeps(3595), user)
    stream.close()
    wait_until_it_has_ended(sleeps(3595), user)
    end = page.whole(run["id"])[-1]
    assert end["state"] == "stopped"
    assert end["error"]["code"] == "unwatched"


def test_history_survives_a_killed_service(serve: Serve, user: str, tmp_path: Path) -> None:
    sessions = str(tmp_path / "sessions")
    conversation = [[says("The first answer.")], [calls(bash("echo so far")), calls(bash(sleeps(3596)))]]
    service = serve(conversation, AGENT_SESSIONS=sessions)
    page = PageAPI(service)
    first, _ = page.work("first")
    run = page.start("second", conversation_id=first["conversation_id"])
    wait_until_it_runs(sleeps(3596), user)
    service.process.send_signal(signal.SIGKILL)
    service.process.wait()
    again = serve([[says("Unused.")], [says("Unused.")], [says("All here.")]], AGENT_SESSIONS=sessions)
    page = PageAPI(again)
    turns = page.conversation(first["conversation_id"])["turns"]
    assert [turn["state"] for turn in turns] == ["answered", "failed"]
    assert turns[1]["error"]["code"] == "service_ended"
    assert text_of(turns[0]["events"]) == "The first answer."
    assert of_type(turns[1]["events"], "tool_ended")[0]["stdout"]["head"] == "so far\n"
    end = page.whole(run["id"])[-1]
    assert (end["state"], end["error"]["code"]) == ("failed", "service_ended")
    _, events = page.work("third", conversation_id=first["conversation_id"])
    assert text_of(events) == "All here."
    messages = again.model.bodies()[-1]["messages"]
    assert [message["content"] for message in messages if message["role"] == "user"] == ["first", "second", "third"]


def test_stopping_the_service_is_told_and_kept(serve: Serve, user: str, tmp_path: Path) -> None:
    sessions = str(tmp_path / "sessions")
    service = serve(script(calls(bash(sleeps(3597))), says("Never.")), AGENT_SESSIONS=sessions)
    page = PageAPI(service)
    run = page.start("work")
    stream = page.events(run["id"])
    first = next(stream)
    wait_until_it_runs(sleeps(3597), user)
    ending = threading.Thread(target=service.close)
    ending.start()
    events = [first, *stream]
    ending.join()
    assert events[-1]["state"] == "stopped"
    assert events[-1]["error"]["code"] == "service_stopped"
    turns = PageAPI(serve(script(says("x")), AGENT_SESSIONS=sessions)).conversation(run["conversation_id"])["turns"]
    assert turns[0]["state"] == "stopped"


def test_with_sessions_in_memory_nothing_is_on_the_disk(serve: Serve, tmp_path: Path) -> None:
    service = serve(script(says("Heard.")), "--sessions", "memory", XDG_STATE_HOME=str(tmp_path / "state"))
    page = PageAPI(service)
    run, _ = page.work("hello")
    assert page.conversation(run["conversation_id"])["turns"][0]["text"] == "hello"
    assert not (tmp_path / "state" / "exec-agent").exists()


def test_a_second_service_leaves_the_directory_alone(serve: Serve, tmp_path: Path) -> None:
    sessions = str(tmp_path / "sessions")
    first = serve(script(says("One.")), AGENT_SESSIONS=sessions)
    second = serve(script(says("Two.")), AGENT_SESSIONS=sessions)
    second.wait_for_log("kept in memory: another exec-agent uses")
    PageAPI(first).work("for the first")
    PageAPI(second).work("for the second")
    titles = [one["title"] for one in PageAPI(first).get("/ui/conversations")["conversations"]]
    assert titles == ["for the first"]


def test_the_last_message_can_be_sent_again(serve: Serve) -> None:
    service = serve([[says("One.")], [says("Two.")]])
    page = PageAPI(service)
    run, _ = page.work("first")
    page.work("second", conversation_id=run["conversation_id"])
    _, events = page.work("second, better", conversation_id=run["conversation_id"], replace_turn=1)
    assert text_of(events) == "Two."
    turns = page.conversation(run["conversation_id"])["turns"]
    assert [turn["text"] for turn in turns] == ["first", "second, better"]
    said = [message["content"] for message in service.model.bodies()[-1]["messages"] if message["role"] == "user"]
    assert said == ["first", "second, better"]


def test_a_long_output_is_cut_and_says_where_the_rest_is(serve: Serve) -> None:
    service = serve(script(calls(bash("seq 1 300000")), says("Long.")))
    page = PageAPI(service)
    _, events = page.work("count")
    ended = of_type(events, "tool_ended")[0]
    assert ended["truncated"] is True
    assert len(json.dumps(ended)) < 200_000
    assert ended["output_path"].startswith("/output/")
    assert ended["stdout"]["head"].startswith("1\n2\n")
