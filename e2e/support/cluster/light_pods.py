"""Pods of the double without containers, for measurements with hundreds of them: in each, a guest of a few lines
answers that every command has succeeded. It lives in this process and runs nothing.

What a server and its kubectl see is the same as with a real pod: the same frames, sealed in the same way.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterable
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any

from support.cluster.pods import STDOUT, Pod
from support.stdio_client import REPOSITORY

SOURCES = REPOSITORY / "Sources" / "ExecCore" / "Guest" / "guest"
GREETING = {"protocol": 1, "python": "3.12.0", "shell": True, "unwritable": [], "network": []}


def module(name: str) -> ModuleType:
    """A module of the real guest that needs no other."""
    found = spec_from_file_location(f"guest_{name}", SOURCES / f"{name}.py")
    loaded = module_from_spec(found)
    found.loader.exec_module(loaded)
    return loaded


frames, seal = module("frames"), module("seal")


class LightGuest:
    """The end of the channel in a light pod. It has the methods of a process's input that `Pod.forward` uses."""

    def __init__(self, pod: LightPod) -> None:
        self._pod = pod
        self._bootstrap: bytearray | None = bytearray()
        self._decoder: Any = frames.Decoder()
        self._sealer: Any = None
        self._output = b""
        self.closed = asyncio.Event()

    @property
    def stdin(self) -> LightGuest:
        return self

    def write(self, data: bytes) -> None:
        if self._bootstrap is not None:
            data = self._begin(data)
        for kind, call, payload in self._decoder.feed(data):
            self._answer(kind, call, payload)

    async def drain(self) -> None:
        """Sends what was answered."""
        output, self._output = self._output, b""
        if output:
            await self._pod.deliver(output)

    def close(self) -> None:
        if not self.closed.is_set():
            self._say(frames.frame(frames.GOODBYE, 0))
            self.closed.set()

    def _begin(self, data: bytes) -> bytes:
        """Reads the program that a real guest runs, for the key in it. Returns what comes after it."""
        self._bootstrap += data
        start = self._bootstrap.find(b"\n") + 1
        if not start or len(self._bootstrap) < start + 4:
            return b""
        end = start + 4 + int.from_bytes(self._bootstrap[start : start + 4], "big")
        if len(self._bootstrap) < end:
            return b""
        program, rest = json.loads(self._bootstrap[start + 4 : end]), bytes(self._bootstrap[end:])
        self._bootstrap = None
        if key := bytes.fromhex(program["config"]["seal"]):
            self._sealer = seal.Sealer(key, seal.FROM_GUEST)
            self._decoder = seal.Decoder(seal.Opener(key, seal.FROM_SERVER), self._decoder)
        self._say(frames.json_frame(frames.HELLO, 0, GREETING))
        return rest

    def _answer(self, kind: int, call: int, payload: bytes) -> None:
        if kind == frames.PING:
            self._say(frames.frame(frames.PONG, 0))
        elif kind == frames.CALL and frames.json_value(payload)["method"] == "execute":
            self._say(frames.json_frame(frames.RESULT, call, {"exit_code": 0}))
        elif kind == frames.CALL:
            refusal = {"code": "io", "message": "A light pod only runs commands."}
            self._say(frames.json_frame(frames.FAILURE, call, refusal))

    def _say(self, frame: bytes) -> None:
        records: Iterable[bytes] = self._sealer.seal(frame) if self._sealer else (frame,)
        self._output += b"".join(records)


class LightPod(Pod):
    async def run(self) -> None:
        self.process = LightGuest(self)
        self.update_container({"running": {}}, ready=True, phase="Running")
        await self.process.closed.wait()
        await self.process.drain()
        self.ended.set()
        if self.name in self.double.objects["pods"]:
            state = {"terminated": {"exitCode": 0, "reason": "Completed"}}
            self.update_container(state, ready=False, phase="Succeeded")

    async def deliver(self, output: bytes) -> None:
        if self.attached is not None:
            with contextlib.suppress(ConnectionError):
                await self.attached.send_bytes(bytes([STDOUT]) + output)

    async def kill(self) -> None:
        if self.process:
            self.process.close()
        self.ended.set()
