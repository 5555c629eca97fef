"""The errors of tool calls. All of them are ToolError."""

import os
import sys

# A message is for a reader with a limited context.
TEXT_LIMIT = 4000
_TAIL = 900
# Room for the note on what is left out.
_MARK = 60
# A text that is cut within a private value would show a part of it, which nothing recognizes then. So it is cut at the
# end of a line if there is one near by, else between words.
_BESIDE_CUT = 512
_EDGES = ("\n", " ", '"', ",")

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r"


class ToolError(Exception):
    """A tool call failed. `server` and `tool` name the tool, `text` is what was said, `data` are further facts."""

    def __init__(self, text="", server=None, tool=None, data=None, parameters=None):
        self.text = without_base64(str(text))
        self.server = server
        self.tool = tool
        self.data = {} if data is None else data
        # The tool's parameters, required ones with a star; empty if unknown.
        self.parameters = list(parameters or self.data_list("parameters"))
        super().__init__(self.text)

    def data_list(self, key):
        """Returns a list of names in the error's data; empty if the data has no such list."""
        values = self.data.get(key) if isinstance(self.data, dict) else None
        return [str(value) for value in values] if isinstance(values, list) else []

    def __str__(self):
        place = ".".join(str(name) for name in (self.server, self.tool) if name)
        text = capped(self.text) or "failed without a message"
        if place and not text.startswith(place):
            text = f"{place}: {text}"
        similar = [name for name in self.data_list("didYouMean") if name not in text]
        if similar:
            text += f"\ndid you mean: {', '.join(similar)}"
        if self.parameters and "parameters: " not in text:
            text += f"\nparameters: {', '.join(self.parameters)}"
        return text

    def __reduce__(self):
        # By its attributes, so that an error crosses process boundaries unchanged.
        return _restored, (type(self), self.__dict__.copy())


class ToolNotFound(ToolError):
    """No tool has this name."""


class ServerNotFound(ToolNotFound):
    """No server has this name."""


class ToolInputError(ToolError, TypeError):
    """The arguments do not fit the tool; the call was not made."""


class ToolDenied(ToolError):
    """A rule of the person who runs the server refuses this call, or a person does; the message says which."""


class ApprovalRequired(ToolError):
    """A person has to approve this call first; the message says how."""


class ToolTimeout(ToolError):
    """The tool did not finish in time. What it does may have happened, or may still happen."""


class ServerUnavailable(ToolError):
    """The server does not run, or cannot be reached."""


class BudgetExceeded(ToolError):
    """The calls of this command have reached a limit."""


class ToolInterrupted(ToolError):
    """The call ended before its result arrived. What it does may have happened."""


class ResultTooLarge(ToolError):
    """The tool's result is over the limit; the message says its size."""


class ProtocolError(ToolError):
    """The bridge could not read a request."""


class NotRecorded(ToolError):
    """The server answers from a recording, which does not have this call; the message names the nearest."""


_CLASSES = {
    kind.__name__: kind
    for kind in (
        ToolError,
        ToolNotFound,
        ServerNotFound,
        ToolInputError,
        ToolDenied,
        ApprovalRequired,
        ToolTimeout,
        ServerUnavailable,
        BudgetExceeded,
        ToolInterrupted,
        ResultTooLarge,
        ProtocolError,
        NotRecorded,
    )
}


def from_answer(error, server=None, tool=None, parameters=None):
    """Returns the exception for the error object of an answer."""
    if not isinstance(error, dict):
        error = {"message": str(error)}
    data = error.get("data")
    kind = _CLASSES.get(error.get("type"), ToolError)
    return kind(error.get("message") or "", server, tool, data if isinstance(data, dict) else {}, parameters)


def capped(text, limit=TEXT_LIMIT):
    """Returns the text, or its beginning and end if it is longer than `limit` characters."""
    if len(text) <= limit:
        return text
    head, tail = text[: limit - _TAIL - _MARK], text[-_TAIL:]
    ends = [head.rfind(sign, len(head) - _BESIDE_CUT) for sign in _EDGES]
    starts = [tail.find(sign, 0, _BESIDE_CUT) for sign in _EDGES]
    head = head[: next((end for end in ends if end >= 0), len(head) - _BESIDE_CUT)]
    tail = tail[next((start for start in starts if start >= 0), _BESIDE_CUT - 1) + 1 :]
    return f"{head}\n[… {len(text) - len(head) - len(tail):,} characters are left out …]\n{tail}"


def without_base64(text):
    """Returns the text with long runs of base64, on one line or on several, replaced by a note of their length."""
    if len(text) < 200:
        return text
    import re

    def note(match):
        return _note(match[0]) if _is_mixed(match[0]) else match[0]

    return re.sub(r"[A-Za-z0-9+/_-]{200,}={0,2}", note, "\n".join(_joined_lines(text.split("\n"))))


def _joined_lines(lines):
    """Replaces three or more lines of base64 that follow each other by a note."""
    kept, wrapped = [], []
    for line in [*lines, None]:
        if line is not None and len(line) >= 60 and not line.strip(_ALPHABET):
            wrapped.append(line)
            continue
        if len(wrapped) >= 3 and _is_mixed("".join(wrapped)):
            if line and len(line) < len(wrapped[0]) and not line.strip(_ALPHABET):
                # The last line is a shorter one.
                wrapped.append(line)
                line = ""
            kept.append(_note("".join(wrapped)))
        else:
            kept += wrapped
        wrapped = []
        if line is not None:
            kept.append(line)
    return kept


def _note(text):
    return f"[{len(text):,} characters of base64]"


def _is_mixed(text):
    """Tells base64 from a line of dashes or a long number: it has capitals, small letters and digits."""
    return any(c.isdigit() for c in text) and any(c.isupper() for c in text) and any(c.islower() for c in text)


def _restored(kind, state):
    error = kind.__new__(kind)
    error.__dict__.update(state)
    error.args = (state.get("text", ""),)
    return error


_OWN_FILES = os.path.dirname(os.path.abspath(__file__)) + os.sep


def trimmed(trace):
    """Returns a traceback without the frames of this package: what has failed is the call in the script."""
    frames = []
    while trace:
        if not os.path.abspath(trace.tb_frame.f_code.co_filename).startswith(_OWN_FILES):
            frames.append(trace)
        trace = trace.tb_next
    for frame, following in zip(frames, [*frames[1:], None], strict=False):
        frame.tb_next = following
    return frames[0] if frames else None


def _show(kind, error, trace):
    """Shows an error that nobody has caught."""
    known, waiting = set(), [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in known:
            continue
        known.add(id(one))
        waiting += [one.__cause__, one.__context__]
        if isinstance(one, ToolError):
            one.__traceback__ = trimmed(one.__traceback__)
    sys.__excepthook__(kind, error, error.__traceback__ if isinstance(error, ToolError) else trace)


# A hook of the script's own stays.
if sys.excepthook is sys.__excepthook__:
    sys.excepthook = _show
