"""Streaming terminal emulator: renders a stream as a person at a terminal would see it, with only the final state of a
progress bar, and without colors.

- A carriage return or a backspace moves back in the line, and the text that follows overwrites what is there.
- Escape sequences that erase in the line, or move the cursor within it or to lines above, take effect. All others, such
  as colors and titles, are removed.
- From the first line that contains a zero byte or invalid UTF-8, the stream isn't text and is passed on unchanged. So
  are a line with another control character, and the rest of a line that is too long for a progress bar.

`\\r\\n` ends a line like `\\n` and is preserved.
"""

import re

# The longest line that is held back, in bytes: no progress bar is longer.
_MAX_HELD_LINE = 4096
# The longest line of which the raw bytes are kept too.
_MAX_RAW_LINE = 64 * 1024
# The longest escape sequence that is recognized.
_MAX_SEQUENCE = 256
# How far up (lines) or to the right (columns) the cursor can move.
_MAX_UP = 50
_MAX_COLUMN = 1000

# Sequences that draw nothing: modes and colors; titles and links; character sets and the like; incomplete sequences.
_STYLES = (
    r"\x1b\[[0-?]*[ -/]*[hlmnqrt]|\x1b[\]PX^_][^\x07\x1b]{0,256}(?:\x07|\x1b\\)|\x1b[ -/]+[0-~]|\x1b[0-?c]"
    r"|\x1b(?=\x1b|\Z)"
)
_PARTS = r"\x1b\[([0-?]*)[ -/]*([@-~])|\x1b[ -/]*[0-~]?|\r|\x08|[^\x1b\r\x08]+"
_UNFINISHED = (
    rb"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b]*\x1b?|[ -/]*)\Z"
    rb"|(?:[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})\Z"
)
_CONTROL = r"[\x01-\x07\x0e-\x1a\x1c-\x1f\x7f]"
_DRAWING = r"\r(?!\n)|[\x08\x1b]"


def is_drawing(data):
    """Returns whether `data` contains escape sequences, backspaces, or carriage returns other than in CRLF."""
    return b"\x1b" in data or b"\x08" in data or (b"\r" in data and data.count(b"\r") != data.count(b"\r\n"))


