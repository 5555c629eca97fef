"""A command that takes too much memory is ended before the kernel has to, which would end the whole pod on a node.

The double's pods are containers of docker, where the kernel would kill one process alone; so nothing here takes more
than the limit, and the kernel has nothing to do.
"""

import pytest

# Waits at 96 % of the limit, which the kernel allows.
MEASURE = """
import os, time
def read(path):
    with open(path) as file:
        return file.read()
if os.path.exists("/sys/fs/cgroup/memory.current"):
    place, usage, limit, caches = "/sys/fs/cgroup/", "memory.current", "memory.max", ("active_file", "inactive_file")
else:
    place, usage, limit = "/sys/fs/cgroup/memory/", "memory.usage_in_bytes", "memory.limit_in_bytes"
    caches = ("total_active_file", "total_inactive_file")
limit = int(read(place + limit))
def is_enough():
    stat = dict(line.split() for line in read(place + "memory.stat").splitlines())
    return int(read(place + usage)) - sum(int(stat[name]) for name in caches) > limit * 0.96
"""
HOG = (
    MEASURE
    + """
pieces = []
while not is_enough():
    pieces.append(b"x" * (1 << 20))
time.sleep(600)
"""
)
FILES = (
    MEASURE
    + """
places = iter(["/workspace/ballast", "/artifacts/ballast", "/tmp/ballast"])
file = open(next(places), "wb", buffering=0)
while not is_enough():
    try:
        file.write(b"x" * (1 << 20))
    except OSError:
        file = open(next(places), "wb", buffering=0)
time.sleep(600)
"""
)
KERNEL = "cat /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control 2> /dev/null | grep '^oom_kill '"


@pytest.fixture
def client(on_cluster):
    client = on_cluster("--memory", "512m")
    for name, program in (("hog", HOG), ("files", FILES)):
        assert not client.call_tool("write_file", file_path=f"/workspace/{name}.py", content=program).get("isError")
    client.bash("echo kept > kept.txt")
    return client


def assert_kept(client, cluster) -> None:
    assert client.bash("cat kept.txt")["stdout"] == "kept\n"
    assert client.bash(KERNEL)["stdout"] == "oom_kill 0\n"
    assert len(cluster.names("pods")) == 1


def test_the_largest_process_dies_and_its_command_is_told(client, cluster):
    beside = client.start_tool("execute_bash", command="until [ -e calm ]; do sleep 0.1; done; echo calm", timeout=300)
    outcome = client.bash("python3 hog.py", timeout=300)
    assert outcome["exit_code"] == 137
    assert "A process was killed while this command ran: out of memory" in outcome["stderr"]
    client.bash("touch calm")
    assert client.result(beside)["structuredContent"] == {"exit_code": 0, "stdout": "calm\n", "stderr": ""}
    assert_kept(client, cluster)


def test_files_that_fill_the_memory_end_their_command_and_can_be_deleted(client, cluster):
    outcome = client.bash("python3 files.py", timeout=300)
    assert outcome["exit_code"] == 137
    assert "files in memory or many small processes fill the sandbox" in outcome["stderr"]
    client.bash("rm -f /workspace/ballast /artifacts/ballast /tmp/ballast")
    assert client.bash("echo room")["stdout"] == "room\n"
    assert_kept(client, cluster)
