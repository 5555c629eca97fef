"""The `/ui` API without an agent: for what a real server does only when it is broken, hostile, or very busy.

`Mock().start()` serves the page from the sources. Its runs play lists of events; a test changes everything else through
the attributes.
"""

from __future__ import annotations

import itertools
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer
from typing import Any

from page.mock_routes import PAGE_POLICY, SOURCES, Handler

__all__ = ["PAGE_POLICY", "SOURCES", "Mock", "Run"]

Json = dict[str, Any]


def now(minutes_ago: float = 0) -> str:
    return (datetime.now(UTC) - timedelta(minutes=minutes_ago)).isoformat().replace("+00:00", "Z")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    """A browser opens several connections at once; one that is refused is tried again only after seconds."""


class Run:
    """A run whose events a test adds; its watchers get them at once."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.events: list[Json] = []
        self.changed = threading.Condition()

    def add(self, *events: Json) -> None:
        with self.changed:
            for event in events:
                self.events.append({"seq": len(self.events) + 1, "time": now(), **event})
            self.changed.notify_all()

    @property
    def is_finished(self) -> bool:
        return bool(self.events) and self.events[-1]["type"] == "finished"


class Mock:
    """What the server has, and how it behaves."""

    now = staticmethod(now)

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.key: str | None = None
        self.status: Json = {
            "version": "1.0.0",
            "user": {"name": "default", "is_bound": False},
            "requires_key": False,
            "model": "scripted",
            "approval": "ask",
            "servers": [{"name": "exec-mcp", "state": "ready", "tools": 4}],
            "limits": {
                "run_seconds": 1800,
                "turns": 50,
                "tokens": 0,
                "upload_bytes": 32 << 20,
                "detach_seconds": 600,
            },
            "artifact_scripts": "ask",
            "sandbox": {"state": "idle", "workspace_bytes": 1_234_567, "workspace_limit": 1_000_000_000},
            "features": {"files": True, "sandbox": True},
            "examples": ["Plot the first 50 primes", "Clean up the CSV file that I attach"],
            "operator": False,
        }
        self.sandboxes: list[Json] = []
        self.conversations: dict[str, Json] = {}
        self.runs: dict[str, Run] = {}
        self.artifacts: dict[str, bytes] = {}
        self.files: dict[str, bytes] = {}
        self.previews: dict[str, tuple[bytes, bool]] = {}
        self.refuse: dict[str, tuple[int, Json, dict[str, str]]] = {}
        """Refusals by `METHOD path`, each with status, error and header fields."""
        self.is_down = False
        self.cuts = 0
        self.is_mute = False
        self.seen: list[tuple[str, str, Json]] = []
        """Method, path and JSON body of each request beside those of the page itself."""
        self.answers: list[Json] = []
        self.numbers = itertools.count(1)
        self.server: ThreadingHTTPServer | None = None

    # -- For tests

    def start(self, port: int = 0) -> Mock:
        handler = type("Bound", (Handler,), {"mock": self})
        self.server = Server(("127.0.0.1", port), handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    @property
    def url(self) -> str:
        assert self.server
        return f"http://127.0.0.1:{self.server.server_port}/"

    def close(self) -> None:
        if self.server:
            self.server.shutdown()
            self.server.server_close()

    def converse(self, title: str, *turns: Json, name: str | None = None) -> str:
        """Adds a conversation; a turn has its `text` and its `events`."""
        name = name or f"conv_{next(self.numbers)}"
        for index, turn in enumerate(turns):
            turn.setdefault("index", index)
            turn.setdefault("run_id", f"run_of_{name}_{index}")
            turn.setdefault("attachments", [])
            turn.setdefault("created", now(5))
            turn.setdefault("state", "answered")
            for number, event in enumerate(turn.setdefault("events", []), 1):
                event.setdefault("seq", number)
                event.setdefault("time", now(5))
        self.conversations[name] = {
            "id": name,
            "title": title,
            "created": now(6),
            "updated": now(5),
            "turns": list(turns),
        }
        return name

    def begin(self, text: str, conversation: str | None = None, attachments: list[str] | None = None) -> Run:
        run = Run(f"run_{next(self.numbers)}")
        with self.lock:
            conversation = conversation or self.converse(text[:60])
            whole = self.conversations[conversation]
            whole["run_id"] = run.name
            whole["updated"] = now()
            named = [{"name": path.split("/")[-1], "path": path, "size": 1} for path in attachments or []]
            whole["turns"].append(
                {
                    "index": len(whole["turns"]),
                    "run_id": run.name,
                    "text": text,
                    "attachments": named,
                    "created": now(),
                    "state": "running",
                    "events": run.events,
                }
            )
            self.runs[run.name] = run
        run.conversation = conversation  # type: ignore[attr-defined]
        return run

    def finish(self, run: Run, state: str = "answered", **members: Any) -> None:
        with self.lock:
            whole = self.conversations.get(run.conversation)  # type: ignore[attr-defined]
            if whole and whole.get("run_id") == run.name:
                del whole["run_id"]
                whole["turns"][-1]["state"] = state
        run.add({"type": "finished", "state": state, "seconds": 1.5, **members})

    def cut_streams(self) -> None:
        """Ends the streams that are open, in order, without a word."""
        self.cuts += 1

    def seen_bodies(self, method: str, path: str) -> list[Json]:
        return [value for one, where, value in self.seen if (one, where) == (method, path)]

    def last_run(self, known: int = 0, timeout: float = 20) -> Run:
        """The newest run, once there are more than were known."""
        limit = time.monotonic() + timeout
        while len(self.runs) <= known:
            assert time.monotonic() < limit, "no run was started"
            time.sleep(0.01)
        return list(self.runs.values())[-1]
