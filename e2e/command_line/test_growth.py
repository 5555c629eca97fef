"""How the cost grows: the fit on known curves, the verdicts, the report, the options. Nothing is measured here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarking.growth import fit, report
from benchmarking.growth.probe import Figures
from benchmarking.growth.series import Flat, Growth, Line, Linear
from benchmarking.growth.skills import make
from benchmarking.growth.subjects import SUBJECTS

PROGRAM = Path(__file__).resolve().parents[2] / "bench" / "growth.py"
STEPS = (1, 10, 100, 1_000)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(PROGRAM), *arguments], capture_output=True, text=True, timeout=60)


def growth_of(*values: float | None, rule: Linear | Flat | None, unit: str = "ms") -> Growth:
    return Growth("known", "A known curve", "calls", STEPS, (Line("figure", unit, values, rule),), notes=("made up",))


@pytest.mark.parametrize("power", [-0.5, 0, 0.5, 1, 1.5, 2])
def test_the_exponent_of_a_power_is_found(power: float) -> None:
    points = [(x, 7 * x**power) for x in (3, 8, 20, 90)]
    assert fit.exponent(points) == pytest.approx(power)


def test_the_exponent_is_that_of_the_best_line() -> None:
    # By hand: the logarithms to the base 10 are (0, 0), (1, 2), (2, 2), whose line has the slope 1.
    assert fit.exponent([(1, 1), (10, 100), (100, 100)]) == pytest.approx(1)
    with pytest.raises(ValueError, match="two points"):
        fit.exponent([(1, 1)])


@pytest.mark.parametrize(
    ("sizes", "taken"),
    [
        ((1, 10, 100, 1_000), (100, 1_000)),
        ((1, 2, 4, 8, 16, 32), (2, 4, 8, 16, 32)),  # they need to be ten times apart
        ((1, 5, 20, 100, 500), (20, 100, 500)),
        ((4, 8), (4, 8)),
    ],
)
def test_the_last_sizes_are_fitted(sizes: tuple[int, ...], taken: tuple[int, ...]) -> None:
    assert tuple(size for size, _ in fit.last([(size, 1.0) for size in sizes])) == taken


@pytest.mark.parametrize(("power", "kept"), [(0, True), (0.9, True), (1.1, True), (1.3, False), (2, False)])
def test_more_than_linear_is_not_kept(power: float, kept: bool) -> None:
    (verdict,) = growth_of(*(3 * step**power for step in STEPS), rule=Linear()).verdicts
    assert verdict.is_kept is kept
    assert f"exponent {power:.2f} from 100 to 1,000 calls; linear or better: {'yes' if kept else 'no'}" in verdict.text


def test_what_a_call_costs_at_the_least_hides_no_growth() -> None:
    (verdict,) = growth_of(*(50 + 0.01 * step**2 for step in STEPS), rule=Linear()).verdicts
    assert not verdict.is_kept


@pytest.mark.parametrize(("last", "word"), [(11.0, "yes (-1.0"), (22.0, "yes (+10.0"), (22.1, "no (+10.1")])
def test_memory_is_flat_up_to_the_limit(last: float, word: str) -> None:
    (verdict,) = growth_of(12, 30, 14, last, rule=Flat(10), unit="MB").verdicts
    assert f"flat: {word} MB between first and last)" in verdict.text
    assert verdict.is_kept is word.startswith("yes")


def test_sizes_are_named_and_counts_have_no_unit() -> None:
    lines = (Line("time", "ms", (1, 2), Linear()), Line("threads", "", (3, 5), Flat(1)))
    growth = Growth("known", "Files", "bytes", (1_000, 10_000), lines, ("1 KB", "10 KB"))
    texts = [verdict.text for verdict in growth.verdicts]
    assert texts[0].startswith("time: grows with exponent 0.30 from 1 KB to 10 KB;")
    assert texts[1] == "threads: flat: no (+2 between first and last)"
    assert "| threads | 3 | 5 |" in report.page({}, [growth], 1)


def test_there_is_no_verdict_without_a_rule_or_figures() -> None:
    assert growth_of(1, 10, 100, 1_000, rule=None).verdicts == []
    assert growth_of(None, None, None, 5, rule=Linear()).verdicts == []
    # What is not known at the first size is no reason to fall silent.
    assert len(growth_of(None, 1, 2, 3, rule=Linear()).verdicts) == 1


def test_figures_that_this_system_does_not_show_are_left_out() -> None:
    figures = Figures()
    for step in STEPS:
        figures.milliseconds("time", step / 1000, Linear())
        figures.megabytes("memory", None, Flat(1))
    (line,) = figures.lines()
    assert (line.name, line.unit, line.values) == ("time", "ms", (1, 10, 100, 1_000))


def test_the_report_says_it_to_people_to_programs_and_as_a_page() -> None:
    growth = growth_of(1.5, 15, 150, 15_000, rule=Linear())
    words = growth.verdicts[0].text
    assert words.endswith("linear or better: no")
    table = report.tables({"cores": "2"}, [growth], 3)
    assert words in table and "15,000" in table and "(made up)" in table
    page = report.page({"cores": "2"}, [growth], 3)
    assert "| figure, ms | 1.50 | 15 | 150 | 15,000 |" in page
    assert f"- {words}" in page and "(known.png)" in page and "| cores | 2 |" in page
    told = json.loads(report.as_json({"cores": "2"}, [growth], 3))
    assert told["growth"][0]["figures"][0]["values"] == [1.5, 15, 150, 15_000]
    assert told["growth"][0]["verdicts"] == [{"text": words, "kept": False}]


def test_skills_are_made_as_the_format_wants(tmp_path: Path) -> None:
    make(tmp_path, 3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["field-000", "field-001", "field-002"]
    text = (tmp_path / "field-002" / "SKILL.md").read_text()
    assert text.startswith("---\nname: field-002\ndescription: Know-how for field 2 ") and len(text) > 2_000


def test_help_names_the_options_and_the_subjects() -> None:
    help_ = run("--help")
    assert help_.returncode == 0 and help_.stderr == ""
    for word in ["--quick", "--json", "--check", "--only", "--output", *SUBJECTS]:
        assert word in help_.stdout


def test_an_unknown_subject_is_refused() -> None:
    refused = run("--only", "calls,cells")
    assert refused.returncode == 2 and "'cells'" in refused.stderr and refused.stdout == ""
