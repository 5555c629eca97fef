"""Do JSON, CSV, Python and plain text files parse?"""

from __future__ import annotations

import ast
import csv
import io
import json
import warnings
from typing import Any, BinaryIO

from .report import Findings

# Parsing takes many times a file's size in memory, and a sandbox has little of it.
JSON_PARSE_LIMIT = 16 * 1024 * 1024
PYTHON_PARSE_LIMIT = 1024 * 1024
LONGEST_FIELD = 16 * 1024 * 1024
BYTE_ORDER_MARK = "\ufeff"
NOT_PARSED = object()


def decoded(file: BinaryIO, findings: Findings) -> str | None:
    """The whole file as text, or None with an error."""
    try:
        text = file.read().decode("utf-8")
    except UnicodeDecodeError as error:
        findings.error(f"not UTF-8 text: {error.reason} at byte {error.start}")
        return None
    if "\0" in text:
        findings.error("not text: it contains NUL bytes")
        return None
    return text


def check_text(file: BinaryIO, findings: Findings) -> None:
    decoded(file, findings)


def check_json(file: BinaryIO, findings: Findings) -> None:
    _parsed_json(file, findings)


def check_notebook(file: BinaryIO, findings: Findings) -> None:
    notebook = _parsed_json(file, findings)
    if notebook is NOT_PARSED:
        return
    if not (isinstance(notebook, dict) and isinstance(notebook.get("cells"), list)):
        findings.error("not a notebook: it has no list of cells")


def _parsed_json(file: BinaryIO, findings: Findings) -> Any:
    """The value, or NOT_PARSED with an error or a warning."""
    text = decoded(file, findings)
    if text is None:
        return NOT_PARSED
    if len(text) > JSON_PARSE_LIMIT:
        findings.warn(f"the JSON was not parsed: it is over {JSON_PARSE_LIMIT // 1024 // 1024} MB")
        return NOT_PARSED
    if text.startswith(BYTE_ORDER_MARK):
        findings.error("the JSON begins with a byte order mark: write it with encoding='utf-8'")
        return NOT_PARSED

    def refuse_constant(name: str) -> Any:
        raise ValueError(f"{name} is not JSON: write null instead")

    try:
        return json.loads(text, parse_constant=refuse_constant)
    except RecursionError:
        findings.error("the JSON is nested too deeply")
    except ValueError as error:
        findings.error(f"not valid JSON: {error}")
    return NOT_PARSED


def check_python(file: BinaryIO, findings: Findings) -> None:
    """Parsed, never run."""
    source = file.read()
    if len(source) > PYTHON_PARSE_LIMIT:
        return findings.warn(f"the Python was not parsed: it is over {PYTHON_PARSE_LIMIT // 1024 // 1024} MB")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "\d" in a string and the like
            ast.parse(source)
    except SyntaxError as error:
        findings.error(f"not valid Python: {error.msg} (line {error.lineno})")
    except (ValueError, RecursionError, MemoryError) as error:
        findings.error(f"not valid Python: {error or type(error).__name__}")
    return None


def check_csv(file: BinaryIO, findings: Findings) -> None:
    _check_table(file, ",", findings)


def check_tsv(file: BinaryIO, findings: Findings) -> None:
    _check_table(file, "\t", findings)


def _check_table(file: BinaryIO, delimiter: str, findings: Findings) -> None:
    """Quotes are closed and every row has as many fields as the first. One row in memory at a time."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    rows = csv.reader(text, delimiter=delimiter, strict=True)
    usual_limit = csv.field_size_limit(LONGEST_FIELD)
    width, header = None, []
    try:
        for row in rows:
            if not row:
                continue
            if width is None:
                width, header = len(row), row
            elif len(row) != width:
                return findings.error(f"line {rows.line_num} has {len(row)} fields, the first row {width}")
    except csv.Error as error:
        return findings.error(f"not valid CSV: {error} (line {rows.line_num})")
    except UnicodeDecodeError as error:
        return findings.error(f"not UTF-8 text: {error.reason}")
    finally:
        csv.field_size_limit(usual_limit)
        text.detach()  # or it would close the file
    if width is None:
        return findings.error("the table is empty")
    if width == 1 and any(other in header[0] for other in ",;\t|" if other != delimiter):
        findings.warn(f"the table has a single column: is {delimiter!r} the right delimiter?")
    return None
