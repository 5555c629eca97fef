"""The Berkeley Function Calling Leaderboard, as the package `bfcl-eval` holds it: tasks, their calls, and functions.

The package is installed without what it requires, most of which are clients of models. Only its data is read here; the
servers import the classes that stand behind its functions.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = dict[str, Any]

CLASSES = "bfcl_eval.eval_checker.multi_turn_eval.func_source_code"
# The class behind each API, and the name of its module and of the file that describes it.
APIS = {
    "GorillaFileSystem": "gorilla_file_system",
    "MathAPI": "math_api",
    "MessageAPI": "message_api",
    "TwitterAPI": "posting_api",
    "TicketAPI": "ticket_api",
    "TradingBot": "trading_bot",
    "TravelAPI": "travel_booking",
    "VehicleControlAPI": "vehicle_control",
}
# As the leaderboard itself turns its types into those of JSON Schema.
_TYPES = {"dict": "object", "float": "number", "tuple": "array", "any": "string"}


@dataclass(frozen=True)
class Function:
    name: str
    description: str
    schema: Json


@dataclass(frozen=True)
class Call:
    api: str
    function: str
    arguments: Json


@dataclass(frozen=True)
class Turn:
    """What the user says, and the calls that answer it."""

    text: str
    calls: tuple[Call, ...]


@dataclass(frozen=True)
class Task:
    id: str
    apis: tuple[str, ...]
    turns: tuple[Turn, ...]
    state: Json


def is_installed() -> bool:
    return importlib.util.find_spec("bfcl_eval") is not None


def version() -> str:
    from importlib import metadata

    return metadata.version("bfcl-eval")


@functools.cache
def tasks() -> tuple[Task, ...]:
    """All tasks of several turns, in the order of the file."""
    answers = {line["id"]: line["ground_truth"] for line in _lines("possible_answer/BFCL_v4_multi_turn_base.json")}
    return tuple(_task(line, answers[line["id"]]) for line in _lines("BFCL_v4_multi_turn_base.json"))


@functools.cache
def functions(api: str) -> tuple[Function, ...]:
    """The functions of an API."""
    return tuple(_function(line) for line in _lines(f"multi_turn_func_doc/{api}.json"))


@functools.cache
def other_functions() -> tuple[Function, ...]:
    """Further functions, of the sets with one turn, in the order of their files; the first of each name."""
    found: dict[str, Function] = {}
    for name in ("live_multiple", "multiple"):
        for line in _lines(f"BFCL_v4_{name}.json"):
            for described in line["function"]:
                found.setdefault(described["name"], _function(described))
    return tuple(found.values())


def _task(line: Json, answers: list[list[str]]) -> Task:
    apis = tuple(APIS[name] for name in line["involved_classes"])
    turns = tuple(
        Turn("\n".join(message["content"] for message in said), tuple(_call(text, apis) for text in calls))
        for said, calls in zip(line["question"], answers, strict=True)
    )
    return Task(line["id"], apis, turns, line["initial_config"])


def _call(text: str, apis: tuple[str, ...]) -> Call:
    """Reads a call in Python's notation."""
    call = ast.parse(text, mode="eval").body
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise ValueError(f"no call: {text}")
    name = call.func.id
    api, function = next((api, one) for api in apis for one in functions(api) if one.name == name)
    arguments = dict(zip(function.schema["properties"], map(ast.literal_eval, call.args)))  # noqa: B905
    arguments |= {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords if keyword.arg}
    return Call(api, name, arguments)


def _function(line: Json) -> Function:
    return Function(line["name"], line["description"], _schema(line["parameters"]))


def _schema(value: Any) -> Any:
    """A schema with the types that JSON Schema has."""
    if isinstance(value, list):
        return [_schema(one) for one in value]
    if not isinstance(value, dict):
        return value
    turned = {name: _schema(one) for name, one in value.items()}
    if isinstance(turned.get("type"), str):
        turned["type"] = _TYPES.get(turned["type"], turned["type"])
    return turned


def _lines(name: str) -> Iterator[Json]:
    found = importlib.util.find_spec("bfcl_eval")
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError("the package bfcl-eval is not installed: e2e/environment.sh tokens")
    path = Path(next(iter(found.submodule_search_locations))) / "data" / name
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
