"""No room left: the error is clear, and what was there before is whole."""

import os
import subprocess

import pytest
from support import engine
from support.stdio_client import text_of

pytestmark = pytest.mark.alone

MIB = 1 << 20


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 8 MiB on this machine, for a workspace."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=0777", "tmpfs", str(place)], check=True)
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_full_workspace_keeps_the_old_file(start_server, fresh_user, small_disk):
    server = start_server("--user", fresh_user, "--workspace", str(small_disk))
    server.call_tool("write_file", file_path="kept.txt", content="old\n")
    refused = server.call_tool("write_file", file_path="kept.txt", content="x" * (16 * MIB))
    assert refused["isError"] is True
    assert "kept.txt" in text_of(refused)
    assert "space" in text_of(refused).lower() or "full" in text_of(refused).lower()
    assert (small_disk / "kept.txt").read_text() == "old\n"
    assert os.listdir(small_disk) == ["kept.txt"], "a part of the new file was left behind"
    assert server.bash("head -c 64M /dev/zero > ballast")["exit_code"] != 0
    again = server.call_tool("write_file", file_path="kept.txt", content="x" * MIB)
    assert again["isError"] is True
    assert (small_disk / "kept.txt").read_text() == "old\n"
    server.bash("rm ballast")
    assert not server.call_tool("write_file", file_path="kept.txt", content="new\n").get("isError")
    assert (small_disk / "kept.txt").read_text() == "new\n"


def test_output_that_finds_no_room_is_cut_and_the_result_says_so(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--memory", "128m", "--workspace", "ephemeral")
    server.bash("head -c 1G /dev/zero > /output/ballast")
    outcome = server.bash("seq 100000")
    assert outcome["exit_code"] == 0
    assert outcome["truncated"] is True
    assert outcome["stdout"].startswith("1\n2\n")
    assert outcome["stdout"].endswith("\n99999\n100000\n")
    assert "no room to keep the whole" in outcome["stdout"] or "bytes are in /output/" in outcome["stdout"]
    server.bash("rm /output/ballast")
    assert "the whole stdout" in server.bash("seq 100000")["stdout"]


def test_an_artifact_that_finds_no_room_leaves_the_others_whole(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--memory", "128m", "--workspace", "ephemeral")
    server.bash("echo kept > /artifacts/kept.txt")
    outcome = server.bash("head -c 1G /dev/zero > /artifacts/big.bin")
    assert outcome["exit_code"] != 0
    assert "No space left on device" in outcome["stderr"]
    refused = server.call_tool("write_file", file_path="/artifacts/kept.txt", content="x" * MIB)
    assert refused["isError"] is True
    assert server.request("resources/read", {"uri": "artifact:///kept.txt"})["contents"][0]["text"] == "kept\n"


def test_a_million_files_are_stopped_at_the_limit(start_server, fresh_user):
    """At a limit far below the default, which takes a busy disk minutes: every file counts, however little is in it, so
    that inodes do not run out either. Whoever deletes them is not stopped for what is still there."""
    server = start_server("--user", fresh_user, "--workspace-limit", "128m")
    program = """
import os
for number in range(1_000_000):
    os.close(os.open(f"many/{number}", os.O_CREAT | os.O_WRONLY))
print("not reached")
"""
    server.bash("mkdir many")
    outcome = server.python(program, timeout=240, wait=250)
    assert outcome["exit_code"] != 0
    assert "not reached" not in outcome["stdout"]
    assert "workspace limit of 134217728" in outcome["stderr"]
    freed = server.bash("rm -rf many; echo freed", timeout=240, wait=250)
    assert freed == {"exit_code": 0, "stdout": "freed\n", "stderr": ""}
    assert server.bash("echo small > small.txt; cat small.txt")["stdout"] == "small\n"


def test_many_writers_at_once_are_all_stopped(start_server, fresh_user):
    """Background jobs count too, and the sandbox stays."""
    server = start_server("--user", fresh_user, "--workspace-limit", "32m")
    server.bash("true")
    before = engine.only_container(fresh_user)
    server.bash("for i in 1 2 3; do (setsid head -c 3G /dev/zero > background-$i &); done > /dev/null 2>&1")
    fill = "head -c 3G /dev/zero > call-$$; echo not reached"
    calls = [server.start_tool("execute_bash", command=fill, timeout=120) for _ in range(3)]
    for call in calls:
        outcome = server.result(call)["structuredContent"]
        assert "not reached" not in outcome["stdout"]
        assert "workspace limit" in outcome["stderr"]
    stopped = engine.poll(lambda: server.bash("pgrep -x head")["stdout"] == "")
    assert stopped is not None, "a background job goes on writing"
    assert server.bash("rm -f background-* call-*; echo freed")["stdout"] == "freed\n"
    assert engine.only_container(fresh_user) == before


def test_a_full_workspace_takes_no_more_however_often_it_is_tried(start_server, fresh_user):
    """What a stopped command has written stays; the next ones must not each add to it."""
    server = start_server("--user", fresh_user, "--workspace-limit", "64m")
    assert "Stopped: " in server.bash("head -c 20G /dev/zero > big", timeout=60)["stderr"]
    held = int(server.bash("cat /workspace/* | wc -c")["stdout"])
    for number in range(5):
        attempt = server.bash(f"trap '' TERM; head -c 20G /dev/zero > more-{number}; echo more >> big", timeout=60)
        assert "File too large" in attempt["stderr"]
        assert "Nothing could be written: " in attempt["stderr"]
        refused = server.call_tool("write_file", file_path=f"written-{number}", content="x" * MIB)
        assert refused["isError"] is True
        assert "workspace limit of 67108864" in text_of(refused)
    assert int(server.bash("cat /workspace/* | wc -c")["stdout"]) == held
    assert server.bash("seq 3 | sort -r; rm big more-*") == {"exit_code": 0, "stdout": "3\n2\n1\n", "stderr": ""}
    assert server.bash("echo small > small.txt; cat small.txt") == {"exit_code": 0, "stdout": "small\n", "stderr": ""}
    assert not server.call_tool("write_file", file_path="written.txt", content="x" * MIB).get("isError")


def test_a_workspace_that_is_full_from_the_start_can_be_emptied(start_server, fresh_user):
    with_room = start_server("--user", fresh_user, "--workspace-limit", "1g")
    with_room.bash("head -c 100M /dev/zero > big")
    with_room.close()
    server = start_server("--user", fresh_user, "--workspace-limit", "64m")
    server.bash("ls; sleep 1; ls")
    assert server.bash("sleep 1; rm big; echo freed") == {"exit_code": 0, "stdout": "freed\n", "stderr": ""}
    assert server.bash("echo small > small.txt; cat small.txt")["stdout"] == "small\n"
