"""The yardstick: an MCP server as most are written, with FastMCP and the Docker SDK, a `docker exec` for each command.

It is run as a program of its own, not imported: `make bench` starts it and talks to it as it does to exec-mcp.
"""

import functools
import io
import os
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import PurePosixPath

import docker
from docker.models.containers import Container
from fastmcp import FastMCP


@functools.cache
def container() -> Container:
    """The server's container, started at the first call and kept."""
    label = {os.environ["BENCHMARK_LABEL"]: os.environ["BENCHMARK_MARK"]}
    image = os.environ["MCP_EXECUTOR_IMAGE"]
    return docker.from_env().containers.run(
        image, ["sleep", "infinity"], detach=True, init=True, network_mode="none", labels=label
    )


@asynccontextmanager
async def lifespan(_: FastMCP) -> AsyncIterator[None]:
    yield
    if container.cache_info().currsize:
        container().remove(force=True)


mcp = FastMCP("docker-sdk", lifespan=lifespan)


@mcp.tool
def execute_bash(command: str) -> dict:
    """Run a command in the sandbox."""
    exit_code, (stdout, stderr) = container().exec_run(["bash", "-c", command], demux=True)
    return {"exit_code": exit_code, "stdout": (stdout or b"").decode(), "stderr": (stderr or b"").decode()}


@mcp.tool
def write_file(file_path: str, content: str) -> str:
    """Write a text file."""
    path, data, archive = PurePosixPath(file_path), content.encode(), io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        entry = tarfile.TarInfo(path.name)
        entry.size = len(data)
        tar.addfile(entry, io.BytesIO(data))
    container().put_archive(str(path.parent), archive.getvalue())
    return f"wrote {len(data)} bytes"


@mcp.tool
def read_file(file_path: str, offset: int = 0, line_count: int = 1000) -> str:
    """Read lines of a text file."""
    script = 'tail -n "+$2" "$1" | head -n "$3"'
    words = ["bash", "-c", script, "read_file", file_path, str(offset + 1), str(line_count)]
    return container().exec_run(words).output.decode()


if __name__ == "__main__":
    mcp.run(show_banner=False, log_level="ERROR")
