"""The routes of the mock: what it answers to each request."""

from __future__ import annotations

import json
import re
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Json = dict[str, Any]

SOURCES = Path(__file__).resolve().parents[2] / "Sources" / "ExecAgent" / "Page"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "frame-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
STATIC_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
SCRIPTED_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' blob:; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; worker-src blob:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; webrtc 'block'"
)


class Handler(BaseHTTPRequestHandler):
    mock: Any
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (ConnectionError, BrokenPipeError):
            self.close_connection = True

    # -- Answers

    def put(self, status: int, body: bytes = b"", kind: str = "application/json", **fields: str) -> None:
        self.send_response(status)
        for name, value in {
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Content-Type": kind,
            **{name.replace("_", "-"): value for name, value in fields.items()},
        }.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def json(self, status: int, value: Any) -> None:
        self.put(status, json.dumps(value).encode())

    def refuse(self, status: int, message: str, code: str | None = None, **fields: str) -> None:
        error = {"error": {"message": message, "type": "invalid_request_error", "code": code}}
        self.put(status, json.dumps(error).encode(), **fields)

    # -- Requests

    def do_GET(self) -> None:
        self.route("GET")

    def do_POST(self) -> None:
        self.route("POST")

    def do_PUT(self) -> None:
        self.route("PUT")

    def do_PATCH(self) -> None:
        self.route("PATCH")

    def do_DELETE(self) -> None:
        self.route("DELETE")

    def route(self, method: str) -> None:
        parts = urlsplit(self.path)
        path, query = parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        mock = self.mock
        if mock.is_down:
            self.connection.close()
            self.close_connection = True
            return
        if method == "GET" and (path == "/" or re.fullmatch(r"/ui/[a-z]+\.(js|css|svg|webmanifest)", path)):
            file = SOURCES / ("index.html" if path == "/" else path.split("/")[-1])
            if not file.exists():
                return self.refuse(404, "no such file")
            return self.put(
                200,
                file.read_bytes(),
                TYPES[file.suffix],
                Cache_Control="no-cache",
                Content_Security_Policy=PAGE_POLICY,
                X_Frame_Options="DENY",
            )
        if path.startswith("/ui/previews/") and method == "GET":
            content, scripts = mock.previews.pop(path.split("/")[-1], (b"gone", False))
            policy = SCRIPTED_POLICY if scripts else STATIC_POLICY
            return self.put(200, content, "text/html; charset=utf-8", Content_Security_Policy=policy)
        value = json.loads(body) if body and self.headers.get("Content-Type") == "application/json" else {}
        with mock.lock:
            mock.seen.append((method, path, value))
        if mock.key is not None and self.headers.get("Authorization") != f"Bearer {mock.key}":
            return self.refuse(401, "The API key is missing or wrong.", "invalid_api_key")
        if found := mock.refuse.get(f"{method} {path}"):
            status, error, fields = found
            return self.refuse(status, error.get("message", "refused"), error.get("code"), **fields)
        for pattern, handler in ROUTES:
            verb, _, rest = pattern.partition(" ")
            if verb == method and (match := re.fullmatch(rest, path)):
                return handler(self, *map(unquote, match.groups()), query=query, body=body, value=value)
        self.refuse(404, "There is nothing here.")

    def status(self, **_: Any) -> None:
        self.json(200, self.mock.status)

    def stop_sandbox(self, **_: Any) -> None:
        self.mock.status["sandbox"] = {"state": "none"}
        self.put(204)

    def sandboxes(self, **_: Any) -> None:
        self.json(200, self.mock.sandboxes)

    def stop_one(self, user: str, **_: Any) -> None:
        self.mock.sandboxes = [one for one in self.mock.sandboxes if one["user"] != user]
        self.put(204)

    def list_conversations(self, **_: Any) -> None:
        with self.mock.lock:
            every = [
                {**{key: value for key, value in one.items() if key != "turns"}, "turns": len(one["turns"])}
                for one in self.mock.conversations.values()
            ]
        self.json(200, {"conversations": sorted(every, key=lambda one: one["updated"], reverse=True)})

    def conversation(self, name: str, **_: Any) -> None:
        with self.mock.lock:
            found = self.mock.conversations.get(name)
            if found is None:
                return self.refuse(404, "There is no such conversation.")
            return self.json(200, found)

    def rename(self, name: str, value: Json, **_: Any) -> None:
        self.mock.conversations[name]["title"] = value["title"]
        self.json(200, {})

    def forget(self, name: str, **_: Any) -> None:
        self.mock.conversations.pop(name, None)
        self.put(204)

    def begin(self, value: Json, **_: Any) -> None:
        conversation = value.get("conversation_id")
        if conversation and (whole := self.mock.conversations[conversation]):
            if "run_id" in whole:
                return self.refuse(409, "A run is at work.", "conversation_busy")
            if "replace_turn" in value:
                del whole["turns"][value["replace_turn"] :]
        run = self.mock.begin(value["text"], conversation, value.get("attachments"))
        turn = self.mock.conversations[run.conversation]["turns"][-1]  # type: ignore[attr-defined]
        self.json(201, {"id": run.name, "conversation_id": run.conversation, "turn": turn["index"]})  # type: ignore[attr-defined]

    def stop(self, name: str, **_: Any) -> None:
        self.put(202)
        self.mock.finish(self.mock.runs[name], "stopped")

    def events(self, name: str, query: dict[str, str], **_: Any) -> None:
        run = self.mock.runs.get(name)
        if run is None:
            return self.refuse(404, "There is no such run.")
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        self.wfile.write(b": here\n\n")
        after = int(query.get("after", 0))
        cuts = self.mock.cuts
        while not self.mock.is_down and not self.mock.is_mute and cuts == self.mock.cuts:
            with run.changed:
                if len(run.events) <= after and not run.is_finished:
                    run.changed.wait(0.2)
                fresh = run.events[after:]
            for event in fresh:
                self.wfile.write(f"id: {event['seq']}\ndata: {json.dumps(event)}\n\n".encode())
            self.wfile.flush()
            after += len(fresh)
            if run.is_finished and after >= len(run.events):
                return

    def upload(self, name: str, body: bytes, **_: Any) -> None:
        safe = re.sub(r"[^\w. -]", "_", name)
        self.mock.files[f"/workspace/uploads/{safe}"] = body
        self.json(201, {"name": safe, "path": f"/workspace/uploads/{safe}", "size": len(body)})

    def list_files(self, query: dict[str, str], **_: Any) -> None:
        folder = query["path"].rstrip("/")
        entries: dict[str, Json] = {}
        for path, content in self.mock.files.items():
            if path.startswith(folder + "/"):
                name, _, rest = path[len(folder) + 1 :].partition("/")
                kind = "directory" if rest else "file"
                entries[name] = {"name": name, "kind": kind, "size": len(content), "modified": self.mock.now(3)}
        self.json(200, {"path": folder, "entries": list(entries.values()), "truncated": False})

    def content(self, query: dict[str, str], **_: Any) -> None:
        if query["path"] not in self.mock.files:
            return self.refuse(404, "There is no such file.")
        self.attach(self.mock.files[query["path"]])

    def attach(self, content: bytes) -> None:
        self.put(200, content, "application/octet-stream", Content_Disposition="attachment")

    def list_artifacts(self, **_: Any) -> None:
        found = [
            {"name": name, "size": len(content), "type": "", "modified": self.mock.now(1), "digest": str(hash(content))}
            for name, content in self.mock.artifacts.items()
        ]
        self.json(200, {"artifacts": found})

    def artifact(self, name: str, **_: Any) -> None:
        if name not in self.mock.artifacts:
            return self.refuse(404, "There is no such artifact.")
        self.attach(self.mock.artifacts[name])

    def drop(self, name: str, **_: Any) -> None:
        self.mock.artifacts.pop(name, None)
        self.put(204)

    def zip(self, **_: Any) -> None:
        self.attach(b"PK\x05\x06" + bytes(18))

    def preview(self, value: Json, **_: Any) -> None:
        content = self.mock.artifacts.get(value.get("artifact", "")) or self.mock.files.get(value.get("path", ""), b"")
        name = f"{next(self.mock.numbers):032x}"
        self.mock.previews[name] = (content, bool(value.get("scripts")))
        self.json(201, {"url": f"/ui/previews/{name}"})

    def answer(self, user: str, question: str, value: Json, **_: Any) -> None:
        self.mock.answers.append({"user": user, "question": question, **value})
        self.json(200, {})
        for run in self.mock.runs.values():
            if any(event.get("id") == question and event["type"] == "question" for event in run.events):
                run.add({"type": "question_closed", "id": question, "outcome": "accepted"})


