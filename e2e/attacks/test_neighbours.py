"""The users of one server, and of two servers, have nothing in common: not by any tool, resource or side channel."""

import json
import secrets

import pytest
from support.stdio_client import RPCError, text_of

SECRET = f"secret-{secrets.token_hex(8)}"


@pytest.fixture
def neighbours(start_server, fresh_user, passing_users):
    """A server with two users, one of whom has secrets in every place there is."""
    victim, attacker = f"{fresh_user}.victim", f"{fresh_user}.attacker"
    passing_users += [victim, attacker]
    server = start_server("--user", fresh_user)
    places = "/workspace/s.txt /artifacts/s.txt /tmp/s.txt ~/s.txt /output/s.txt /dev/shm/s.txt"
    told = server.bash(
        f"for place in {places}; do echo {SECRET} > $place; done; (exec -a {SECRET} sleep 600) > /dev/null 2>&1 &",
        meta={"x-user-id": victim},
    )
    assert told["exit_code"] == 0
    return server, {"x-user-id": victim}, {"x-user-id": attacker}


def test_no_tool_shows_what_is_anothers(neighbours):
    server, _, attacker = neighbours
    search = (
        f"grep -rs {SECRET} /workspace /artifacts /tmp ~ /output /dev/shm /proc/[0-9]*/cmdline; ps -eo args; df; mount"
    )
    seen = server.bash(search, meta=attacker, timeout=60)
    hits = [line for line in seen["stdout"].splitlines() if SECRET in line and "grep" not in line]
    assert not hits
    names = [name for name in seen["stdout"].split() if "victim" in name]
    assert not names
    for path in ("s.txt", "/artifacts/s.txt", "/output/s.txt", "../workspace/s.txt", "/proc/self/root/workspace/s.txt"):
        assert SECRET not in text_of(server.call_tool("read_file", file_path=path, meta=attacker))


def test_no_resource_is_anothers(neighbours):
    server, victim, attacker = neighbours
    assert SECRET in json.dumps(server.request("resources/read", {"uri": "artifact:///s.txt"}, meta=victim))
    listed = [resource["uri"] for resource in server.request("resources/list", meta=attacker)["resources"]]
    assert not [uri for uri in listed if uri.startswith("artifact:")]
    for uri in (
        "artifact:///s.txt",
        "artifact://victim/s.txt",
        "artifact:///victim/s.txt",
        "artifact:///../victim/s.txt",
    ):
        with pytest.raises(RPCError):
            server.request("resources/read", {"uri": uri}, meta=attacker)


def test_users_whose_names_are_alike_are_not_the_same(start_server, fresh_user, passing_users):
    """Names that one system or another takes for equal, and names that the suffixes of volumes could make so."""
    base = f"{fresh_user[:30]}x"
    names = [base, base.upper(), f"{base}.", f"{base}-", f"{base}-workspace", f"{base}-artifacts", f"{base}_"]
    passing_users += names
    server = start_server("--user", fresh_user)
    for name in names:
        server.bash(f"test ! -e me && echo {name} > me && echo {name} > /artifacts/me", meta={"x-user-id": name})
    for name in names:
        seen = server.bash("cat me /artifacts/me", meta={"x-user-id": name})
        assert seen["stdout"] == f"{name}\n{name}\n"


def test_one_user_cannot_reach_the_calls_of_another(neighbours):
    server, victim, attacker = neighbours
    call = server.start_tool("execute_bash", command="sleep 2; echo whole", meta=victim)
    server.bash("kill -9 -1; pkill -9 sleep; pkill -9 bash; true", meta=attacker)
    assert server.result(call)["structuredContent"]["stdout"] == "whole\n"


def test_the_output_of_one_is_never_the_output_of_another(start_server, fresh_user, passing_users):
    server = start_server("--user", fresh_user)
    names = [f"{fresh_user}.{number}" for number in range(4)]
    passing_users += names
    calls = [
        (name, server.start_tool("execute_bash", command=f"yes {name} | head -n 3000", meta={"x-user-id": name}))
        for _ in range(10)
        for name in names
    ]
    for name, call in calls:
        result = json.dumps(server.result(call))
        assert f"{name}\\n{name}\\n" in result
        assert not [other for other in names if other != name and other in result]
