"""The arguments of `mcp call`: options whose values are converted as the tool's schema says."""

import sys

from servers import _lines
from servers._errors import ToolInputError

_DEPTH_LIMIT = 8
_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")


class Parsed:
    """What the words after the tool's name say."""

    def __init__(self, parameters):
        self.arguments = {}
        self.parameters = parameters
        self.is_raw = False
        self.wants_help = False
        self.timeout = None


def parse(words, details):
    """Returns the arguments that the words give. Raises `ToolInputError`."""
    schema = details.get("inputSchema")
    return _Parser(schema if isinstance(schema, dict) else {}, details.get("name")).parse(list(words))


def usage(names, details):
    """Returns how to call the tool, on one line."""
    schema = details.get("inputSchema")
    parser = _Parser(schema if isinstance(schema, dict) else {}, None)
    parts = []
    for name, property_schema in parser.properties.items():
        kinds = parser.kinds(property_schema)
        option = _option(name)
        if kinds != {"boolean"}:
            option += f" {'|'.join(sorted(kinds - {'null'})) or 'value'}".upper()
        parts.append(option if name in parser.required else f"[{option}]")
        if "array" in kinds:
            parts[-1] += "..."
    return f"mcp call {' '.join([*names, *parts])}"


def seconds(text):
    """Returns a number of seconds. Raises `ValueError`."""
    number = _number(text)
    if number is None or number <= 0:
        raise ValueError("it must be a number of seconds above 0")
    return number


class _Parser:
    def __init__(self, schema, tool):
        self._schema = schema
        self._tool = tool
        properties = _merged(schema, "properties", dict)
        self.properties = {name: value for name, value in properties.items() if isinstance(name, str)}
        self.required = {name for name in _merged(schema, "required", list) if isinstance(name, str)}
        self.additional = schema.get("additionalProperties", not self.properties)
        self._parsed = Parsed([name + "*" if name in self.required else name for name in self.properties])

    def parse(self, words):
        given = {}
        while words:
            word = words.pop(0)
            if word == "--":
                for value in words:
                    self._take_plain(value, given)
                break
            if word == "-":
                self._take_all("-")
            elif word.startswith("--") and len(word) > 2:
                self._take_option(word[2:], words, given)
            else:
                self._take_plain(word, given)
        for name, values in given.items():
            self._parsed.arguments[name] = self._joined(name, values)
        return self._parsed

    def _take_option(self, option, words, given):
        name, separator, value = option.partition("=")
        value = value if separator else None
        known = self._parameter(name)
        if known is None:
            if self._take_own(name, value, words):
                return
            if name.startswith("no-") and self._is_switch(self._parameter(name[3:])) and value is None:
                given.setdefault(self._parameter(name[3:]), []).append(False)
                return
            if name.endswith(("-json", "_json")) and self._parameter(name[:-5]) is not None:
                text = self._value_of(name, value, words)
                given[self._parameter(name[:-5])] = [_Given(self._json(text, f"--{name}"))]
                return
            if not self._allows_more():
                self._fail(f"unknown parameter {name!r}.{self._similar(name)}")
            known = name.replace("-", "_")
        if value is None and self._is_switch(known):
            follows = words[0].lower() if words else ""
            value = words.pop(0) if follows in ("true", "false") else "true"
        given.setdefault(known, []).append(self._value_of(name, value, words))

    def _take_own(self, name, value, words):
        """Handles the options of `mcp` itself, unless the tool has a parameter of that name."""
        if name == "json":
            self._take_all(self._value_of(name, value, words))
        elif name == "raw" and value is None:
            self._parsed.is_raw = True
        elif name == "help" and value is None:
            self._parsed.wants_help = True
        elif name == "timeout":
            text = self._value_of(name, value, words)
            try:
                self._parsed.timeout = seconds(text)
            except ValueError as error:
                self._fail(f"--timeout {text}: {error}.")
        else:
            return False
        return True

    def _take_all(self, text):
        if text == "-":
            if sys.stdin is None:
                self._fail("--json -: standard input is closed.")
            text = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
        value = self._json(text, "--json")
        if not isinstance(value, dict):
            self._fail('--json needs an object, such as {"name": "value"}.')
        self._parsed.arguments.update(value)

    def _take_plain(self, word, given):
        """Takes a value without a name, which is that of the only required parameter."""
        if len(self.required) != 1 or (name := next(iter(self.required))) in given:
            self._fail(f"{word!r} has no name: write --NAME {word}.")
        given[name] = [word]

    def _value_of(self, name, value, words):
        if value is not None:
            return value
        if not words:
            self._fail(f"--{name} needs a value.")
        return words.pop(0)

    def _parameter(self, name):
        """Returns the parameter that an option means; None unless it means exactly one."""
        if name in self.properties:
            return name
        if name.replace("-", "_") in self.properties:
            return name.replace("-", "_")
        similar = [other for other in self.properties if _plain(other) == _plain(name)]
        return similar[0] if len(similar) == 1 else None

    def _is_switch(self, name):
        kinds = self.kinds(self.properties.get(name)) if name else set()
        return "boolean" in kinds and kinds <= {"boolean", "null"}

    def _allows_more(self):
        return self.additional is not False

    def _joined(self, name, values):
        """Returns the value of a parameter from all that was given for it."""
        schema = self.properties.get(name, self.additional)
        if isinstance(values[-1], _Given):
            return values[-1].value
        values = [value for value in values if not isinstance(value, _Given)]
        kinds = self.kinds(schema)
        if "array" in kinds and (len(values) > 1 or "string" not in kinds):
            if len(values) == 1 and str(values[0]).lstrip().startswith("["):
                whole = _try_json(values[0])
                if isinstance(whole, list):
                    return whole
            items = self._resolved(schema, "items")
            return [self._converted(value, items, name) for value in values]
        if len(values) > 1 and kinds:
            self._fail(f"{_option(name)} is given {len(values)} times, and takes one value.")
        if len(values) > 1:
            return [self._converted(value, True, name) for value in values]
        return self._converted(values[0], schema, name)

    def _converted(self, value, schema, name):
        """Returns the text of an option as a value of the schema's type."""
        if isinstance(value, bool):
            return value
        options = self._choices(schema)
        for option in options:
            if value == option or (not isinstance(option, str) and value == _as_text(option)):
                return option
        kinds = self.kinds(schema)
        for kind in ("integer", "number", "boolean", "object", "array"):
            converted = _AS[kind](value) if kind in kinds else None
            # Beside text, only what is written as JSON writes it is a number: "007" is text.
            if converted is not None and ("string" not in kinds or _as_text(converted) == value.strip()):
                return converted
        if "string" in kinds:
            return value
        if not kinds:
            # Of no declared type: data if it can only be that.
            data = _try_json(value) if value.lstrip()[:1] in ("{", "[") else None
            return value if data is None else data
        if "null" in kinds and value.lower() in ("null", "none", ""):
            return None
        self._fail(f"{_option(name)} {value}: it must be {_or(sorted(kinds))}.")

    def kinds(self, schema, depth=0):
        """Returns the types that a schema allows; none if it allows any."""
        if not isinstance(schema, dict) or depth > _DEPTH_LIMIT:
            return set()
        if "$ref" in schema:
            return self.kinds(self._referred(schema["$ref"]), depth + 1)
        declared = schema.get("type")
        if isinstance(declared, str):
            return {declared} | ({"null"} if schema.get("nullable") is True else set())
        if isinstance(declared, list):
            return {kind for kind in declared if isinstance(kind, str)}
        for key in ("anyOf", "oneOf"):
            if isinstance(schema.get(key), list):
                parts = [self.kinds(part, depth + 1) for part in schema[key]]
                return set().union(*parts) if all(parts) else set()
        if isinstance(schema.get("allOf"), list):
            return next((kinds for part in schema["allOf"] if (kinds := self.kinds(part, depth + 1))), set())
        return {_kind_of(option) for option in self._choices(schema)}

    def _choices(self, schema):
        if not isinstance(schema, dict):
            return []
        options = schema.get("enum")
        return options if isinstance(options, list) else [schema["const"]] if "const" in schema else []

    def _resolved(self, schema, key, depth=0):
        """Returns a member of a schema, or of the part of it that has the member."""
        if not isinstance(schema, dict) or depth > _DEPTH_LIMIT:
            return True
        if "$ref" in schema:
            return self._resolved(self._referred(schema["$ref"]), key, depth + 1)
        if key in schema:
            return schema[key]
        for combination in ("anyOf", "oneOf", "allOf"):
            for part in schema.get(combination) or []:
                found = self._resolved(part, key, depth + 1)
                if found is not True:
                    return found
        return True

    def _referred(self, reference):
        if not isinstance(reference, str) or not reference.startswith("#"):
            return True
        place = self._schema
        for step in reference[1:].strip("/").split("/"):
            step = step.replace("~1", "/").replace("~0", "~")
            if step:
                place = place.get(step) if isinstance(place, dict) else None
        return place

    def _json(self, text, option):
        try:
            return _lines.decode(text)
        except (ValueError, RecursionError) as error:
            self._fail(f"{option} is no JSON: {error}")

    def _similar(self, name):
        import difflib

        similar = difflib.get_close_matches(name.replace("-", "_"), self.properties, 1, 0.6)
        return f" Did you mean {_option(similar[0])}?" if similar else ""

    def _fail(self, text):
        raise ToolInputError(text, None, self._tool, None, self._parsed.parameters)


