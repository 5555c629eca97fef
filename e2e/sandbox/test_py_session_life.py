"""`py`: how long sessions live, and their sandbox with them."""

from __future__ import annotations

import pytest
from support import engine
from support.holders import end_all


def test_an_idle_session_keeps_the_sandbox(start_server, fresh_user, passing_users):
    server = start_server("--user", fresh_user, "--idle-timeout", "1")
    idle = f"{fresh_user}.idle"
    passing_users.append(idle)
    server.bash("py -c 'kept = 5'")
    container = engine.only_container(fresh_user)
    # Another is stopped for being idle meanwhile, whose last call came later.
    server.bash("true", meta={"x-user-id": idle})
    engine.wait_until_gone(idle, 60)
    assert engine.only_container(fresh_user) == container
    assert server.bash("py -c kept; py --close 2> /dev/null")["stdout"] == "5\n"
    engine.wait_until_gone(fresh_user, 60)


def test_sessions_of_a_sandbox_that_has_ended_are_gone_and_the_call_says_so(start_server, fresh_user):
    first = start_server("--user", fresh_user)
    first.bash("py -c 'lost = 5'")
    assert first.close() == 0
    engine.wait_until_gone(fresh_user, 60)
    second = start_server("--user", fresh_user)
    result = second.bash("py -c lost")
    assert result["exit_code"] == 1
    assert "py: session 'main' has started with this call: it has no variables of earlier calls" in result["stderr"]


@pytest.mark.alone
def test_a_session_survives_from_one_server_to_the_next(start_server, fresh_user):
    first = start_server("--user", fresh_user, "--linger", "600")
    first.bash("py -c 'kept = 5'")
    assert first.close() == 0
    second = start_server("--user", fresh_user, "--linger", "600")
    assert second.bash("py -c kept") == {"exit_code": 0, "stdout": "5\n", "stderr": ""}
    assert second.close() == 0
    end_all(fresh_user)


def test_a_sandbox_in_memory_has_sessions_as_well(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--workspace", "ephemeral", "--memory", "256m")
    server.bash("py -c 'kept = 5'")
    assert server.bash("py -c kept")["stdout"] == "5\n"
