"""What a legacy client is told of: lists that change, and the resources that it subscribed to."""

import pytest
from support.listening import wait_for_notification
from support.skill_files import write_skill

REVISIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
MODULE = '"""Name: herding\nDescription: Herds.\n\nAvailable Functions:\n- herd(n): Herds n.\n"""\n'


@pytest.fixture
def directories(tmp_path):
    write_skill(tmp_path / "skills", "sheep", files={"notes.txt": b"one"})
    (tmp_path / "tools").mkdir()
    return tmp_path


@pytest.fixture
def server(start_server, directories):
    server = start_server("--skills", str(directories / "skills"), "--tools", str(directories / "tools"))
    server.request("ping")  # the end of the handshake has been read
    return server


def subscribe(server, uri, **options):
    assert server.request("resources/subscribe", {"uri": uri}, **options) == {}


def notified(server, since) -> list[str]:
    names = [message["method"] for message in server.messages[since:] if "method" in message]
    return [name.removeprefix("notifications/") for name in names]


@pytest.mark.parametrize("revision", REVISIONS)
def test_it_is_advertised_and_answered_in_every_legacy_revision(start_server, revision):
    server = start_server(initialize=None)
    capabilities = server.initialize(revision)["capabilities"]
    assert capabilities["resources"] == {"subscribe": True, "listChanged": True}
    assert capabilities["prompts"] == {"listChanged": True}
    assert not capabilities["tools"].get("listChanged")
    for method in ("resources/subscribe", "resources/unsubscribe", "resources/unsubscribe"):
        assert server.request(method, {"uri": "artifact:///later.csv"}) == {}


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_subscribed_artifact_is_announced_whenever_it_changes(start_server, fresh_user, revision):
    server = start_server("--user", fresh_user, initialize=revision)
    subscribe(server, "artifact:///a.txt")
    for command in ("echo 1 > /artifacts/a.txt", "echo 22 > /artifacts/a.txt", "rm /artifacts/a.txt"):
        before = len(server.messages)
        server.bash(command)
        assert wait_for_notification(server, "resources/updated", before)["uri"] == "artifact:///a.txt"


def test_the_list_is_announced_when_an_artifact_comes_or_goes(start_server, fresh_user):
    server = start_server("--user", fresh_user)
    for command in ("echo 1 > /artifacts/a.txt", "mv /artifacts/a.txt /artifacts/b.txt", "rm /artifacts/b.txt"):
        before = len(server.messages)
        server.bash(command)
        assert wait_for_notification(server, "resources/list_changed", before) == {}


def test_a_background_job_is_noticed_without_another_call(start_server, fresh_user):
    server = start_server("--user", fresh_user)
    server.bash("true")
    before = len(server.messages)
    server.bash("(sleep 2; cd /artifacts; echo late > .late; mv .late late.txt) > /dev/null 2>&1 &")
    wait_for_notification(server, "resources/list_changed", before)
    assert server.request("resources/read", {"uri": "artifact:///late.txt"})["contents"][0]["text"] == "late\n"


def test_an_artifact_that_only_changed_leaves_the_list_as_it_was(start_server, fresh_user):
    server = start_server("--user", fresh_user)
    server.bash("echo 1 > /artifacts/a.txt")
    wait_for_notification(server, "resources/list_changed", 0)
    subscribe(server, "artifact:///a.txt")
    before = len(server.messages)
    server.bash("echo 2 >> /artifacts/a.txt")
    wait_for_notification(server, "resources/updated", before)
    assert "resources/list_changed" not in notified(server, before)


