"""The comparison: its statistics on known numbers, its judgement, its options. It is not run here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarking import report
from benchmarking.figures import Spread, percentile, ratio
from benchmarking.goals import GOALS, Goal, judge
from benchmarking.results import Facts, Results, Timing
from benchmarking.rounds import LEAST, Action, Pace, interleave
from benchmarking.rows import ROWS

PROGRAM = Path(__file__).resolve().parents[2] / "bench" / "benchmark.py"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(PROGRAM), *arguments], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    ("percent", "expected"), [(0, 10), (25, 20), (50, 30), (90, 46), (95, 48), (100, 50), (99, 49.6)]
)
def test_percentiles_of_known_numbers(percent: float, expected: float) -> None:
    assert percentile([50, 10, 40, 20, 30], percent) == pytest.approx(expected)


def test_percentiles_of_one_number_and_of_none() -> None:
    assert percentile([7], 99) == 7
    with pytest.raises(ValueError, match="no samples"):
        percentile([], 50)


def test_a_ratio_is_taken_round_by_round() -> None:
    # The second round was ten times as slow for both, and in the fourth one of them took no part.
    above = [[2, 4, 6], [40], [8], [], [12]]
    below = [[1], [10], [2, 2], [5], [2]]
    spread = ratio(above, below)
    assert (spread.median, spread.count) == (4, 4)
    assert spread == Spread.of([4, 4, 4, 6])
    assert (spread.low, spread.high) == pytest.approx((4, 5.4))


def test_all_take_turns_and_the_slow_ones_fewer() -> None:
    calls: list[str] = []
    actions = {
        "one": Action(lambda: calls.append("one"), in_a_row=2, warm_up=1),
        "slow": Action(lambda: calls.append("slow"), in_a_row=3, warm_up=0, slow=True),
    }
    samples = interleave(actions, Pace(rounds=4, slow_rounds=2, slow_in_a_row=1))
    assert [len(turn) for turn in samples["one"]] == [2, 2, 2, 2]
    assert sorted(len(turn) for turn in samples["slow"]) == [0, 0, 1, 1]
    assert (calls.count("one"), calls.count("slow")) == (12, 2)


def test_nobody_always_follows_the_same_neighbour() -> None:
    calls: list[str] = []
    actions = {name: Action(lambda name=name: calls.append(name), in_a_row=1, warm_up=0) for name in "abc"}
    interleave(actions, Pace(rounds=12, slow_rounds=12))
    rounds = {"".join(calls[at : at + 3]) for at in range(0, 36, 3)}
    assert len(rounds) > 3 and {"".join(sorted(order)) for order in rounds} == {"abc"}


def test_no_round_begins_when_the_time_is_up() -> None:
    samples = interleave({"one": Action(lambda: None)}, Pace(rounds=100, slow_rounds=100, seconds=0))
    assert len(samples["one"]) == LEAST


def test_a_wrong_answer_ends_the_run() -> None:
    def refuse(answer: object) -> None:
        raise ValueError(f"wrong: {answer}")

    tidied: list[bool] = []
    action = Action(lambda: 42, refuse, after=lambda: tidied.append(True))
    with pytest.raises(ValueError, match="wrong: 42"):
        interleave({"one": action}, Pace(1, 1))
    assert tidied == [True]


def results_of(ours: float, theirs: float, memory: float) -> Results:
    """A run in which a call took so many seconds, and the server so many megabytes."""
    samples = {"exec-mcp": [[ours]] * 3, "docker exec": [[theirs]] * 3}
    return Results(
        [
            Timing("true", "execute_bash true", samples),
            Facts("memory", "memory", {"exec-mcp, idle with one sandbox": (memory, "MB")}),
        ]
    )


def verdict_words(results: Results) -> dict[str, str]:
    return {verdict.goal.text: verdict.word for verdict in judge(results)}


def test_goals_are_met_missed_or_not_measured() -> None:
    good, bad = verdict_words(results_of(0.001, 0.05, 12)), verdict_words(results_of(0.002, 0.05, 21))
    faster = "docker exec takes at least 40 × as long as execute_bash true"
    small = "memory under 20 MB, idle"
    assert (good[faster], good[small]) == ("met", "met")
    assert (bad[faster], bad[small]) == ("missed", "missed")
    assert good["tools/list under 800 tokens"] == "not measured"
    assert len(good) == len(GOALS)


@pytest.mark.parametrize(("value", "at_least", "word"), [(40, True, "met"), (39.99, True, "missed")])
def test_a_limit_itself_is_met(value: float, at_least: bool, word: str) -> None:
    goal = Goal("at least", 40, at_least, "×", lambda _: (value, ""))
    below = Goal("at most", 40, not at_least, "×", lambda _: (80 - value, ""))
    assert [verdict.word for verdict in judge(Results(), [goal, below])] == [word, word]


def test_the_report_says_it_to_people_and_to_programs() -> None:
    results = results_of(0.002, 0.05, 21)
    verdicts = judge(results)
    table = report.table({"cores": "2"}, results, verdicts, 1)
    assert "25.00 × faster (25.00 to 25.00)" in table
    told = json.loads(report.as_json({"cores": "2"}, results, verdicts, 1))
    assert told["rows"][0]["figures"]["exec-mcp"]["p50"] == 2
    assert told["rows"][0]["figures"]["docker exec"]["times_the_first"]["median"] == 25
    assert [goal["verdict"] for goal in told["goals"]].count("missed") == 2
    assert told["machine"] == {"cores": "2"}


def test_help_names_the_options_and_the_rows() -> None:
    help_ = run("--help")
    assert help_.returncode == 0 and help_.stderr == ""
    for word in ["--quick", "--json", "--check", "--only", *ROWS]:
        assert word in help_.stdout


def test_an_unknown_row_is_refused() -> None:
    refused = run("--only", "true,flase")
    assert refused.returncode == 2 and "'flase'" in refused.stderr and refused.stdout == ""
