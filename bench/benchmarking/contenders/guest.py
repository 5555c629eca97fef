"""The guest of a sandbox without exec-mcp: its frames written and read here, over the engine's pipe."""

from __future__ import annotations

import json
import os
import re
import struct
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import module_from_spec, spec_from_file_location

from support.stdio_client import REPOSITORY

from benchmarking import processes
from benchmarking.client import Refused

NAME = "the guest over the engine's pipe"
SOURCES = REPOSITORY / "Sources/ExecCore/Guest"
INTERPRETER = ["-I", "-S", "-X", "utf8", "-c", "import sys;exec(sys.stdin.buffer.raw.readline())"]
HEADER = struct.Struct(">IBI")
HELLO, CALL, RESULT, FAILURE = 1, 2, 5, 6
READ_SIZE = 1 << 16
TIMEOUT = 30
OUTPUT_LIMIT = 32 * 1024


class Guest:
    """A guest that was started by a command line which ends where the interpreter's arguments begin."""

    def __init__(self, command: Sequence[str]) -> None:
        reading, self._to_guest = os.pipe()
        self._from_guest, writing = os.pipe()
        self.pid = processes.start([*command, *INTERPRETER], stdin=reading, stdout=writing)
        os.close(reading)
        os.close(writing)
        self._buffer = b""
        self._last_call = 0
        self._write(_handover())
        kind, _, hello = self._frame()
        if kind != HELLO:
            raise Refused(f"the guest began with {hello[:200]!r}")

    def execute(self, command: str) -> bytes:
        """Runs a command and returns the frame that ends the call."""
        self._last_call += 1
        params = {"command": command, "timeout": TIMEOUT, "limit": OUTPUT_LIMIT}
        payload = json.dumps({"method": "execute", "params": params}).encode()
        self._write(HEADER.pack(len(payload), CALL, self._last_call) + payload)
        while True:
            kind, _, payload = self._frame()
            if kind in (RESULT, FAILURE):
                return payload

    def close(self) -> None:
        """Closes the pipe, at which the sandbox ends."""
        os.close(self._to_guest)
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        os.close(self._from_guest)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._to_guest, view) :]

    def _frame(self) -> tuple[int, int, bytes]:
        while True:
            if len(self._buffer) >= HEADER.size:
                length, kind, call = HEADER.unpack_from(self._buffer)
                end = HEADER.size + length
                if len(self._buffer) >= end:
                    payload, self._buffer = self._buffer[HEADER.size : end], self._buffer[end:]
                    return kind, call, payload
            piece = os.read(self._from_guest, READ_SIZE)
            if not piece:
                raise Refused("the guest ended")
            self._buffer += piece


def ended_well(payload: bytes) -> None:
    if json.loads(payload).get("exit_code") != 0:
        raise Refused(payload[:300].decode())


def shell_script() -> str:
    """What a shell runs that waits for its command."""
    found = spec_from_file_location("shells", SOURCES / "guest/shells.py")
    shells = module_from_spec(found)
    found.loader.exec_module(shells)
    return shells.PREWARM_SCRIPT


def _handover() -> bytes:
    """What the server sends before the first frame. It has the list of the modules."""
    names = re.findall(r'BEGIN_FILE\("(\w+)"\)', (SOURCES.parents[1] / "CEmbeddedFiles/guest_modules.c").read_text())
    program = {
        "modules": [(name, (SOURCES / f"guest/{name}.py").read_text()) for name in names],
        "config": {
            "pids": 256,
            "memory": "1g",
            "artifact_limit": 50 << 20,
            "workspace_limit": 0,
            "proxy_port": 0,
            "bridge": False,
            "max_timeout": 600,
            "python": "plain",
            "python_ahead": False,
            "memory_bytes": 1 << 30,
            "heartbeat": 15,
            "watches_server": False,
            "linger": 0,
        },
    }
    text = json.dumps(program).encode()
    bootstrap = json.dumps((SOURCES / "bootstrap.py").read_text()).encode()
    return b"exec(" + bootstrap + b")\n" + struct.pack(">I", len(text)) + text
