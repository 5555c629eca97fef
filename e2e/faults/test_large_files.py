"""Files as large as write_file takes them: what they needed while they were written is given back."""

from support import engine
from support.host_processes import resident_bytes

MIB = 1 << 20
# What is kept for the next files of usual size: some MiB for each thread that had one. It was 55 MB and more.
KEPT = 24 * MIB
# Of the process that holds the most: their number varies, and what they share would be counted for each.
IN_THE_SANDBOX = "awk '/^RssAnon/ && $2 > most { most = $2 } END { print most * 1024 }' /proc/[0-9]*/status"


def test_large_files_leave_no_memory_behind(client):
    def held() -> tuple[int, int]:
        return resident_bytes(client.process.pid), int(client.bash(IN_THE_SANDBOX)["stdout"])

    client.call_tool("write_file", file_path="written.txt", content="small")
    before = held()

    def grown() -> list[int]:
        return [now - then for now, then in zip(held(), before, strict=True)]

    for size in [1, 10, 32] * 3:
        content = ("0123456789abcde\n" * (MIB // 16)) * size
        assert not client.call_tool("write_file", file_path="written.txt", content=content).get("isError")

    # What a call has left is gone soon after its answer.
    assert engine.poll(lambda: max(grown()) < KEPT) is not None, f"of server and sandbox, bytes kept: {grown()}"
