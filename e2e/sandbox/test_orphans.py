"""Containers whose owner is dead are removed at the next start; all others are left alone."""

import secrets

import pytest
from support import engine


@pytest.fixture
def live_labels(start_server, fresh_user):
    """A server that lives, and the labels that its container carries."""
    server = start_server("--user", fresh_user)
    server.bash("true")
    labels = engine.inspect(engine.only_container(fresh_user))["Config"]["Labels"]
    return server, {name: value for name, value in labels.items() if name.startswith(engine.LABEL_PREFIX)}


@pytest.fixture
def leave_behind():
    """Starts containers as if a server had left them: under our name, with these labels."""
    left = []

    def leave(labels: dict[str, str]) -> str:
        name = f"{engine.NAME_PREFIX}orphan-{secrets.token_hex(4)}"
        left.append(engine.leave_orphan(labels, name))
        return left[-1]

    yield leave
    for container in left:
        engine.run("rm", "--force", container, check=False)


def exists(container: str) -> bool:
    return container in engine.run("ps", "--all", "--quiet", "--no-trunc").split()


def start_and_call(start_server, user):
    server = start_server("--user", user)
    server.bash("true")
    return server


def test_a_container_of_a_dead_owner_is_removed_at_the_next_start(start_server, fresh_user, live_labels, leave_behind):
    server, labels = live_labels
    server.kill9()
    orphan = leave_behind(labels)
    start_and_call(start_server, fresh_user)
    assert engine.poll(lambda: not exists(orphan)) is not None, "the orphan is still there"


def test_a_process_id_used_again_is_not_the_owner(start_server, fresh_user, live_labels, leave_behind):
    _, labels = live_labels
    start_time = engine.LABEL_PREFIX + "start-time"
    earlier = str(int(labels[start_time]) - 1) if labels[start_time].isdigit() else "0"
    orphan = leave_behind({**labels, start_time: earlier})
    start_and_call(start_server, fresh_user)
    assert engine.poll(lambda: not exists(orphan)) is not None, "the orphan is still there"


def test_a_container_from_before_a_power_cut_is_not_the_owners(start_server, fresh_user, live_labels, leave_behind):
    """The machine has started anew since, and a process of ours may have the same id and even the same start time."""
    _, labels = live_labels
    orphan = leave_behind({**labels, engine.LABEL_PREFIX + "boot": "11111111-2222-3333-4444-555555555555"})
    start_and_call(start_server, fresh_user)
    assert engine.poll(lambda: not exists(orphan)) is not None, "the orphan is still there"


@pytest.mark.parametrize("changed", [None, "host", "missing"])
def test_what_may_have_a_living_owner_stays(start_server, fresh_user, live_labels, leave_behind, changed):
    _, labels = live_labels
    if changed == "host":  # a process of another machine: nobody here can tell whether it lives
        labels = {**labels, engine.LABEL_PREFIX + "host": "elsewhere", engine.LABEL_PREFIX + "pid": "4194300"}
    if changed == "missing":
        labels = {}
    other = leave_behind(labels)
    dead = leave_behind({**live_labels[1], engine.LABEL_PREFIX + "start-time": "0"})
    start_and_call(start_server, fresh_user)
    assert engine.poll(lambda: not exists(dead)) is not None, "the removal that this test waits for did not happen"
    assert exists(other)


def test_labels_of_others_never_become_arguments(start_server, fresh_user, live_labels, leave_behind):
    _, labels = live_labels
    hostile = {name: "--force; rm -rf / $(reboot)" for name in labels}
    leave_behind(hostile)
    server = start_and_call(start_server, fresh_user)
    assert server.bash("echo fine")["stdout"] == "fine\n"