ROUTES = [
    ("GET /ui/status", Handler.status),
    ("DELETE /ui/sandbox", Handler.stop_sandbox),
    ("GET /ui/sandboxes", Handler.sandboxes),
    ("DELETE /ui/sandboxes/([^/]+)", Handler.stop_one),
    ("GET /ui/conversations", Handler.list_conversations),
    ("GET /ui/conversations/([^/]+)", Handler.conversation),
    ("PATCH /ui/conversations/([^/]+)", Handler.rename),
    ("DELETE /ui/conversations/([^/]+)", Handler.forget),
    ("POST /ui/runs", Handler.begin),
    ("GET /ui/runs/([^/]+)/events", Handler.events),
    ("DELETE /ui/runs/([^/]+)", Handler.stop),
    ("PUT /ui/files/([^/]+)", Handler.upload),
    ("GET /ui/files", Handler.list_files),
    ("GET /ui/files/content", Handler.content),
    ("GET /ui/artifacts", Handler.list_artifacts),
    (r"GET /ui/artifacts\.zip", Handler.zip),
    ("GET /ui/artifacts/(.+)", Handler.artifact),
    ("DELETE /ui/artifacts/(.+)", Handler.drop),
    ("POST /ui/previews", Handler.preview),
    ("POST /v1/sessions/([^/]+)/questions/([^/]+)", Handler.answer),
]
