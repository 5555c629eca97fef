"""Where the sandboxes are: in containers of docker, or in pods of a cluster that is simulated."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarking import processes
from benchmarking.contenders import exec_mcp
from benchmarking.memory import Sandbox
from support import engine
from support.stdio_client import REPOSITORY

from scaling.fleet import Fleet
from scaling.usage import Usage, processor_seconds

# What programs of the engine do for sandboxes outside of the server and its clients.
DAEMONS = ("dockerd", "containerd")


@dataclass(frozen=True)
class Site:
    """A server whose sandboxes are on a stage, and what is around it."""

    fleet: Fleet
    surroundings: Callable[[], float]
    """The processor time of what the engine does on this machine, in seconds."""
    interruption: Callable[[], AbstractContextManager[Any]] | None = None
    """Cuts the channels of all sandboxes; nothing answers until it is over."""
    sandboxes: Callable[[Sequence[str]], dict[str, float]] = lambda users: {}
    """What the sandboxes of these users take of this machine: a mean for each kind of memory, in bytes."""


@dataclass(frozen=True)
class Stage:
    key: str
    title: str
    program: str
    """The program of the engine that exec-mcp runs."""
    client: str
    """The command of it that holds a sandbox."""
    surroundings: str
    """What `Site.surroundings` counts."""
    steps: tuple[int, ...]
    quick_steps: tuple[int, ...]
    need: int
    """Memory that a sandbox takes of this machine at most, in bytes: a size that would use it up is left out."""
    open: Callable[[str, Sequence[str], int], AbstractContextManager[Site]]
    """Starts a server for a run of this mark, with these users and this maximum of sandboxes."""
    notes: tuple[str, ...]


@contextlib.contextmanager
def _on_docker(mark: str, users: Sequence[str], count: int) -> Iterator[Site]:
    with exec_mcp.start(users[0], mark, "--max-sandboxes", str(count)) as server:
        yield Site(Fleet(server, "run"), _daemon_seconds, sandboxes=_containers)


def _daemon_seconds() -> float:
    return sum(processor_seconds(process, with_children=False) for process in _daemons())


def _daemons() -> list[int]:
    found = []
    for entry in os.scandir("/proc"):
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and Path(entry.path, "comm").read_text().strip() in DAEMONS:
                found.append(int(entry.name))
    return found


def _containers(users: Sequence[str]) -> dict[str, float]:
    found = [sandbox for sandbox in (Sandbox.of(engine.only_container(user)) for user in users) if sandbox]
    if not found:
        return {}
    means = {
        "a sandbox, its processes' own": [sandbox.own() for sandbox in found],
        "a sandbox, all": [sandbox.used() for sandbox in found],
        "a sandbox's shim": [sandbox.shim() for sandbox in found],
    }
    sizes = {name: sum(values) / len(values) for name, values in means.items()}
    # Of the machine, not of a sandbox.
    return {**sizes, "dockerd and containerd": sum(Usage.of(process).private for process in _daemons())}


@contextlib.contextmanager
def _on_cluster(mark: str, users: Sequence[str], count: int) -> Iterator[Site]:
    # Here, so that docker can be measured without the environment of the double.
    from support.cluster.api_double import Double
    from support.cluster.light_pods import LightPod
    from support.cluster.pods import NAMESPACE

    program = kubectl()
    with tempfile.TemporaryDirectory() as directory, Double(Path(directory), make_pod=LightPod) as double:
        environment = {**double.environment, "KUBECACHEDIR": directory}
        # As on a machine where it is used: it keeps what the API server offers.
        question = [program, "get", "jobs,pods,configmaps", "--namespace", NAMESPACE]
        processes.capture(question, {**os.environ, **environment})
        options = ["--engine", program, "--max-sandboxes", str(count)]
        with exec_mcp.start(users[0], mark, *options, environment=environment) as server:
            yield Site(Fleet(server, "attach"), lambda: processor_seconds(os.getpid()), double.down)


def kubectl() -> str:
    """The published program, which is downloaded the first time."""
    if program := os.environ.get("EXEC_MCP_TEST_KUBECTL"):
        return program
    script = REPOSITORY / "e2e" / "kubernetes" / "install-kubectl.sh"
    return subprocess.run([script], capture_output=True, text=True, check=True).stdout.strip()


CLUSTER = Stage(
    key="cluster",
    title="Kubernetes, simulated",
    program="kubectl",
    client="kubectl attach",
    surroundings="the simulation",
    steps=(1, 10, 100, 500),
    quick_steps=(1, 10, 30),
    need=32 << 20,
    open=_on_cluster,
    notes=(
        "simulated: the API server is the tests' double of it, on the same processors; a pod is ready at once, and a "
        "few lines of the double answer in place of its sandbox. exec-mcp, kubectl and what passes between them are "
        "real",
    ),
)
DOCKER = Stage(
    key="docker",
    title="Docker",
    program="docker",
    client="docker run",
    surroundings="dockerd and containerd",
    steps=(1, 10, 30),
    quick_steps=(1, 5, 10),
    need=96 << 20,
    open=_on_docker,
    notes=("containers of the same machine, whose processors they share with exec-mcp and docker",),
)
STAGES = {stage.key: stage for stage in (CLUSTER, DOCKER)}
