"""Resources as a client uses them: all pages of a list, the bytes behind a URI, files to be made into artifacts."""

from __future__ import annotations

import base64
from typing import Any

from .stdio_client import Json, StdioClient


def pages(server: StdioClient, method: str, params: Json | None = None, **options: Any) -> list[Json]:
    """Every page of a list, in order, by the cursors that the server gives."""
    results = [server.request(method, params, **options)]
    while (cursor := results[-1].get("nextCursor")) is not None:
        assert len(results) < 100, f"{method} never ends"
        results.append(server.request(method, {**(params or {}), "cursor": cursor}, **options))
    return results


def list_resources(server: StdioClient, **options: Any) -> dict[str, Json]:
    """Every resource by its URI."""
    listed = [resource for page in pages(server, "resources/list", **options) for resource in page["resources"]]
    by_uri = {resource["uri"]: resource for resource in listed}
    assert len(by_uri) == len(listed), "a resource is listed twice"
    return by_uri


def artifacts(server: StdioClient, **options: Any) -> list[str]:
    """The URIs of the artifacts in the list."""
    return [uri for uri in list_resources(server, **options) if uri.startswith("artifact:")]


def content_of(result: Json) -> Json:
    """The one content block of a `resources/read` result."""
    assert len(result["contents"]) == 1, result
    return result["contents"][0]


def bytes_of(content: Json) -> bytes:
    """The bytes of a content block, text or blob."""
    assert ("text" in content) != ("blob" in content), content
    return content["text"].encode() if "text" in content else base64.b64decode(content["blob"], validate=True)


def read(server: StdioClient, uri: str, **options: Any) -> bytes:
    """The bytes behind a URI."""
    content = content_of(server.request("resources/read", {"uri": uri}, **options))
    assert content["uri"] == uri
    return bytes_of(content)
