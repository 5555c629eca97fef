"""The package in the sandbox's image: its Python, its scientific types, its Perl."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from support import engine

# Answers on the bridge's socket with the arguments of a call, as text.
MIRROR = """
import json, os, socket, threading
listener = socket.socket(socket.AF_UNIX)
listener.bind("\\0mirror")
listener.listen()
os.environ["MCP_BRIDGE"] = "@mirror"
def serve():
    while True:
        opened, _ = listener.accept()
        for line in opened.makefile():
            request = json.loads(line)
            block = {"type": "text", "text": json.dumps([request["params"]["arguments"]])}
            answer = {"id": request["id"], "result": {"content": [block]}}
            opened.sendall(json.dumps(answer).encode() + b"\\n")
threading.Thread(target=serve, daemon=True).start()
from servers import ToolInputError, call_tool
def sent(value):
    return call_tool("shop", "tool", {"value": value})[0]["value"]
def refused(value):
    try:
        call_tool("shop", "tool", {"value": value})
    except ToolInputError as error:
        return str(error)
"""


def run(installed: Path, *command: str) -> str:
    """Runs a command in a container of the image, without network, with the package at its place."""
    options = ("--rm", "--network", "none", "--volume", f"{installed}:/mcp:ro", "--env", "PYTHONPATH=/mcp")
    return engine.run("run", *options, engine.IMAGE, *command)


@pytest.fixture(scope="module")
def values(installed: Path) -> dict[str, object]:
    """What became of values, and the refusals, from one run for all tests."""
    script = (
        MIRROR
        + """
import datetime, numpy as np, pandas as pd
frame = pd.DataFrame({"a": [1, 2]})
print(json.dumps({
    "int64": sent(np.int64(2**62)), "float32": sent(np.float32(0.5)), "bool": sent(np.bool_(True)),
    "str": sent(np.str_("text")), "array": sent(np.array([[1, 2], [3, 4]])), "empty": sent(np.array([])),
    "objects": sent(np.array([None, "a"], dtype=object)), "key": sent({np.int64(3): 1}),
    "time": sent(np.datetime64("2026-01-02T03:04:05.123456789")), "day": sent(np.datetime64("2026-01-02")),
    "days": sent(np.array(["2026-01-02", "2026-01-03"], dtype="datetime64[D]")),
    "timestamp": sent(pd.Timestamp("2026-01-02 03:04", tz="UTC")), "rows": sent(frame.to_dict("records")),
    "cell": sent(frame["a"].max()),
    "nan": refused(np.float64("nan")), "nan in array": refused(np.array([1.0, np.nan])),
    "frame": refused(frame), "series": refused(frame["a"]), "nat": refused(pd.NaT), "na": refused(pd.NA),
    "numpy nat": refused(np.array(["NaT"], dtype="datetime64[D]")), "complex": refused(np.complex128(1j)),
    "timedelta": refused(np.timedelta64(1, "D")), "pandas timedelta": refused(pd.Timedelta("1d")),
}))
"""
    )
    return json.loads(run(installed, "python3", "-c", script))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("int64", 2**62),
        ("float32", 0.5),
        ("bool", True),
        ("str", "text"),
        ("array", [[1, 2], [3, 4]]),
        ("empty", []),
        ("objects", [None, "a"]),
        ("key", {"3": 1}),
        ("time", "2026-01-02T03:04:05.123456789"),
        ("day", "2026-01-02"),
        ("days", ["2026-01-02", "2026-01-03"]),
        ("timestamp", "2026-01-02T03:04:00+00:00"),
        ("rows", [{"a": 1}, {"a": 2}]),
        ("cell", 2),
    ],
)
def test_scientific_values_become_json(values: dict[str, object], name: str, value: object) -> None:
    assert values[name] == value
    assert type(values[name]) is type(value)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("nan", "Pass None"),
        ("nan in array", "Pass None"),
        ("frame", 'x.to_dict("records")'),
        ("series", "x.tolist()"),
        ("nat", "Pass None"),
        ("na", "Pass None"),
        ("numpy nat", "Pass None"),
        ("complex", "[x.real, x.imag]"),
        ("timedelta", "number of seconds"),
        ("pandas timedelta", "x.total_seconds()"),
    ],
)
def test_scientific_values_without_a_form_are_refused_with_a_remedy(
    values: dict[str, object], name: str, remedy: str
) -> None:
    assert remedy in str(values[name])


def test_the_import_takes_less_than_20_ms_of_processor_time(installed: Path) -> None:
    script = "import time; a = time.process_time(); from servers import shop; print(time.process_time() - a)"
    runs = "for _ in 1 2 3 4 5; do python3 -c '" + script + "'; done"
    assert min(map(float, run(installed, "bash", "-c", runs).split())) < 0.02


def test_perl_has_what_the_example_needs(installed: Path) -> None:
    assert run(installed, "perl", "-MIO::Socket::UNIX", "-e", "print 1") == "1"


def test_the_command_runs(installed: Path) -> None:
    assert run(installed, "/mcp/bin/mcp", "--help").startswith("mcp: tools of the MCP servers")
    with pytest.raises(AssertionError, match="no bridge to MCP servers is here"):
        run(installed, "/mcp/bin/mcp")


def test_the_package_compiles_for_the_oldest_python(installed: Path) -> None:
    """Any image with Python 3.9 works. No such Python is here, but its grammar is."""
    for file in installed.rglob("*.py"):
        ast.parse(file.read_text(), feature_version=(3, 9))
