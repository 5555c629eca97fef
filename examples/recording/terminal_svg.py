"""Draws a recording of a terminal as an animated SVG.

The picture has no script, no font and no link of its own: the animation is CSS, so it also plays where a page shows it
with `<img>`. All lines stand in one column. The column moves up when the terminal scrolls, and a cover in the colour of
the background moves down as lines appear. Where nothing is animated (a printer, a viewer without CSS animations, a
reader who prefers reduced motion) the last screen is shown.

Only output that goes on line by line is understood: text, line ends, and colours. Anything else is an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from cast import Cast, RecordingError

LINE_HEIGHT = 19
CHARACTER_WIDTH = 8.4
MARGIN = 16
BAR = 34
FONTS = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"
COLOURS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "34": "#79c0ff", "35": "#d2a8ff", "36": "#76e3ea"}

# How a recording is paced for readers, in seconds. Waits are as long as they were, within these bounds.
LONGEST_WAIT = 1.5
BEFORE_PARAGRAPH = 1.6
BEFORE_LINE = 0.06
AT_END = 8.0


@dataclass(frozen=True)
class Style:
    bold: bool = False
    dim: bool = False
    colour: str | None = None

    def after(self, codes: str) -> Style:
        """The style after an SGR sequence with these codes."""
        style = self
        for code in codes.split(";"):
            if code in ("", "0"):
                style = Style()
            elif code == "1":
                style = Style(True, style.dim, style.colour)
            elif code == "2":
                style = Style(style.bold, True, style.colour)
            elif code in COLOURS:
                style = Style(style.bold, style.dim, COLOURS[code])
            else:
                raise RecordingError(f"the recording has a style that is not drawn: {code}")
        return style

    @property
    def attributes(self) -> str:
        colour = f' fill="{self.colour}"' if self.colour else ""
        return colour + (' font-weight="700"' if self.bold else "") + (' opacity="0.6"' if self.dim else "")


Run = tuple[str, Style]


@dataclass(frozen=True)
class Line:
    """A row of the terminal, and the second at which it is complete."""

    seconds: float
    runs: list[Run]

    @property
    def is_blank(self) -> bool:
        return not any(text.strip() for text, _ in self.runs)


def draw(cast: Cast, title: str) -> str:
    """The picture."""
    lines = rows_of(cast)
    times = paced(lines)
    total = times[-1] + AT_END
    width = round(cast.columns * CHARACTER_WIDTH + 2 * MARGIN)
    height = cast.rows * LINE_HEIGHT + BAR + MARGIN + MARGIN // 2
    film, cover = [], []
    for number, seconds in enumerate(times, 1):
        percent = f"{seconds / total * 100:.2f}%"
        film.append(f"{percent}{{transform:translateY({-_scrolled(number, cast)}px)}}")
        cover.append(f"{percent}{{transform:translateY({number * LINE_HEIGHT}px)}}")
    last = _scrolled(len(lines), cast)
    column = "\n".join(_text(line, number) for number, line in enumerate(lines) if not line.is_blank)
    size = f'width="{width}" height="{height}"'
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {size} role="img" \
aria-label={quoteattr(title)}>
<title>{escape(title)}</title>
<style>
text{{font:14px {FONTS};fill:#e6edf3;white-space:pre}}
.film{{animation:film {total:.1f}s step-end infinite}}
.cover{{animation:cover {total:.1f}s step-end infinite}}
@keyframes film{{0%{{transform:translateY(0)}}{"".join(film)}}}
@keyframes cover{{0%{{transform:translateY(0)}}{"".join(cover)}}}
@media (prefers-reduced-motion:reduce){{.film,.cover{{animation:none}}}}
</style>
<rect {size} rx="8" fill="#0d1117"/>
<circle cx="20" cy="17" r="6" fill="#ff5f57"/><circle cx="40" cy="17" r="6" fill="#febc2e"/>\
<circle cx="60" cy="17" r="6" fill="#28c840"/>
<clipPath id="screen"><rect y="{BAR + MARGIN // 2}" width="{width}" height="{cast.rows * LINE_HEIGHT}"/></clipPath>
<g clip-path="url(#screen)"><g transform="translate({MARGIN} {BAR + MARGIN // 2})">
<g class="film" transform="translate(0 {-last})">
{column}
<rect class="cover" transform="translate(0 {len(lines) * LINE_HEIGHT})" width="{width}" \
height="{(len(lines) + cast.rows) * LINE_HEIGHT}" fill="#0d1117"/>
</g></g></g>
</svg>
"""


def rows_of(cast: Cast) -> list[Line]:
    """The rows of the terminal, with lines wrapped as a terminal wraps them."""
    rows: list[Line] = []
    runs: list[Run] = []
    style = Style()
    used = 0

    def end(seconds: float) -> None:
        nonlocal runs, used
        rows.append(Line(seconds, runs))
        runs, used = [], 0

    for seconds, text in cast.events:
        for part in re.split(r"(\033\[[0-9;]*m|\n)", text):
            if part == "\n":
                end(seconds)
            elif part.startswith("\033[") and part.endswith("m"):
                style = style.after(part[2:-1])
            elif strange := re.search(r"[\x00-\x1f\x7f]", part):
                raise RecordingError(f"the recording has a control character that is not drawn: {strange[0]!r}")
            else:
                while part:
                    if used == cast.columns:
                        end(seconds)
                    piece, part = part[: cast.columns - used], part[cast.columns - used :]
                    runs.append((piece, style))
                    used += len(piece)
    if runs:
        end(cast.events[-1][0])
    if not rows:
        raise RecordingError("the recording is empty")
    return rows


def paced(lines: list[Line]) -> list[float]:
    """When each row appears: as recorded, with pauses for readers before each paragraph."""
    times: list[float] = []
    now = before = 0.0
    for number, line in enumerate(lines):
        now += min(max(line.seconds - before, BEFORE_LINE), LONGEST_WAIT)
        if line.is_blank and number > 0:
            now += BEFORE_PARAGRAPH
        before = line.seconds
        times.append(now)
    return times


def _scrolled(shown: int, cast: Cast) -> int:
    """How far the column has moved up, in pixels, once that many rows are shown."""
    return max(0, shown - cast.rows) * LINE_HEIGHT


def _text(line: Line, number: int) -> str:
    # The length is given, so that columns stay columns with whichever font the reader has.
    runs = list(line.runs)
    while runs and not runs[-1][0].strip():
        runs.pop()
    length = sum(len(text) for text, _ in runs)
    spans = "".join(
        f"<tspan{style.attributes}>{escape(text)}</tspan>" if style.attributes else escape(text) for text, style in runs
    )
    return (
        f'<text xml:space="preserve" y="{number * LINE_HEIGHT + 14}" textLength="{length * CHARACTER_WIDTH:.1f}"'
        f' lengthAdjust="spacingAndGlyphs">{spans}</text>'
    )