def test_nothing_is_said_of_what_was_unsubscribed_or_never_subscribed(start_server, fresh_user):
    server = start_server("--user", fresh_user)
    server.bash("touch /artifacts/a.txt /artifacts/b.txt /artifacts/end.txt")
    wait_for_notification(server, "resources/list_changed", 0)
    for name in ("a", "end"):
        subscribe(server, f"artifact:///{name}.txt")
    server.request("resources/unsubscribe", {"uri": "artifact:///a.txt"})
    before = len(server.messages)
    server.bash("echo 1 > /artifacts/a.txt; echo 1 > /artifacts/b.txt")
    server.bash("echo 1 > /artifacts/end.txt")
    wait_for_notification(server, "resources/updated", before)
    told = [message.get("params", {}) for message in server.messages[before:] if "method" in message]
    assert {params["uri"] for params in told if "uri" in params} == {"artifact:///end.txt"}


def test_another_users_artifacts_are_not_announced(start_server, fresh_user, passing_users):
    server = start_server("--user", fresh_user)
    other = {"x-user-id": f"{fresh_user}.other"}
    passing_users.append(other["x-user-id"])
    server.bash("true")
    server.bash("true", meta=other)
    subscribe(server, "artifact:///a.txt")
    before = len(server.messages)
    server.bash("echo 1 > /artifacts/a.txt", meta=other)
    assert server.request("resources/read", {"uri": "artifact:///a.txt"}, meta=other)
    server.bash("touch /artifacts/mine.txt")
    wait_for_notification(server, "resources/list_changed", before)
    assert "resources/updated" not in notified(server, before)
    assert notified(server, before).count("resources/list_changed") == 1


def test_a_user_named_in_the_request_hears_of_their_own(start_server, fresh_user, passing_users):
    server = start_server("--user", fresh_user)
    other = {"x-user-id": f"{fresh_user}.other"}
    passing_users.append(other["x-user-id"])
    subscribe(server, "artifact:///a.txt", meta=other)
    before = len(server.messages)
    server.bash("echo 1 > /artifacts/a.txt", meta=other)
    assert wait_for_notification(server, "resources/updated", before)["uri"] == "artifact:///a.txt"


def test_a_changed_skill_file_is_announced(server, directories):
    subscribe(server, "skill://sheep/notes.txt")
    subscribe(server, "skill://sheep/SKILL.md")
    before = len(server.messages)
    (directories / "skills" / "sheep" / "notes.txt").write_bytes(b"one and two")
    assert wait_for_notification(server, "resources/updated", before)["uri"] == "skill://sheep/notes.txt"
    assert notified(server, before).count("resources/updated") == 1
    assert "resources/list_changed" not in notified(server, before)


def test_a_new_skill_changes_both_lists(server, directories):
    before = len(server.messages)
    write_skill(directories / "skills", "wolf")
    wait_for_notification(server, "resources/list_changed", before)
    wait_for_notification(server, "prompts/list_changed", before)
    assert "wolf" in server.request("prompts/get", {"name": "agent_system_prompt"})["messages"][0]["content"]["text"]


def test_a_new_tool_module_changes_the_prompt_alone(server, directories):
    before = len(server.messages)
    (directories / "tools" / "herding.py").write_text(MODULE)
    wait_for_notification(server, "prompts/list_changed", before)
    assert "resources/list_changed" not in notified(server, before)
    assert "herding" in server.request("prompts/get", {"name": "agent_system_prompt"})["messages"][0]["content"]["text"]


def test_nothing_is_announced_before_the_handshake(start_server, directories):
    server = start_server("--skills", str(directories / "skills"), initialize=None, modern=True)
    server.bash("touch /artifacts/before.txt")
    assert server.request("resources/list")["resources"]
    server.close()
    assert notified(server, 0) == []


@pytest.mark.parametrize("method", ["resources/subscribe", "resources/unsubscribe"])
@pytest.mark.parametrize("params", [None, {}, {"uri": 5}, {"uri": None}])
def test_a_subscription_to_nothing_is_invalid_params(client, method, params):
    assert client.error(method, params).code == -32602


@pytest.mark.parametrize("method", ["resources/subscribe", "resources/unsubscribe"])
def test_the_modern_era_has_no_such_method(client, method):
    assert client.error(method, {"uri": "artifact:///a"}, modern=True).code == -32601
