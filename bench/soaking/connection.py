"""A connection that many threads share. It keeps nothing of what was said, so that it can go on for hours."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from typing import Any

from support import host_processes
from support.stdio_client import server_binary

Json = dict[str, Any]


class Lost(Exception):
    """No answer came."""


class Connection:
    def __init__(self, args: list[str], mark: str) -> None:
        """`mark` is put into the server's environment, by which all of its processes are found."""
        self._process = subprocess.Popen(
            [server_binary(), *args, "--log-level", "error"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, host_processes.MARK: mark},
        )
        self._last_id = 0
        self._lock = threading.Lock()
        self._waiting: dict[int, tuple[threading.Event, list[Json]]] = {}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def initialize(self) -> None:
        client = {"name": "exec-mcp-soak", "version": "1.0.0"}
        self.request("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client})
        self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def start(self, method: str, params: Json) -> int:
        """Sends a request. Returns its id."""
        with self._lock:
            self._last_id += 1
            number = self._last_id
            self._waiting[number] = threading.Event(), []
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        return number

    def answer(self, number: int, patience: float) -> Json:
        """The response to a request."""
        event, answers = self._waiting[number]
        arrived = event.wait(patience)
        with self._lock:
            del self._waiting[number]
        if not arrived or not answers:
            raise Lost(f"no answer within {patience:g} s" if not arrived else "the server ended")
        return answers[0]

    def request(self, method: str, params: Json, patience: float = 120) -> Json:
        return self.answer(self.start(method, params), patience)

    def cancel(self, number: int) -> None:
        """Cancels a request, which gets no answer then, unless it was on its way."""
        with self._lock:
            del self._waiting[number]
        self._send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": number}})

    def close(self) -> int:
        """Ends the server in order. Returns its exit status."""
        assert self._process.stdin
        self._process.stdin.close()
        return self._process.wait(60)

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def _send(self, message: Json) -> None:
        assert self._process.stdin
        data = json.dumps(message).encode() + b"\n"
        with self._lock:
            self._process.stdin.write(data)
            self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            message = json.loads(line)
            with self._lock:
                waiting = self._waiting.get(message.get("id"))
            if waiting:
                waiting[1].append(message)
                waiting[0].set()
        with self._lock:
            for event, _ in self._waiting.values():
                event.set()
