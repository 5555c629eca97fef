"""What a script may pass as arguments, and what it is told about the rest."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import io
import pathlib
import uuid
from typing import Any, ClassVar, NamedTuple

import pytest
from support.scripted_bridge import ScriptedBridge, text

D = decimal.Decimal


class Color(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


class Word(str, enum.Enum):
    YES = "yes"


@dataclasses.dataclass
class Order:
    number: int
    lines: list[Order]
    kind: ClassVar[str] = "order"


class Point(NamedTuple):
    x: int
    y: int


class Text(str):
    pass


class FakeScalar:
    """Looks as numpy's scalars and arrays do."""

    def __init__(self, plain: Any, kind: str = "i") -> None:
        self.plain = plain
        self.dtype = type("dtype", (), {"kind": kind})

    def tolist(self) -> Any:
        return self.plain


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (None, None),
        (True, True),
        (12345678901234567890123, 12345678901234567890123),
        (-(10**4000), -(10**4000)),
        (1.5, 1.5),
        (pathlib.PurePosixPath("/a/b"), "/a/b"),
        (datetime.datetime(2026, 1, 2, 3, 4), "2026-01-02T03:04:00"),
        (datetime.datetime(2026, 1, 2, 3, 4, tzinfo=datetime.timezone.utc), "2026-01-02T03:04:00+00:00"),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (datetime.time(3, 4), "03:04:00"),
        (D("12"), 12),
        (D("1E+2"), 100),
        (D("0.1"), 0.1),
        (D("1.50"), 1.5),
        ({3, 1, 2}, [1, 2, 3]),
        (frozenset("ba"), ["a", "b"]),
        ({1, "a"}, [1, "a"]),
        ((1, (2,)), [1, [2]]),
        (Point(1, 2), [1, 2]),
        (Order(1, [Order(2, [])]), {"number": 1, "lines": [{"number": 2, "lines": []}]}),
        (Color.RED, "red"),
        (Level.HIGH, 3),
        (Word.YES, "yes"),
        (Text("text"), "text"),
        (uuid.UUID(int=0), "00000000-0000-0000-0000-000000000000"),
        (range(3), [0, 1, 2]),
        (collections.deque([1]), [1]),
        ({"a": 1}.keys(), ["a"]),
        (collections.OrderedDict(a=Color.RED), {"a": "red"}),
        (collections.defaultdict(list, a=[1]), {"a": [1]}),
        ({1: "a", Color.RED: "b"}, {"1": "a", "red": "b"}),
        ({datetime.date(2026, 1, 2): 1}, {"2026-01-02": 1}),
        (FakeScalar(3), 3),
        (FakeScalar([[1.0, 2.0]], "f"), [[1.0, 2.0]]),
        ("é\u2028\n\0", "é\u2028\n\0"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_becomes_json(bridge: ScriptedBridge, value: Any, sent: Any) -> None:
    from servers import call_tool

    bridge.tools["tool"] = text("done")
    call_tool("shop", "tool", {"value": value, "nested": [{"value": value}]})
    assert bridge.calls() == [
        {"server": "shop", "tool": "tool", "arguments": {"value": sent, "nested": [{"value": sent}]}}
    ]


def circle() -> list[Any]:
    made: list[Any] = []
    made.append(made)
    return made


def deep() -> Any:
    made: Any = 1
    for _ in range(200):
        made = [made]
    return made


async def coroutine() -> None:
    pass


class Frame:
    pass


DataFrame = type("DataFrame", (), {"__module__": "pandas.core.frame"})
Series = type("Series", (), {"__module__": "pandas.core.series", "tolist": lambda self: [1]})
Missing = type("NaTType", (), {"__module__": "pandas._libs", "__str__": lambda self: "NaT"})


@pytest.mark.parametrize(
    ("value", "problem", "remedy"),
    [
        (float("nan"), "nan is no JSON number", "None, or leave it out"),
        (float("-inf"), "-inf is no JSON number", "None"),
        (D("NaN"), "NaN is no JSON number", "None"),
        (D("0.12345678901234567890"), "more digits than a JSON number keeps", "str(x) or float(x)"),
        (FakeScalar(float("nan"), "f"), "nan is no JSON number", "None"),
        (FakeScalar(1j, "c"), "complex", "[x.real, x.imag]"),
        (10**5000, "4,300 digits", "text"),
        (b"bytes", "bytes", ".decode()"),
        (DataFrame(), "DataFrame", 'x.to_dict("records")'),
        (Series(), "Series", "x.tolist()"),
        (Missing(), "NaT", "None"),
        (datetime.timedelta(1), "timedelta", "x.total_seconds()"),
        (1j, "complex", "[x.real, x.imag]"),
        ((one for one in "ab"), "generator", "list(x)"),
        (map(str, []), "map", "list(x)"),
        (iter([]), "list_iterator", "list(x)"),
        (io.StringIO("a"), "StringIO", "x.read()"),
        (len, "builtin_function_or_method", "result of calling it"),
        (object(), "an object", "a dict, list, str or number"),
        ([...], "ellipsis", "leave it out"),
        (circle(), "contains itself", ""),
        (deep(), "nested", ""),
        ({None: 1}, "None", "a str"),
        ({(1, 2): 1}, "(1, 2)", "a str"),
        ({1: 1, "1": 2}, "two keys", ""),
        ("\udc80", "surrogate", 'encode("utf-8", "replace")'),
    ],
    ids=lambda value: value if type(value) is str and value.isascii() else type(value).__name__,
)
def test_a_value_without_a_form_in_json_is_refused_with_a_remedy(
    bridge: ScriptedBridge, value: Any, problem: str, remedy: str
) -> None:
    from servers import ToolInputError, call_tool

    with pytest.raises(ToolInputError) as caught:
        call_tool("shop", "tool", {"orders": [{"value": value}]})
    assert problem in str(caught.value)
    assert remedy in str(caught.value)
    assert (caught.value.server, caught.value.tool) == ("shop", "tool")
    assert bridge.requests == []


def test_a_refusal_says_where_the_value_is(bridge: ScriptedBridge) -> None:
    from servers import ToolInputError, call_tool

    with pytest.raises(ToolInputError, match=r"orders\[1\]\.price: nan"):
        call_tool("shop", "tool", {"orders": [{}, {"price": float("nan")}]})


def test_arguments_over_the_limit_are_refused_before_they_are_sent(bridge: ScriptedBridge) -> None:
    from servers import ToolInputError, call_tool

    with pytest.raises(ToolInputError, match="the limit is 8,388,608"):
        call_tool("shop", "tool", {"text": "a" * (8 * 1024 * 1024)})
    bridge.tools["tool"] = text("still here")
    assert call_tool("shop", "tool", {}) == "still here"


@pytest.mark.parametrize("arguments", ["text", 3, [1]])
def test_arguments_that_are_no_dict_are_refused(bridge: ScriptedBridge, arguments: Any) -> None:
    from servers import ToolInputError, call_tool

    with pytest.raises(ToolInputError, match="must be a dict"):
        call_tool("shop", "tool", arguments)


def test_a_record_may_stand_for_the_arguments(bridge: ScriptedBridge) -> None:
    from servers import call_tool

    bridge.tools["tool"] = text("done")
    call_tool("shop", "tool", Order(1, []))
    assert bridge.calls()[0]["arguments"] == {"number": 1, "lines": []}


@pytest.mark.parametrize("timeout", [0, -1, float("inf"), "5", True])
def test_a_timeout_is_a_positive_number(bridge: ScriptedBridge, timeout: Any) -> None:
    from servers import ToolInputError, call_tool

    with pytest.raises(ToolInputError, match="timeout"):
        call_tool("shop", "tool", {}, timeout=timeout)


def test_a_timeout_is_passed_on_in_seconds(bridge: ScriptedBridge) -> None:
    from servers import call_tool

    bridge.tools["tool"] = text("done")
    call_tool("shop", "tool", timeout=datetime.timedelta(minutes=2))
    assert bridge.calls() == [{"server": "shop", "tool": "tool", "arguments": {}, "timeout": 120.0}]
