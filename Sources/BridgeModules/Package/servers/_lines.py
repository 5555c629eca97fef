"""Lines of JSON: how a message of the bridge is written and read."""

from servers._errors import ToolInputError

LIMIT = 8 * 1024 * 1024

# Imported with the first message: it takes longer than all of this package.
_json = None


def encode(message):
    """Returns a message as a line. Raises `ToolInputError` if it cannot be one."""
    json = _load_json()
    try:
        line = json.dumps(message, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode() + b"\n"
    except UnicodeEncodeError as error:
        raise ToolInputError(
            f"the text {error.object[error.start : error.end]!r} is half of a surrogate pair, which no JSON can hold: "
            'pass text.encode("utf-8", "replace").decode().'
        ) from None
    except ValueError as error:
        raise ToolInputError(f"the arguments are no JSON: {error}") from None
    if len(line) > LIMIT:
        raise ToolInputError(
            f"the arguments have {len(line):,} bytes; the limit is {LIMIT:,}. Send them in several calls."
        )
    return line


def decode(text):
    """Returns the value of JSON text; integers of any length."""
    json = _load_json()
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except ValueError:
        # The interpreter refuses to convert more than 4,300 digits.
        return json.loads(text, parse_int=_long_integer)


def _long_integer(text):
    if len(text) < 4000:
        return int(text)
    from decimal import Decimal

    return int(Decimal(text))


def _load_json():
    global _json
    if _json is None:
        import json

        _json = json
    return _json
