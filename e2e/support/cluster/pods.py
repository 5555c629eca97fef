"""Pods of the double: each is a real container of the engine, as a node would run it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from support import engine
from support.cluster.pod_containers import LABEL, docker_arguments

if TYPE_CHECKING:
    from support.cluster.api_double import Double

Json = dict[str, Any]
NAMESPACE = "exec-mcp-sandboxes"
# Channels of the stream.
STDIN, STDOUT, STDERR, ERROR, CLOSE = 0, 1, 2, 3, 255


@dataclass
class Faults:
    """What goes wrong, until it is set back."""

    holds_pods: bool = False  # pods stay without a container until `Double.release`
    waiting: tuple[str, str] | None = None  # reason and message of a container that waits
    unschedulable: str | None = None  # why no node takes a pod
    refused_pods: str | None = None  # why the Job's controller may not create a pod
    forbidden: set[tuple[str, str]] = field(default_factory=set)  # (verb, resource) that answer 403
    too_many_requests: int = 0  # this number of requests answer 429 first
    warning: str | None = None  # what the API server warns of when something is created
    refused_attach: str | None = None  # why nothing can be attached
    network: str = "none"  # the engine's network that pods get
    service: tuple[str, int] = ("192.0.2.1", 443)  # where pods are told that the API server is
    other_content: bool = False  # ConfigMaps are there already, with something else in them
    has_pools: bool = True  # agent-sandbox with its extensions is installed
    drained: bool = False  # pools have no pod in stock
    no_controller: bool = False  # nobody takes care of claims
    weakens: Callable[[Json], object] | None = None  # what a pool's pod, as it is stored, has done to it
    stranger: bool = False  # the pods of pools belong to something else


class Pod:
    """A pod's container: a real one, whose streams go to the attached client."""

    def __init__(self, double: Double, name: str, namespace: str, template: Json, *, job: str | None = None) -> None:
        """A pod from a template, of a Job or of a pool."""
        self.double = double
        self.job = job
        self.name = name
        own = {"job-name": job, "batch.kubernetes.io/job-name": job} if job else {}
        self.object: Json = {
            "apiVersion": "v1", "kind": "Pod", "spec": template["spec"],
            "metadata": {
                "name": name, "namespace": namespace, "labels": {**template["metadata"]["labels"], **own},
                "annotations": template["metadata"].get("annotations", {}),
            },
            "status": {"phase": "Pending"},
        }  # fmt: skip
        # What the container is made of, whatever the API shows.
        self.described = self.object
        self.ready = False
        self.log = bytearray()
        self.process: asyncio.subprocess.Process | None = None
        self.attached: web.WebSocketResponse | None = None
        self.ended = asyncio.Event()

    def update(self, **status: Any) -> None:
        self.object["status"] = status
        self.ready = any(one["type"] == "Ready" and one["status"] == "True" for one in status.get("conditions", []))
        self.double.put("pods", self.object)

    def update_container(self, state: Json, *, ready: bool, phase: str) -> None:
        name = self.object["spec"]["containers"][0]["name"]
        self.update(
            phase=phase,
            conditions=[{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": str(ready)}],
            containerStatuses=[{"name": name, "ready": ready, "state": state, "restartCount": 0}],
        )

    @property
    def claims(self) -> set[str]:
        volumes = self.described["spec"]["volumes"]
        return {volume["persistentVolumeClaim"]["claimName"] for volume in volumes if "persistentVolumeClaim" in volume}

    async def wait_for_storage(self) -> None:
        """As the scheduler does with claims of the mode ReadWriteOncePod."""
        while not self.ended.is_set() and self.double.holders(self):
            message = (
                "0/1 nodes are available: 1 node has pod using PersistentVolumeClaim with the same name and "
                "ReadWriteOncePod access mode."
            )
            condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
            self.update(phase="Pending", conditions=[condition])
            async with self.double.changed:
                if self.double.holders(self):
                    await self.double.changed.wait()

    async def run(self) -> None:
        faults = self.double.faults
        if faults.unschedulable:
            condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
            return self.update(phase="Pending", conditions=[{**condition, "message": faults.unschedulable}])
        self.update_container({"waiting": {"reason": "ContainerCreating"}}, ready=False, phase="Pending")
        if faults.waiting:
            reason, message = faults.waiting
            waiting = {"reason": reason, "message": message}
            return self.update_container({"waiting": waiting}, ready=False, phase="Pending")
        while faults.holds_pods:
            await self.double.released.wait()
        await self.wait_for_storage()
        if self.ended.is_set():
            return None
        maps, storage = self.double.objects["configmaps"], self.double.storage
        files = Path(tempfile.mkdtemp(prefix="exec-mcp-double-"))
        arguments = docker_arguments(self.described, maps, files, storage, faults.network, faults.service)
        pipe = asyncio.subprocess.PIPE
        self.process = await asyncio.create_subprocess_exec(
            engine.program(), *arguments, stdin=pipe, stdout=pipe, stderr=pipe
        )
        self.update_container({"running": {}}, ready=True, phase="Running")
        await asyncio.gather(self.pump(self.process.stdout, STDOUT), self.pump(self.process.stderr, STDERR))
        code = await self.process.wait()
        self.ended.set()
        await self.double.notify()
        shutil.rmtree(files, ignore_errors=True)
        if self.name in self.double.objects["pods"]:
            state = {"terminated": {"exitCode": code, "reason": "Completed" if code == 0 else "Error"}}
            self.update_container(state, ready=False, phase="Succeeded" if code == 0 else "Failed")

    async def pump(self, stream: asyncio.StreamReader, channel: int) -> None:
        while piece := await stream.read(65536):
            self.log += piece
            # What a broken network has swallowed does not come later.
            if self.attached is not None and not self.double.is_frozen:
                with contextlib.suppress(ConnectionError):
                    await self.attached.send_bytes(bytes([channel]) + piece)

    async def attach(self, socket: web.WebSocketResponse) -> None:
        self.attached = socket
        writing = asyncio.ensure_future(self.forward(socket))
        await asyncio.wait({writing, asyncio.ensure_future(self.ended.wait())}, return_when=asyncio.FIRST_COMPLETED)
        writing.cancel()
        # The news of the end does not come through either.
        await self.double.thawed.wait()
        self.attached = None
        if self.process and self.process.stdin:
            self.process.stdin.close()
        if not socket.closed:
            with contextlib.suppress(ConnectionError):
                success = {"metadata": {}, "status": "Success"}
                await socket.send_bytes(bytes([ERROR]) + json.dumps(success).encode())
                await socket.close()

    async def forward(self, socket: web.WebSocketResponse) -> None:
        while True:
            # Not even a ping is answered as long as it is frozen.
            await self.double.thawed.wait()
            message = await socket.receive()
            if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
                return
            if self.double.is_frozen or message.type != WSMsgType.BINARY or not message.data:
                continue
            if message.data[0] == STDIN:
                with contextlib.suppress(ConnectionError):
                    self.process.stdin.write(message.data[1:])
                    await self.process.stdin.drain()
            elif message.data[:2] == bytes([CLOSE, STDIN]):
                self.process.stdin.close()

    async def kill(self) -> None:
        self.ended.set()
        if self.process is None:
            return
        ending = asyncio.ensure_future(self.process.wait())
        # The engine may be just about to make the container, and then there is nothing to remove yet.
        while not ending.done():
            gone = await asyncio.create_subprocess_exec(
                engine.program(), "rm", "--force", self.name,
                stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            await gone.wait()
            await asyncio.wait({ending}, timeout=0.5)


def remove_pods() -> None:
    """Removes the containers of pods that a test of this process has left."""
    listed = engine.run("ps", "--all", "--quiet", "--filter", f"label={LABEL}").split()
    if listed:
        subprocess.run([engine.program(), "rm", "--force", *listed], capture_output=True, check=False)
