"""The doors of `exec-agent serve`: who comes in, and what is refused at them."""

from __future__ import annotations

import json
import secrets
import socket
import subprocess
import time
from collections.abc import Callable

import openai
import pytest
from support.agent import Service, agent_binary, environment, hashed_user
from support.scripted import MODEL, ScriptedModel, bash, calls, says, script

Serve = Callable[..., Service]
BODY = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": "Hello"}]})


@pytest.fixture
def service(serve: Serve) -> Service:
    return serve(script(says("Come in.")))


def exchange(service: Service, head: str, body: str = "", wait: float = 60) -> tuple[int, str]:
    """Sends a request as it is written; returns the status and all that followed until the connection ended."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=wait) as connection:
        connection.sendall((head.replace("\n", "\r\n") + "\r\n" + body).encode())
        received = b""
        while piece := connection.recv(65536):
            received += piece
    return int(received.split(b" ", 2)[1]), received.decode()


def post(service: Service, **fields: str) -> tuple[int, str]:
    """The status of a proper request with these fields beside or instead of the ordinary ones."""
    head = {
        "Host": f"127.0.0.1:{service.port}",
        "Content-Type": "application/json",
        "Content-Length": str(len(BODY)),
        "Connection": "close",
        **{name.replace("_", "-"): value for name, value in fields.items()},
    }
    lines = "".join(f"{name}: {value}\n" for name, value in head.items())
    return exchange(service, f"POST /v1/chat/completions HTTP/1.1\n{lines}", BODY)


# -- Host and Origin


def test_the_names_of_this_machine_are_served(service: Service) -> None:
    for host in ("127.0.0.1", "localhost", "LOCALHOST"):
        assert post(service, Host=f"{host}:{service.port}")[0] == 200, host


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "127.0.0.1:1", "127.0.0.1.evil.example:{port}", "", "a@127.0.0.1:{port}"],
)
def test_other_names_are_refused(service: Service, host: str) -> None:
    status, _ = post(service, Host=host.format(port=service.port))
    assert status in (400, 403, 421)
    assert not service.model.requests()


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:1", "http://127.0.0.1.evil.example"]
)
def test_web_pages_are_refused(service: Service, origin: str) -> None:
    status, answer = post(service, Origin=origin)
    assert status == 403
    assert "access-control-" not in answer.lower()
    assert not service.model.requests()


def test_a_page_may_not_ask_for_leave(service: Service) -> None:
    head = f"OPTIONS /v1/chat/completions HTTP/1.1\nHost: 127.0.0.1:{service.port}\nOrigin: https://evil.example\n"
    status, answer = exchange(service, head + "Access-Control-Request-Method: POST\nConnection: close\n")
    assert status in (403, 405) and "access-control-" not in answer.lower()


# -- Keys


def test_keys_are_demanded_where_they_are_set(serve: Serve) -> None:
    service = serve(script(says("Come in.")), AGENT_API_KEYS="first-key-0123456789,second-key-0123456789")
    for key in ("first-key-0123456789", "second-key-0123456789"):
        messages = [{"role": "user", "content": "Hello"}]
        answer = service.client(key).chat.completions.create(model=MODEL, messages=messages, user=service.user)
        assert answer.choices[0].message.content == "Come in."
    for key in ("wrong", "first-key-012345678", "first-key-0123456789,second-key-0123456789", "first-key-01234567890"):
        with pytest.raises(openai.AuthenticationError):
            service.client(key).models.list()
    assert post(service)[0] == 401
    for path in ("/v1/models", "/skills", f"/{service.user}/artifacts"):
        assert exchange(service, f"GET {path} HTTP/1.1\nHost: 127.0.0.1:{service.port}\nConnection: close\n")[0] == 401
    assert len(service.model.requests()) == 2
    assert "first-key" not in "".join(service.log), "a key is no news for a log"


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_without_keys_only_this_machine_is_served(
    start_model: Callable[..., ScriptedModel], user: str, host: str
) -> None:
    model = start_model(script(says("Never.")))
    done = subprocess.run(
        [agent_binary(), "serve", "--host", host, "--port", "0"],
        capture_output=True, text=True, timeout=120, env=environment(model.url, user),
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "AGENT_API_KEYS" in done.stderr and len(done.stderr.splitlines()) <= 2


def test_a_port_that_is_taken_is_named(service: Service, start_model: Callable[..., ScriptedModel]) -> None:
    done = subprocess.run(
        [agent_binary(), "serve", "--port", str(service.port)],
        capture_output=True, text=True, timeout=120, env=environment(service.model.url, service.user),
    )  # fmt: skip
    assert done.returncode in (1, 2) and str(service.port) in done.stderr


# -- What is too much


def test_a_body_that_is_too_large(service: Service) -> None:
    status, _ = exchange(
        service,
        f"POST /v1/chat/completions HTTP/1.1\nHost: 127.0.0.1:{service.port}\nContent-Type: application/json\n"
        "Content-Length: 999999999\n",
    )
    assert status == 413


def test_a_head_that_is_too_large(service: Service) -> None:
    fields = "".join(f"X-{number}: {'x' * 1000}\n" for number in range(200))
    try:
        status, _ = exchange(service, f"GET /health HTTP/1.1\nHost: 127.0.0.1:{service.port}\n{fields}")
    except ConnectionError:
        return  # Refused before all of it was sent.
    assert status == 431


@pytest.mark.parametrize(
    "head",
    [
        "POST /v1/chat/completions HTTP/1.1\nHost: {host}\nContent-Length: 5\nTransfer-Encoding: chunked\n",
        "POST /v1/chat/completions HTTP/1.1\nHost: {host}\nContent-Length: 5\nContent-Length: 6\n",
        "POST /v1/chat/completions HTTP/1.1\nHost: {host}\nContent-Length: +5\n",
        "POST /v1/chat/completions HTTP/1.1\nHost: {host}\nTransfer-Encoding: xchunked\n",
        "POST /v1/chat/completions HTTP/1.1\nHost: {host}\nContent-Length : 5\n",
        "GET /health HTTP/1.1\nHost: {host}\nHost: {host}\n",
        "GET /health HTTP/1.1\n",
        "GET /health HTTP/1.1\nHost: {host}\n folded: x\n",
        "GET  /health HTTP/1.1\nHost: {host}\n",
        "nonsense\n",
    ],
)
def test_what_two_readers_could_read_differently_is_refused(service: Service, head: str) -> None:
    # The second request must never be answered.
    smuggled = f"GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1:{service.port}\r\n\r\n"
    status, answer = exchange(service, head.format(host=f"127.0.0.1:{service.port}"), "0\r\n\r\n" + smuggled)
    assert status in (400, 501), answer
    assert answer.count("HTTP/1.1 ") == 1


def test_a_slow_client_is_cut_off(service: Service) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=200) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\n")
        ended = False
        for _ in range(180):
            connection.settimeout(1)
            try:
                # A byte a second keeps no door open.
                connection.sendall(b"X")
                ended = b"HTTP/1.1 408" in (answer := connection.recv(65536)) or not answer
            except TimeoutError:
                continue
            except ConnectionError:
                ended = True
            if ended:
                break
        assert ended, "a client that sends a byte a second is served for minutes"
    assert post(service)[0] == 200


def test_idle_connections_do_not_keep_others_out(service: Service) -> None:
    idle = [socket.create_connection(("127.0.0.1", service.port), timeout=60) for _ in range(20)]
    try:
        started = time.monotonic()
        assert post(service)[0] == 200
        assert time.monotonic() - started < 60
    finally:
        for connection in idle:
            connection.close()


# -- Artifacts


def test_artifacts_are_their_users_own(serve: Serve, passing_users: list[str]) -> None:
    service = serve(script(calls(bash("echo mine > /artifacts/mine.txt")), says("Kept.")))
    other = f"doors-{secrets.token_hex(4)}"
    passing_users.append(other)
    service.ask()

    def get(path: str) -> tuple[int, str]:
        return exchange(service, f"GET {path} HTTP/1.1\nHost: 127.0.0.1:{service.port}\nConnection: close\n")

    assert get(f"/{service.user}/artifacts/mine.txt")[1].endswith("\r\n\r\nmine\n")
    assert get(f"/{other}/artifacts/mine.txt")[0] == 404
    assert "mine.txt" not in get(f"/{other}/artifacts")[1]
    for name in (
        "..%2f..%2fetc%2fpasswd",
        "../../etc/passwd",
        "%2e%2e/x",
        "..",
        "mine.txt%00",
        "mine.txt%0d%0aX:y",
        "%ff",
    ):
        status, answer = get(f"/{service.user}/artifacts/{name}")
        assert status in (400, 404) and "root:" not in answer and "\nX:y" not in answer, name
    # Any text is a user, but never one whose files are another's.
    passing_users.extend(hashed_user(name) for name in ("..", "a/b", "x" * 64))
    for user in ("..", "%2e%2e", "a%2fb", "a b", "x" * 64):
        assert get(f"/{user}/artifacts/mine.txt")[0] in (400, 404), user
