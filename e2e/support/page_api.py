"""A client of the routes that the page of `exec-agent serve` uses, without a browser."""

from __future__ import annotations

import contextlib
import http.client
import json
import urllib.parse
from collections.abc import Iterator
from typing import Any

from support.agent import Service
from support.scripted import Json

PATIENCE = 120


class Answer:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class PageAPI:
    """What one user of the page can ask."""

    def __init__(self, service: Service, user: str | None = None, key: str | None = None) -> None:
        self.port = service.port
        self.headers: dict[str, str] = {}
        if user:
            self.headers["X-Agent-User"] = user
        if key:
            self.headers["Authorization"] = f"Bearer {key}"

    @contextlib.contextmanager
    def _response(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> Iterator[http.client.HTTPResponse]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, {**self.headers, **headers})
            yield connection.getresponse()
        finally:
            connection.close()

    def ask(self, method: str, path: str, body: Json | bytes | None = None, **headers: str) -> Answer:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        if isinstance(body, dict):
            fields = {"Content-Type": "application/json", **fields}
            body = json.dumps(body).encode()
        with self._response(method, path, body, fields) as response:
            return Answer(response)

    def get(self, path: str) -> Any:
        answer = self.ask("GET", path)
        assert answer.status == 200, (path, answer.status, answer.body)
        return answer.json

    def start(self, text: str, **members: Any) -> Json:
        """Starts a run: its `id`, its `conversation_id`, and the number of its `turn`."""
        answer = self.ask("POST", "/ui/runs", {"text": text, **members})
        assert answer.status == 201, answer.body
        return answer.json

    def events(self, run: str, after: int = 0) -> Iterator[Json]:
        """The events of a run, as they come. Closing the iterator ends the connection."""
        with self._response("GET", f"/ui/runs/{run}/events?after={after}", None, {}) as response:
            assert response.status == 200, response.read()
            while line := response.readline():
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])

    def whole(self, run: str, after: int = 0) -> list[Json]:
        """All events of a run after a number; waits for its end."""
        events = list(self.events(run, after))
        assert events, "the run has no events"
        assert events[-1]["type"] == "finished", events
        return events

    def work(self, text: str, **members: Any) -> tuple[Json, list[Json]]:
        """Starts a run and waits for its end."""
        run = self.start(text, **members)
        return run, self.whole(run["id"])

    def conversation(self, identifier: str) -> Json:
        return self.get(f"/ui/conversations/{identifier}")

    def upload(self, name: str, content: bytes) -> Answer:
        return self.ask("PUT", f"/ui/files/{urllib.parse.quote(name, safe='')}", content)

    def download(self, path: str) -> Answer:
        return self.ask("GET", f"/ui/files/content?{urllib.parse.urlencode({'path': path})}")


def text_of(events: list[Json]) -> str:
    return "".join(event["text"] for event in events if event["type"] == "text")


def of_type(events: list[Json], kind: str) -> list[Json]:
    return [event for event in events if event["type"] == kind]
