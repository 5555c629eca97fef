"""
Name: artifact_validation
Description: Checks that a file in /artifacts can be handed to the user: name, place, size, content.
Version: 1.0.0
Dependencies: none (standard library)

Available Functions:
- validate_artifact(path): JSON text {"valid": ..., "path": ..., "type": ..., "size": ..., "errors": [], "warnings": []}
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from typing import Any, BinaryIO

from _artifact_validation import documents, images, texts
from _artifact_validation.report import Findings, printable

__all__ = ["validate_artifact"]

ARTIFACTS = "/artifacts"
SIZE_LIMIT_VARIABLE = "MCP_ARTIFACT_SIZE_LIMIT_MB"
DEFAULT_SIZE_LIMIT_MB = 50.0

OFFICE = "application/vnd.openxmlformats-officedocument"
DOCX = f"{OFFICE}.wordprocessingml.document"
PPTX = f"{OFFICE}.presentationml.presentation"
XLSX = f"{OFFICE}.spreadsheetml.sheet"

# What may be handed over: the extension, its media type, and how to tell that a file is what its name says.
TYPES: dict[str, tuple[str, Callable[[BinaryIO, Findings], None]]] = {
    ".png": ("image/png", images.check_png),
    ".jpg": ("image/jpeg", images.check_jpeg),
    ".jpeg": ("image/jpeg", images.check_jpeg),
    ".gif": ("image/gif", images.check_gif),
    ".webp": ("image/webp", images.check_webp),
    ".svg": ("image/svg+xml", images.check_svg),
    ".pdf": ("application/pdf", documents.check_pdf),
    ".html": ("text/html", documents.check_html),
    ".htm": ("text/html", documents.check_html),
    ".docx": (DOCX, documents.check_docx),
    ".pptx": (PPTX, documents.check_pptx),
    ".xlsx": (XLSX, documents.check_xlsx),
    ".zip": ("application/zip", documents.check_zip),
    ".json": ("application/json", texts.check_json),
    ".ipynb": ("application/x-ipynb+json", texts.check_notebook),
    ".csv": ("text/csv", texts.check_csv),
    ".tsv": ("text/tab-separated-values", texts.check_tsv),
    ".py": ("text/x-python", texts.check_python),
    ".txt": ("text/plain", texts.check_text),
    ".md": ("text/markdown", texts.check_text),
    ".tex": ("text/x-tex", texts.check_text),
}


def validate_artifact(path: Any) -> str:
    """
    Check that a file is a sound artifact, one that the user will receive and can open.

    It has to be a regular file directly in /artifacts with an unhidden name, an allowed extension (png, jpg, jpeg, gif,
    webp, svg, pdf, html, htm, docx, pptx, xlsx, zip, json, ipynb, csv, tsv, py, txt, md, tex), not empty, not over the
    size limit (50 MB unless MCP_ARTIFACT_SIZE_LIMIT_MB says otherwise). Its content has to be what the extension says:
    signature and end of images and documents, syntax of JSON, CSV and Python. Nothing of the file is run.

    Args:
        path: The file; relative paths start at the current directory, as with open().

    Returns:
        JSON text, always: {"valid": bool, "path": ..., "type": media type or null, "size": bytes or null,
        "errors": [...], "warnings": [...]}. "valid" is true when there are no errors. Nothing is raised.

    Example:
        >>> import json
        >>> from artifact_validation import validate_artifact
        >>> report = json.loads(validate_artifact("/artifacts/no-such-chart.png"))
        >>> report["valid"], report["errors"]
        (False, ['there is no such file'])
    """
    findings = Findings()
    report: dict[str, Any] = {"valid": False, "path": None, "type": None, "size": None}
    try:
        absolute = os.path.abspath(os.fsdecode(path))
        report["path"] = printable(absolute)
        if "\0" in absolute:
            raise ValueError("it contains a NUL character")
        _check(absolute, report, findings)
    except (TypeError, ValueError) as error:
        findings.error(f"not a path: {error}")
    except OSError as error:
        findings.error(f"cannot be read: {error.strerror or error}")
    except (
        Exception
    ) as error:  # a damaged file may break a parser in ways of its own; the caller gets JSON all the same
        findings.error(f"cannot be checked: {type(error).__name__}: {error}")
    report["valid"] = not findings.errors
    report["errors"] = findings.errors
    report["warnings"] = findings.warnings
    return json.dumps(report)


def _check(path: str, report: dict[str, Any], findings: Findings) -> None:
    extension = os.path.splitext(path)[1].lower()
    media_type, check_content = TYPES.get(extension, (None, None))
    report["type"] = media_type
    _check_name(os.path.basename(path), findings)
    if check_content is None:
        allowed = ", ".join(sorted(known[1:] for known in TYPES))
        findings.error(f"the extension {extension or '(none)'} is not allowed; allowed are {allowed}")
    real = _checked_place(path, findings)
    if real is None:
        return
    facts = os.stat(real)
    if not stat.S_ISREG(facts.st_mode):
        return findings.error("not a regular file")
    report["size"] = facts.st_size
    limit = _size_limit_mb(findings)
    if facts.st_size > limit * 1024 * 1024:
        return findings.error(f"too large: {facts.st_size:,} bytes, the limit is {limit:g} MB")
    if facts.st_size == 0:
        return findings.error("the file is empty")
    if check_content:
        with open(real, "rb") as file:
            check_content(file, findings)
    return None


def _check_name(name: str, findings: Findings) -> None:
    if name.startswith("."):
        findings.error("hidden files (names that begin with a dot) are not handed over")
    if printable(name) != name:
        findings.error("the file name is not UTF-8")
    elif not name.isprintable():
        findings.warn("the file name contains control characters")


def _checked_place(path: str, findings: Findings) -> str | None:
    """The file itself, after links, if both it and the path to it are directly in /artifacts."""
    artifacts = os.path.realpath(ARTIFACTS)
    if os.path.realpath(os.path.dirname(path)) != artifacts:
        findings.error(f"not directly in {ARTIFACTS}: save it as {ARTIFACTS}/{os.path.basename(path)}")
        return None
    if not os.path.lexists(path):
        findings.error("there is no such file")
        return None
    real = os.path.realpath(path)
    if os.path.dirname(real) != artifacts:
        findings.error(f"a link that leads out of {ARTIFACTS}: copy the file instead")
        return None
    if not os.path.exists(real):
        findings.error("a link that leads nowhere")
        return None
    if os.path.basename(real).startswith(".") and os.path.basename(real) != os.path.basename(path):
        findings.error("a link to a hidden file: copy the file instead")
    return real


def _size_limit_mb(findings: Findings) -> float:
    setting = os.environ.get(SIZE_LIMIT_VARIABLE, "")
    try:
        limit = float(setting) if setting else DEFAULT_SIZE_LIMIT_MB
    except ValueError:
        limit = -1.0
    if 0 <= limit < float("inf"):
        return limit
    findings.warn(f"{SIZE_LIMIT_VARIABLE} is not a number of megabytes: {DEFAULT_SIZE_LIMIT_MB:g} is used")
    return DEFAULT_SIZE_LIMIT_MB
