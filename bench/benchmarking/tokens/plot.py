"""The plot. Only here is matplotlib needed, which is in the environment of this program and the comparison's alone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot as plt  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.ticker import FuncFormatter, NullFormatter, PercentFormatter  # noqa: E402

from benchmarking.growth.plot import STYLE  # noqa: E402
from benchmarking.tokens.outcome import BRIDGE, ONE_BY_ONE, PARALLEL, SIGNATURES, Case, Outcome, break_even  # noqa: E402

DIRECT_COLOR, PARALLEL_COLOR, BRIDGE_COLOR = "#d1495b", "#c98a1b", "#1b6ca8"
CASE_COLORS = ("#2a9d6f", "#8661c1", "#1b6ca8")
LOST_COLOR = "#fbeaec"
NAME = "tokens.png"
LENGTHS = (2_000, 5_000, 10_000, 20_000, 50_000, 100_000)


def save(outcomes: Sequence[Outcome], unit: str, directory: Path) -> Path:
    """Draws all workloads beside the single tasks, and returns the file. The same figures give the same bytes."""
    with plt.rc_context(STYLE):
        figure, (left, right) = plt.subplots(1, 2, figsize=(12.4, 4.9), width_ratios=(1.15, 1))
        _workloads(left, outcomes, unit)
        _tasks(right, outcomes, unit)
        figure.suptitle(
            "Tools called by the model, and tools called by a script in the sandbox",
            x=0.01,
            ha="left",
            fontweight="bold",
        )
        figure.tight_layout()
        path = directory / NAME
        # Without the program's version, which changes the bytes and says nothing.
        figure.savefig(path, dpi=100, metadata={"Software": None})
        plt.close(figure)
    return path


def _workloads(axes: Axes, outcomes: Sequence[Outcome], unit: str) -> None:
    """What all requests come to, each case on a line of its own."""
    rows: list[tuple[str, Case]] = []
    for outcome in outcomes:
        short = outcome.title.partition(":")[0]
        rows += [(f"{short}, {case.name}", case) for case in outcome.cases]
    arms = (
        (ONE_BY_ONE, DIRECT_COLOR, "o"),
        (PARALLEL, PARALLEL_COLOR, "D"),
        (BRIDGE, BRIDGE_COLOR, "s"),
        (SIGNATURES, BRIDGE_COLOR, "s"),
    )
    for place, (_, case) in enumerate(rows):
        values = {arm: case.arms[arm][unit].all for arm, _, _ in arms if arm in case.arms}
        axes.plot(
            (min(values.values()), max(values.values())), (place, place), color="#c8c8c8", linewidth=1.4, zorder=1
        )
        for arm, color, marker in arms:
            if arm in values:
                axes.plot(values[arm], place, marker, **_marked(arm, color), zorder=2 if arm == SIGNATURES else 3)
    for arm, color, marker in arms:
        axes.plot([], [], marker, **_marked(arm, color), label=arm)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(f"{_words(unit)} of all requests (logarithmic; W3: 200 tasks together)")
    axes.set_title("All requests", loc="left", fontsize=9)
    axes.legend(
        fontsize=8, loc="upper center", bbox_to_anchor=(0.36, -0.13), ncols=4, handletextpad=0.2, columnspacing=1.2
    )


def _marked(arm: str, color: str) -> dict[str, Any]:
    """How the points of an arm are drawn: hollow without what the agent looks up."""
    filling = "white" if arm == SIGNATURES else color
    return {"markeredgecolor": color, "markerfacecolor": filling, "markersize": 6.2}


def _tasks(axes: Axes, outcomes: Sequence[Outcome], unit: str) -> None:
    """What the bridge saves in each single task, by the length of the list of tools that the direct arm reads."""
    shares: list[float] = []
    chance = random.Random(1)
    for outcome in outcomes:
        for (name, cases), color in zip(outcome.tasks.items(), CASE_COLORS, strict=False):
            saved = [case.saved(ONE_BY_ONE, "all", unit) for case in cases]
            # Side by side where several tasks have the same list.
            places = [case.head[unit] * 2 ** chance.uniform(-0.09, 0.09) for case in cases]
            axes.plot(places, saved, "o", color=color, markersize=3.4, alpha=0.55, markeredgewidth=0, label=name)
            shares += saved
        if outcome.tasks:
            at = break_even(next(iter(outcome.tasks.values())), ONE_BY_ONE, unit)
            axes.axvline(at, color="#606060", linewidth=0.9, linestyle="--", zorder=1)
            axes.annotate(
                f"break-even of all tasks: {at:,.0f}",
                (at, -0.62),
                xytext=(8, 0),
                textcoords="offset points",
                fontsize=8,
                color="#606060",
            )
    low = min([-0.7, *shares]) - 0.06
    axes.axhspan(low, 0, color=LOST_COLOR, zorder=0)
    axes.axhline(0, color="#a0a0a0", linewidth=0.9, zorder=1)
    axes.text(0.99, 0.015, "the bridge costs more", transform=axes.transAxes, ha="right", fontsize=8, color="#a04050")
    axes.set_ylim(low, 1.02)
    axes.set_xscale("log")
    axes.set_xticks(LENGTHS, [f"{length:,}" for length in LENGTHS])
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.set_xlabel(f"{_words(unit)} of the list of tools (logarithmic)")
    axes.set_ylabel("saved by the bridge")
    axes.set_title("W3, each task: all requests, against one call at a time", loc="left", fontsize=9)
    legend = axes.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.45, -0.13), ncols=3, markerscale=1.6)
    for handle in legend.legend_handles:
        handle.set_alpha(1)


def _words(unit: str) -> str:
    return "bytes" if unit == "bytes" else f"tokens ({unit})"
