"""Options of `mcp call` become values of the types that the tool's schema says."""

from __future__ import annotations

from typing import Any

import pytest

STRING, INTEGER, NUMBER, BOOLEAN = ({"type": kind} for kind in ("string", "integer", "number", "boolean"))


def parse(words: list[str], properties: Any, **schema: Any) -> dict[str, Any]:
    from servers import _cli_arguments

    details = {"name": "tool", "inputSchema": {"type": "object", "properties": properties, **schema}}
    return _cli_arguments.parse(words, details).arguments


@pytest.mark.parametrize(
    ("schema", "words", "value"),
    [
        (STRING, ["--a", "1"], "1"),
        (STRING, ["--a", "true"], "true"),
        (STRING, ["--a", ""], ""),
        (STRING, ["--a=--b"], "--b"),
        (STRING, ["--a", '{"b": 1}'], '{"b": 1}'),
        (INTEGER, ["--a", "-5"], -5),
        (INTEGER, ["--a", "007"], 7),
        (INTEGER, ["--a", "12345678901234567890"], 12345678901234567890),
        (NUMBER, ["--a", "1.5"], 1.5),
        (NUMBER, ["--a", "1e3"], 1000.0),
        (NUMBER, ["--a", "12345678901234567890"], 12345678901234567890),
        (BOOLEAN, ["--a"], True),
        (BOOLEAN, ["--no-a"], False),
        (BOOLEAN, ["--a", "false"], False),
        (BOOLEAN, ["--a=no"], False),
        ({"type": ["boolean", "null"]}, ["--a"], True),
        ({"type": "array", "items": INTEGER}, ["--a", "1", "--a", "2"], [1, 2]),
        ({"type": "array", "items": INTEGER}, ["--a", "1"], [1]),
        ({"type": "array", "items": INTEGER}, ["--a", "[1, 2]"], [1, 2]),
        ({"type": "array"}, ["--a", "x"], ["x"]),
        ({"type": "array", "items": {"type": "object"}}, ["--a", '{"b": 1}'], [{"b": 1}]),
        ({"type": "array", "items": STRING}, ["--a", "[x]"], ["[x]"]),
        ({"type": "array", "items": STRING}, ["--a-json", "[]"], []),
        ({"type": "object"}, ["--a", '{"b": 1}'], {"b": 1}),
        (STRING, ["--a-json", '{"b": null}'], {"b": None}),
        (STRING, ["--a_json=null"], None),
        ({"enum": [1, "two", None, True]}, ["--a", "1"], 1),
        ({"enum": [1, "two", None, True]}, ["--a", "two"], "two"),
        ({"enum": [1, "two", None, True]}, ["--a", "null"], None),
        ({"enum": [1, "two", None, True]}, ["--a", "true"], True),
        ({"const": 3}, ["--a", "3"], 3),
        ({"type": ["string", "integer"]}, ["--a", "5"], 5),
        ({"type": ["string", "integer"]}, ["--a", "007"], "007"),
        ({"anyOf": [STRING, {"type": "null"}]}, ["--a", "null"], "null"),
        ({"anyOf": [INTEGER, {"type": "null"}]}, ["--a", "null"], None),
        ({"anyOf": [INTEGER, {"type": "null"}]}, ["--a", "3"], 3),
        ({"anyOf": [{"type": "array", "items": INTEGER}, {"type": "null"}]}, ["--a", "3"], [3]),
        ({"anyOf": [{"type": "array", "items": INTEGER}, STRING]}, ["--a", "3"], "3"),
        ({"anyOf": [{"type": "array", "items": INTEGER}, STRING]}, ["--a", "3", "--a", "4"], [3, 4]),
        ({"type": "integer", "nullable": True}, ["--a", "null"], None),
        ({"$ref": "#/$defs/Count"}, ["--a", "3"], 3),
        ({"$ref": "#/$defs/Loop"}, ["--a", "3"], "3"),
        ({"$ref": "https://elsewhere/x"}, ["--a", "3"], "3"),
        ({"allOf": [{"description": "x"}, INTEGER]}, ["--a", "3"], 3),
        ({}, ["--a", "3"], "3"),
        (True, ["--a", "[1]"], [1]),
        ({}, ["--a", "[x"], "[x"),
        ({"type": 3}, ["--a", "3"], "3"),
    ],
)
def test_a_value_has_the_type_of_its_schema(installed: object, schema: Any, words: list[str], value: Any) -> None:
    defs = {"Count": INTEGER, "Loop": {"$ref": "#/$defs/Loop"}}
    parsed = parse(words, {"a": schema}, **{"$defs": defs})
    assert parsed == {"a": value}
    assert type(parsed["a"]) is type(value)


