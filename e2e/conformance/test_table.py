"""The table of scenarios says what the tests do: neither has a scenario that the other has not."""

import re
from pathlib import Path

HERE = Path(__file__).parent
ROW = re.compile(r"^\| `([\w-]+)` \| (mirrored|does not apply: \S)", re.MULTILINE)
TEST = re.compile(r"^def test_(\w+)\(", re.MULTILINE)


def test_every_scenario_is_mirrored_or_has_a_reason():
    table = (HERE / "README.md").read_text(encoding="utf-8")
    rows = ROW.findall(table)
    assert len(rows) == len([line for line in table.splitlines() if line.startswith("| `")])
    assert len({name for name, _ in rows}) == len(rows) > 60
    mirrored = {name for name, state in rows if state == "mirrored"}
    files = [file for file in HERE.glob("test_*.py") if file.name != Path(__file__).name]
    tests = [name for file in files for name in TEST.findall(file.read_text(encoding="utf-8"))]
    assert sorted(name.replace("-", "_") for name in mirrored) == sorted(tests)