class _Given:
    """A value that was given as JSON."""

    def __init__(self, value):
        self.value = value


def _merged(schema, key, kind):
    """Returns a member of an object's schema, joined with that of the parts it is made of."""
    own = schema.get(key)
    merged = kind(own) if isinstance(own, kind) else kind()
    for part in schema.get("allOf") or []:
        more = part.get(key) if isinstance(part, dict) else None
        if isinstance(more, dict) and kind is dict:
            merged = {**more, **merged}
        elif isinstance(more, list) and kind is list:
            merged = merged + more
    return merged


def _option(name):
    return f"--{name.replace('_', '-')}"


def _plain(name):
    return name.replace("-", "").replace("_", "").lower()


def _try_json(text):
    try:
        return _lines.decode(text)
    except (ValueError, RecursionError):
        return None


def _integer(text):
    text = text.strip()
    digits = text[1:] if text[:1] in "+-" else text
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 4300 else None


def _number(text):
    integer = _integer(text)
    if integer is not None or "_" in text:
        return integer
    try:
        number = float(text)
    except ValueError:
        return None
    return number if number - number == 0 else None


def _boolean(text):
    word = text.strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def _container(kind):
    def convert(text):
        value = _try_json(text)
        return value if isinstance(value, kind) else None

    return convert


_AS = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "object": _container(dict),
    "array": _container(list),
}


def _kind_of(value):
    names = {bool: "boolean", int: "integer", float: "number", str: "string", dict: "object", list: "array"}
    return names.get(type(value), "null")


def _as_text(value):
    return _lines.encode(value).decode().rstrip("\n")


def _or(words):
    return " or ".join(words) if words else "a value"