@pytest.mark.parametrize(
    ("schema", "word"),
    [
        (INTEGER, "1.5"),
        (INTEGER, "٣"),
        (INTEGER, "1_000"),
        (NUMBER, "nan"),
        (NUMBER, "1_000.5"),
        (NUMBER, "inf"),
        (BOOLEAN, "maybe"),
        ({"type": "object"}, "[1]"),
        ({"type": "object"}, "{"),
        ({"type": "null"}, "x"),
    ],
)
def test_a_value_of_another_type_is_refused(installed: object, schema: Any, word: str) -> None:
    from servers import ToolInputError

    with pytest.raises(ToolInputError, match="must be"):
        parse([f"--a={word}"], {"a": schema})


@pytest.mark.parametrize(
    ("option", "name"),
    [
        ("--repo-path", "repo_path"),
        ("--repo_path", "repo_path"),
        ("--max-count", "maxCount"),
        ("--maxcount", "maxCount"),
        ("--body-json", "body-json"),
        ("--timeout", "timeout"),
        ("--raw", "raw"),
        ("--x.y", "x.y"),
    ],
)
def test_an_option_finds_its_parameter(installed: object, option: str, name: str) -> None:
    names = ("repo_path", "maxCount", "body-json", "timeout", "raw", "x.y", "a_b", "a-b")
    assert parse([option, "1"], {name: STRING for name in names}) == {name: "1"}


def test_an_exact_name_comes_before_a_similar_one(installed: object) -> None:
    properties = {"a_b": STRING, "a-b": STRING}
    assert parse(["--a-b", "1", "--a_b", "2"], properties) == {"a-b": "1", "a_b": "2"}


@pytest.mark.parametrize(
    ("additional", "words", "parsed"),
    [
        (True, ["--more", "1"], {"more": "1"}),
        (INTEGER, ["--more", "1"], {"more": 1}),
        (INTEGER, ["--more-things", "1", "--more-things", "2"], None),
        (False, ["--more", "1"], None),
        (None, ["--more", "1"], None),
    ],
)
def test_further_arguments_pass_if_the_schema_says_so(
    installed: object, additional: Any, words: list[str], parsed: Any
) -> None:
    from servers import ToolInputError

    schema = {} if additional is None else {"additionalProperties": additional}
    if parsed is None:
        with pytest.raises(ToolInputError):
            parse(words, {"a": STRING}, **schema)
    else:
        assert parse(words, {"a": STRING}, **schema) == parsed


@pytest.mark.parametrize("schema", [None, [], "text", {"properties": []}, {"properties": {"a": None}}, {"required": 3}])
def test_a_broken_schema_takes_text(installed: object, schema: Any) -> None:
    from servers import _cli_arguments

    assert _cli_arguments.parse(["--a", "1"], {"inputSchema": schema}).arguments == {"a": "1"}


def test_parts_of_a_schema_are_joined(installed: object) -> None:
    parts = [{"properties": {"b": INTEGER}, "required": ["b"]}, {"properties": {"c": BOOLEAN}}]
    assert parse(["7", "--c"], {}, allOf=parts) == {"b": 7, "c": True}
