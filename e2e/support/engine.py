"""The container engine seen from outside: what the server has left there, without asking the server."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from typing import Any

from . import docker_api

NAME_PREFIX = "mcp-executor-"
LABEL_PREFIX = "io.exec-mcp."
IMAGE = os.environ.get("MCP_EXECUTOR_IMAGE", "mcp-code-executor:latest")
# Seconds after which something will not happen any more, however busy the machine is.
PATIENCE = 90.0


def program() -> str:
    return os.environ.get("MCP_EXECUTOR_ENGINE", "docker")


def path_of_program() -> str:
    """Where the engine's CLI is."""
    path = shutil.which(program())
    assert path, f"{program()} is not installed"
    return path


def run(*arguments: str, check: bool = True) -> str:
    """Runs the engine's CLI and returns what it printed."""
    done = subprocess.run([program(), *arguments], capture_output=True, text=True, timeout=120, check=False)
    assert not check or done.returncode == 0, f"{program()} {' '.join(arguments)}: {done.stderr}"
    return done.stdout


def containers(user: str) -> list[str]:
    """Ids of a user's containers, running or not."""
    label = f"{LABEL_PREFIX}user={user}"
    if docker_api.answers_for(program()):
        found = docker_api.get("/containers/json", all="true", filters=json.dumps({"label": [label]}))
        return [container["Id"] for container in found]
    return run("ps", "--all", "--quiet", "--no-trunc", "--filter", f"label={label}").split()


def only_container(user: str) -> str:
    found = containers(user)
    assert len(found) == 1, f"{user} has {len(found)} containers"
    return found[0]


def inspect(container: str) -> dict[str, Any]:
    return json.loads(run("inspect", container))[0]


def processes(container: str) -> list[str]:
    """The command lines of everything that runs in a container, zombies included."""
    if docker_api.answers_for(program()):
        return [args for _, args in docker_api.get(f"/containers/{container}/top", ps_args="-eo pid,args")["Processes"]]
    lines = run("top", container, "-eo", "pid,args").splitlines()[1:]
    return [line.split(None, 1)[1] for line in lines]


def processes_of_commands(container: str) -> list[str]:
    """The command lines of what commands have started. The sandbox's own processes come and go as calls do: workers,
    and shells, whether they wait for a command or run one."""
    own = ("sandbox-", "/bin/bash -c IFS= read -r")
    return [line for line in processes(container) if not line.startswith(own)]


def running(container: str, command_line: str) -> int:
    """How many processes of exactly that command line run in a container."""
    return processes(container).count(command_line)


def poll(condition: Any, timeout: float = PATIENCE) -> float | None:
    """Seconds until `condition()` held, or None if it never did: the engine has no event to wait for here."""
    started = time.monotonic()
    while True:
        if condition():
            return time.monotonic() - started
        if time.monotonic() - started > timeout:
            return None
        # Many conditions run a program: what takes long is checked less often.
        time.sleep(min(0.5, max(0.05, (time.monotonic() - started) / 10)))


def wait_until_gone(user: str, timeout: float = PATIENCE) -> float:
    """Seconds until a user had no container left; the measured time is printed."""
    elapsed = poll(lambda: not containers(user), timeout)
    assert elapsed is not None, f"after {timeout} s {user} still has {containers(user)}"
    print(f"no container left after {elapsed:.2f} s")
    return elapsed


def leave_orphan(labels: dict[str, str], name: str | None = None) -> str:
    """A container with the labels of a server that is dead, as one that was left behind. A neighbour's server may
    remove it at any moment, also before it has started."""
    options = [f"--label={label}={value}" for label, value in labels.items()] + ([f"--name={name}"] if name else [])
    container = run("create", "--network=none", "--stop-signal=SIGKILL", *options, IMAGE, "sleep", "600").strip()
    run("start", container, check=False)
    return container


def volumes(*users: str) -> list[str]:
    people = "|".join(map(re.escape, users))
    wanted = re.compile(f"{re.escape(NAME_PREFIX)}({people})-(workspace|artifacts(-[0-9]+)?)")
    if docker_api.answers_for(program()):
        names = [volume["Name"] for volume in docker_api.get("/volumes")["Volumes"] or []]
    else:
        names = run("volume", "ls", "--quiet").split()
    return [name for name in names if wanted.fullmatch(name)]


def remove_everything(*users: str) -> None:
    """Removes what tests' users leave behind on purpose: the named volumes, and containers of a failed test."""
    for user in users:
        for container in containers(user):
            run("rm", "--force", container, check=False)
        poll(lambda user=user: not containers(user))
    if users and (found := volumes(*users)):
        run("volume", "rm", "--force", *found, check=False)
