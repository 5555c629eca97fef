"""--prewarm: sandboxes are started when the tools are listed, so that the first call finds its own up."""

import secrets
import signal
import statistics
import time

import pytest
from support import engine
from support.host_processes import MARK, marked
from support.stdio_client import text_of

UP = "is prewarmed for the next call"


def starts(server) -> int:
    return server.stderr.count("starting sandbox")


def list_tools(server, person=None):
    assert len(server.request("tools/list", meta=person and {"x-user-id": person})["tools"]) == 4


def wait_until_up(server, person):
    """Returns once the sandbox of a user was started ahead and has greeted."""
    assert engine.poll(lambda: any(is_up(line, person) for line in server.stderr.splitlines())) is not None, (
        server.stderr
    )


def is_up(line, person):
    return line.endswith(UP) and f" {engine.NAME_PREFIX}{person}-" in line


@pytest.fixture
def people(fresh_user, passing_users):
    names = [f"{fresh_user}.{number}" for number in range(3)]
    passing_users += names
    return names


def test_the_listing_of_the_tools_starts_it_and_nothing_before_does(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--prewarm")
    server.request("ping")
    server.request("prompts/get", {"name": "agent_system_prompt"})
    server.request("server/discover", modern=True)
    assert engine.containers(fresh_user) == []
    assert engine.volumes(fresh_user) == []
    assert starts(server) == 0
    list_tools(server)
    server.wait_for_log(UP)
    container = engine.only_container(fresh_user)
    list_tools(server)
    assert server.bash("echo found")["stdout"] == "found\n"
    assert engine.only_container(fresh_user) == container
    assert starts(server) == 1


def test_a_variable_asks_for_it_too_and_so_does_the_modern_era(start_server, fresh_user):
    server = start_server("--user", fresh_user, initialize=None, modern=True, env={"MCP_EXECUTOR_PREWARM": "yes"})
    list_tools(server)
    server.wait_for_log(UP)
    assert len(engine.containers(fresh_user)) == 1


def test_a_call_that_comes_at_once_joins_the_start(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--prewarm")
    listing = server.start("tools/list")
    calls = [server.start_tool("execute_bash", command="cat /proc/1/stat") for _ in range(3)]
    assert len(server.result(listing)["tools"]) == 4
    assert len({server.result(call)["structuredContent"]["stdout"].split()[21] for call in calls}) == 1
    server.wait_for_log("starting sandbox")
    assert starts(server) == 1
    assert len(engine.containers(fresh_user)) == 1


def test_expected_users_and_the_one_who_lists_have_theirs_up(start_server, fresh_user, people):
    server = start_server("--user", fresh_user, "--prewarm-users", ",".join([people[0], people[1], people[0]]))
    assert starts(server) == 0
    list_tools(server, people[2])
    for person in people:
        wait_until_up(server, person)
        assert server.bash("echo mine", meta={"x-user-id": person})["stdout"] == "mine\n"
    assert starts(server) == 3
    assert [len(engine.containers(person)) for person in [*people, fresh_user]] == [1, 1, 1, 0]


def test_it_takes_nobodys_place(start_server, fresh_user, people):
    server = start_server("--user", fresh_user, "--prewarm", "--max-sandboxes", "2", "--log-level", "debug")
    server.bash("true", meta={"x-user-id": people[0]})
    list_tools(server, people[1])
    wait_until_up(server, people[1])
    list_tools(server, people[2])
    server.wait_for_log(f"no room to prewarm the sandbox of {people[2]}")
    assert [len(engine.containers(person)) for person in people] == [1, 1, 0]


def test_a_call_gets_the_place_of_one_that_served_nobody(start_server, fresh_user, people):
    server = start_server("--user", fresh_user, "--prewarm", "--max-sandboxes", "2")
    server.bash("true", meta={"x-user-id": people[0]})
    list_tools(server, people[1])
    wait_until_up(server, people[1])
    assert server.bash("echo in", meta={"x-user-id": people[2]})["stdout"] == "in\n"
    engine.wait_until_gone(people[1])
    assert [len(engine.containers(person)) for person in people] == [1, 0, 1]


def test_another_takes_the_place_of_one_that_was_killed(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--prewarm")
    list_tools(server)
    server.wait_for_log(UP)
    server.bash("echo kept > kept.txt")
    before = engine.only_container(fresh_user)
    engine.run("kill", before)
    assert engine.poll(lambda: server.stderr.count(UP) == 2) is not None, server.stderr
    engine.poll(lambda: before not in engine.containers(fresh_user))
    after = engine.only_container(fresh_user)
    assert after != before
    assert server.bash("cat kept.txt")["stdout"] == "kept\n"
    assert engine.only_container(fresh_user) == after
    assert starts(server) == 2


def test_one_that_ends_at_once_is_not_started_over_and_over(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--prewarm")
    list_tools(server)
    server.wait_for_log(UP)
    engine.run("kill", engine.only_container(fresh_user))
    server.wait_for_log("ended soon after it was prewarmed; the first call starts another")
    engine.wait_until_gone(fresh_user)
    assert starts(server) == 1
    assert server.bash("echo again")["stdout"] == "again\n"
    assert starts(server) == 2


def test_an_idle_one_is_stopped_and_the_next_listing_starts_another(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--prewarm", "--idle-timeout", "1")
    list_tools(server)
    server.wait_for_log("idle for 1 seconds")
    engine.wait_until_gone(fresh_user)
    assert starts(server) == 1
    list_tools(server)
    assert engine.poll(lambda: server.stderr.count(UP) == 2) is not None, server.stderr


@pytest.mark.parametrize("trouble", ["no engine", "no daemon", "no image"])
def test_a_start_that_fails_is_one_warning_and_the_call_says_what_is_wrong(start_server, fresh_user, tmp_path, trouble):
    arguments, environment = {
        "no engine": (["--engine", "/nonexistent/docker"], {}),
        "no daemon": ([], {"DOCKER_HOST": f"unix://{tmp_path}/no.sock"}),
        "no image": (["--image", "exec-mcp-no-such-image:none"], {}),
    }[trouble]
    others = [f"{fresh_user}.{number}" for number in range(3)]
    server = start_server("--user", fresh_user, "--prewarm-users", ",".join(others), *arguments, env=environment)
    list_tools(server)
    server.wait_for_log("could not be prewarmed; the first call tries again: ")
    list_tools(server)
    result = server.call_tool("execute_bash", command="true")
    assert result["isError"] is True
    assert server.request("ping") == {}
    assert server.close() == 0
    warnings = [line for line in server.stderr.splitlines() if "warning:" in line and "the engine says:" not in line]
    assert len(warnings) == 1, server.stderr
    assert text_of(result).split(". ")[0] in warnings[0]


@pytest.mark.parametrize("moment", ["at once", "starting sandbox", UP])
@pytest.mark.parametrize("way", ["end of input", signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_of_it_when_the_server_ends(start_server, fresh_user, people, way, moment):
    mark = secrets.token_hex(16)
    server = start_server(
        "--user", fresh_user, "--prewarm-users", ",".join(people), "--log-level", "debug", env={MARK: mark}
    )
    list_tools(server)
    if moment != "at once":
        server.wait_for_log(moment)
    if way == signal.SIGKILL:
        server.kill9()
    elif isinstance(way, signal.Signals):
        server.signal(way)
    else:
        server.close_stdin()
    assert engine.poll(lambda: server.process.poll() is not None) is not None, "the server still runs"
    # A command line of the engine that still runs may yet make a container.
    assert engine.poll(lambda: not marked(mark)) is not None, f"processes are left: {marked(mark)}"
    for person in [*people, fresh_user]:
        engine.wait_until_gone(person)


@pytest.mark.alone
def test_the_first_call_then_costs_less_than_half_of_a_cold_one(start_server, fresh_user):
    def first_call(*options):
        server = start_server("--user", fresh_user, *options)
        list_tools(server)
        if options:
            server.wait_for_log(UP)
        began = time.monotonic()
        server.bash("true")
        seconds = time.monotonic() - began
        server.close()
        engine.wait_until_gone(fresh_user)
        return seconds

    rounds = [(first_call("--prewarm"), first_call()) for _ in range(5)]
    warm, cold = (statistics.median(times) for times in zip(*rounds, strict=True))
    print(f"first call, median of {len(rounds)}: {1000 * warm:.1f} ms prewarmed, {1000 * cold:.1f} ms cold")
    assert warm < cold / 2
