"""The APIs of the Berkeley Function Calling Leaderboard as MCP servers, and further functions that only fill the list.

    python -m benchmarking.tokens.servers.functions api NAME FILE
    python -m benchmarking.tokens.servers.functions others FIRST COUNT

FILE holds the number of the run and the id of the task whose state the API has; when it changes, the API starts anew.
"""

from __future__ import annotations

import copy
import importlib
import sys
from pathlib import Path
from typing import Any

from benchmarking.tokens import leaderboard
from benchmarking.tokens.servers.program import Offer, serve


class Api:
    """An API in the state of a task."""

    def __init__(self, name: str, file: Path) -> None:
        self._class_name = next(key for key, value in leaderboard.APIS.items() if value == name)
        self._class = getattr(importlib.import_module(f"{leaderboard.CLASSES}.{name}"), self._class_name)
        self._file = file
        self._states = {task.id: task.state for task in leaderboard.tasks()}
        self._run = ""
        self._instance: Any = None

    def call(self, function: str, arguments: dict[str, Any]) -> Any:
        run = self._file.read_text(encoding="utf-8")
        if run != self._run:
            self._run, self._instance = run, self._class()
            state = self._states[run.split()[1]]
            if hasattr(self._instance, "_load_scenario"):
                self._instance._load_scenario(copy.deepcopy(state.get(self._class_name, {})))
        return getattr(self._instance, function)(**arguments)


def api(name: str, file: Path) -> list[Offer]:
    state = Api(name, file)

    def offer(function: leaderboard.Function) -> Offer:
        return Offer(
            function.name,
            function.description,
            function.schema,
            lambda **arguments: state.call(function.name, arguments),
        )

    return [offer(function) for function in leaderboard.functions(name)]


def others(first: int, count: int) -> list[Offer]:
    return [
        Offer(function.name, function.description, function.schema, lambda **_: "nothing")
        for function in leaderboard.other_functions()[first : first + count]
    ]


if __name__ == "__main__":
    if sys.argv[1] == "api":
        serve(sys.argv[2], api(sys.argv[2], Path(sys.argv[3])))
    else:
        serve(f"others_{sys.argv[2]}", others(int(sys.argv[2]), int(sys.argv[3])))
