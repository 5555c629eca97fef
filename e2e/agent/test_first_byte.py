"""How long the first byte takes, beside the same request sent to the model directly. Numbers for people: a machine that
is busy with other things would break any bound."""

from __future__ import annotations

import json
import statistics
import time
import urllib.request
from collections.abc import Callable

import pytest
from support.agent import Service
from support.scripted import MODEL, says

pytestmark = pytest.mark.alone

Serve = Callable[..., Service]
ROUNDS = 30


def seconds_to_first_text(base_url: str, user: str) -> float:
    """Seconds until the first text of a streamed answer has come, over a connection of its own."""
    # A history of its own: sessions are not what is measured.
    messages = [{"role": role, "content": "x"} for role in ("user", "assistant", "user")]
    body = json.dumps({"model": MODEL, "messages": messages, "stream": True, "user": user}).encode()
    request = urllib.request.Request(
        f"{base_url}/chat/completions", body, {"Content-Type": "application/json"}, method="POST"
    )
    started = time.perf_counter()
    with urllib.request.urlopen(request, timeout=120) as answer:
        for line in answer:
            if b'"content"' in line and b"Hello" in line:
                elapsed = time.perf_counter() - started
                answer.read()
                return elapsed
    raise AssertionError("no text came")


def test_the_first_byte(serve: Serve) -> None:
    service = serve([[says(["Hello", " there."])]] * 2)
    seconds_to_first_text(f"{service.url}/v1", service.user)  # The first request starts exec-mcp.
    direct, through = [], []
    for _ in range(ROUNDS):
        direct.append(seconds_to_first_text(service.model.url, service.user))
        through.append(seconds_to_first_text(f"{service.url}/v1", service.user))
    print(
        f"\nfirst text, median of {ROUNDS}: {statistics.median(direct) * 1000:.1f} ms from the model,"
        f" {statistics.median(through) * 1000:.1f} ms through exec-agent"
    )
