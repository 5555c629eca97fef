"""Turns Python values into the JSON of a tool's arguments.

What JSON has no form for is refused with the way to write it, never guessed: a wrong argument is found in the script,
not in what the tool did with it.
"""

from servers._errors import ToolInputError

_DEPTH_LIMIT = 100
# Longer integers cannot be written as decimal text by the interpreter.
_LARGEST = 10**4300


def convert(arguments):
    """Returns the arguments as JSON values, without those that are `...`. Raises `ToolInputError`."""
    if arguments is None:
        return {}
    if not isinstance(arguments, dict):
        arguments = _fields_of(arguments)
        if arguments is None:
            raise ToolInputError('the arguments must be a dict, such as {"name": value}.')
    return {_key(name, ""): _value(value, str(name), ()) for name, value in arguments.items() if value is not ...}


def _value(value, place, above):
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if kind is int:
        return _integer(value, place)
    if kind is float:
        return _float(value, place)
    if len(above) > _DEPTH_LIMIT:
        raise ToolInputError(f"{place[:200]} is nested more than {_DEPTH_LIMIT} levels deep.")
    if any(value is container for container in above):
        raise ToolInputError(f"{place[:200]} contains itself.")
    if kind is list or kind is tuple:
        return _items(value, place, (*above, value))
    if kind is dict:
        return _members(value, place, (*above, value))
    return _converted(value, place, above)


def _converted(value, place, above):
    """Converts values of types that JSON does not have."""
    kind = type(value)
    module = (kind.__module__ or "").partition(".")[0]
    if module in ("pandas", "polars"):
        return _frame(value, kind, place, above)
    if hasattr(value, "dtype") and hasattr(value, "tolist"):
        return _array(value, place, above)
    if _is_from(kind, "enum", "Enum"):
        return _value(value.value, place, (*above, value))
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return _integer(int(value), place)
    if isinstance(value, float):
        return _float(float(value), place)
    if isinstance(value, (bytes, bytearray, memoryview)):
        _refuse(place, "bytes have no form in JSON", "text with .decode(), or base64.b64encode(x).decode()")
    if isinstance(value, (list, tuple)):
        return _items(value, place, (*above, value))
    if isinstance(value, dict):
        return _members(value, place, (*above, value))
    if isinstance(value, (set, frozenset)):
        return _set(value, place, (*above, value))
    if hasattr(value, "__fspath__"):
        return _value(value.__fspath__(), place, above)
    if _is_from(kind, "datetime", "date") or _is_from(kind, "datetime", "time"):
        return value.isoformat()
    if _is_from(kind, "datetime", "timedelta"):
        _refuse(place, "a timedelta has no form in JSON", "x.total_seconds(), or what the tool documents")
    if _is_from(kind, "decimal", "Decimal"):
        return _decimal(value, place)
    if _is_from(kind, "uuid", "UUID"):
        return str(value)
    fields = _fields_of(value)
    if fields is not None:
        return _members(fields, place, (*above, value))
    if isinstance(value, range) or kind.__name__ in ("deque", "dict_keys", "dict_values", "dict_items"):
        return _items(list(value), place, (*above, value))
    _refuse_kind(value, kind, place)


def _integer(value, place):
    if -_LARGEST < value < _LARGEST:
        return value
    _refuse(place, "the integer has more than 4,300 digits", "it as text")


def _float(value, place):
    if value - value == 0:
        return value
    _refuse(place, f"{value} is no JSON number", "None, or leave it out")


def _decimal(value, place):
    if not value.is_finite():
        _refuse(place, f"{value} is no JSON number", "None, or leave it out")
    if value.as_tuple().exponent >= 0 and value.adjusted() < 4300:
        return int(value)
    number = float(value)
    if number - number == 0 and type(value)(repr(number)) == value:
        return number
    _refuse(place, f"Decimal('{value}') has more digits than a JSON number keeps", "str(x) or float(x)")


