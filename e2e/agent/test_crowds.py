"""Connections that ask nothing keep nobody out of `exec-agent serve` who shows a key."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import openai
import pytest
from support.agent import Service
from support.scripted import MODEL, says, script

Serve = Callable[..., Service]

KEY = "crowd-key-0123456789"

BEGINNINGS = {
    "nothing": b"",
    "a byte": b"G",
    "half a head": b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\n",
    "a wrong key": b"GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer wrong\r\n\r\n",
    "what needs no key": b"GET /health HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n",
}


@pytest.fixture(scope="module", params=["127.0.0.1", "127.0.0.9"])
def address(request: pytest.FixtureRequest) -> str:
    """Where the crowd comes from: the address of those that it wants to keep out, or another of this machine."""
    return str(request.param)


@contextlib.contextmanager
def crowd(service: Service, address: str, beginning: bytes) -> Iterator[None]:
    """Opens connections again and again, as fast as they come in, and lets go of none."""
    held: list[socket.socket] = []
    stop = threading.Event()
    full = threading.Event()

    def come() -> None:
        for count in range(1, 3001):
            if stop.wait(0.001):
                break
            with contextlib.suppress(OSError):
                connection = socket.create_connection(("127.0.0.1", service.port), 10, (address, 0))
                held.append(connection)
                connection.sendall(beginning.replace(b"{port}", str(service.port).encode()))
            if count == 200:
                full.set()
        full.set()

    thread = threading.Thread(target=come)
    thread.start()
    try:
        assert full.wait(120)
        yield
    finally:
        stop.set()
        thread.join()
        for connection in held:
            connection.close()


@pytest.mark.parametrize("beginning", BEGINNINGS.values(), ids=BEGINNINGS.keys())
def test_who_shows_a_key_is_served(serve: Serve, address: str, beginning: bytes) -> None:
    service = serve(script(says("Welcome.")), AGENT_API_KEYS=KEY)

    def ask(_: int) -> str:
        with openai.OpenAI(base_url=f"{service.url}/v1", api_key=KEY, max_retries=0, timeout=120) as client:
            answer = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "Hello"}])
            return answer.choices[0].message.content or ""

    with crowd(service, address, beginning), ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(8))) == ["Welcome."] * 8
