"""What a script gets of a tool's result: data and files, never the wrapper that they travel in."""

import os
import sys

from servers import _errors, _files

# How many remarks about one tool are written to standard error.
_REMARK_LIMIT = 3

_remarks = {}


def value_of(result, server, tool, parameters=None):
    """Returns the value of the result of a tool. Raises `ToolError` if it reports a failure."""
    result = _checked(result, server, tool)
    if result.get("isError") is True:
        raise failure_of(result, server, tool, parameters)
    blocks = _blocks(result)
    if result.get("structuredContent") is not None:
        value = _structured(result)
        _remark_on_rest(blocks, server, tool)
        return value
    values = values_of(blocks, server, tool, not result.get("declaresOutput"))
    if not values:
        return None
    return values[0] if len(values) == 1 else values


def values_of(blocks, server, tool, may_parse=True):
    """Returns the values of content blocks. If one of them is damaged, the error has the others."""
    try:
        return [value_of_block(block, server, tool, may_parse) for block in blocks]
    except _errors.ToolError as error:
        others = [block for block in blocks if not _binary(block)]
        texts = "\n".join(filter(None, map(_text_of_failure, others)))
        text = f"{error.text} Its other content is in .data of this error:\n{texts}" if texts else error.text
        raise _errors.ToolError(text, server, tool, {"content": others}) from None


def raw(result, server, tool):
    """Returns the result as the server sent it, with its binary content also as `files`."""
    result = _checked(result, server, tool)
    plain = {key: value for key, value in result.items() if key not in ("unwraps", "declaresOutput")}
    plain.setdefault("content", [])
    plain.setdefault("isError", False)
    plain["files"] = []
    for block in _blocks(result):
        if not _binary(block):
            continue
        try:
            plain["files"].append(_saved(block, server, tool))
        except _errors.ToolError as error:
            # All of the result is there without it.
            _remark(str(error), server, tool)
    return plain


def failure_of(result, server, tool, parameters=None):
    """Returns the exception for a result that reports a failure, with the tool's own text."""
    texts = [_text_of_failure(block) for block in _blocks(result)]
    structured = result.get("structuredContent")
    text = "\n".join(filter(None, texts)).strip()
    if not text and structured is not None:
        text = _errors.capped(_dumps(structured))
    data = {"content": result.get("content") or []}
    if structured is not None:
        data["structuredContent"] = structured
    return _errors.ToolError(text or "the tool failed without saying why.", server, tool, data, parameters)


def parsed(text):
    """Returns the data that a text is, or the text itself: only an object or an array counts as data."""
    trimmed = text.strip()
    if trimmed[:1] not in ("{", "["):
        return text
    from servers import _lines

    try:
        return _lines.decode(trimmed)
    except (ValueError, RecursionError):
        return text


def value_of_block(block, server, tool, may_parse=True):
    """Returns the value of one content block."""
    kind = block.get("type")
    if kind == "text":
        text = _string(block.get("text"))
        return parsed(text) if may_parse else text
    if _binary(block):
        return _saved(block, server, tool)
    if kind == "resource_link":
        return link_of(block, server)
    if kind == "resource":
        resource = block.get("resource")
        text = _string(resource.get("text")) if isinstance(resource, dict) else ""
        return parsed(text) if may_parse else text
    # A kind of a later revision of the protocol: better the block than nothing.
    return block


def value_of_contents(result, server, uri):
    """Returns the value of a resource that was read. Its text is not parsed: a resource is a file, not an answer."""
    contents = result.get("contents") if isinstance(result, dict) else None
    contents = [content for content in contents if isinstance(content, dict)] if isinstance(contents, list) else []
    blocks = [{"type": "resource", "resource": {"uri": uri, **content}} for content in contents]
    values = values_of(blocks, server, None, may_parse=False)
    if not values:
        return None
    return values[0] if len(values) == 1 else values


def link_of(block, server):
    """Returns the link that a block or an entry of a list of resources is."""
    uri = _string(block.get("uri"))
    name = _string(block.get("title") or block.get("name")) or uri
    return _files.Link(uri, server, name, block.get("mimeType"), first_sentence(_string(block.get("description"))))


def first_sentence(text, limit=200):
    """Returns the beginning of a description as one line."""
    line = " ".join(text.split())
    end = line.find(". ")
    line = line[: end + 1] if end >= 0 else line
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _checked(result, server, tool):
    if isinstance(result, dict):
        meta = result.get("_meta")
        if isinstance(meta, dict) and meta.get("exec-mcp/lostNumbers") is True:
            _remark(f"{server}.{tool}: None stands for numbers that JSON does not have (NaN, Infinity)", server, tool)
        return result
    raise _errors.ToolError("the bridge sent a result that is none.", server, tool)


def _blocks(result):
    content = result.get("content")
    return [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []


def _structured(result):
    value = result["structuredContent"]
    if result.get("unwraps") and isinstance(value, dict) and list(value) == ["result"]:
        return value["result"]
    return value


def _string(value):
    return value if isinstance(value, str) else ""


def _binary(block):
    """Returns the base64 text of a block with binary content; None for other blocks."""
    if block.get("type") in ("image", "audio"):
        return block.get("data")
    resource = block.get("resource") if block.get("type") == "resource" else None
    return resource.get("blob") if isinstance(resource, dict) else None


def _saved(block, server, tool):
    resource = block.get("resource") or {}
    mime = block.get("mimeType") or resource.get("mimeType")
    uri = _string(resource.get("uri"))
    name = os.path.basename(uri.partition("?")[0].rstrip("/")) or tool or block.get("type")
    try:
        return _files.save(_binary(block), server or "server", name, mime)
    except ValueError as error:
        raise _errors.ToolError(
            f"the tool sent {mime or 'binary content'} that is damaged: {error}. The call itself has succeeded.",
            server,
            tool,
        ) from None
    except OSError as error:
        raise _errors.ToolError(
            f"the tool's file could not be saved: {error}. The call itself has succeeded.", server, tool
        ) from None


def _text_of_failure(block):
    kind = block.get("type")
    if kind == "text":
        return _string(block.get("text"))
    data = _binary(block)
    if data:
        mime = block.get("mimeType") or (block.get("resource") or {}).get("mimeType") or "binary content"
        return f"[{mime}, {len(data) * 3 // 4:,} bytes]"
    if kind == "resource_link":
        return _string(block.get("uri"))
    resource = block.get("resource")
    return _string(resource.get("text")) if isinstance(resource, dict) else ""


def _remark_on_rest(blocks, server, tool):
    """Saves what came beside structured content and has no place in it, and says where it is."""
    rest = [block for block in blocks if _binary(block) or block.get("type") == "resource_link"]
    if not rest:
        return
    values = []
    for block in rest:
        try:
            values.append(str(value_of_block(block, server, tool)))
        except _errors.ToolError as error:
            values.append(f"something that is lost ({error.text})")
    _remark(f"{server}.{tool}: beside the data came {', '.join(values)}", server, tool)


def _remark(text, server, tool):
    """Writes a line to standard error, of those about one tool only the first."""
    count = _remarks[server, tool] = _remarks.get((server, tool), 0) + 1
    if count <= _REMARK_LIMIT and sys.stderr is not None:
        more = "" if count < _REMARK_LIMIT else " (further such lines are left out)"
        print(f"{text}{more}", file=sys.stderr)


def _dumps(value):
    from servers import _lines

    return _lines.encode(value).decode().rstrip("\n")