def _array(value, place, above):
    """Converts a scalar or an array of numpy, or of a library that looks like it."""
    code = getattr(value.dtype, "kind", "")
    if code == "m":
        _refuse(place, "a timedelta has no form in JSON", "a number of seconds, or what the tool documents")
    if code == "c":
        _refuse(place, "a complex number has no form in JSON", "[x.real, x.imag]")
    if code == "M":
        # tolist() of nanoseconds gives integers.
        value = value.astype(str)
        if "NaT" in value.ravel().tolist():
            _refuse(place, "NaT isn't a time", "None, or leave it out")
    plain = value.tolist()
    if type(plain) is type(value):
        _refuse_kind(value, type(value), place)
    return _value(plain, place, (*above, value))


def _frame(value, kind, place, above):
    name = kind.__name__
    if name == "Timestamp":
        return value.isoformat()
    if name in ("NaTType", "NAType"):
        _refuse(place, f"{value} is no JSON value", "None, or leave it out")
    if name == "Timedelta":
        _refuse(place, "a Timedelta has no form in JSON", "x.total_seconds(), or what the tool documents")
    if name in ("DataFrame", "LazyFrame"):
        rows = 'x.to_dict("records")' if kind.__module__.startswith("pandas") else "x.to_dicts()"
        _refuse(place, f"a {name} has several forms in JSON", f"{rows} for rows")
    if hasattr(value, "tolist") or hasattr(value, "to_list"):
        _refuse(place, f"a {name} has several forms in JSON", "x.tolist() for its values")
    _refuse_kind(value, kind, place)


def _items(values, place, above):
    return [_value(value, f"{place}[{index}]", above) for index, value in enumerate(values)]


def _set(values, place, above):
    """Converts a set to a list in an order that is the same in every run."""
    converted = [_value(value, f"{place}[…]", above) for value in values]
    try:
        return sorted(converted)
    except TypeError:
        return sorted(converted, key=lambda value: (type(value).__name__, repr(value)))


def _members(values, place, above):
    members = {}
    for key, value in values.items():
        name = _key(key, place)
        if name in members:
            raise ToolInputError(f"{place[:200]} has two keys that are both {name!r} in JSON.")
        members[name] = _value(value, f"{place}.{name}" if place else name, above)
    return members


def _key(key, place):
    if type(key) is str:
        return key
    where = f"a key of {place}" if place else "a key"
    if key is None or isinstance(key, (list, tuple, frozenset)):
        _refuse(where, f"{key!r} can't be a name in JSON", "a str")
    name = _value(key, where, ())
    if isinstance(name, bool):
        return "true" if name else "false"
    if isinstance(name, (str, int, float)):
        return str(name)
    _refuse(where, f"{key!r} can't be a name in JSON", "a str")


def _fields_of(value):
    """Returns the fields of a record as a dict; None if it isn't a record."""
    kind = type(value)
    if isinstance(value, type):
        return None
    names = getattr(kind, "__dataclass_fields__", None)
    if names is not None:
        # Some of them may be pseudo-fields, such as class variables, which are no attributes to send.
        import dataclasses

        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if hasattr(kind, "model_dump"):  # pydantic
        return value.model_dump(mode="json")
    if hasattr(kind, "__attrs_attrs__"):  # attrs
        return {field.name: getattr(value, field.name) for field in kind.__attrs_attrs__}
    return None


def _is_from(kind, module, name):
    """Whether the type is, or inherits from, a type of the standard library, without importing its module."""
    homes = (module, "_" + module, "_py" + module)
    return any(base.__name__ == name and base.__module__ in homes for base in kind.__mro__)


_REMEDIES = {
    "generator": "list(x)",
    "map": "list(x)",
    "filter": "list(x)",
    "zip": "list(x)",
    "enumerate": "list(x)",
    "coroutine": "the result of await x",
    "complex": "[x.real, x.imag]",
    "ellipsis": "a value, or leave it out",
    "Response": "x.text or x.json()",
    "Figure": "the path of a file that it is saved to",
}


def _refuse_kind(value, kind, place):
    remedy = _REMEDIES.get(kind.__name__)
    if remedy is None and hasattr(value, "read"):
        remedy = "x.read()"
    elif remedy is None and callable(value):
        remedy = "the result of calling it"
    elif remedy is None and hasattr(value, "__next__"):
        remedy = "list(x)"
    _refuse(place, f"{_article(kind.__name__)} has no form in JSON", remedy or "a dict, list, str or number made of it")


def _article(name):
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def _refuse(place, problem, remedy):
    raise ToolInputError(f"{place[:200]}: {problem}. Pass {remedy}.")
