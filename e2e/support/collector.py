"""An OpenTelemetry collector on loopback: reads what it gets by the published schema, strictly."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from support import engine

_IDS = ("traceId", "spanId", "parentSpanId")


def _with_bytes(value: Any) -> Any:
    """OTLP has its ids in hexadecimal digits; protobuf's own JSON has bytes as base64."""
    if isinstance(value, list):
        return [_with_bytes(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: base64.b64encode(bytes.fromhex(one)).decode() if name in _IDS else _with_bytes(one)
        for name, one in value.items()
    }


class Received:
    """A span, with the program that sent it."""

    def __init__(self, service: str, span: Span) -> None:
        self.service = service
        self.name = span.name
        self.kind = Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower()
        self.trace, self.id, self.parent = span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex()
        self.attributes = {one.key: one.value for one in span.attributes}
        self.state = span.trace_state
        self.seconds = (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9
        self.failure = span.status.message if span.status.code == 2 else None

    def text(self, name: str) -> str:
        return self.attributes[name].string_value


class Collector:
    """Listens until it is left. `status` is what it answers; with a `context` it speaks TLS."""

    def __init__(self, status: int = 200, context: ssl.SSLContext | None = None) -> None:
        self.status = status
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.spans: list[Received] = []
        self.failures: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer._receive(self.path, dict(self.headers), body)
                self.send_response(outer.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._scheme = "https" if context else "http"
        if context:
            # The handshake is the handler's: a client that breaks it off ends no other's.
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def _receive(self, path: str, headers: dict[str, str], body: bytes) -> None:
        self.requests.append((path, headers, body))
        try:
            request = json_format.ParseDict(_with_bytes(json.loads(body)), ExportTraceServiceRequest())
            for part in request.resource_spans:
                names = {one.key: one.value.string_value for one in part.resource.attributes}
                self.spans += [
                    Received(names["service.name"], one) for scope in part.scope_spans for one in scope.spans
                ]
        except Exception as failure:
            self.failures.append(f"{failure!r}: {body[:500]!r}")

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}"

    def wait_for(self, *names: str) -> list[Received]:
        """The first span of each name, once there is one."""
        found = engine.poll(lambda: set(names) <= {one.name for one in self.spans})
        assert found is not None, [one.name for one in self.spans]
        assert not self.failures, self.failures
        return [next(one for one in self.spans if one.name == name) for name in names]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Collector:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        assert not self.failures, self.failures
