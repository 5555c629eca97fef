"""More users than there is room for: who works keeps the sandbox, who is idle makes room, and nothing is mixed up."""

import pytest
from support import engine
from support.stdio_client import text_of

ROOM = 4


@pytest.fixture
def people(fresh_user, passing_users):
    names = [f"{fresh_user}.{number}" for number in range(2 * ROOM)]
    passing_users += names
    return names


@pytest.fixture
def server(start_server, fresh_user):
    return start_server("--user", fresh_user, "--max-sandboxes", str(ROOM))


def start(server, person, command):
    return server.start_tool("execute_bash", command=command, timeout=600, meta={"x-user-id": person})


def live(people):
    return sum(len(engine.containers(person)) for person in people)


def test_one_more_user_than_there_is_room_for_is_told_so_while_all_work(server, people):
    busy = [
        start(server, person, f"touch busy; until [ -e go ]; do sleep 0.05; done; echo {person}")
        for person in people[:ROOM]
    ]
    for person in people[:ROOM]:
        server.bash("until [ -e busy ]; do sleep 0.02; done", meta={"x-user-id": person})
    refused = server.result(start(server, people[ROOM], "true"))
    assert refused["isError"] is True
    assert f"All {ROOM} sandboxes" in text_of(refused)
    assert live(people) == ROOM
    for person in people[:ROOM]:
        server.bash("touch go", meta={"x-user-id": person})
    for person, call in zip(people[:ROOM], busy, strict=True):
        assert server.result(call)["structuredContent"]["stdout"] == f"{person}\n"
    assert server.bash("echo room", meta={"x-user-id": people[ROOM]})["stdout"] == "room\n"


def test_as_many_users_again_take_turns_and_find_their_own_files(server, people):
    for person in people:
        server.bash(f"echo {person} > me.txt", meta={"x-user-id": person})
        assert engine.poll(lambda: live(people) <= ROOM) is not None, "those that made room are still there"
    for person in people:
        assert server.bash("cat me.txt", meta={"x-user-id": person})["stdout"] == f"{person}\n"
    assert engine.poll(lambda: live(people) == ROOM) is not None


def test_all_at_once_are_served_or_told_why_and_never_mixed_up(server, people):
    calls = [(person, start(server, person, f"echo {person}; sleep 0.2")) for person in people for _ in range(3)]
    served = set()
    for person, call in calls:
        result = server.result(call)
        if result.get("isError"):
            assert f"All {ROOM} sandboxes" in text_of(result)
        else:
            assert result["structuredContent"]["stdout"] == f"{person}\n"
            served.add(person)
    assert len(served) >= ROOM
    assert engine.poll(lambda: live(people) <= ROOM) is not None


def test_thirty_two_users_work_at_once_and_the_next_takes_the_place_of_who_is_idle_longest(
    start_server, fresh_user, passing_users
):
    """As many sandboxes as there are by default."""
    people = [f"{fresh_user}.{number}" for number in range(33)]
    passing_users += people
    *crowd, last = people
    server = start_server("--user", fresh_user, "--memory", "128m", "--workspace", "ephemeral")
    work = "echo {0} > /tmp/me; until [ -e /tmp/go ]; do sleep 0.2; done; cat /tmp/me; yes {0} | head -n 2000 | sort -u"
    busy = [start(server, person, work.format(person)) for person in crowd]
    for person in crowd:
        ready = "until [ -e /tmp/me ]; do sleep 0.05; done"
        server.bash(ready, timeout=240, wait=250, meta={"x-user-id": person})
    refused = server.result(start(server, last, "true"))
    assert refused["isError"] is True
    assert "All 32 sandboxes" in text_of(refused)
    before = {person: engine.only_container(person) for person in crowd}
    for person, call in zip(crowd, busy, strict=True):
        server.bash("touch /tmp/go", timeout=120, meta={"x-user-id": person})
        assert server.result(call)["structuredContent"]["stdout"] == f"{person}\n{person}\n"
    assert server.result(start(server, last, "ls -A /tmp; echo room"))["structuredContent"]["stdout"] == "room\n"
    longest, *others = crowd
    assert engine.poll(lambda: not engine.containers(longest)) is not None
    for person in others:
        assert engine.only_container(person) == before[person]


def test_two_servers_of_one_user_lose_nothing_of_each_other(start_server, fresh_user):
    """One is killed in the middle of its work, the other goes on with the same files."""
    first, second = (start_server("--user", fresh_user) for _ in range(2))
    second.bash("true")
    append = "for i in $(seq 200); do echo {} >> log.txt; done; echo done"
    calls = [
        server.start_tool("execute_bash", command=append.format(name)) for server, name in ((first, "a"), (second, "b"))
    ]
    for server, call in zip((first, second), calls, strict=True):
        assert server.result(call)["structuredContent"]["stdout"] == "done\n"
    first.start_tool("execute_bash", command="while :; do echo c >> noise.txt; sleep 0.01; done", timeout=600)
    second.bash("until [ -e noise.txt ]; do sleep 0.02; done")
    first.kill9()
    counts = second.bash("sort log.txt | uniq -c | awk '{print $2, $1}'")["stdout"]
    assert counts == "a 200\nb 200\n"
    assert engine.poll(lambda: len(engine.containers(fresh_user)) == 1) is not None
