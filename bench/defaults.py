#!/usr/bin/env python3
"""Shows what code finds with each contender's defaults, and what is left of a command after its timeout, and after
`kill -9` of the program that ran it. docs/comparison.md has the table.

A contender other than exec-mcp lives in a process of its own, which is what is killed.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))  # has support

from benchmarking.traces import LABEL
from support import engine, host_processes
from support.stdio_client import StdioClient

# What code can see of its own confinement: a line for each row of the table.
PROBE = """
echo "user: $([ "$(id -u)" = 0 ] && echo root || echo not root)"
echo "capabilities: $(awk '/^CapBnd/ {print ($2 ~ /[1-9a-f]/) ? "some" : "none"}' /proc/self/status)"
echo "network: $(ls /sys/class/net | grep -qv '^lo$' && echo yes || echo none)"
echo "system files: $( (: > /usr/probe) 2>/dev/null && rm /usr/probe && echo writable || echo 'not writable')"
echo "memory limit: $(cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null | head -1)"
"""
LIMIT = 10
# Seconds within which a process that will be ended has ended, and one that was started runs.
PATIENCE = 20
DETACHED = "setsid sleep {0} & sleep {0}"


def sleeping(marker: str) -> list[int]:
    """The processes of the machine, those in containers included, that sleep for that time."""
    entries = [int(entry.name) for entry in os.scandir("/proc") if entry.name.isdigit()]
    return [process for process in entries if host_processes.words(process) == ["sleep", marker]]


def marker() -> str:
    """A time to sleep for that no other process sleeps for."""
    return f"{10_000 + secrets.randbelow(10**6)}.{secrets.randbelow(10**6):06}"


class Contender:
    """A program that runs commands."""

    def probe(self) -> str:
        raise NotImplementedError

    def begin(self, command: str, limit: int) -> None:
        """Starts a command with a limit in seconds, and doesn't wait for it."""
        raise NotImplementedError

    def wait(self) -> None:
        """Waits for the end of that command, which is reported once the limit is reached."""
        raise NotImplementedError

    def kill(self) -> None:
        """Kills the program."""
        raise NotImplementedError


class ExecMCP(Contender):
    def __init__(self, user: str) -> None:
        self.client = StdioClient(["--user", user, "--workspace", "ephemeral"])
        self.client.initialize()

    def probe(self) -> str:
        return self.client.bash(PROBE)["stdout"]

    def begin(self, command: str, limit: int) -> None:
        self.call = self.client.start_tool("execute_bash", command=command, timeout=limit)

    def wait(self) -> None:
        self.client.result(self.call)

    def kill(self) -> None:
        self.client.kill9()


class Worker(Contender):
    """A contender in a process of its own: this file, run with its name."""

    def __init__(self, name: str, label: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__, name, label], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def probe(self) -> str:
        self.begin(PROBE, LIMIT)
        return json.loads(self.process.stdout.readline())

    def begin(self, command: str, limit: int) -> None:
        self.process.stdin.write(json.dumps([command, limit]) + "\n")
        self.process.stdin.flush()

    def wait(self) -> None:
        self.process.stdout.readline()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def runner_of(name: str, label: str) -> Callable[[str, int], str]:
    """What runs a command as the named contender does by default, with a limit in seconds."""
    if name == "bash":
        return lambda command, limit: _run(["bash", "-c", command], limit)
    if name == "docker exec":
        container = engine.run("run", "--detach", "--label", label, engine.IMAGE, "sleep", "infinity").strip()
        return lambda command, limit: _run([engine.program(), "exec", container, "bash", "-c", command], limit)
    from llm_sandbox import SandboxSession

    key, _, value = label.partition("=")
    session = SandboxSession(
        lang="python", image=engine.IMAGE, skip_environment_setup=True, runtime_configs={"labels": {key: value}}
    )
    session.open()

    def run(command: str, limit: int) -> str:
        code = f"import subprocess; subprocess.run(['bash', '-c', {command!r}])"
        try:
            return session.run(code, timeout=limit).stdout
        except Exception as error:  # Of which kind is llm-sandbox's affair; one that isn't a timeout fails the probe.
            return repr(error)

    return run


def _run(command: list[str], limit: int) -> str:
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=limit).stdout
    except subprocess.TimeoutExpired as error:
        return repr(error)


def work(name: str, label: str) -> None:
    run = runner_of(name, label)
    for line in sys.stdin:
        print(json.dumps(run(*json.loads(line))), flush=True)


def examine(contender: Contender) -> dict[str, str]:
    """The contender's column of the table."""
    rows = dict(line.split(": ", 1) for line in contender.probe().strip().splitlines())
    limit = rows["memory limit"]
    # Without a limit the kernel says "max", or a number near 2 ** 63.
    rows["memory limit"] = f"{int(limit) >> 20} MiB" if limit.isdecimal() and int(limit) < 1 << 50 else "none"
    limited, killed = marker(), marker()
    _begin(contender, limited, LIMIT)
    contender.wait()
    rows["processes after a timeout"] = _left(limited)
    _begin(contender, killed, 600)
    contender.kill()
    rows["processes after kill -9"] = _left(killed)
    for process in [*sleeping(limited), *sleeping(killed)]:
        os.kill(process, signal.SIGKILL)
    return rows


def _begin(contender: Contender, marker: str, limit: int) -> None:
    contender.begin(DETACHED.format(marker), limit)
    if engine.poll(lambda: len(sleeping(marker)) == 2, limit) is None:
        raise TimeoutError(f"{type(contender).__name__}: the processes were not started within {limit} seconds")


def _left(marker: str) -> str:
    """How many of the two processes are left, once none is or enough time has passed."""
    deadline = time.monotonic() + PATIENCE
    while sleeping(marker) and time.monotonic() < deadline:
        time.sleep(0.2)
    return f"{len(sleeping(marker))} of 2"


def main() -> int:
    mark = f"defaults-{secrets.token_hex(4)}"
    label = f"{LABEL}={mark}"
    columns: dict[str, dict[str, str]] = {}
    try:
        columns["exec-mcp"] = examine(ExecMCP(mark))
        for name in ("docker exec", "llm-sandbox", "bash"):
            columns[name] = examine(Worker(name, label))
            left = engine.run("ps", "--quiet", "--filter", f"label={label}").split()
            columns[name]["container after kill -9"] = "runs" if left else "none"
            if left:
                engine.run("rm", "--force", *left)
        engine.poll(lambda: not engine.containers(mark), PATIENCE)
        columns["exec-mcp"]["container after kill -9"] = "runs" if engine.containers(mark) else "none"
    finally:
        for container in engine.run("ps", "--all", "--quiet", "--filter", f"label={label}").split():
            engine.run("rm", "--force", container)
    print(f"{'':28}" + "".join(f"{name:16}" for name in columns))
    for row in columns["exec-mcp"]:
        print(f"{row:28}" + "".join(f"{column[row]:16}" for column in columns.values()))
    return 0


if __name__ == "__main__":
    sys.exit(work(*sys.argv[1:]) if len(sys.argv) == 3 else main())
