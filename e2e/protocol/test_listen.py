"""`subscriptions/listen`: a modern client says what it wants to hear of, hears of that and of nothing else."""

import pytest
from support.listening import SUBSCRIPTION, Listener, wait_for_notification
from support.skill_files import write_skill
from support.stdio_client import META_PREFIX, is_response_to, modern_meta

ALL = {"toolsListChanged": True, "promptsListChanged": True, "resourcesListChanged": True}


@pytest.fixture
def directories(tmp_path):
    write_skill(tmp_path / "skills", "sheep", files={"notes.txt": b"one"})
    (tmp_path / "tools").mkdir()
    return tmp_path


@pytest.fixture
def server(start_server, directories, fresh_user):
    """A modern server with skills and tools of its own, for a user with no artifacts."""
    arguments = ["--user", fresh_user, "--skills", str(directories / "skills"), "--tools", str(directories / "tools")]
    return start_server(*arguments, initialize=None, modern=True)


def test_it_is_advertised(server):
    capabilities = server.request("server/discover")["capabilities"]
    assert capabilities["resources"] == {"subscribe": True, "listChanged": True}
    assert capabilities["prompts"] == {"listChanged": True}
    assert not capabilities["tools"].get("listChanged")


def test_what_is_honoured_is_said_first(server):
    uris = ["artifact:///a.txt", "skill://sheep/SKILL.md"]
    listener = Listener(server, **ALL, resourceSubscriptions=uris)
    assert sorted(listener.honoured.pop("resourceSubscriptions")) == uris
    assert listener.honoured == {"promptsListChanged": True, "resourcesListChanged": True}, "the tools never change"


@pytest.mark.parametrize("wanted", [{}, {"promptsListChanged": False}, {"resourceSubscriptions": []}])
def test_who_wants_nothing_is_acknowledged_and_hears_nothing(server, directories, wanted):
    quiet = Listener(server, **wanted)
    assert not any(quiet.honoured.values())
    loud = Listener(server, **ALL)
    write_skill(directories / "skills", "wolf")
    loud.wait("prompts/list_changed")
    assert quiet.received() == []


def test_artifacts_that_come_and_change_and_go(server):
    listener = Listener(server, resourcesListChanged=True, resourceSubscriptions=["artifact:///a.txt"])
    server.bash("echo 1 > /artifacts/a.txt")
    listener.wait("resources/list_changed")
    listener.wait("resources/updated", uri="artifact:///a.txt")
    listener.mark()
    server.bash("echo 22 > /artifacts/a.txt")
    listener.wait("resources/updated", uri="artifact:///a.txt")
    assert "resources/list_changed" not in listener.received()
    server.bash("rm /artifacts/a.txt")
    listener.wait("resources/list_changed")


def test_a_background_job_is_noticed(server):
    listener = Listener(server, resourcesListChanged=True)
    server.bash("(sleep 2; cd /artifacts; echo late > .late; mv .late late.txt) > /dev/null 2>&1 &")
    listener.wait("resources/list_changed")
    assert server.request("resources/read", {"uri": "artifact:///late.txt"})["contents"][0]["text"] == "late\n"


def test_skills_and_modules(server, directories):
    listener = Listener(server, **ALL, resourceSubscriptions=["skill://sheep/notes.txt"])
    (directories / "skills" / "sheep" / "notes.txt").write_bytes(b"one and two")
    listener.wait("resources/updated", uri="skill://sheep/notes.txt")
    assert "resources/list_changed" not in listener.received()
    write_skill(directories / "skills", "wolf")
    listener.wait("resources/list_changed")
    listener.mark()
    (directories / "tools" / "herding.py").write_text('"""Name: herding\nDescription: Herds.\n"""\n')
    listener.wait("prompts/list_changed")
    assert "resources/list_changed" not in listener.received()


def test_each_subscription_hears_what_it_asked_for(server, directories):
    artifacts = Listener(server, resourcesListChanged=True)
    prompts = Listener(server, promptsListChanged=True)
    server.bash("touch /artifacts/a.txt")
    artifacts.wait("resources/list_changed")
    (directories / "tools" / "herding.py").write_text('"""Name: herding\nDescription: Herds.\n"""\n')
    prompts.wait("prompts/list_changed")
    assert set(artifacts.received()) == {"resources/list_changed"}
    assert set(prompts.received()) == {"prompts/list_changed"}


def test_each_user_hears_of_their_own_artifacts(server, fresh_user, passing_users):
    mine = Listener(server, resourcesListChanged=True)
    other = {"x-user-id": f"{fresh_user}.other"}
    passing_users.append(other["x-user-id"])
    theirs = Listener(server, resourcesListChanged=True, meta=other)
    server.bash("touch /artifacts/a.txt", meta=other)
    theirs.wait("resources/list_changed")
    assert mine.received() == []


@pytest.mark.parametrize("request_id", ["listen-1", "", 0, 2**53 - 1, "1"])
def test_the_subscription_is_named_by_the_requests_id(server, request_id):
    params = {"notifications": {"resourcesListChanged": True}, "_meta": modern_meta()}
    server.send({"jsonrpc": "2.0", "id": request_id, "method": "subscriptions/listen", "params": params})

    def is_named(message):
        named = message.get("params", {}).get("_meta", {}).get(SUBSCRIPTION)
        return type(named) is type(request_id) and named == request_id

    server.wait_for(lambda message: message["method"].endswith("/acknowledged") and is_named(message))
    server.bash("touch /artifacts/a.txt")
    server.wait_for(lambda message: message.get("method", "").endswith("/list_changed") and is_named(message))


