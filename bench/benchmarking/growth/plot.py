"""The plots. Only here is matplotlib needed, which is in the environment of the comparison alone."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot as plt  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.ticker import FuncFormatter, NullFormatter  # noqa: E402

from benchmarking.growth.series import Growth, Line  # noqa: E402

STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.grid": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "#e4e4e4",
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "lines.markersize": 4.5,
}
COLORS = ("#1b6ca8", "#d1495b", "#2a9d6f", "#8661c1", "#c98a1b")
REFERENCE = "#a0a0a0"
LEGEND_LINE = 0.06


def save(growth: Growth, directory: Path) -> Path:
    """Draws the times beside the memory, and returns the file. The same figures give the same bytes."""
    panels = [
        (unit, lines)
        for unit in ("ms", "MB")
        if (lines := [line for line in growth.lines if line.drawn and line.unit == unit])
    ]
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(1, len(panels), figsize=(5.2 * len(panels), 4.1), squeeze=False)
        for place, (unit, lines) in zip(axes[0], panels, strict=True):
            _draw(place, growth, unit, lines)
        figure.suptitle(growth.title, x=0.01, ha="left", fontweight="bold")
        figure.tight_layout()
        path = directory / f"{growth.key}.png"
        # Without the program's version, which changes the bytes and says nothing.
        figure.savefig(path, dpi=100, metadata={"Software": None})
        plt.close(figure)
    return path


def _draw(axes: Axes, growth: Growth, unit: str, lines: list[Line]) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    shown = [value for line in lines for value in line.values if value]
    # From one megabyte on, memory that is flat looks flat.
    low = min(*shown, 2) / 2
    # Room above for the legend, by the share of the height that its lines take.
    high = low * (max(shown) / low) ** (1 / (1 - LEGEND_LINE * (len(lines) + 2)))
    for line, color in zip(lines, COLORS, strict=False):
        points = [(step, value) for step, value in zip(growth.steps, line.values, strict=True) if value]
        axes.plot(*zip(*points, strict=True), marker="o", color=color, label=line.name)
    # Through the highest figure at the end: a line that is steeper than this one grows more than in proportion.
    first, last = growth.steps[0], growth.steps[-1]
    end = max(line.values[-1] or 0 for line in lines)
    axes.plot((first, last), (end * first / last, end), color=REFERENCE, linewidth=0.8, zorder=1, label="linear")
    axes.set_ylim(low, high)
    axes.set_xticks(growth.steps, growth.heads, rotation=30 if growth.labels else 0)
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(growth.counted if not growth.labels else "size of the file")
    axes.set_ylabel("time, ms" if unit == "ms" else "memory, MB")
    axes.legend(fontsize=8, loc="upper left")
