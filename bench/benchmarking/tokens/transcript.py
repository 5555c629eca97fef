"""What a model reads and writes in the course of a task, and what that sums up to."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from benchmarking.tokens.vocabulary import Ruler

# What a token costs that a provider has in its prompt cache, beside one that it has not.
CACHED = 0.1


@dataclass
class Transcript:
    """A conversation. All that a model has written stands for one request, which sends everything before it."""

    head: tuple[str, ...]
    """What comes before the first word of the user: the system prompt and the list of tools."""
    pieces: list[tuple[bool, str]] = field(default_factory=list)
    """Texts in their order, and whether the model wrote them."""

    def read(self, text: str) -> None:
        """The user says something, or a result arrives."""
        self.pieces.append((False, text))

    def write(self, text: str) -> None:
        """The model says something, or calls tools. It ends a request."""
        self.pieces.append((True, text))


@dataclass(frozen=True)
class Sums:
    """What a transcript comes to, in one unit."""

    requests: int
    last: int
    """The context of the last request."""
    all: int
    """The contexts of all requests."""
    written: int
    """What the model wrote."""

    @property
    def cached(self) -> float:
        """All requests, if what a request shares with the one before it costs a tenth.

        A request sends all of the one before it and more, so each text costs its full price once: what is new in all
        requests together is the context of the last one.
        """
        return self.last + CACHED * (self.all - self.last)

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.requests + other.requests,
            self.last + other.last,
            self.all + other.all,
            self.written + other.written,
        )

    def with_head(self, size: int) -> Sums:
        """The sums if so much more came before the first word."""
        return Sums(self.requests, self.last + size, self.all + size * self.requests, self.written)


def sums(transcript: Transcript, ruler: Ruler, unit: str) -> Sums:
    """Adds up a transcript. Texts are measured one by one; nothing is counted for the marks between them."""
    context = sum(ruler.size(text, unit) for text in transcript.head)
    last = total = written = requests = 0
    for is_written, text in transcript.pieces:
        size = ruler.size(text, unit)
        if is_written:
            requests += 1
            total += context
            last = context
            written += size
        context += size
    return Sums(requests, last, total, written)


def tool_list(tools: list[dict[str, Any]]) -> str:
    """A list of tools as hosts hand it on to a model: name, description and schema of each."""
    return "\n".join(
        compact({key: tool.get(key, "") for key in ("name", "description", "inputSchema")}) for tool in tools
    )


def calls(made: Iterable[tuple[str, dict[str, Any]]]) -> str:
    """Calls as a model writes them, those of one answer together."""
    return "\n".join(compact({"name": name, "arguments": arguments}) for name, arguments in made)


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