def test_a_cancelled_subscription_is_silent_and_not_answered(server):
    doomed, spared = Listener(server, resourcesListChanged=True), Listener(server, resourcesListChanged=True)
    doomed.cancel()
    server.request("tools/list")  # read after the cancellation
    doomed.mark()
    server.bash("touch /artifacts/a.txt")
    spared.wait("resources/list_changed")
    assert doomed.received() == []
    server.close()
    assert not [message for message in server.messages if is_response_to(message, doomed.request.id)]


def test_the_server_ends_its_subscriptions_in_order(server):
    listeners = [Listener(server, resourcesListChanged=True), Listener(server, promptsListChanged=True)]
    assert server.close() == 0
    for listener in listeners:
        result = server.result(listener.request)
        assert result["resultType"] == "complete"
        assert result["_meta"][SUBSCRIPTION] == listener.request.id
    assert not [message for message in server.messages if message.get("method") == "notifications/cancelled"]


def test_an_id_is_free_again_once_its_subscription_is_cancelled(server):
    message = {"jsonrpc": "2.0", "id": "again", "method": "subscriptions/listen"}
    message["params"] = {"notifications": {"resourcesListChanged": True}, "_meta": modern_meta()}
    for _ in range(20):
        before = len(server.messages)
        server.send(message)
        server.wait_for(lambda it: it["method"].endswith("/acknowledged"), what="acknowledgment", since=before)
        server.notify("notifications/cancelled", {"requestId": "again"})
    server.send(message)
    before = len(server.messages)
    server.bash("touch /artifacts/a.txt")
    server.wait_for(lambda it: it.get("method") == "notifications/resources/list_changed", since=before)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"notifications": None},
        {"notifications": []},
        {"notifications": True},
        {"notifications": {"promptsListChanged": "yes"}},
        {"notifications": {"resourcesListChanged": 1}},
        {"notifications": {"resourceSubscriptions": "artifact:///a"}},
        {"notifications": {"resourceSubscriptions": [5]}},
        {"notifications": {"resourceSubscriptions": ["artifact:///a"] * 100_000}},
    ],
    ids=range(9),
)
def test_a_malformed_filter_is_invalid_params(server, params):
    assert server.error("subscriptions/listen", params).code == -32602


def test_a_resource_that_can_be_none_here_is_not_honoured(server):
    uris = ["file:///etc/passwd", "artifact:///a.txt", "nonsense"]
    assert Listener(server, resourceSubscriptions=uris).honoured == {"resourceSubscriptions": ["artifact:///a.txt"]}


def test_unknown_kinds_are_passed_over(server):
    listener = Listener(server, promptsListChanged=True, tidesChanged=True)
    assert listener.honoured == {"promptsListChanged": True}


def test_tasks_need_their_extension(server):
    error = server.error("subscriptions/listen", {"notifications": {"taskIds": ["x"]}})
    assert error.code == -32021
    assert META_PREFIX + "tasks" in error.data["requiredCapabilities"]["extensions"]


def test_there_is_a_bound_on_open_subscriptions(server):
    pending = {server.start("subscriptions/listen", {"notifications": {}}).id for _ in range(500)}

    def is_refusal(message) -> bool:
        return "error" in message and message.get("id") in pending

    # Each is worked on by itself, so what is asked after them may be answered before.
    server.wait_for(is_refusal, what="a refusal")
    assert sum(map(is_refusal, server.messages)) < 500
    assert server.request("tools/list")["tools"], "the others and the requests beside them go on"


def test_a_legacy_client_has_no_such_method_without_meta(start_server):
    assert start_server().error("subscriptions/listen", {"notifications": {}}).code == -32602


def test_both_eras_may_listen_on_one_connection(start_server, fresh_user):
    server = start_server("--user", fresh_user)
    listener = Listener(server, resourcesListChanged=True)
    before = len(server.messages)
    server.bash("touch /artifacts/a.txt")
    listener.wait("resources/list_changed")
    wait_for_notification(server, "resources/list_changed", before)


def test_a_flood_of_artifacts_is_told_in_bounds_and_harms_nothing(server):
    listener = Listener(server, resourcesListChanged=True, resourceSubscriptions=["artifact:///3000.txt"])
    command = "cd /artifacts; for i in $(seq 3000); do echo $i > $i.txt; done; rm ?.txt ??.txt"
    assert server.bash(command, timeout=120)["exit_code"] == 0
    listener.wait("resources/updated", uri="artifact:///3000.txt")
    assert len(listener.received()) < 200
    assert server.bash("echo still the same; ls /artifacts | wc -l")["stdout"] == "still the same\n2901\n"


@pytest.mark.parametrize("bad", ["", "../x", 5, []])
def test_a_user_that_is_none_is_invalid_params(server, bad):
    meta = {"x-user-id": bad}
    pending = server.start("subscriptions/listen", {"notifications": {}}, meta=meta, deliberate=True)
    assert server.response(pending)["error"]["code"] == -32602
