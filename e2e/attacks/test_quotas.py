"""What the kernel counts per user of the machine: a sandbox that takes all of it takes it from nobody else."""

import subprocess
import sys

import pytest
from support.engine import poll
from support.stdio_client import text_of

# Takes as many of a kind as there are, says how many, and keeps them until a file is there.
HOLD = """
import ctypes, os, resource, sys, time
libc = ctypes.CDLL(None, use_errno=True)
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
kind, count = sys.argv[1], 0
def inotify():
    return libc.inotify_init1(0)
def queue():
    return libc.mq_open(b"/q%d" % count, os.O_CREAT | os.O_RDWR, 0o600, None)
try:
    while count < 3000 and {"inotify": inotify, "queue": queue}[kind]() >= 0:
        count += 1
except OSError:
    pass
print(count, ctypes.get_errno(), flush=True)
while len(sys.argv) > 2 and not os.path.exists(sys.argv[2]):
    time.sleep(0.05)
"""


@pytest.mark.parametrize("kind", ["inotify", "queue"])
def test_a_sandbox_that_takes_all_of_a_kind_hurts_neither_a_neighbour_nor_a_person(
    start_server, fresh_user, passing_users, kind
):
    attacker, victim = f"{fresh_user}.attacker", f"{fresh_user}.victim"
    passing_users += [attacker, victim]
    server = start_server("--user", fresh_user)
    for person in (attacker, victim):
        server.call_tool("write_file", file_path="hold.py", content=HOLD, meta={"x-user-id": person})
    command = f"python3 hold.py {kind} enough > held 2>&1 & until [ -s held ]; do sleep 0.1; done; cat held"
    held, error = server.bash(command, timeout=60, meta={"x-user-id": attacker})["stdout"].split()
    # Neither by our own bound nor for want of open files.
    assert 0 < int(held) < 3000, (held, error)
    mine = server.bash(f"python3 hold.py {kind}", meta={"x-user-id": victim})["stdout"].split()
    assert int(mine[0]) >= int(held) - 3, mine
    # The person whose number sandboxes are often given: an ordinary user's tests are that person.
    person = "import ctypes, os\nif os.geteuid() == 0: os.setgroups([]); os.setgid(1000); os.setuid(1000)\n"
    program = person + "print(ctypes.CDLL(None).inotify_init1(0))"
    here = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=False)
    assert here.stdout.strip().isdigit(), here
    server.bash("touch enough", meta={"x-user-id": attacker})


# Puts more descriptors on their way than anybody of the same user may have, says so, and keeps them there.
FLIGHT = """
import resource, socket, time
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
ends = [socket.socketpair() for _ in range(40)]
try:
    for end, _ in ends:
        end.setblocking(False)
        for _ in range(200):
            socket.send_fds(end, [b"x"], [0] * 200)
except OSError as error:
    print(error.strerror)
open("held", "w").write("yes")
time.sleep(600)
"""


def test_where_no_descriptor_can_be_handed_over_calls_fail_and_nothing_is_lost(start_server, fresh_user):
    server = start_server("--user", fresh_user)
    server.call_tool("write_file", file_path="flight.py", content=FLIGHT)
    server.bash("sleep 4242 > /dev/null 2>&1 &")
    holder = server.start_tool("execute_bash", command="python3 flight.py", timeout=600)

    def all_taken() -> bool:
        found = server.call_tool("execute_bash", command="test -s held")
        # A call for which no shell waits is the first to say so.
        return bool(found.get("isError")) or found["structuredContent"]["exit_code"] == 0

    assert poll(all_taken) is not None
    # Some shells wait already, and need nothing handed over.
    results = [server.call_tool("execute_bash", command="echo fine", wait=100) for _ in range(12)]
    results.append(server.call_tool("write_file", file_path="more.txt", content="more", wait=100))
    failed = [text_of(result) for result in results if result.get("isError")]
    assert len(failed) >= 2 and results[-1]["isError"]
    assert all("The sandbox has no room for another call" in text for text in failed), failed
    server.notify("notifications/cancelled", {"requestId": holder.id})
    assert poll(lambda: not server.call_tool("execute_bash", command="true").get("isError")) is not None
    # At once, so that no worker is left out of those that could not be handed anything.
    calls = [server.start_tool("execute_bash", command="sleep 0.2; echo fine", timeout=60) for _ in range(12)]
    ended = [server.result(call)["structuredContent"] for call in calls]
    assert [(result["exit_code"], result["stdout"]) for result in ended] == [(0, "fine\n")] * 12
    assert server.bash("pgrep -fxc 'sleep 4242'")["stdout"] == "1\n"
    assert not server.call_tool("write_file", file_path="more.txt", content="more").get("isError")
