"""Rows of what is counted: memory, and the words that a model is given."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from support import engine, host_processes

from benchmarking import processes
from benchmarking.bench import Bench
from benchmarking.client import Request, Tool, result
from benchmarking.contenders import docker_sdk, exec_mcp
from benchmarking.results import Facts
from benchmarking.rows.calls import ended_well

MB = 1e6


def memory(bench: Bench) -> Iterator[Facts]:
    """What a server of its own holds, before and after a flood, and what its sandbox costs on this machine."""
    if not processes.VISIBLE:
        return
    user = bench.traces.user()
    with exec_mcp.start(user, bench.traces.mark) as server:
        server.initialize()
        ended_well(server.call(Tool("execute_bash", {"command": "true"})))
        idle = host_processes.resident_bytes(server.pid)
        sandbox = _sandbox(engine.only_container(user))
        sandbox["docker's command line, resident"] = _status(exec_mcp.engine_process(server, user), "VmRSS")
        ended_well(server.call(Tool("execute_bash", {"command": "head -c 2G /dev/zero", "timeout": 200})))
        flooded, peak = host_processes.resident_bytes(server.pid), _status(server.pid, "VmHWM")
    bench.traces.settle(user)
    values = {
        "exec-mcp, idle with one sandbox": idle,
        "after a flood of 2 GB": flooded,
        "at its highest": peak,
        "growth at its highest": peak - idle,
    }
    yield Facts("memory", "memory of exec-mcp", {name: (value / MB, "MB") for name, value in values.items()})
    theirs = host_processes.resident_bytes(bench.docker_sdk.pid)
    yield Facts("memory of others", f"memory of {docker_sdk.NAME}", {"the server, resident": (theirs / MB, "MB")})
    values = {name: (value / MB, "MB") for name, value in sandbox.items()}
    yield Facts("memory per sandbox", "memory per sandbox", values)


def _sandbox(container: str) -> dict[str, float]:
    """What a container holds: its cgroup, and the engine's shim, which is the parent of its first process."""
    values: dict[str, float] = {}
    process = engine.inspect(container)["State"]["Pid"]
    try:
        if container not in Path(f"/proc/{process}/cgroup").read_text():
            return values  # the engine is on another machine, or in a virtual one
    except OSError:
        return values
    if (cgroup := _cgroup(process)) is not None:
        used = next(cgroup / name for name in ("memory.current", "memory.usage_in_bytes") if (cgroup / name).exists())
        values["the container's cgroup, files in memory included"] = float(used.read_text())
        counts = dict(line.split()[:2] for line in (cgroup / "memory.stat").read_text().splitlines())
        values["of it the processes' own"] = float(counts.get("anon") or counts["total_rss"])
    values["the engine's shim, resident"] = _status(_status(process, "PPid", 1), "VmRSS")
    return values


def _cgroup(process: int) -> Path | None:
    """The directory of a process's memory cgroup, of either version."""
    for line in Path(f"/proc/{process}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for root, wanted in (("/sys/fs/cgroup/memory", "memory"), ("/sys/fs/cgroup", "")):
            directory = Path(root + path)
            if wanted in controllers.split(",") and (directory / "memory.stat").exists():
                return directory
    return None


def _status(process: int, name: str, unit: int = 1024) -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return unit * next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def words(bench: Bench) -> Iterator[Facts]:
    """What a model is given before it has done anything. A token is taken for four characters."""
    for key, name, server in (
        ("listing", exec_mcp.NAME, bench.exec_mcp),
        ("listing of others", docker_sdk.NAME, bench.docker_sdk),
    ):
        tools = result(server.call(Request("tools/list")))["tools"]
        yield Facts(key, f"tools/list of {name}", _size(json.dumps(tools, ensure_ascii=False, separators=(",", ":"))))
    prompt = result(bench.exec_mcp.call(Request("prompts/get", {"name": "agent_system_prompt"})))
    text = "".join(message["content"]["text"] for message in prompt["messages"])
    yield Facts("prompt", "prompt of exec-mcp, with the skills shipped", _size(text))


def _size(text: str) -> dict[str, tuple[float, str]]:
    return {"bytes": (len(text.encode()), "bytes"), "tokens": (len(text) / 4, "tokens")}
