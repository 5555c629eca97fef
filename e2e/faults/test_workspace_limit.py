"""However room is taken in a persistent workspace, it ends near the limit, with nothing left that can write."""

import pytest
from support import disk_takers, engine

# While the usage of a sandbox is in doubt, which it often is here, what others write to the disk counts as its own.
pytestmark = pytest.mark.alone

MIB = 1 << 20
LIMIT = 16 * MIB
# How far beyond the limit a writer of 100 MiB a second may get on a busy machine.
MARGIN = 600 * MIB


def taken(server):
    return int(server.bash("cat /tmp/taken")["stdout"])


@pytest.mark.parametrize("way", disk_takers.PROGRAMS)
def test_whatever_takes_room_is_stopped_near_the_limit(start_server, way):
    server = start_server("--workspace-limit", f"{LIMIT}")
    server.call_tool("write_file", file_path="/tmp/taker.py", content=disk_takers.program(way))
    outcome = server.bash("cd /workspace; echo 0 > /tmp/taken; python3 /tmp/taker.py", timeout=60, wait=90)
    # Of what has left its command only the log tells.
    server.wait_for_log("everything was stopped: ", 60)
    assert server.bash("pgrep -f taker.py")["stdout"] == "", "it goes on"
    assert "not reached" not in outcome["stdout"]
    assert taken(server) < LIMIT + MARGIN
    assert_well_again(server)


def assert_well_again(server):
    free = "chmod -Rf u+rwx .; find /workspace /artifacts -mindepth 1 -delete; ls -A /workspace"
    freed = server.bash(free, timeout=240, wait=250)
    assert freed["exit_code"] == 0, freed
    assert freed["stdout"] == ""
    assert server.bash("head -c 1M /dev/zero > small && stat -c %s small") == {
        "exit_code": 0,
        "stdout": f"{MIB}\n",
        "stderr": "",
    }


def test_what_is_full_takes_nothing_more_by_any_way(start_server, fresh_user):
    """A file with holes has room, a name is free, memory that stands for a file is no write to it."""
    server = start_server("--user", fresh_user, "--workspace-limit", f"{LIMIT}")
    server.bash("truncate -s 500M holes; mkdir made")
    assert "Stopped: " in server.bash("cat /dev/zero > big", timeout=60)["stderr"]
    held = server.bash("du -sk .")["stdout"]
    attempts = {
        "append": "open('big', 'ab', 0).write(b'x')",
        "hole": "open('holes', 'r+b', 0).write(b'x')",
        "memory": "mmap.mmap(os.open('holes', os.O_RDWR), 1 << 28)",
        "memory of a new kind": "mmap.mmap(os.open('holes', os.O_RDWR), 1 << 28, mmap.MAP_SHARED | 2)",
        "ahead": "os.posix_fallocate(os.open('new', os.O_CREAT | os.O_RDWR), 0, 1 << 28)",
        "longer": "os.truncate('new', 1 << 28)",
        "copy": "os.copy_file_range(os.open('big', 0), os.open('new', os.O_CREAT | os.O_RDWR), 1 << 20)",
    }
    lines = "".join(f"attempt({name!r}, lambda: {call})\n" for name, call in attempts.items())
    outcome = server.python(f"""
import mmap, os
def attempt(name, act):
    try:
        print(name, act())
    except OSError as error:
        print(name, "refused")
{lines}""")
    assert outcome["stdout"] == "".join(f"{name} refused\n" for name in attempts)
    # One empty file came.
    assert int(server.bash("du -sk .")["stdout"].split()[0]) <= int(held.split()[0]) + 4
    # What needs room elsewhere than in files goes on.
    assert server.bash("seq 3 | sort -r | tail -1 2> /dev/null; rm -r big made")["stdout"] == "1\n"
    assert server.bash("echo small > small; cat small") == {"exit_code": 0, "stdout": "small\n", "stderr": ""}


def test_names_that_come_while_all_is_full_come_to_an_end(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--workspace-limit", f"{LIMIT}")
    assert "Stopped: " in server.bash("cat /dev/zero > big", timeout=60)["stderr"]
    make = "mkdir -p many-$$; cd many-$$; for i in $(seq 20000); do : > $i; done"

    def make_more():
        return "No files or directories can be created" in server.bash(make, timeout=60, wait=90)["stderr"]

    assert engine.poll(make_more, 90) is not None
    names = server.bash("find . | wc -l")["stdout"]
    for attempt in ("touch new", "mkdir new", "ln big new", "ln -s big new", "mkfifo new"):
        assert server.bash(attempt)["exit_code"] != 0
    assert server.bash("find . | wc -l")["stdout"] == names
    assert server.bash("rm -rf big many-*; ls") == {"exit_code": 0, "stdout": "", "stderr": ""}
    assert server.bash("echo small > small; cat small")["stdout"] == "small\n"


def test_jobs_in_the_background_end_too(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--workspace-limit", f"{LIMIT}")
    server.bash("(setsid sh -c 'trap \"\" TERM; sleep 4321 & cat /dev/zero > big' &) > /dev/null 2>&1")
    server.wait_for_log("everything was stopped: /workspace and /artifacts hold ")
    ended = engine.poll(lambda: server.bash("pgrep -x cat; pgrep -x sleep")["stdout"] == "")
    assert ended is not None, "a background job goes on"
    assert server.bash("rm big; echo freed")["stdout"] == "freed\n"


def test_files_with_holes_may_be_as_large_as_they_like(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--workspace-limit", f"{LIMIT}")
    program = """
import mmap, os
with open("map.bin", "w+b") as file:
    file.truncate(20 << 30)
    with mmap.mmap(file.fileno(), 20 << 30) as memory:
        memory[-1:] = b"x"
print(os.stat("map.bin").st_size)
"""
    assert server.python(program) == {"exit_code": 0, "stdout": f"{20 << 30}\n", "stderr": ""}
    assert server.bash("truncate -s 10G s.img && stat -c %s s.img")["stdout"] == f"{10 << 30}\n"


def test_an_honest_user_notices_nothing(start_server, fresh_user):
    """A directory that is nobody's to look at, temporary files that come and go, room asked for ahead, and everything
    killed, the helpers of the sandbox included."""
    server = start_server("--user", fresh_user, "--workspace-limit", f"{LIMIT}")
    server.bash("mkdir closed && echo kept > closed/file && chmod 0 closed")
    program = """
import os, tempfile
for _ in range(40):
    with tempfile.TemporaryFile(dir=".") as file:
        file.write(b"x" * (4 << 20))
    with open("pack.tmp", "wb") as file:
        os.posix_fallocate(file.fileno(), 0, 1 << 20)
    os.rename("pack.tmp", "pack")
    print(oct(os.stat("closed").st_mode & 0o777))
"""
    outcome = server.python(program, timeout=60, wait=90)
    assert outcome["exit_code"] == 0, outcome
    assert outcome["stderr"] == ""
    assert server.bash("stat -c %a closed; chmod 755 closed; cat closed/file")["stdout"] == "0\nkept\n"
    assert server.bash("kill -9 -1")["exit_code"] == 137
    assert server.bash("cat closed/file; echo more > more; sleep 1; cat more") == {
        "exit_code": 0,
        "stdout": "kept\nmore\n",
        "stderr": "",
    }
