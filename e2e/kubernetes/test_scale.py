"""The measurement of many sandboxes (`make bench-scale`), with a few of them: it must go on working."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarking.growth.series import Growth
from scaling import report

PROGRAM = Path(__file__).resolve().parents[2] / "bench" / "scale.py"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, PROGRAM, *arguments], capture_output=True, text=True, timeout=240, check=False
    )


@pytest.fixture(scope="module")
def measured(kubectl: str) -> dict[str, dict[str, list[float]]]:
    """The figures of two pods and three, by table and name."""
    done = run("--quick", "--only", "cluster", "--sizes", "2,3", "--json")
    assert done.returncode == 0, done.stderr
    assert "left behind" not in done.stderr
    growths = json.loads(done.stdout)["growth"]
    assert [(growth["counted"], growth["steps"]) for growth in growths] == [("sandboxes", [2, 3])] * 3
    return {
        growth["title"].partition(": ")[2]: {figure["name"]: figure["values"] for figure in growth["figures"]}
        for growth in growths
    }


def test_every_sandbox_starts_and_is_there_again_after_the_api_server(measured):
    assert measured["all start at once"]["failed starts"] == [0, 0]
    assert all(all(value is not None for value in values) for table in measured.values() for values in table.values())


def test_each_sandbox_has_a_client_and_pipes_to_it(measured):
    two, three = measured["at rest"]["descriptors of exec-mcp"]
    assert three - two == 3
    two, three = measured["all start at once"]["processes of kubectl at once, at most"]
    assert two >= 2 and three >= 3
    rest = measured["at rest"]
    assert rest["memory of exec-mcp and all of these"][1] > rest["memory of exec-mcp, private"][1] > 0


@pytest.mark.parametrize("sizes", ["0", "1,x", ""])
def test_sizes_that_are_none_are_refused(sizes):
    done = run("--sizes", sizes)
    assert done.returncode == 2
    assert "isn't a list of numbers above 0" in done.stderr


def test_the_page_has_a_table_for_each_stage():
    growth = Growth("cluster", "Sandboxes somewhere", "sandboxes", (1, 10), (), notes=("a note",))
    page = report.page({"cores": "2"}, [growth], 7)
    assert "## Sandboxes somewhere\n\n| sandboxes | 1 | 10 |" in page
    assert "A note." in page and "| cores | 2 |" in page and "Measured in 7 s." in page
