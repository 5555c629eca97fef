"""Many calls at once on one pipe and in one sandbox."""

import pytest
from support import engine
from support.stdio_client import text_of

pytestmark = pytest.mark.alone


def test_fifty_calls_at_once_are_all_answered_with_their_own_output(client):
    calls = [
        client.start_tool("execute_bash", command=f"echo {number}; echo e{number} >&2; exit {number}")
        for number in range(50)
    ]
    for number, call in enumerate(calls):
        expected = {"exit_code": number, "stdout": f"{number}\n", "stderr": f"e{number}\n"}
        assert client.result(call)["structuredContent"] == expected


def test_fifty_calls_run_side_by_side(client):
    """Each waits for all the others: were they run in turn, none could ever end."""
    client.bash("rm -rf meet; mkdir meet")
    command = "touch meet/{0}; until [ $(ls meet | wc -l) -ge 50 ]; do sleep 0.1; done; echo met"
    calls = [client.start_tool("execute_bash", command=command.format(n), timeout=120) for n in range(50)]
    for call in calls:
        assert client.result(call)["structuredContent"]["stdout"] == "met\n"


def test_the_first_calls_of_a_user_share_one_sandbox(start_server, fresh_user):
    server = start_server("--user", fresh_user)
    calls = [server.start_tool("execute_bash", command=f"echo {number}") for number in range(20)]
    for number, call in enumerate(calls):
        assert server.result(call)["structuredContent"]["stdout"] == f"{number}\n"
    assert len(engine.containers(fresh_user)) == 1


def test_a_quick_call_overtakes_a_slow_one(client):
    slow = client.start_tool("execute_bash", command="until [ -e overtaken ]; do sleep 0.05; done; echo slow")
    client.bash("touch overtaken")
    assert client.result(slow)["structuredContent"]["stdout"] == "slow\n"


def test_ping_is_answered_while_a_command_floods(client):
    flood = client.start_tool("execute_bash", command="yes | head -c 300M", timeout=120)
    for _ in range(10):
        assert client.request("ping") == {}
    assert client.result(flood)["structuredContent"]["truncated"] is True


def test_large_results_of_concurrent_calls_do_not_mix(client):
    calls = {
        letter: client.start_tool("execute_bash", command=f"head -c 30000 /dev/zero | tr '\\0' {letter}")
        for letter in "abcdefghijklmnopqrst"
    }
    for letter, call in calls.items():
        assert client.result(call)["structuredContent"]["stdout"] == letter * 30000


def test_all_tools_work_side_by_side(client):
    writes = [
        client.start_tool("write_file", file_path=f"many/{number}.txt", content=f"{number}\n" * 1000)
        for number in range(30)
    ]
    runs = [client.start_tool("execute_bash", command=f"echo {number}") for number in range(30)]
    for number in range(30):
        assert not client.result(writes[number]).get("isError")
        assert client.result(runs[number])["structuredContent"]["stdout"] == f"{number}\n"
    reads = [client.start_tool("read_file", file_path=f"many/{number}.txt") for number in range(30)]
    for number, read in enumerate(reads):
        assert text_of(client.result(read)) == f"{number}\n" * 1000
