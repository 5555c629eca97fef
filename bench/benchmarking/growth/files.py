"""Files from a kilobyte to a gigabyte that are read, and up to the limit that are written."""

from __future__ import annotations

from collections.abc import Iterator

from support import engine

from benchmarking.bench import Bench
from benchmarking.client import Client, Refused, Tool, text
from benchmarking.contenders import exec_mcp
from benchmarking.growth import probe
from benchmarking.growth.series import Growth, Linear
from benchmarking.memory import Sandbox
from benchmarking.rows.calls import ended_well

LINE = "-" * 49 + "\n"
PAGE = 10
READ = {
    1_000: "1 KB",
    10_000: "10 KB",
    100_000: "100 KB",
    1_000_000: "1 MB",
    10_000_000: "10 MB",
    100_000_000: "100 MB",
    1_000_000_000: "1 GB",
}
# write_file takes 32 MiB at most.
WRITTEN = {**{size: label for size, label in READ.items() if size <= 10_000_000}, 32 * 2**20: "32 MiB"}
HIGHEST = (
    "the highest value so far is VmHWM, in the sandbox that of the largest process, because one process handles each "
    "file; a cgroup's own peak would include the page cache, which holds the file"
)


def measure(bench: Bench) -> Iterator[Growth]:
    """First reading, then writing, each with a server of its own."""
    yield _read(bench)
    yield _write(bench)


def _read(bench: Bench) -> Growth:
    steps = tuple(READ) if not bench.effort.quick else tuple(READ)[:-1]
    user, figures = bench.traces.user(), probe.Figures()
    with exec_mcp.start(user, bench.traces.mark) as server:
        server.initialize()
        before = None
        for size in steps:
            # Real bytes, no hole: each file is ten of the one before.
            source = f"yes -- {LINE.strip()} | head -c {size}"
            if before is not None:
                source = f"for i in {{1..10}}; do cat {before}.txt; done"
            before = size
            make = Tool("execute_bash", {"command": f"{source} > {size}.txt", "timeout": 200})
            ended_well(server.call(make))
            times = 15 if size <= 10_000_000 else 5
            for name, offset in (("first", 0), ("last", size // len(LINE) - PAGE)):
                page = Tool("read_file", {"file_path": f"{size}.txt", "offset": offset, "line_count": PAGE})
                taken = probe.seconds(lambda page=page: server.call(page), _is_page, times)
                figures.milliseconds(f"read_file, {name} page", taken, Linear())
            _memory(figures, server, user, probe.FLAT)
    bench.traces.settle(user)
    notes = (f"a page of {PAGE} lines of {len(LINE)} bytes; the file is in the page cache", HIGHEST)
    labels = tuple(READ[size] for size in steps)
    return Growth("read-file", "Files that are read", "bytes", steps, figures.lines(), labels, notes)


def _write(bench: Bench) -> Growth:
    steps = tuple(WRITTEN)
    user, figures = bench.traces.user(), probe.Figures()
    with exec_mcp.start(user, bench.traces.mark) as server:
        server.initialize()
        for size in steps:
            # Not LINE alone: the size need not be a multiple of it.
            content = (LINE * (size // len(LINE) + 1))[:size]
            write = Tool("write_file", {"file_path": "written.txt", "content": content})
            taken = probe.seconds(lambda write=write: server.call(write), text, 15 if size <= 1_000_000 else 5)
            figures.milliseconds("write_file", taken, Linear())
            _memory(figures, server, user, Linear())
    bench.traces.settle(user)
    labels = tuple(WRITTEN[size] for size in steps)
    notes = ("a request is held in memory while it is in progress", HIGHEST)
    return Growth("write-file", "Files that are written", "bytes", steps, figures.lines(), labels, notes)


def _memory(figures: probe.Figures, server: Client, user: str, whole: probe.Rule) -> None:
    """`whole`: the rule for what is held while a call is under way."""
    sandbox = Sandbox.of(engine.only_container(user))
    figures.megabytes("memory of exec-mcp", probe.resident(server), probe.FLAT)
    figures.megabytes("memory of exec-mcp at its highest", probe.highest(server), whole)
    figures.megabytes("memory of the sandbox, its processes' own", sandbox and sandbox.own(), probe.FLAT)
    figures.megabytes("the sandbox's largest process at its highest", sandbox and sandbox.highest(), whole)


def _is_page(answer: object) -> None:
    assert isinstance(answer, bytes)
    if text(answer) != LINE * PAGE:
        raise Refused(f"read_file: {answer[:200].decode()}")
