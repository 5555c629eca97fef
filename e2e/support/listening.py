"""A `subscriptions/listen` that is open: what it was promised, what has come of it, what is still to come."""

from __future__ import annotations

from typing import Any

from .stdio_client import DEFAULT_WAIT, META_PREFIX, Json, Pending, StdioClient

SUBSCRIPTION = META_PREFIX + "subscriptionId"


class Listener:
    """Opens a subscription and returns once the server has acknowledged it."""

    def __init__(self, server: StdioClient, *, meta: Json | None = None, **notifications: Any) -> None:
        self._server = server
        self._start = len(server.messages)
        params = {"notifications": notifications}
        self.request: Pending = server.start("subscriptions/listen", params, modern=True, meta=meta)
        acknowledged = self.wait("subscriptions/acknowledged")
        self.honoured: Json = acknowledged["notifications"]
        self.mark()

    def _is_mine(self, message: Any) -> bool:
        named = message.get("params", {}).get("_meta", {}).get(SUBSCRIPTION) if isinstance(message, dict) else None
        return type(named) is type(self.request.id) and named == self.request.id

    def mark(self) -> None:
        """From here on only what is still to come counts."""
        self._start = len(self._server.messages)

    def wait(self, name: str, timeout: float = DEFAULT_WAIT, **wanted: Any) -> Json:
        """The parameters of the next `notifications/NAME` of this subscription that has the wanted ones."""

        def matches(message: Any) -> bool:
            if not self._is_mine(message) or message["method"] != f"notifications/{name}":
                return False
            return all(message["params"].get(key) == value for key, value in wanted.items())

        return self._server.wait_for(matches, timeout, f"notifications/{name} {wanted or ''}", self._start)["params"]

    def received(self) -> list[str]:
        """The names of the notifications since the mark."""
        since = [message for message in self._server.messages[self._start :] if self._is_mine(message)]
        return [message["method"].removeprefix("notifications/") for message in since]

    def cancel(self) -> None:
        """Ends the subscription."""
        self._server.notify("notifications/cancelled", {"requestId": self.request.id})


def wait_for_notification(server: StdioClient, name: str, since: int, timeout: float = DEFAULT_WAIT) -> Json:
    """The parameters of the first `notifications/NAME` after message number `since` that is of no subscription."""

    def matches(message: Any) -> bool:
        if not isinstance(message, dict) or message.get("method") != f"notifications/{name}":
            return False
        return SUBSCRIPTION not in message.get("params", {}).get("_meta", {})

    return server.wait_for(matches, timeout, f"notifications/{name}", since).get("params", {})
