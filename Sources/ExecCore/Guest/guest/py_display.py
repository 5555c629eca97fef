#!/usr/bin/env python3
"""What a Python session shows of a piece of code: the value of its last expression, and its figures."""

import builtins
import itertools
import os
import sys

_ARTIFACTS = "/artifacts"
_MAX_FIGURES = 20
# The longest text of a value, in characters, and the most items of a container.
_MAX_TEXT = 20_000
_MAX_ITEMS = 1000
_FIRST_ITEMS = 100
# Wider than a terminal: whoever reads it does not scroll.
_WIDTH = 200
_MAX_ROWS, _MAX_COLUMNS = 60, 60


def show(value):
    """Prints the value of the last expression, and keeps it as `_`."""
    if value is None:
        return
    builtins._ = value
    if _is_drawing(value):
        # The figure is saved.
        return
    if _is_plotly(value):
        _save_plotly(value)
        return
    print(_bounded(_text(value)))


def save_figures():
    """Saves the open matplotlib figures, prints their paths, and closes them."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if not pyplot or not hasattr(pyplot, "get_fignums"):
        return
    for index, number in enumerate(pyplot.get_fignums()):
        figure = pyplot.figure(number)
        if index == _MAX_FIGURES:
            print(f"py: more than {_MAX_FIGURES} figures were open; the others were closed", file=sys.stderr)
        if index < _MAX_FIGURES:
            _save("png", lambda path, figure=figure: figure.savefig(path, bbox_inches="tight"))
        pyplot.close(figure)


def _save(extension, write):
    """Saves a figure under a name that no file has, and prints its path."""
    try:
        for number in itertools.count(1):
            path = os.path.join(_ARTIFACTS, f"figure-{number}.{extension}")
            try:
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
                break
            except FileExistsError:
                continue
    except OSError as error:
        print(f"py: a figure could not be saved: {error.strerror}", file=sys.stderr)
        return
    try:
        write(path)
    except BaseException as error:
        os.unlink(path)
        if not isinstance(error, Exception):
            raise
        print(f"py: a figure could not be saved: {type(error).__name__}: {error}", file=sys.stderr)
        return
    print(f"Figure saved: {path}")


def _module_of(value):
    return (type(value).__module__ or "").partition(".")[0]


def _is_drawing(value):
    """Whether the value is what functions of matplotlib return: a part of a figure, or several."""
    if isinstance(value, (list, tuple)) and value:
        return all(_is_drawing(item) for item in itertools.islice(value, 3))
    if _module_of(value) == "numpy" and getattr(getattr(value, "dtype", None), "kind", "") == "O":
        return value.size > 0 and _is_drawing(value.flat[0])
    return _module_of(value) in ("matplotlib", "mpl_toolkits") and any(
        hasattr(value, name) for name in ("figure", "get_children", "axes")
    )


def _is_plotly(value):
    return _module_of(value) == "plotly" and hasattr(value, "write_html")


def _save_plotly(value):
    _save("html", value.write_html)


def _text(value):
    kind = _module_of(value)
    if kind == "pandas" and (pandas := sys.modules.get("pandas")):
        with pandas.option_context(
            "display.width", _WIDTH, "display.max_columns", _MAX_COLUMNS, "display.max_rows", _MAX_ROWS
        ):
            return repr(value)
    if kind == "numpy" and (numpy := sys.modules.get("numpy")):
        with numpy.printoptions(linewidth=_WIDTH):
            return repr(value)
    if type(value) in (list, tuple, set, frozenset, dict) and len(value) > _MAX_ITEMS:
        items = value.items() if isinstance(value, dict) else value
        first = type(value)(itertools.islice(items, _FIRST_ITEMS))
        return f"{_bounded(repr(first))}\n… the first {_FIRST_ITEMS} of {len(value):,} items"
    if type(value) in (str, bytes) and len(value) > _MAX_TEXT:
        return f"{value[:_MAX_TEXT]!r}\n… the first {_MAX_TEXT:,} of {len(value):,}"
    return repr(value)


def _bounded(text):
    if len(text) <= _MAX_TEXT + 100:
        return text
    head, tail = text[: _MAX_TEXT * 3 // 4], text[-_MAX_TEXT // 4 :]
    return f"{head}\n… {len(text) - _MAX_TEXT:,} characters left out; print() shows all …\n{tail}"
