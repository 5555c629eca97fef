"""The built exec-agent, serving its page."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from pathlib import Path

from support.stdio_client import REPOSITORY, server_binary

START_WAIT = 120.0


class Service:
    """A running `exec-agent serve` whose conversations are kept in a directory."""

    def __init__(self, model: str, user: str, sessions: Path, *options: str, port: int = 0, **variables: str) -> None:
        program = os.environ.get("EXEC_AGENT_BINARY") or str(REPOSITORY / ".build" / "release" / "exec-agent")
        kept = {
            key: value for key, value in os.environ.items() if not key.startswith(("OPENAI_", "AGENT_", "DEFAULT_"))
        }
        self.process = subprocess.Popen(
            [program, "serve", "--port", str(port), "--sessions", str(sessions), *options],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={
                **kept,
                "OPENAI_BASE_URL": model,
                "DEFAULT_MODEL": "scripted",
                "MCP_SERVER_COMMAND": server_binary(),
                "MCP_EXECUTOR_USER": user,
                **variables,
            },
        )
        self.log: list[str] = []
        self.port = 0
        self._announced = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()
        assert self._announced.wait(START_WAIT) and self.port, f"the service did not start: {self.log}"

    def _read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self.log.append(line)
            if not self.port and (found := re.search(r"http://[^\s/]+:(\d+)", line)):
                self.port = int(found[1])
                self._announced.set()
        self._announced.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def kill(self) -> None:
        """Ends it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
