"""exec-mcp's own methods for files and sandboxes, as a client uses them, and what their results hold."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from .stdio_client import Json, RPCError, StdioClient

CHUNK = 4 << 20
FILES, SANDBOX, METRICS = "exec-mcp/files", "exec-mcp/sandbox", "exec-mcp/metrics"
# What the server says of itself.
ANNOUNCED: Json = {FILES: {"maxFileBytes": 32 << 20, "maxChunkBytes": CHUNK}, SANDBOX: {}, METRICS: {}}

TEXT, COUNT = {"type": "string"}, {"type": "integer", "minimum": 0}
DIGEST = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
STATE = {"enum": ["none", "starting", "idle", "busy"]}


def _object(required: dict[str, Any], **optional: Any) -> Json:
    every = {"resultType": {"const": "complete"}, "_meta": {"type": "object"}}
    return {
        "type": "object",
        "properties": {**required, **optional, **every},
        "required": list(required),
        "additionalProperties": False,
    }


_ENTRY = _object({"name": TEXT, "path": TEXT, "kind": {"enum": ["file", "directory", "link", "other"]}, "size": COUNT},
                 modified=TEXT)  # fmt: skip
_SANDBOX = _object({"user": TEXT, "state": STATE, "since": TEXT}, container=TEXT)
_SERIES = {
    "type": "object",
    "properties": {
        "labels": {"type": "array", "items": TEXT},
        "value": {"type": "number"},
        "counts": {"type": "array", "items": COUNT},
        "sum": {"type": "number"},
    },
    "required": ["labels"],
    "oneOf": [{"required": ["value"]}, {"required": ["counts", "sum"]}],
    "additionalProperties": False,
}
_FAMILY = _object({"name": TEXT, "series": {"type": "array", "items": _SERIES}})
# Method → schema of its result.
RESULTS: dict[str, Json] = {
    FILES + "/write": {
        "oneOf": [
            _object({"upload": TEXT, "received": COUNT}),
            _object({"path": TEXT, "name": TEXT, "size": COUNT, "sha256": DIGEST}),
        ]
    },
    FILES + "/cancel": _object({}),
    FILES + "/read": _object(
        {
            "path": TEXT,
            "size": COUNT,
            "offset": COUNT,
            "data": TEXT,
            "sha256": DIGEST,
            "version": TEXT,
            "mimeType": TEXT,
        },
        modified=TEXT,
    ),
    FILES + "/list": _object({"path": TEXT, "entries": {"type": "array", "items": _ENTRY}}, truncated={"const": True}),
    FILES + "/delete": _object({"path": TEXT}),
    SANDBOX + "/status": _object(
        {"state": STATE}, workspaceBytes=COUNT, workspaceLimit=COUNT, container=TEXT, since=TEXT
    ),
    SANDBOX + "/stop": _object({"stopped": {"type": "boolean"}}),
    SANDBOX + "/list": _object({"sandboxes": {"type": "array", "items": _SANDBOX}}),
    METRICS + "/read": _object({"families": {"type": "array", "items": _FAMILY}}),
}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


class Files:
    """The files of one user."""

    def __init__(self, server: StdioClient, user: str | None = None, modern: bool | None = None) -> None:
        self.server = server
        self.options: Json = {"modern": modern, "meta": {"x-user-id": user} if user else None}

    def request(self, method: str, /, **params: Any) -> Json:
        return self.server.request("exec-mcp/" + method, params, **self.options)

    def error(self, method: str, /, **params: Any) -> RPCError:
        """The error of a request that is well formed."""
        try:
            result = self.request(method, **params)
        except RPCError as error:
            return error
        raise AssertionError(f"{method} {params!r:.200} was expected to fail and returned {result!r:.300}")

    def whole(self, name: str, data: bytes, **more: Any) -> Json:
        """The parameters that write a small file at once."""
        return {"name": name, "data": encoded(data), "final": True, "sha256": sha256(data), **more}

    def write(self, name: str, data: bytes, **more: Any) -> Json:
        """Writes a file in chunks."""
        upload: Json = {"name": name, **more}
        starts = range(0, max(len(data), 1), CHUNK)
        for start in starts:
            chunk = {"offset": start, "data": encoded(data[start : start + CHUNK])}
            if start == starts[-1]:
                return self.request("files/write", **upload, **chunk, final=True, size=len(data), sha256=sha256(data))
            upload = {"upload": self.request("files/write", **upload, **chunk)["upload"]}
        raise AssertionError

    def read(self, path: str, length: int = CHUNK) -> bytes:
        """Reads a whole file in parts, and checks what is said of each."""
        data = b""
        while True:
            part = self.request("files/read", path=path, offset=len(data), length=length)
            piece = base64.b64decode(part["data"])
            assert part["offset"] == len(data)
            assert part["sha256"] == sha256(piece)
            data += piece
            if len(data) >= part["size"]:
                assert len(data) == part["size"]
                return data

    def list(self, path: str) -> dict[str, Json]:
        return {entry["name"]: entry for entry in self.request("files/list", path=path)["entries"]}
