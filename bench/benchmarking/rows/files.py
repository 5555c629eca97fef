"""Rows of the tools that work on files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarking import processes
from benchmarking.bench import Bench
from benchmarking.client import Client, Refused, Tool, text
from benchmarking.contenders import commands, docker_sdk, exec_mcp, kept_session
from benchmarking.figures import Rounds
from benchmarking.results import Timing
from benchmarking.rounds import Action, interleave
from benchmarking.rows.calls import call, ended_well

LINE = "def measure(value): return value * 2\n"
MODULE = '"""A module."""\n\n' + "".join(
    f'def function_{number}(value):\n    """Returns {number} times the value."""\n    return {number} * value\n\n\n'
    for number in range(100)
)


def write(bench: Bench) -> Iterator[Timing]:
    """`write_file` of a small and of a large text."""
    with tempfile.TemporaryDirectory() as directory:
        for title, size in (("1 KB", 1000), ("1 MB", 1_000_000)):
            content = (LINE * (size // len(LINE) + 1))[:size]
            source = Path(directory, "content.py")
            source.write_text(content)
            yield Timing(f"write {title}", f"write_file {title}", _write(bench, content, str(source)))


def _write(bench: Bench, content: str, source: str) -> dict[str, Rounds]:
    session, data = bench.kept_session, content.encode()
    into = commands.docker_exec(
        bench.container, "bash", "-c", 'cat > "$1"', "bash", "/workspace/by-exec.py", interactive=True
    )
    actions = {
        exec_mcp.NAME: call(bench.exec_mcp, "write_file", file_path="written.py", content=content),
        commands.DOCKER_EXEC: Action(lambda: processes.feed(into, data), in_a_row=bench.effort.of(3, 1)),
        docker_sdk.NAME: call(bench.docker_sdk, "write_file", slow=True, file_path="/workspace/x.py", content=content),
        kept_session.COPY_IN: Action(lambda: session.copy_to_runtime(source, "/workspace/written.py"), slow=True),
    }
    return interleave(actions, bench.effort.pace((20, 8), (3, 1)))


def read(bench: Bench) -> Iterator[Timing]:
    """`read_file` of a small file."""
    content = LINE * 10
    text(bench.exec_mcp.call(Tool("write_file", {"file_path": "small.py", "content": content})))
    text(bench.docker_sdk.call(Tool("write_file", {"file_path": "/workspace/small.py", "content": content})))

    def is_content(line: bytes) -> None:
        if text(line) != content:
            raise Refused(f"read_file: {line[:200].decode()}")

    shown = commands.docker_exec(bench.container, "cat", "/workspace/small.py")
    with tempfile.TemporaryDirectory() as directory:
        source, session = Path(directory, "small.py"), bench.kept_session
        source.write_text(content)
        session.copy_to_runtime(str(source), "/workspace/small.py")
        back = str(Path(directory, "back.py"))
        actions = {
            exec_mcp.NAME: call(bench.exec_mcp, "read_file", check=is_content, file_path="small.py"),
            commands.DOCKER_EXEC: Action(lambda: processes.capture(shown), in_a_row=bench.effort.of(3, 1)),
            docker_sdk.NAME: call(
                bench.docker_sdk, "read_file", check=is_content, slow=True, file_path="/workspace/small.py"
            ),
            kept_session.COPY_OUT: Action(lambda: session.copy_from_runtime("/workspace/small.py", back), slow=True),
        }
        samples = interleave(actions, bench.effort.pace((20, 8), (3, 1)))
    yield Timing("read", "read_file, 10 lines", samples)


def docstring(bench: Bench) -> Iterator[Timing]:
    """`read_docstring` of one of a hundred functions. Nobody else has it."""
    text(bench.exec_mcp.call(Tool("write_file", {"file_path": "functions.py", "content": MODULE})))

    def is_it(line: bytes) -> None:
        if "Returns 99 times the value." not in text(line):
            raise Refused(f"read_docstring: {line[:200].decode()}")

    action = call(bench.exec_mcp, "read_docstring", check=is_it, file_path="functions.py", function_name="function_99")
    samples = interleave({exec_mcp.NAME: action}, bench.effort.pace((20, 20), (4, 4)))
    yield Timing("docstring", "read_docstring, one of 100 functions", samples)


def last_page(bench: Bench) -> Iterator[Timing]:
    """`read_file` of the last ten lines of a large file, named by their number, as a page is."""
    blocks = bench.effort.of(64, 16)
    line, lines, path = "-" * 63, blocks * 2**24 // 64, "/workspace/large.txt"
    page = {"file_path": path, "offset": lines - 10, "line_count": 10}
    words = ["bash", "-c", 'tail -n "+$2" "$1" | head -n 10', "bash", path, str(lines - 9)]

    def is_page(answer: bytes) -> None:
        if text(answer).count(line) != 10:
            raise Refused(f"read_file: {answer[:200].decode()}")

    def read_page(server: Client) -> Action:
        request = Tool("read_file", page)
        return Action(lambda: server.call(request), is_page, in_a_row=1)

    servers = {exec_mcp.NAME: bench.exec_mcp, docker_sdk.NAME: bench.docker_sdk}
    shown = commands.docker_exec(bench.container, *words)
    block = f"yes -- {line} | head -c 16M > /tmp/block"  # four times as fast as a pipe that is so long
    make = Tool("execute_bash", {"command": f"{block}; for i in {{1..{blocks}}}; do cat /tmp/block; done > {path}"})
    try:
        for server in servers.values():
            ended_well(server.call(make))
        actions = {name: read_page(server) for name, server in servers.items()}
        actions[commands.DOCKER_EXEC] = Action(lambda: processes.capture(shown), in_a_row=1)
        samples = interleave(actions, bench.effort.pace((7, 7), (1, 1)))
    finally:
        for server in servers.values():
            server.call(Tool("execute_bash", {"command": f"rm -f {path}"}))
    size = bench.effort.of("1 GB", "256 MB")
    note = "real bytes, not a hole; the others find the page with tail -n +N | head, as a shell user would"
    yield Timing("last page", f"read_file, last 10 lines of {size}", samples, notes=(note,))
