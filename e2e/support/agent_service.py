"""exec-agent as a program, and its service, for tests of any environment."""

from __future__ import annotations

import os
import re
import subprocess
import threading

from support import engine
from support.scripted import MODEL
from support.stdio_client import REPOSITORY, server_binary

START_WAIT = 120.0


def agent_binary() -> str:
    """The exec-agent under test: EXEC_AGENT_BINARY, or the release build."""
    return os.environ.get("EXEC_AGENT_BINARY") or str(REPOSITORY / ".build" / "release" / "exec-agent")


def environment(model_url: str, user: str, **variables: str) -> dict[str, str]:
    """What exec-agent is started with: this model, and a real exec-mcp whose sandboxes are the test's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "AGENT_", "DEFAULT_"))}
    return {
        **kept,
        "OPENAI_BASE_URL": model_url,
        "DEFAULT_MODEL": MODEL,
        "MCP_SERVER_COMMAND": server_binary(),
        "MCP_EXECUTOR_USER": user,
        # Not the history and the conversations of the person who runs the tests.
        "AGENT_HISTORY": "off",
        "AGENT_SESSIONS": "memory",
        **variables,
    }


class AgentService:
    """A running `exec-agent serve` that asks the model at `model_url`."""

    def __init__(
        self, model_url: str, user: str, *options: str, port: int = 0, umask: int = -1, **variables: str
    ) -> None:
        self.user = user
        self.process = subprocess.Popen(
            [agent_binary(), "serve", "--port", str(port), *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            umask=umask,
            env=environment(model_url, user, **variables),
        )
        self.log: list[str] = []
        self._address: str | None = None
        self._announced = threading.Event()
        threading.Thread(target=self._read_log, daemon=True).start()
        assert self._announced.wait(START_WAIT) and self._address, f"the service did not start: {self.log}"

    def _read_log(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self.log.append(line)
            if found := re.search(r"http://[^\s/]+:\d+", line):
                self._address = self._address or found[0]
                self._announced.set()
        self._announced.set()

    def wait_for_log(self, *words: str, count: int = 1) -> str:
        """The log once each of the words is in it so often: it comes on a stream of its own, beside the answers."""
        told = engine.poll(lambda: all("".join(self.log).count(one) >= count for one in words))
        assert told is not None, self.log
        return "".join(self.log)

    @property
    def url(self) -> str:
        assert self._address
        return self._address

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def close(self) -> int:
        """Ends the service in order; returns its exit status."""
        self.process.terminate()
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def kill(self) -> None:
        """Ends it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> AgentService:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.close()
