"""The page for the documents."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from benchmarking.figures import Spread
from benchmarking.report import number
from benchmarking.tokens import nested
from benchmarking.tokens.goals import CALL_LIMIT
from benchmarking.tokens.nested import Costs, Row
from benchmarking.tokens.outcome import (
    BRIDGE,
    KINDS,
    ONE_BY_ONE,
    PARALLEL,
    SIGNATURES,
    Case,
    Outcome,
    break_even,
)
from benchmarking.tokens.report import Run

INTRODUCTION = """# Tokens

What a task costs if a model calls tools itself, and what if it writes a script that calls them through
[the bridge](../bridge.md). `make bench-tokens` made this page and its plot, in one run on the machine described below.

![Tokens of all requests by workload, and the share saved in each task](tokens.png)
"""

METHOD = """## Method

No model takes part: a program writes down what a model would read and write. Everything else is real.

- **Direct arm**: the published client `mcp` calls the servers. Their list of tools and the text of their results are
  counted as they arrive. *One call at a time* is a request for each call. *In parallel* is one request for all calls of
  a turn, even if a call needs what another returns: a lower bound.
- **Bridge arm**: exec-mcp runs with the same servers and a real sandbox. Its system prompt, its tools, the calls with
  the scripts, and its results are counted as they are. Before it uses a tool the agent reads its docstring, with
  `read_docstring`; if the prompt does not hold the tool's signature, it first lists its server with `mcp list`. Each of
  that is a request more. *Signatures only* leaves out the docstrings.
- Everything that exec-mcp says is charged to the bridge arm, as if the host had it for the bridge alone. The tables
  also say what is saved if the host has exec-mcp in both arms.
- Of a tool in a list, the name, the description and the schema of the arguments are counted, as compact JSON. A host's
  own system prompt, and the marks that a provider puts between messages, are counted in neither arm.
- **Measured**: every text, by the vocabularies cl100k and o200k and in bytes; the number of requests. **Computed** from
  these: *last context* (what the last request sends), *all requests* (the sum of what they send), *prompt cache* (the
  same, if the part that a request shares with the one before it costs a tenth), shares, break-even.
- Both arms must come to the same: the record in the CRM, the answer about the expenses, every result of every function.
  A run in which they do not ends with an error.
- Real models make mistakes, and look things up that they know. Neither is in these figures, on either side.
"""

ESTIMATES = """The design of the bridge named figures to expect, from drafts of its texts. Why these differ:

- **Looking up.** Here the agent reads the docstring of every tool before its first use, also if the prompt holds its
  signature: one request more in each turn with a new tool, {lookups:,} of {requests:,} in W3 with the task's own APIs.
  *Signatures only* shows what that costs.
- **exec-mcp's own texts.** W1 and W2 take three requests: docstrings, script, answer. Each sends exec-mcp's prompt and
  tools, which is most of what the bridge arm costs there, and does not grow with the data.
- **128 and 655 tools.** The prompt holds signatures up to its budget of 1,500 tokens, and every request sends them. For
  tools beyond it the agent also lists a server, once in a task."""

CASES = {
    "meeting": """Two servers with two tools each. The direct arm reads the transcript and writes it again; the script
passes it on.""",
    "expenses": """One server with three tools. The direct arm reads all lines and computes without a slip; the script
prints who is over the budget.""",
    "functions": """The Berkeley Function Calling Leaderboard, version 4, `multi_turn_base`: all tasks, with the calls
