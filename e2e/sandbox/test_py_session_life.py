"""`py`: how long sessions live, and their sandbox with them."""

from __future__ import annotations

import pytest
from support import engine
from support.holders import end_all
from support.py_sessions import PySession


def test_an_idle_session_keeps_the_sandbox(start_server, fresh_user, passing_users):
    server = start_server("--user", fresh_user, "--idle-timeout", "1")
    idle = f"{fresh_user}.idle"
    passing_users.append(idle)
    server.bash("py -c 'kept = 5'")
    container = engine.only_container(fresh_user)
    # Another is stopped for being idle meanwhile, whose last call came later.
    server.bash("true", meta={"x-user-id": idle})
    engine.wait_until_gone(idle)
    assert engine.only_container(fresh_user) == container
    assert server.bash("py -c kept; py --close 2> /dev/null")["stdout"] == "5\n"
    engine.wait_until_gone(fresh_user)


def test_sessions_of_a_sandbox_that_has_ended_are_gone_and_the_call_says_so(start_server, fresh_user):
    first = start_server("--user", fresh_user)
    first.bash("py -c 'lost = 5'")
    assert first.close() == 0
    engine.wait_until_gone(fresh_user)
    second = start_server("--user", fresh_user)
    result = second.bash("py -c lost")
    assert result["exit_code"] == 1
    assert "py: session 'main' has started with this call: it has no variables of earlier calls" in result["stderr"]


def test_sessions_that_come_and_go_quickly_end_no_sandbox(start_server, fresh_user):
    """Each one is a background job, and the server ends a sandbox that reports such without end."""
    server = start_server("--user", fresh_user, "--workspace", "ephemeral")
    container = None
    for _ in range(3):
        server.bash("for i in $(seq 15); do py -s quick -c 1; py -s quick --close; done 2> /dev/null", timeout=120)
        container = container or engine.only_container(fresh_user)
    assert engine.only_container(fresh_user) == container


@pytest.mark.alone
def test_a_session_survives_from_one_server_to_the_next(start_server, fresh_user):
    first = start_server("--user", fresh_user, "--linger", "600")
    first.bash("py -c 'kept = 5'")
    assert first.close() == 0
    second = start_server("--user", fresh_user, "--linger", "600")
    assert second.bash("py -c kept") == {"exit_code": 0, "stdout": "5\n", "stderr": ""}
    assert second.close() == 0
    end_all(fresh_user)


def test_out_of_memory_ends_the_session_and_both_calls_say_so(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--workspace", "ephemeral", "--memory", "256m")
    session = PySession(server, "hoarder")
    session.value("kept = 5")
    result = session.run("hoard = [b'1' * (1 << 20) for _ in range(1000)]", timeout=120)
    assert result["exit_code"] == 137
    assert "py: session 'hoarder' was killed because memory ran out, and its variables are lost" in result["stderr"]
    assert "out of memory (the sandbox's limit is 256m)" in result["stderr"]
    result = session.run("1")
    assert result["stdout"] == "1\n"
    lost = "This is a new one; lost: 1 variable (kept)"
    assert f"py: session 'hoarder' was killed because memory ran out. {lost}\n" in result["stderr"]
    assert session.run("1")["stderr"] == ""
