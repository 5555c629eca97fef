"""Models' servers and proxies that show how exec-agent connects: plain, over TLS, by HTTP/2, through a proxy."""

from __future__ import annotations

import json
import select
import socket
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Wait = Callable[[], None]

# Seconds after which a server sees that it is to end.
POLL = 0.02


def event(text: str, **members: Any) -> bytes:
    chunk = {"choices": [{"index": 0, "delta": {"content": text}, **members}]}
    return f"data: {json.dumps(chunk)}\n\n".encode()


def whole_answer(text: str) -> bytes:
    return event(text, finish_reason="stop") + b"data: [DONE]\n\n"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away, and those that do not trust the server, are what the tests are about."""


class Upstream:
    """A model that says one sentence.

    `fields` go into the head of its answer; `encode` makes its body; `before_answer` and `before_end` are called before
    the head and before the last event.
    """

    def __init__(
        self,
        text: str = "Hello.",
        context: ssl.SSLContext | None = None,
        fields: dict[str, str] | None = None,
        encode: Callable[[bytes], bytes] | None = None,
        before_answer: Wait = lambda: None,
        before_end: Wait = lambda: None,
    ) -> None:
        # The request lines and fields so far.
        self.requests: list[tuple[str, dict[str, str]]] = []
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                upstream.requests.append((self.requestline, dict(self.headers)))
                before_answer()
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Transfer-Encoding", "chunked")
                for name, value in (fields or {}).items():
                    self.send_header(name, value)
                self.end_headers()
                if encode:
                    self._send(encode(whole_answer(text)))
                else:
                    self._send(event(text))
                    before_end()
                    self._send(whole_answer(""))
                self.wfile.write(b"0\r\n\r\n")

            def _send(self, part: bytes) -> None:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
                self.wfile.flush()

        self.server = _Server(("127.0.0.1", 0), Handler)
        if context:
            self.server.socket = context.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port: int = self.server.server_address[1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}/v1"
        threading.Thread(target=self.server.serve_forever, args=(POLL,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Proxy:
    """A proxy that makes tunnels, or refuses to with `refusal`, and answers plain requests itself."""

    def __init__(self, refusal: int | None = None) -> None:
        self.requests: list[tuple[str, dict[str, str]]] = []
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def do_CONNECT(self) -> None:
                proxy.requests.append((self.requestline, dict(self.headers)))
                self.close_connection = True
                if refusal:
                    self.send_error(refusal)
                    return
                host, port = self.path.rsplit(":", 1)
                with socket.create_connection((host, int(port))) as far:
                    self.send_response(200)
                    self.end_headers()
                    _relay(self.connection, far)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                proxy.requests.append((self.requestline, dict(self.headers)))
                body = whole_answer("From the proxy.")
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = _Server(("127.0.0.1", 0), Handler)
        self.port: int = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(POLL,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def _relay(near: socket.socket, far: socket.socket) -> None:
    while True:
        for ready in select.select([near, far], [], [])[0]:
            data = ready.recv(65536)
            if not data:
                return
            (far if ready is near else near).sendall(data)


class HTTP2Upstream:
    """A model that speaks HTTP/2 alone, as much of it as a client needs. `bodies` are the requests' bodies so far."""

    PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    DATA, HEADERS, SETTINGS, PING, WINDOW_UPDATE = 0, 1, 4, 6, 8
    END_STREAM = END_HEADERS_OR_ACK = 1

    def __init__(self, context: ssl.SSLContext) -> None:
        context.set_alpn_protocols(["h2"])
        self.bodies: list[bytes] = []
        self.protocols: list[str | None] = []
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._listener.getsockname()[1]}/v1"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with self._context.wrap_socket(connection, server_side=True) as tls, tls.makefile("rwb") as stream:
            self.protocols.append(tls.selected_alpn_protocol())
            if stream.read(len(self.PREFACE)) != self.PREFACE:
                return
            self._send(stream, self.SETTINGS, 0, 0)
            bodies: dict[int, bytes] = {}
            while head := stream.read(9):
                length, kind, flags = int.from_bytes(head[:3]), head[3], head[4]
                number = int.from_bytes(head[5:]) & 0x7FFF_FFFF
                payload = stream.read(length)
                if kind == self.SETTINGS and not flags & 1:
                    self._send(stream, self.SETTINGS, 1, 0)
                elif kind == self.PING and not flags & 1:
                    self._send(stream, self.PING, 1, 0, payload)
                elif kind == self.DATA:
                    bodies[number] = bodies.get(number, b"") + payload
                    for room in {0, number} if length else ():
                        self._send(stream, self.WINDOW_UPDATE, 0, room, length.to_bytes(4))
                if kind in (self.DATA, self.HEADERS) and flags & self.END_STREAM:
                    self.bodies.append(bodies.pop(number, b""))
                    # ":status: 200" is the eighth of HPACK's own table.
                    self._send(stream, self.HEADERS, 4, number, b"\x88")
                    self._send(stream, self.DATA, self.END_STREAM, number, whole_answer("Over HTTP/2."))

    @staticmethod
    def _send(stream: Any, kind: int, flags: int, number: int, payload: bytes = b"") -> None:
        stream.write(len(payload).to_bytes(3) + bytes([kind, flags]) + number.to_bytes(4) + payload)
        stream.flush()