that it holds to be right, made against its own classes behind MCP servers. Nothing is filtered: a script prints every
result that the direct arm reads. So only the list of tools and requests can be saved. Three sets of tools are
installed: those of the task's own APIs; those of all eight APIs; and those with 527 further functions, taken from the
leaderboard's `live_multiple` and `multiple` in the order of the files, which no task calls. The leaderboard's
descriptions of results are left out in both arms; with them, every list would be longer. Arguments are those of the
leaderboard's answers in both arms; where one is a result of the same turn, a real script would have a variable, and
direct calls could not be made in parallel.""",
}


def page(run: Run) -> str:
    unit = run.ruler.main
    blocks = [INTRODUCTION.rstrip(), *_claim(run.outcomes, unit), METHOD.rstrip()]
    for outcome in run.outcomes:
        blocks += _workload(outcome, run.ruler.units)
    functions = next((outcome for outcome in run.outcomes if outcome.tasks), None)
    if functions:
        blocks += [*_lost(functions, unit), *_break_even(functions, unit), *_estimates(run.outcomes, unit)]
    if run.costs:
        blocks += _nested(run.costs)
    rows = [f"| {name} | {value} |" for name, value in run.machine.items()]
    blocks.append("\n".join(["## Machine", "", "| | |", "|---|---|", *rows, "", f"Measured in {run.seconds:.0f} s."]))
    return "\n\n".join(blocks) + "\n"


def _claim(outcomes: Sequence[Outcome], unit: str) -> Iterator[str]:
    """What may be said of the bridge in one breath: only what was measured, with what it lost."""
    by_key = {outcome.key: outcome for outcome in outcomes}
    if len(by_key) < 3:
        return

    def saved(case: Case, arm: str = ONE_BY_ONE) -> str:
        return percent(case.saved(arm, "all", unit))

    meeting = by_key["meeting"].cases[0]
    people = next(case for case in by_key["expenses"].cases if case.name == "8 people")
    single = by_key["expenses"].cases[0]
    own, *more = by_key["functions"].cases
    tasks = by_key["functions"].tasks[own.name]
    lost = sum(case.saved(ONE_BY_ONE, "all", unit) < 0 for case in tasks)
    many = " and ".join(f"{saved(case)} with {case.name}" for case in more)
    signatures = percent(own.saved(ONE_BY_ONE, "all", unit, SIGNATURES))
    lines = [
        f"where a long text only passes through, {saved(meeting)};",
        f"where the expenses of 8 people become a short answer, {saved(people, PARALLEL)}, and "
        f"{saved(single, PARALLEL)} if it is one person (against calls in parallel);",
        f"in {len(tasks)} tasks in which the model reads every result, {saved(own)} if only the task's own APIs are "
        f"installed, where {lost} tasks cost more; {signatures} if the agent looks nothing up; {many}.",
    ]
    start = "**In short**, of the tokens that all requests send, the bridge saves"
    yield "\n".join([start, "", *(_wrapped(f"- {line}", "  ") for line in lines)])


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(text, 120, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _workload(outcome: Outcome, units: Sequence[str]) -> Iterator[str]:
    unit = units[0]
    yield f"## {outcome.title}"
    yield _wrapped(CASES[outcome.key])
    lines = [
        f"| {_words(unit)} | requests | " + " | ".join(KINDS.values()) + " | written by the model |",
        "|---|--:|" + "--:|" * (len(KINDS) + 1),
    ]
    for case in outcome.cases:
        lines.append(f"| **{case.name}**, list of {case.head[unit]:,} |" + " |" * (len(KINDS) + 2))
        for arm in (*case.direct_arms, *case.bridge_arms):
            one = case.arms[arm][unit]
            figures = (one.requests, *(getattr(one, kind) for kind in KINDS), one.written)
            lines.append(f"| {arm} | " + " | ".join(f"{figure:,.0f}" for figure in figures) + " |")
    yield "\n".join(lines)
    yield "Saved by the bridge; negative: it costs more."
    others = [f"all requests, {one}" for one in units[1:]]
    lines = [
        "| against | " + " | ".join([*KINDS.values(), *others, "all requests, if the host has exec-mcp anyway"]) + " |",
        "|---|" + "--:|" * (len(KINDS) + len(others) + 1),
    ]
    for case in outcome.cases:
        for arm in case.direct_arms:
            shares = [case.saved(arm, kind, unit) for kind in KINDS]
            shares += [case.saved(arm, "all", one) for one in units[1:]]
            shares.append(case.saved(arm, "all", unit, has_own=True))
            lines.append(f"| {case.name}: {arm} | " + " | ".join(map(percent, shares)) + " |")
            if SIGNATURES in case.arms:
                shares = [case.saved(arm, kind, unit, SIGNATURES) for kind in KINDS]
                shares += [case.saved(arm, "all", one, SIGNATURES) for one in units[1:]]
                shares.append(case.saved(arm, "all", unit, SIGNATURES, has_own=True))
                lines.append("| the same, signatures only | " + " | ".join(map(percent, shares)) + " |")
    yield "\n".join(lines)
    yield "\n".join(f"{note[0].upper()}{note[1:]}." for note in outcome.notes)


def _lost(outcome: Outcome, unit: str) -> Iterator[str]:
    yield "## Tasks that cost more"
    yield "How many of the tasks of W3 cost more with the bridge, by the tokens of all requests."
    count = len(next(iter(outcome.tasks.values())))
    lines = [
        f"| installed | against | lost of {count} | if the host has exec-mcp anyway | signatures only | both |",
        "|---|---|--:|--:|--:|--:|",
    ]
    for name, cases in outcome.tasks.items():
        for arm in (ONE_BY_ONE, PARALLEL):
            counts = [
                sum(case.saved(arm, "all", unit, bridge, has_own) < 0 for case in cases)
                for bridge in (BRIDGE, SIGNATURES)
                for has_own in (False, True)
            ]
            lines.append(f"| {name} | {arm} | " + " | ".join(map(str, counts)) + " |")
    yield "\n".join(lines)
    name, cases = next(iter(outcome.tasks.items()))
    worst = sorted(cases, key=lambda case: case.saved(ONE_BY_ONE, "all", unit))
    yield f"The five that lose most, the one in the middle, and the five that gain most, of {name}:"
    lines = [
        "| task | calls | tool list | direct, one call at a time | bridge | saved |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for case in [*worst[:5], worst[len(worst) // 2], *worst[-5:]]:
        direct, bridge = case.arms[ONE_BY_ONE][unit].all, case.arms[BRIDGE][unit].all
        share = percent(case.saved(ONE_BY_ONE, "all", unit))
        lines.append(f"| {case.name} | {case.calls} | {case.head[unit]:,} | {direct:,.0f} | {bridge:,.0f} | {share} |")
    yield "\n".join(lines)
    yield _wrapped(
        "A task loses if its list of tools is short, and if most of its turns use a tool for the first time: each such "
        "turn costs a request for docstrings, and every request sends exec-mcp's prompt."
    )


def _break_even(outcome: Outcome, unit: str) -> Iterator[str]:
    name, cases = next(iter(outcome.tasks.items()))
    yield "## Break-even"
    yield _wrapped(
        f"How long the list of the servers' tools must be, in {_words(unit)}, for both arms to cost the same over all "
        f"tasks of W3; with a longer one, the bridge costs less. Computed from the case with {name}, whose lists have "
        f"{outcome.cases[0].head[unit]:,} in the mean: all but the length of the list stays as it was measured."
    )
    lines = ["| against | " + " | ".join(KINDS.values()) + " |", "|---|" + "--:|" * len(KINDS)]
    for arm in (ONE_BY_ONE, PARALLEL):
        for bridge, has_own in ((BRIDGE, False), (BRIDGE, True), (SIGNATURES, False), (SIGNATURES, True)):
            words = ", signatures only" * (bridge == SIGNATURES) + ", if the host has exec-mcp anyway" * has_own
            figures = [break_even(cases, arm, unit, kind, bridge, has_own) for kind in KINDS]
            lines.append(f"| {arm}{words} | " + " | ".join(f"{figure:,.0f}" for figure in figures) + " |")
    yield "\n".join(lines)
    own = outcome.cases[0].own[unit]
    yield f"exec-mcp's own prompt and tools, without a bridge, have {own:,}."


def _estimates(outcomes: Sequence[Outcome], unit: str) -> Iterator[str]:
    """What was expected before anything was built, beside what came out."""
    by_key = {outcome.key: outcome for outcome in outcomes}
    if len(by_key) < 3:
        return
    meeting = by_key["meeting"].cases[0]
    people = next(case for case in by_key["expenses"].cases if case.name == "8 people")
    functions = by_key["functions"]
    own, *more = functions.cases
    tasks = functions.tasks[own.name]

    def lost(arm: str) -> str:
        return f"{sum(case.saved(arm, 'all', unit) < 0 for case in tasks)} of {len(tasks)}"

    rows = [
        ("W1, last context", "98.6 %", percent(meeting.saved(ONE_BY_ONE, "last", unit))),
        ("W1, all requests", "97.6 %", percent(meeting.saved(ONE_BY_ONE, "all", unit))),
        ("W2, 8 people, last context", "96.4 %", percent(people.saved(PARALLEL, "last", unit))),
        ("W2, 8 people, all requests, in parallel", "95.5 %", percent(people.saved(PARALLEL, "all", unit))),
        ("W2, 8 people, all requests, one at a time", "99.2 %", percent(people.saved(ONE_BY_ONE, "all", unit))),
        ("W3, own APIs, one at a time", "42 %", percent(own.saved(ONE_BY_ONE, "all", unit))),
        ("the same, signatures only", "", percent(own.saved(ONE_BY_ONE, "all", unit, SIGNATURES))),
        ("W3, own APIs, in parallel", "25 %", percent(own.saved(PARALLEL, "all", unit))),
        ("the same, signatures only", "", percent(own.saved(PARALLEL, "all", unit, SIGNATURES))),
        ("W3, own APIs, tasks lost, one at a time", "8", lost(ONE_BY_ONE)),
        ("W3, own APIs, tasks lost, in parallel", "21", lost(PARALLEL)),
        *(
            row
            for case, estimate in zip(more, ("86 %", "97 %"), strict=False)
            for row in (
                (f"W3, {case.name}, one at a time", estimate, percent(case.saved(ONE_BY_ONE, "all", unit))),
                ("the same, signatures only", "", percent(case.saved(ONE_BY_ONE, "all", unit, SIGNATURES))),
            )
        ),
        (
            "break-even, tokens of tool list, if the host has exec-mcp anyway",
            "670",
            f"{break_even(tasks, ONE_BY_ONE, unit, has_own=True):,.0f}",
        ),
        (
            "the same, signatures only",
            "",
            f"{break_even(tasks, ONE_BY_ONE, unit, bridge=SIGNATURES, has_own=True):,.0f}",
        ),
        ("break-even, exec-mcp charged", "1,870", f"{break_even(tasks, ONE_BY_ONE, unit):,.0f}"),
        ("the same, signatures only", "", f"{break_even(tasks, ONE_BY_ONE, unit, bridge=SIGNATURES):,.0f}"),
    ]
    yield "## Beside the estimates"
    with_, without = (own.arms[arm][unit].requests for arm in (BRIDGE, SIGNATURES))
    yield ESTIMATES.format(lookups=with_ - without, requests=with_)
    lines = ["| saved, unless it says otherwise | estimate | here |", "|---|--:|--:|"]
    yield "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def _nested(costs: Costs) -> Iterator[str]:
    calls, *others = costs.rows
    yield "## A call from the sandbox"
    yield _wrapped(
        "The time of a call of a tool from code in the sandbox, beside the same call by the published client, measured "
        "by the caller. The server answers with a text that it has ready. All ways take turns, "
        f"{len(calls.samples[nested.NESTED])} rounds of {nested.CALLS} calls each (of {nested.SHELL_CALLS} from bash); "
        "a figure is the median of all calls, with p10 and p90."
    )
    yield "\n".join(_timing(calls))
    parts = {
        "Python package": calls.difference(nested.NESTED, nested.SOCKET),
        "the server's process and what exec-mcp does for it": calls.difference(nested.SOCKET, nested.ANSWERED),
    }
    yield (
        "Where the time of a call goes, by differences within each round. The goal is at most "
        f"{CALL_LIMIT:.0f} ms over the server's own time."
    )
    lines = ["| part | ms |", "|---|--:|"]
    lines += [f"| {name} | {_spread(spread)} |" for name, spread in parts.items()]
    lines.append(f"| socket, guest, engine's pipe, exec-mcp and back | {_spread(calls.spread(nested.ANSWERED))} |")
    lines.append(f"| over the server's own time | {_spread(costs.over_server())} |")
    lines.append(f"| over the published client | {_spread(calls.difference(nested.NESTED, nested.DIRECT))} |")
    yield "\n".join(lines)
    for row in others:
        yield "\n".join(_timing(row))


def _timing(row: Row) -> Iterator[str]:
    yield f"| {row.title}, {row.unit} | median | p10 | p90 |"
    yield "|---|--:|--:|--:|"
    for name in row.samples:
        spread = row.spread(name)
        yield f"| {name} | {number(spread.median)} | {number(spread.low)} | {number(spread.high)} |"


def _spread(spread: Spread) -> str:
    return f"{number(spread.median)} ({number(spread.low)} to {number(spread.high)})"


def percent(share: float) -> str:
    # With another digit where all would round to 100.
    return f"{100 * share:.{2 if share > 0.9945 else 1}f} %"


def _words(unit: str) -> str:
    return "bytes" if unit == "bytes" else f"tokens ({unit})"
