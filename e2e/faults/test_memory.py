"""Who takes more memory than there is dies of it, and nobody else: not the guest, not the calls beside."""

import pytest
from support import engine

HOG = "python3 -c 'x = bytearray(b\"x\" * 3_000_000_000)'"


@pytest.fixture
def same_sandbox(client, user):
    client.bash("true")
    before = engine.only_container(user)
    yield
    assert client.bash("echo served")["stdout"] == "served\n"
    assert engine.only_container(user) == before, "the guest was the victim"


def assert_died_of_it(outcome):
    assert outcome["exit_code"] == 137
    assert "out of memory" in outcome["stderr"].lower()


def test_one_offender_dies_and_is_told_why(client, same_sandbox):
    # Of those that run when the kill happens, the one that ends first is told, so this one ends later.
    command = "until [ -e calm-may-end ]; do sleep 0.1; done; echo calm"
    calm = client.start_tool("execute_bash", command=command, timeout=300)
    assert_died_of_it(client.bash(HOG, timeout=300))
    client.bash("touch calm-may-end")
    assert client.result(calm)["structuredContent"] == {"exit_code": 0, "stdout": "calm\n", "stderr": ""}


def test_ten_offenders_at_once_die_and_the_calls_beside_them_finish(client, same_sandbox):
    commands = [f"sleep 6; echo calm {number}" for number in range(5)]
    calm = [client.start_tool("execute_bash", command=command, timeout=300) for command in commands]
    hogs = [client.start_tool("execute_bash", command=HOG, timeout=300) for _ in range(10)]
    for hog in hogs:
        assert_died_of_it(client.result(hog)["structuredContent"])
    for number, each in enumerate(calm):
        assert client.result(each)["structuredContent"]["stdout"] == f"calm {number}\n"


def test_a_hog_in_the_background_does_not_take_the_next_calls_with_it(client, same_sandbox):
    client.bash(f"({HOG}; echo $? > died.txt) > /dev/null 2>&1 &")
    assert engine.poll(lambda: client.bash("cat died.txt 2> /dev/null")["stdout"] != "") is not None
    assert client.bash("cat died.txt")["stdout"] == "137\n"


def test_a_file_in_memory_counts_and_is_no_way_to_kill_the_guest(client, same_sandbox):
    """Every directory in memory is filled, which no out-of-memory killer can free; a command is still served."""
    fill = "for place in /tmp ~ /output; do head -c 2G /dev/zero > $place/ballast; done; ls -s /tmp/ballast"
    assert client.bash(fill + " > /dev/null; echo filled", timeout=120)["stdout"] == "filled\n"
    assert client.bash("rm -f /tmp/ballast ~/ballast /output/ballast; echo freed")["stdout"] == "freed\n"


def test_a_kill_is_told_where_it_happened_and_nowhere_else(client, same_sandbox):
    for command in (f"{HOG} | tail -1; echo piped", f"{HOG}; true"):
        outcome = client.bash(command, timeout=300)
        assert outcome["exit_code"] == 0
        assert "killed while this command ran: out of memory" in outcome["stderr"]
    assert client.bash("grep nothing /etc/hostname") == {"exit_code": 1, "stdout": "", "stderr": ""}
    # It begins when the command that has started it is over, and would not be told of a kill.
    client.bash(f"(until [ -e /tmp/begin ]; do sleep 0.02; done; {HOG}; echo > /tmp/died) > /dev/null 2>&1 &")
    client.call_tool("write_file", file_path="/tmp/begin", content="")
    died = engine.poll(lambda: not client.call_tool("read_file", file_path="/tmp/died").get("isError"))
    assert died is not None
    assert client.bash("exit 3")["stderr"].startswith("A process was killed since the last command: out of memory")
    assert client.bash("exit 3") == {"exit_code": 3, "stdout": "", "stderr": ""}
