"""Fixtures of the skills' tests: Python that runs in the sandbox, through exec-mcp's own tools."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
from support.stdio_client import Json, StdioClient, text_of

# Calls functions of a module, one after the other, and prints what became of each as JSON.
CALLER = """
import importlib, json, sys

module_name, calls = json.load(open(sys.argv[1]))
module = importlib.import_module(module_name)
outcomes = []
for function, arguments, options in calls:
    try:
        value = getattr(module, function)(*arguments, **options)
        plain = value if isinstance(value, dict) else None
        outcomes.append({"type": type(value).__name__, "text": str(value), "value": plain})
    except Exception as error:
        kinds = [kind.__name__ for kind in type(error).__mro__]
        outcomes.append({"type": "error", "text": str(error), "kinds": kinds})
print(json.dumps(outcomes))
"""

Call = tuple[str, list[Any], dict[str, Any]]


@pytest.fixture(scope="module")
def run_python(client: StdioClient) -> Callable[..., Json]:
    """Runs a program in the sandbox, the way an agent does: write_file, then execute_bash."""
    numbers = itertools.count(1)

    def run(source: str, *arguments: str, prefix: str = "", timeout: int = 120) -> Json:
        path = f"/workspace/program_{next(numbers)}.py"
        written = client.call_tool("write_file", file_path=path, content=source)
        assert not written.get("isError"), text_of(written)
        return client.bash(" ".join([prefix, "python3", path, *arguments]), timeout=timeout)

    return run


@pytest.fixture(scope="module")
def call_functions(client: StdioClient, run_python: Callable[..., Json]) -> Callable[..., list[Json]]:
    """Calls functions of a tool module in one process in the sandbox; the outcomes come back in order."""

    def call(module: str, calls: list[Call], prefix: str = "") -> list[Json]:
        path = "/workspace/calls.json"
        written = client.call_tool("write_file", file_path=path, content=json.dumps([module, calls]))
        assert not written.get("isError"), text_of(written)
        ran = run_python(CALLER, path, prefix=prefix)
        assert ran["exit_code"] == 0, ran
        assert ran["stderr"] == "", ran
        return json.loads(ran["stdout"])

    return call
