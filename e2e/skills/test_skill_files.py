"""Every skill is well-formed, and every Python example in it runs by itself and makes the files it says it makes."""

from __future__ import annotations

import json
import re
import shlex
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.stdio_client import REPOSITORY, Json, StdioClient, text_of

SKILLS = sorted((REPOSITORY / "skills").glob("*/SKILL.md"))
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ARTIFACT = re.compile(r"[\"'](/artifacts/[^\"']+)[\"']")


def examples() -> list[Any]:
    """Each fenced Python block, by the line it begins on. Every block is a program of its own."""
    blocks = []
    for skill in SKILLS:
        text = skill.read_text(encoding="utf-8")
        for match in BLOCK.finditer(text):
            line = text.count("\n", 0, match.start(1)) + 1
            blocks.append(pytest.param(match[1], id=f"{skill.parent.name}-line-{line}"))
    return blocks


def front_matter(skill: Path) -> dict[str, str]:
    head = skill.read_text(encoding="utf-8").split("---\n")[1]
    return dict(line.split(": ", 1) for line in head.splitlines())


def test_both_skills_are_there() -> None:
    assert {skill.parent.name for skill in SKILLS} >= {"symbolic-computation", "data-visualization"}


@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.parent.name)
def test_front_matter_names_the_directory_and_describes_in_a_few_words(skill: Path) -> None:
    fields = front_matter(skill)
    assert fields["name"] == skill.parent.name
    assert 50 < len(fields["description"]) < 300
    assert ": " not in fields["description"], "a plain YAML scalar may not hold a colon and a space"


@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.parent.name)
def test_a_skill_is_short_enough_to_read_whole(skill: Path) -> None:
    assert len(skill.read_text(encoding="utf-8").splitlines()) < 200


@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.parent.name)
def test_every_fenced_block_is_python_that_is_tested_here(skill: Path) -> None:
    text = skill.read_text(encoding="utf-8")
    blocks = BLOCK.findall(text)
    assert blocks
    assert len(re.findall(r"^\s*(```|~~~)", text, re.MULTILINE)) == 2 * len(blocks)


@pytest.mark.parametrize("source", examples())
def test_an_example_runs_by_itself_without_a_warning(
    source: str, client: StdioClient, run_python: Callable[..., Json]
) -> None:
    promised = sorted(set(ARTIFACT.findall(source)))
    if promised:
        client.bash("rm -f -- " + shlex.join(promised))

    ran = run_python(source)

    assert ran["exit_code"] == 0, ran
    assert ran["stderr"] == "", ran
    assert ran["stdout"] or promised, "an example shows something"
    check = "import sys; from artifact_validation import validate_artifact as check; print(check(sys.argv[1]))"
    for path in promised:
        report = json.loads(client.bash(f"python3 -c {shlex.quote(check)} {shlex.quote(path)}")["stdout"])
        assert report["valid"], report
        assert report["warnings"] == [], report
        assert report["path"] == path


@pytest.mark.parametrize("kind", [".png", ".svg", ".html", ".json"])
def test_the_visualization_skill_shows_how_to_save(kind: str) -> None:
    saved = ARTIFACT.findall((REPOSITORY / "skills/data-visualization/SKILL.md").read_text(encoding="utf-8"))
    assert any(path.endswith(kind) for path in saved)


def test_a_chart_comes_back_as_a_picture(client: StdioClient, run_python: Callable[..., Json]) -> None:
    """The skill tells the agent to look at its charts with read_file."""
    drawn = run_python(
        "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nplt.savefig('/artifacts/look.png')\nplt.close()\n"
    )
    assert drawn["exit_code"] == 0, drawn
    result = client.call_tool("read_file", file_path="/artifacts/look.png")
    assert not result.get("isError"), text_of(result)
    assert [(block["type"], block["mimeType"]) for block in result["content"]] == [("image", "image/png")]


def test_a_plotly_page_holds_all_of_plotly(client: StdioClient, run_python: Callable[..., Json]) -> None:
    """The other ways of include_plotlyjs make pages that the skill warns of, and validate_artifact too."""
    source = """
        import json
        import plotly.graph_objects as go
        from artifact_validation import validate_artifact
        figure = go.Figure(go.Bar(x=["a", "b"], y=[1, 2]))
        for name, include in {"whole": True, "cdn": "cdn", "directory": "directory", "none": False}.items():
            path = f"/artifacts/plotly_{name}.html"
            figure.write_html(path, include_plotlyjs=include)
            print(json.dumps([name, json.loads(validate_artifact(path))]))
    """
    ran = run_python(textwrap.dedent(source))
    assert ran["exit_code"] == 0, ran
    reports = dict(json.loads(line) for line in ran["stdout"].splitlines())
    assert all(report["valid"] for report in reports.values()), reports
    assert [name for name, report in reports.items() if not report["warnings"]] == ["whole"]
    assert reports["whole"]["size"] > 1_000_000
