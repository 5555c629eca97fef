"""One server, and many users who each have a sandbox of it."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarking.client import Client, Refused, Request, Tool, text
from support import host_processes

COMMAND = {"command": "true"}


@dataclass
class Volley:
    """What came of calls that were made at once."""

    seconds: list[float] = field(default_factory=list)
    """From the first request to each answer that has a result."""
    failures: Counter[str] = field(default_factory=Counter)
    duration: float = 0.0
    """Until the last answer."""

    @property
    def rate(self) -> float:
        """Results in a second."""
        return len(self.seconds) / self.duration

    @property
    def failed(self) -> int:
        return sum(self.failures.values())


class Fleet:
    def __init__(self, server: Client, client_word: str) -> None:
        """`client_word` is a word of the command line of each process that holds a sandbox, and of no other."""
        server.initialize()
        self.server = server
        self._client_word = client_word

    def call_at_once(self, users: Sequence[str]) -> Volley:
        """Each of these users calls, whether a sandbox has to be started for it or not."""
        requests: list[Request] = [Tool("execute_bash", COMMAND, user) for user in users]
        volley, started = Volley(), time.monotonic()
        for line in self.server.answers(requests):
            now = time.monotonic() - started
            try:
                _ended_well(line)
                volley.seconds.append(now)
            except Refused as error:
                volley.failures[str(error)[:300]] += 1
        volley.duration = time.monotonic() - started
        return volley

    def call_in_turn(self, users: Sequence[str]) -> list[float]:
        """The seconds of a call of each of these users, one after the other."""
        seconds = []
        for user in users:
            request, started = Tool("execute_bash", COMMAND, user), time.monotonic()
            line = self.server.call(request)
            seconds.append(time.monotonic() - started)
            _ended_well(line)
        return seconds

    def clients(self) -> list[int]:
        """The processes that hold the sandboxes."""
        children = host_processes.children(self.server.pid)
        return [child for child in children if self._client_word in host_processes.words(child)]

    def is_cut_off(self) -> bool:
        """Whether no sandbox is held any more, and the server has learned of the end of each process that held one."""
        words = [host_processes.words(child) for child in host_processes.children(self.server.pid)]
        return all(words) and not any(self._client_word in line for line in words)

    def is_at_rest(self, count: int) -> bool:
        """Whether this number of processes hold sandboxes, and nothing else runs for the server."""
        return len(host_processes.children(self.server.pid)) == len(self.clients()) == count


def _ended_well(line: bytes) -> None:
    outcome = json.loads(text(line))
    # The error output may have a note about a sandbox that was lost.
    if outcome["exit_code"] != 0 or outcome["stdout"]:
        raise Refused(f"an unexpected result: {outcome}")
