#!/usr/bin/env python3
"""A model that needs no key: an OpenAI-compatible server that plays conversations from files.

    scripted_model.py --script demo.json [--script other.json] [--port 0]

It listens on this machine alone and prints its address, for OPENAI_BASE_URL. The model's name in a request chooses the
script; script.py says what is in one. `GET /__requests` lists the requests it got, with their header fields.

A turn's `failures` are played one an attempt before the turn itself; with `"forever": true` in it, one is played for
good. One is any of

    {"status": 429, "retry_after": "1", "message": ..., "code": ...}    an error as the API says it
    {"status": 502, "html": "<html>..."}                                a web page
    {"status": 302, "location": ...}                                    a redirection
    {"disconnect": "at_once" | "before" | "after"}    the connection breaks: without an answer, before the first token,
                                                      after it
    {"silence": "at_once" | "before" | "after"}       nothing comes any more, from there on
    {"raw": "data: ..."}                              this, as the body of a stream
"""

from __future__ import annotations

import argparse
import collections
import hmac
import json
import select
import socket
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import script as scripts

KEPT_REQUESTS = 2000
LARGEST_BODY = 64 << 20


class ScriptedModel(ThreadingHTTPServer):
    """The server, with what it plays and what it was asked."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, paths: list[Path], key: str | None = None) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.scripts = {script.model: script for script in map(scripts.Script, paths)}
        self.key = key
        self.requests: collections.deque[dict[str, Any]] = collections.deque(maxlen=KEPT_REQUESTS)
        self._attempts: collections.Counter[str] = collections.Counter()
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def next_failure(self, turn: dict[str, Any], seed: str) -> dict[str, Any] | None:
        """What happens to this attempt instead of the turn."""
        failures = turn.get("failures", [])
        with self._lock:
            number = self._attempts[seed]
            self._attempts[seed] += 1
        if failures and number >= len(failures) and failures[-1].get("forever"):
            return failures[-1]
        return failures[number] if number < len(failures) else None

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away in the middle of an answer are nothing to report."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    server: ScriptedModel
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    # -- Requests

    def do_GET(self) -> None:
        if self.path == "/__requests":
            self.send_json(200, list(self.server.requests))
        elif self.path == "/v1/models":
            models = [
                {"id": name, "object": "model", "created": 0, "owned_by": "script"} for name in self.server.scripts
            ]
            self.send_json(200, {"object": "list", "data": models})
        else:
            self.send_error_json(404, f"there is nothing at {self.path}")

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 <= length <= LARGEST_BODY:
            self.close_connection = True
            return self.send_error_json(413, "the request is too large")
        body = self.rfile.read(length)
        if self.path != "/v1/chat/completions":
            return self.send_error_json(404, f"there is nothing at {self.path}")
        try:
            request = json.loads(body)
            model, messages = request["model"], request["messages"]
        except (ValueError, KeyError, TypeError) as problem:
            return self.send_error_json(400, f"the request cannot be read: {problem}")
        fields = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append({"headers": fields, "body": request})
        if self.server.key and not hmac.compare_digest(fields.get("authorization", ""), f"Bearer {self.server.key}"):
            return self.send_error_json(401, "Incorrect API key provided.", "invalid_api_key")
        script = self.server.scripts.get(model)
        if script is None:
            return self.send_error_json(404, f"The model `{model}` does not exist.", "model_not_found")
        try:
            turn = script.turn(messages)
        except scripts.ScriptError as problem:
            return self.send_error_json(400, str(problem))
        self.play(request, turn, scripts.seed(model, messages))

    # -- Answers

    def play(self, request: dict[str, Any], turn: dict[str, Any], seed: str) -> None:
        failure = self.server.next_failure(turn, seed) or {}
        if "raw" in failure:
            self.begin_stream()
            if failure["raw"]:
                self.send_piece(failure["raw"])
            self.send_piece("")
        elif "status" in failure:
            self.send_failure(failure)
        elif self.happens(failure, "at_once"):
            pass
        elif not request.get("stream") or turn.get("whole"):
            self.wait(turn)
            self.send_json(200, self.whole(request, turn, seed))
        else:
            self.stream(request, turn, seed, failure)

    def whole(self, request: dict[str, Any], turn: dict[str, Any], seed: str) -> dict[str, Any]:
        choice = {
            "index": 0,
            "message": scripts.whole_message(turn, seed),
            "finish_reason": scripts.finish_reason(turn),
        }
        body = {**self.envelope(request, seed, "chat.completion"), "choices": [choice]}
        if usage := scripts.usage(turn, request):
            body["usage"] = usage
        return body

    def stream(self, request: dict[str, Any], turn: dict[str, Any], seed: str, failure: dict[str, Any]) -> None:
        self.begin_stream()
        envelope = self.envelope(request, seed, "chat.completion.chunk")

        def send(delta: dict[str, Any], reason: str | None = None) -> None:
            self.send_event({**envelope, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})

        for number, delta in enumerate(scripts.deltas(turn, seed)):
            if (number == 1 and self.happens(failure, "before")) or (number == 2 and self.happens(failure, "after")):
                return
            self.wait(turn)
            send(delta)
        if self.happens(failure, "after"):
            return
        if reason := scripts.finish_reason(turn):
            send({}, reason)
        usage = scripts.usage(turn, request)
        if usage and (request.get("stream_options") or {}).get("include_usage"):
            self.send_event({**envelope, "choices": [], "usage": usage})
        if turn.get("done", True):
            self.send_piece("data: [DONE]\n\n")
        self.send_piece("")

    @staticmethod
    def envelope(request: dict[str, Any], seed: str, kind: str) -> dict[str, Any]:
        return {"id": f"chatcmpl-{seed}", "object": kind, "created": int(time.time()), "model": request["model"]}

    @staticmethod
    def wait(turn: dict[str, Any]) -> None:
        if pace := turn.get("pace"):
            time.sleep(pace)

    # -- Bad habits

    def happens(self, failure: dict[str, Any], moment: str) -> bool:
        """Breaks the connection or falls silent, if that is to be at this moment. Nothing can follow then."""
        if failure.get("disconnect") == moment:
            # Without the orderly end that a closed connection has.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        elif failure.get("silence") == moment:
            # Until the client goes away.
            select.select([self.connection], [], [])
        else:
            return False
        self.close_connection = True
        return True

    def send_failure(self, failure: dict[str, Any]) -> None:
        fields = {"Retry-After": failure.get("retry_after"), "Location": failure.get("location")}
        if "html" in failure:
            self.send_body(failure["status"], "text/html", failure["html"], fields)
        else:
            self.send_error_json(
                failure["status"], failure.get("message", "It failed, as the script says."), failure.get("code"), fields
            )

    # -- Bytes

    def send_error_json(
        self, status: int, message: str, code: str | None = None, fields: dict[str, str | None] | None = None
    ) -> None:
        error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
        self.send_body(status, "application/json", json.dumps({"error": error}), fields)

    def send_json(self, status: int, value: Any) -> None:
        self.send_body(status, "application/json", json.dumps(value))

    def send_body(self, status: int, media_type: str, body: str, fields: dict[str, str | None] | None = None) -> None:
        content = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(content)))
        for name, value in (fields or {}).items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def begin_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def send_event(self, value: dict[str, Any]) -> None:
        self.send_piece(f"data: {json.dumps(value)}\n\n")

    def send_piece(self, text: str) -> None:
        """One piece of a stream; an empty one ends it."""
        content = text.encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(content), content))


def main() -> None:
    parser = argparse.ArgumentParser(description="A model that plays conversations from files.")
    parser.add_argument(
        "--script", type=Path, action="append", required=True, metavar="FILE", help="a script; repeatable"
    )
    parser.add_argument("--port", type=int, default=0, help="0, the default: any free port")
    parser.add_argument("--key", help="the key that requests must have; none by default")
    options = parser.parse_args()
    try:
        server = ScriptedModel(options.port, options.script, options.key)
    except (OSError, ValueError, KeyError) as problem:
        sys.exit(f"scripted_model.py: {problem}")
    print(server.url, flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
