"""What the server has beside tools: pictures, resources, prompts."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

Json = dict[str, Any]


def _png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(
        b"\0" + b"".join(bytes((x * 16 % 256, y * 16 % 256, 128)) for x in range(width)) for y in range(height)
    )
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


PNG = base64.b64encode(_png(16, 16)).decode()
WAV = base64.b64encode(
    b"RIFF"
    + struct.pack("<I", 36 + 800)
    + b"WAVEfmt "
    + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8)
    + b"data"
    + struct.pack("<I", 800)
    + bytes(128 + at % 64 for at in range(800))
).decode()
BLOB = base64.b64encode(bytes(range(256))).decode()

PICTURE = {"type": "image", "data": PNG, "mimeType": "image/png"}
SOUND = {"type": "audio", "data": WAV, "mimeType": "audio/wav"}
LINK = {"type": "resource_link", "uri": "fixture://notes", "name": "notes", "mimeType": "text/plain"}
EMBEDDED = {"type": "resource", "resource": {"uri": "fixture://notes", "mimeType": "text/plain", "text": "Notes."}}
EMBEDDED_BLOB = {
    "type": "resource",
    "resource": {"uri": "file:///tmp/all bytes.bin", "mimeType": "application/octet-stream", "blob": BLOB},
}

RESOURCES: list[Json] = [
    {"uri": "fixture://notes", "name": "notes", "title": "Some notes", "mimeType": "text/plain"},
    {"uri": "fixture://data", "name": "data", "mimeType": "application/json", "description": "Numbers. As JSON."},
    {"uri": "fixture://bytes", "name": "bytes", "mimeType": "application/octet-stream"},
]
TEMPLATES: list[Json] = [{"uriTemplate": "fixture://item/{id}", "name": "item", "mimeType": "text/plain"}]
PROMPTS: list[Json] = [
    {"name": "plain", "description": "Asks something."},
    {
        "name": "review",
        "description": "Asks for a review.",
        "arguments": [
            {"name": "code", "description": "What to review.", "required": True},
            {"name": "style", "required": False},
        ],
    },
]


def resource(uri: Any) -> Json | None:
    contents: dict[Any, Json] = {
        "fixture://notes": {"mimeType": "text/plain", "text": "Notes.\nTwo lines."},
        "fixture://data": {"mimeType": "application/json", "text": '{"numbers": [1, 2]}'},
        "fixture://bytes": {"mimeType": "application/octet-stream", "blob": BLOB},
    }
    if isinstance(uri, str) and uri.startswith("fixture://item/"):
        return {"uri": uri, "mimeType": "text/plain", "text": "Item " + uri.rpartition("/")[2]}
    return {"uri": uri, **contents[uri]} if uri in contents else None


def prompt(name: Any, arguments: Json) -> Json | None:
    if name == "plain":
        return {"messages": [{"role": "user", "content": {"type": "text", "text": "What now?"}}]}
    if name == "review":
        text = f"Review ({arguments.get('style', 'kindly')}): {arguments.get('code')}"
        return {"messages": [{"role": "user", "content": {"type": "text", "text": text}}]}
    return None
