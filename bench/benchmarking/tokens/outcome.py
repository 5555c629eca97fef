"""What a workload came to: the sums of each arm, and what of them is saved or lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from benchmarking.tokens.transcript import Sums, Transcript, sums
from benchmarking.tokens.vocabulary import Ruler

ONE_BY_ONE = "direct, one call at a time"
PARALLEL = "direct, calls in parallel"
BRIDGE = "bridge"
# Without looking up what the prompt has the signature of.
SIGNATURES = "bridge, signatures only"
# The sums that are compared, and what they are called.
KINDS = {"last": "last context", "all": "all requests", "cached": "all requests, prompt cache"}

# By unit.
BySize = dict[str, Sums]


@dataclass
class Case:
    """A workload of one size."""

    name: str
    arms: dict[str, BySize]
    head: dict[str, int]
    """By unit, how long the list of the servers' tools is, as the direct arms read it."""
    own: dict[str, int]
    """By unit, how long exec-mcp's own prompt and tools are without a bridge."""
    calls: int
    """How many calls of tools the task takes."""

    def saved(self, arm: str, kind: str, unit: str, bridge: str = BRIDGE, has_own: bool = False) -> float:
        """The share of a direct arm that the bridge saves; negative if it costs more.

        `has_own`: as if the direct arm had exec-mcp as well, only without the bridge.
        """
        direct = self.arms[arm][unit]
        if has_own:
            direct = direct.with_head(self.own[unit])
        return 1 - getattr(self.arms[bridge][unit], kind) / getattr(direct, kind)

    @property
    def direct_arms(self) -> list[str]:
        return [arm for arm in (ONE_BY_ONE, PARALLEL) if arm in self.arms]

    @property
    def bridge_arms(self) -> list[str]:
        return [arm for arm in (BRIDGE, SIGNATURES) if arm in self.arms]

    def as_json(self) -> dict[str, Any]:
        figures = {
            arm: {
                unit: {kind: round(getattr(one, kind), 1) for kind in ("requests", *KINDS, "written")}
                for unit, one in by_unit.items()
            }
            for arm, by_unit in self.arms.items()
        }
        return {"name": self.name, "calls": self.calls, "tool_list": self.head, "exec_mcp": self.own, "arms": figures}


@dataclass
class Outcome:
    """All sizes of a workload."""

    key: str
    title: str
    cases: list[Case]
    notes: list[str] = field(default_factory=list)
    tasks: dict[str, list[Case]] = field(default_factory=dict)
    """By the name of a case that is a sum: what it is the sum of."""

    def as_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "title": self.title,
            "cases": [case.as_json() for case in self.cases],
            "tasks": {name: [case.as_json() for case in cases] for name, cases in self.tasks.items()},
            "notes": self.notes,
        }


def measured(ruler: Ruler, name: str, arms: dict[str, Transcript], head: str, own: tuple[str, ...], calls: int) -> Case:
    """A case from what was said in each arm."""
    return Case(
        name,
        {arm: {unit: sums(transcript, ruler, unit) for unit in ruler.units} for arm, transcript in arms.items()},
        {unit: ruler.size(head, unit) for unit in ruler.units},
        {unit: sum(ruler.size(text, unit) for text in own) for unit in ruler.units},
        calls,
    )


def total(name: str, cases: list[Case]) -> Case:
    """The sum of several cases. The lengths of the heads are means."""
    units = cases[0].head
    return Case(
        name,
        {arm: {unit: _sum([case.arms[arm][unit] for case in cases]) for unit in units} for arm in cases[0].arms},
        {unit: round(sum(case.head[unit] for case in cases) / len(cases)) for unit in units},
        {unit: round(sum(case.own[unit] for case in cases) / len(cases)) for unit in units},
        sum(case.calls for case in cases),
    )


def break_even(
    cases: list[Case], arm: str, unit: str, kind: str = "all", bridge: str = BRIDGE, has_own: bool = False
) -> float:
    """How long the list of the servers' tools must be for both arms to cost the same in all these cases together.

    Computed: the list is sent with every request of the direct arm (with a prompt cache, a tenth of it after the
    first), and all else stays as it was measured.
    """
    rest = missing = weight = 0.0
    for case in cases:
        direct = case.arms[arm][unit].with_head(-case.head[unit] + (case.own[unit] if has_own else 0))
        rest += getattr(direct, kind)
        missing += getattr(case.arms[bridge][unit], kind)
        weight += getattr(direct.with_head(1), kind) - getattr(direct, kind)
    return max(0.0, (missing - rest) / weight)


def _sum(all_: list[Sums]) -> Sums:
    first, *others = all_
    for one in others:
        first = first + one
    return first
