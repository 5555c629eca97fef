"""What no schema can say: which notifications belong to which request, and in which order they may come.

Progress is told to those who asked, grows, and ends with the answer. A `subscriptions/listen` is acknowledged before
all else, and nothing comes of it that was not asked for and acknowledged.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"
ACKNOWLEDGED = "notifications/subscriptions/acknowledged"
UPDATED = "notifications/resources/updated"
WITHOUT_MESSAGES = "2024-11-05"  # whose progress is a number alone
Json = dict[str, Any]


@dataclass
class Progress:
    """The progress of one request."""

    revision: str
    last: float = float("-inf")
    is_answered: bool = False

    def told(self, params: Json) -> list[str]:
        found = []
        if self.is_answered:
            found.append("progress after the answer")
        if not params["progress"] > self.last:
            found.append(f"progress {params['progress']} after {self.last}")
        if self.revision == WITHOUT_MESSAGES and "message" in params:
            found.append(f"progress with a message in {self.revision}")
        self.last = params["progress"]
        return found


@dataclass
class Listening:
    """One `subscriptions/listen`."""

    asked: Json
    honoured: Json | None = None
    is_answered: bool = False

    def told(self, method: str, params: Json) -> list[str]:
        if self.is_answered:
            return ["a notification for a subscription that has ended"]
        if method == ACKNOWLEDGED:
            if self.honoured is not None:
                return ["acknowledged twice"]
            self.honoured = params["notifications"]
            return [f"{name} was not asked for" for name in self.honoured if not self._was_asked(name)]
        if self.honoured is None:
            return [f"{method} before the acknowledgment"]
        return [] if self._covers(method, params) else [f"{method} was not acknowledged"]

    def _was_asked(self, name: str) -> bool:
        honoured, asked = self.honoured[name], self.asked.get(name)
        return set(honoured) <= set(asked or []) if isinstance(honoured, list) else honoured == bool(asked)

    def _covers(self, method: str, params: Json) -> bool:
        honoured = self.honoured or {}
        if method == UPDATED:
            return params["uri"] in honoured.get("resourceSubscriptions", [])
        if method == "notifications/tasks":
            return params["taskId"] in honoured.get("taskIds", [])
        flags = {
            "notifications/tools/list_changed": "toolsListChanged",
            "notifications/prompts/list_changed": "promptsListChanged",
            "notifications/resources/list_changed": "resourcesListChanged",
        }
        return bool(honoured.get(flags.get(method, ""), False))


@dataclass
class Streams:
    """All that is open on one connection. A cancelled request stays open here: what crosses the cancellation on its way
    is no fault."""

    _progress: dict[str, Progress] = field(default_factory=dict)  # by token
    _listening: dict[str, Listening] = field(default_factory=dict)  # by id of the request
    _subscribed: set[str] = field(default_factory=set)  # URIs, in the legacy way

    def requested(self, message: Json, revision: str) -> None:
        params = message.get("params")
        if not isinstance(params, dict) or "id" not in message:
            return
        token = self._token(message)
        if token is not None:
            self._progress[token] = Progress(revision)
        asked = params.get("notifications")
        if message.get("method") == "subscriptions/listen" and isinstance(asked, dict):
            self._listening[json.dumps(message["id"])] = Listening(asked)
        if message.get("method") == "resources/subscribe":
            self._subscribed.add(params.get("uri"))

    def answered(self, request: Json, response: Json) -> list[str]:
        token = self._token(request)
        if token in self._progress:
            self._progress[token].is_answered = True
        listening = self._listening.get(json.dumps(request.get("id")))
        if listening is None:
            return []
        listening.is_answered = True
        if "error" in response:
            return [] if listening.honoured is None else ["an error after the acknowledgment"]
        if listening.honoured is None:
            return ["a subscription ended that was never acknowledged"]
        named = response["result"].get("_meta", {}).get(SUBSCRIPTION)
        return [] if named == request["id"] else [f"the end of subscription {request['id']!r} names {named!r}"]

    def notified(self, message: Json, is_initialized: bool) -> list[str]:
        method, params = message["method"], message.get("params", {})
        if method == "notifications/progress":
            progress = self._progress.get(json.dumps(params.get("progressToken")))
            return progress.told(params) if progress else ["progress that nobody asked for"]
        subscription = params.get("_meta", {}).get(SUBSCRIPTION)
        if subscription is not None:
            listening = self._listening.get(json.dumps(subscription))
            return listening.told(method, params) if listening else [f"there is no subscription {subscription!r}"]
        if not is_initialized:
            return [f"{method} for nobody: there was no handshake, and it names no subscription"]
        if method == UPDATED and params["uri"] not in self._subscribed:
            return [f"nobody subscribed to {params['uri']}"]
        return []

    @staticmethod
    def _token(request: Json) -> str | None:
        params = request.get("params")
        meta = params.get("_meta") if isinstance(params, dict) else None
        token = meta.get("progressToken") if isinstance(meta, dict) else None
        return json.dumps(token) if type(token) in (int, str) else None