class Screen:
    """Renders one stream. Holds back the last line, which may still be overwritten."""

    __slots__ = (
        "_below",
        "_column",
        "_drawn",
        "_has_return",
        "_held",
        "_shows_raw",
        "_is_start_shown",
        "_is_binary",
        "_overwritten_before",
        "_incomplete",
        "_raw",
        "_shown",
        "overwritten",
    )

    def __init__(self):
        # The start of a line that contains no drawing so far.
        self._held = bytearray()
        # The line that contains drawing, and the cursor's column.
        self._drawn = None
        self._column = 0
        # The raw bytes of the line; None if it is too long, or if drawing involved more than one line.
        self._raw = None
        # Whether to show the raw bytes, and the count of overwritten characters before this line.
        self._shows_raw = False
        self._overwritten_before = 0
        # Whether the last character was a carriage return, which may be the first half of a CRLF.
        self._has_return = False
        # The lines below it, the nearest one last.
        self._below = []
        # An incomplete character or sequence at the end of the data.
        self._incomplete = b""
        # Whether the start of the line has been shown.
        self._is_start_shown = False
        self._is_binary = False
        self._shown = bytearray()
        # The number of overwritten or erased characters.
        self.overwritten = 0

    @property
    def held(self):
        """The bytes received and not shown yet. Valid only as long as nothing was drawn."""
        return bytes(self._held) + self._incomplete

    def feed(self, data, pop_line):
        """Processes `data` and returns the bytes that can be shown now.

        `pop_line` removes and returns the last shown line, which is needed if the cursor moves up to it; it returns
        None otherwise.
        """
        if self._is_binary:
            return data
        if self._incomplete:
            data = self._incomplete + data
            self._incomplete = b""
        if self._drawn is None:
            is_plain = not (is_drawing(data) or b"\x1b" in self._held)
            if is_plain and data.isascii() and b"\0" not in data:
                return self._add(data)
            data = bytes(self._held) + self._without_incomplete(data)
            self._held.clear()
            if is_plain or b"\0" not in data:
                text, rest = _split_text(data)
                if not rest and (is_plain or not re.search(f"{_DRAWING}|{_CONTROL}", _without_styles(text))):
                    return self._add(data)
        else:
            data = self._without_incomplete(data)
        self._draw_lines(data, pop_line)
        if self._drawn and len(self._drawn) > _MAX_HELD_LINE:
            self._shown += self.finish()
            self._is_start_shown = True
        shown = bytes(self._shown)
        self._shown.clear()
        return shown

    def finish(self):
        """Returns the bytes that are still held back, at the end of the stream."""
        if self._drawn is None:
            rest = _shown(bytes(self._held))
            self._held.clear()
        else:
            rest = self._drawn_line()
            self._drawn = None
        while self._below:
            rest += b"\n" + _encoded(self._below.pop())
        rest += self._incomplete
        self._incomplete = b""
        return rest

    def _without_incomplete(self, data):
        """Returns `data` without an incomplete character or sequence at its end, which is kept for the next data."""
        unfinished = re.search(_UNFINISHED, data[-_MAX_SEQUENCE:])
        if not unfinished:
            return data
        self._incomplete = unfinished[0]
        return data[: -len(self._incomplete)]

    def _draw_lines(self, data, pop_line):
        lines = data.split(b"\n")
        for number, line in enumerate(lines):
            if number:
                self._end_line()
            text, rest = _split_text(line)
            if self._is_start_shown or (self._drawn is None and _is_too_long(line)):
                self._shown += line[: len(line) - len(rest)]
                self._is_start_shown = True
            else:
                self._draw(line[: len(line) - len(rest)], _without_styles(text), pop_line)
            if rest:
                self._is_binary = self._shows_raw = True
                part, self._incomplete = self._incomplete, b""
                self._shown += self.finish() + b"\n".join([rest, *lines[number + 1 :]]) + part
                return

    def _add(self, data):
        """Shows the complete lines of text without drawing, and a line that is too long to be held back."""
        end = data.rfind(b"\n") + 1
        if end:
            shown = _shown(bytes(self._held) + data[:end])
            self._held[:] = data[end:]
            self._is_start_shown = False
        else:
            shown = b""
            self._held += data
        if self._is_start_shown or len(self._held) > _MAX_HELD_LINE:
            self._is_start_shown = True
            shown += _shown(bytes(self._held))
            self._held.clear()
        return shown

    def _draw(self, line, text, pop_line):
        if self._drawn is None:
            if not line:
                return
            self._drawn, self._column, self._has_return = "", 0, False
            self._raw, self._shows_raw, self._overwritten_before = bytearray(), False, self.overwritten
        if self._raw is not None:
            self._raw += line
            if len(self._raw) > _MAX_RAW_LINE:
                self._raw = None
        self._shows_raw = self._shows_raw or re.search(_CONTROL, text) is not None
        if "\x1b" not in text and "\x08" not in text:
            self._draw_over(text.split("\r"))
            return
        for part in re.finditer(_PARTS, text):
            start = part[0][0]
            if start == "\r":
                self._column = 0
            elif start == "\x08":
                self._column = max(0, self._column - 1)
            elif start != "\x1b":
                self._write(part[0])
            elif part[2]:
                self._execute(part[2], part[1], pop_line)
            self._has_return = start == "\r"

    def _draw_over(self, texts):
        for number, text in enumerate(texts):
            if number:
                self._column = 0
            if text:
                self._write(text)
        self._has_return = not texts[-1] and (len(texts) > 1 or self._has_return)

    def _write(self, text):
        line = self._drawn.ljust(self._column)
        end = self._column + len(text)
        self.overwritten += min(end, len(line)) - self._column
        self._drawn = line[: self._column] + text + line[end:]
        self._column = end

    def _execute(self, command, parameters, pop_line):
        number = int(parameters) if parameters.isdecimal() and len(parameters) < 5 else 0
        if command == "K":
            self._erase(number)
        elif command == "J" and number == 0:
            self._erase(0)
            self._below.clear()
        elif command == "G":
            self._column = min(max(number, 1), _MAX_COLUMN) - 1
        elif command == "C":
            self._column = min(self._column + max(number, 1), _MAX_COLUMN)
        elif command == "D":
            self._column = max(0, self._column - max(number, 1))
        elif command in "AF":
            for _ in range(min(max(number, 1), _MAX_UP)):
                self._go_up(pop_line)
            self._column = 0 if command == "F" else self._column
        elif command in "BE":
            for _ in range(min(max(number, 1), len(self._below))):
                column = self._column
                self._end_line()
                self._column = 0 if command == "E" else column

    def _erase(self, what):
        before = len(self._drawn)
        if what == 0:
            self._drawn = self._drawn[: self._column]
        elif what == 1:
            self._drawn = " " * min(self._column, before) + self._drawn[self._column :]
        else:
            self._drawn = ""
        self.overwritten += before - len(self._drawn.lstrip(" ") if what == 1 else self._drawn)

    def _go_up(self, pop_line):
        if len(self._below) == _MAX_UP:
            return
        above = self._pop_shown_line(pop_line)
        if above is not None:
            self._raw = None
            self._below.append(self._drawn)
            self._drawn = above.removesuffix(b"\r").decode("utf-8", "surrogateescape")

    def _pop_shown_line(self, pop_line):
        if not self._shown:
            return pop_line()
        start = self._shown.rfind(b"\n", 0, len(self._shown) - 1) + 1
        line = bytes(self._shown[start:-1])
        del self._shown[start:]
        return line

    def _drawn_line(self):
        if self._shows_raw and self._raw is not None:
            self.overwritten = self._overwritten_before
            return bytes(self._raw)
        return _encoded(self._drawn) + (b"\r" if self._has_return else b"")

    def _end_line(self):
        self._shown += (self._drawn_line() if self._drawn is not None else b"") + b"\n"
        self._drawn = self._below.pop() if self._below else None
        self._raw = None
        self._is_start_shown = False
        self._column = 0
        self._has_return = False


def _split_text(data):
    """Splits `data` into the text at its start, and the rest from where it isn't text."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        text = data[: error.start].decode()
    text, _, _ = text.partition("\0")
    return text, (b"" if len(text) == len(data) else data[len(text.encode()) :])


def _without_styles(text):
    return re.sub(_STYLES, "", text) if "\x1b" in text else text


def _shown(data):
    """Returns text without the sequences that draw nothing."""
    return _without_styles(data.decode()).encode() if b"\x1b" in data else data


def _encoded(line):
    return line.encode("utf-8", "surrogateescape")


def _is_too_long(line):
    """Returns whether the text before the first drawing is too long to be held back had it arrived alone."""
    if len(line) <= _MAX_HELD_LINE:
        return False
    first = re.search(rb"[\r\x08\x1b]", line)
    return first is None or first.start() > _MAX_HELD_LINE
