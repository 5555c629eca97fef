"""What `mcp` prints: data as JSON, text as it is, files as their paths."""

import os

from servers import _errors, _files, _values


class OutputError(Exception):
    """The output could not be written; the message says why."""


def write_result(result, server, tool, parameters):
    """Writes the value of a tool's result. Raises `ToolError` if it reports a failure."""
    value = _values.value_of(result, server, tool, parameters)
    content = result.get("content")
    is_list = isinstance(value, list) and result.get("structuredContent") is None and len(content) > 1
    if is_list:
        # One value per content block.
        for one in value:
            write_value(one)
    else:
        write_value(value)


def write_value(value):
    if value is None:
        return
    if isinstance(value, _files.Link):
        write_text(f"{value}")
    elif isinstance(value, str):
        write_text(value)
    elif isinstance(value, list) and value and all(isinstance(one, (_files.File, _files.Link)) for one in value):
        write_text("\n".join(value))
    else:
        write_data(value)


def write_text(text):
    """Writes text as it is, with a newline at its end."""
    write(text if text.endswith("\n") else text + "\n", 1)


def write_data(value):
    """Writes JSON: on one line, or indented if a person is looking."""
    import json

    indent = 2 if os.isatty(1) else None
    separators = None if indent else (",", ":")
    try:
        text = json.dumps(value, ensure_ascii=False, indent=indent, separators=separators)
    except ValueError:
        raise _errors.ToolError("the result holds an integer of more than 4,300 digits.") from None
    write_text(text)


def write(text, descriptor):
    """Writes text to a descriptor. Raises `OutputError`."""
    # Bytes, because the encoding of standard output depends on the locale; and without a buffer, whose rest Python
    # would try to write again at the end.
    write_bytes(text.encode("utf-8", "surrogatepass"), descriptor)


def write_bytes(data, descriptor):
    """Writes bytes to a descriptor. Raises `OutputError`."""
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:
            import select

            select.select([], [descriptor], [])
        except OSError as error:
            raise OutputError(f"the output can't be written: {error.strerror}.") from None
