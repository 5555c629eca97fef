"""What the bridge saves in tokens: sums of known conversations, and one small workload that is really run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarking.tokens import goals, page, report
from benchmarking.tokens.nested import DIRECT, NESTED, PIPE, Costs, Row
from benchmarking.tokens.outcome import (
    BRIDGE,
    ONE_BY_ONE,
    PARALLEL,
    SIGNATURES,
    Case,
    Outcome,
    break_even,
    measured,
    total,
)
from benchmarking.tokens.transcript import Sums, Transcript, calls, sums, tool_list
from benchmarking.tokens.vocabulary import BYTES, Ruler
from benchmarking.tokens.workloads import WORKLOADS

PROGRAM = Path(__file__).resolve().parents[2] / "bench" / "tokens.py"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(PROGRAM), *arguments], capture_output=True, text=True, timeout=120)


def conversation(head: str = "HEAD") -> Transcript:
    """Three requests, whose contexts have 7, 7 + 2 + 10, and 19 + 1 + 4 bytes beside a head of 4."""
    said = Transcript((head,))
    said.read("Do it!!")
    said.write("go")
    said.read("0123456789")
    said.write("x")
    said.read("done")
    said.write("Ready.")
    return said


def test_a_request_sends_everything_before_it() -> None:
    found = sums(conversation(), Ruler(), BYTES)
    assert found == Sums(requests=3, last=28, all=11 + 23 + 28, written=9)


def test_a_prompt_cache_makes_all_but_what_is_new_cheaper() -> None:
    found = sums(conversation(), Ruler(), BYTES)
    assert found.cached == pytest.approx(11 + (12 + 1.1) + (5 + 2.3))


def test_a_longer_head_is_sent_with_every_request() -> None:
    ruler = Ruler()
    longer = sums(conversation("HEAD and more"), ruler, BYTES)
    assert sums(conversation(), ruler, BYTES).with_head(len(" and more")) == longer


def test_a_long_text_is_counted_whole() -> None:
    text = "a line of words\n" * 20_000
    assert Ruler().size(text, BYTES) == len(text)


def test_tools_are_counted_as_a_model_gets_them() -> None:
    tool = {"name": "add", "description": "Adds.", "inputSchema": {"type": "object"}, "annotations": {"title": "+"}}
    assert tool_list([tool]) == '{"name":"add","description":"Adds.","inputSchema":{"type":"object"}}'
    assert calls([("add", {"a": 1})]) == '{"name":"add","arguments":{"a":1}}'


def case_of(direct: Sums, bridge: Sums, head: int = 0, own: int = 0) -> Case:
    arms = {ONE_BY_ONE: {BYTES: direct}, PARALLEL: {BYTES: direct}, BRIDGE: {BYTES: bridge}}
    return Case("known", arms, {BYTES: head}, {BYTES: own}, 1)


@pytest.mark.parametrize("kind", ["last", "all", "cached"])
@pytest.mark.parametrize("has_own", [False, True])
def test_nothing_is_saved_at_the_break_even(kind: str, has_own: bool) -> None:
    direct, bridge = Sums(5, 900, 3_000, 50), Sums(3, 1_500, 4_000, 60)
    at = break_even([case_of(direct, bridge, 200, 100)] * 2, ONE_BY_ONE, BYTES, kind, has_own=has_own)
    there = case_of(direct.with_head(-200).with_head(at), bridge, at, 100)
    assert there.saved(ONE_BY_ONE, kind, BYTES, has_own=has_own) == pytest.approx(0)


def test_a_case_that_costs_more_is_not_hidden() -> None:
    lost = case_of(Sums(2, 100, 150, 5), Sums(3, 150, 300, 9))
    assert lost.saved(ONE_BY_ONE, "all", BYTES) == -1
    lost.arms[SIGNATURES] = {BYTES: Sums(3, 60, 149, 7)}
    outcome = Outcome("functions", "W3", [total("all", [lost, lost])], tasks={"all": [lost, lost]})
    text = page.page(report.Run({"cores": "2"}, Ruler(), [outcome]))
    assert f"| all: {ONE_BY_ONE} | -50.0 % | -100.0 % |" in text
    assert f"| all | {ONE_BY_ONE} | 2 | 2 | 0 | 0 |" in text


def test_goals_are_met_missed_or_not_measured() -> None:
    known = case_of(Sums(3, 100_000, 150_000, 50_000), Sums(3, 1_000, 3_000, 100))
    rows = [Row("calls", {PIPE: [[0.001]], DIRECT: [[0.002]], NESTED: [[0.004]]}, lambda time: time * 1000, "ms")]
    known.name = goals.MEETING
    words = [verdict.word for verdict in goals.judge([Outcome("meeting", "W1", [known])], Costs(rows))]
    assert words == ["met", *["not measured"] * 4, "missed"]


def test_nothing_is_promised_of_smaller_workloads() -> None:
    lost = case_of(Sums(2, 100, 150, 5), Sums(3, 150, 300, 9))
    workloads = [Outcome("meeting", "W1", [lost]), Outcome("functions", "W3", [lost], tasks={lost.name: [lost]})]
    assert {verdict.word for verdict in goals.judge(workloads, None)} == {"not measured"}


def test_help_names_the_options_and_the_parts() -> None:
    help_ = run("--help")
    assert help_.returncode == 0 and help_.stderr == ""
    for word in ["--quick", "--json", "--check", "--only", "--output", *WORKLOADS, "nested-calls"]:
        assert word in help_.stdout


def test_an_unknown_part_is_refused() -> None:
    refused = run("--only", "expenses,expanses")
    assert refused.returncode == 2 and "'expanses'" in refused.stderr and refused.stdout == ""


def test_a_quick_run_of_one_workload_adds_up() -> None:
    done = run("--quick", "--json", "--only", "expenses")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    (workload,) = told["workloads"]
    assert [case["name"] for case in workload["cases"]] == ["1 person", "8 people"]
    for case in workload["cases"]:
        requests = {arm: by_unit[BYTES]["requests"] for arm, by_unit in case["arms"].items()}
        # A request for each call and for the answer; the team, all others, the answer; docstrings, script, answer.
        assert requests == {ONE_BY_ONE: case["calls"] + 1, PARALLEL: 3, BRIDGE: 3}
        for by_unit in case["arms"].values():
            for unit in told["units"]:
                one = by_unit[unit]
                assert one["cached"] == pytest.approx(one["last"] + (one["all"] - one["last"]) / 10, abs=0.1)
                assert 0 < one["last"] < one["all"] < one["requests"] * one["last"]
    few, many = (case["arms"] for case in workload["cases"])
    assert few[BRIDGE][BYTES]["last"] + 100 > many[BRIDGE][BYTES]["last"]
    assert few[ONE_BY_ONE][BYTES]["last"] * 6 < many[ONE_BY_ONE][BYTES]["last"]


def test_measuring_keeps_the_arms_apart() -> None:
    ruler = Ruler()
    case = measured(ruler, "known", {ONE_BY_ONE: conversation(), BRIDGE: conversation("H")}, "HEAD", ("a", "bc"), 2)
    assert case.arms[ONE_BY_ONE][BYTES].last - case.arms[BRIDGE][BYTES].last == 3
    assert (case.head[BYTES], case.own[BYTES]) == (4, 3)
