"""Rows of what is counted: memory, and the words that a model is given."""

from __future__ import annotations

import json
from collections.abc import Iterator

from support import engine, host_processes

from benchmarking import processes
from benchmarking.bench import Bench
from benchmarking.client import Request, Tool, result
from benchmarking.contenders import docker_sdk, exec_mcp
from benchmarking.memory import MB, Sandbox, status
from benchmarking.results import Facts
from benchmarking.rows.calls import ended_well


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
        sandbox["docker's command line, resident"] = status(exec_mcp.engine_process(server, user), "VmRSS")
        ended_well(server.call(Tool("execute_bash", {"command": "head -c 2G /dev/zero", "timeout": 200})))
        flooded, peak = host_processes.resident_bytes(server.pid), status(server.pid, "VmHWM")
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
    sandbox = Sandbox.of(container)
    if sandbox is None:
        return {}
    values = {
        "the container's cgroup, files in memory included": sandbox.used(),
        "of it the processes' own": sandbox.own(),
        "the engine's shim, resident": sandbox.shim(),
    }
    return {name: value for name, value in values.items() if value is not None}


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
