"""Are PDF, HTML, Excel and ZIP files what their names say?"""

from __future__ import annotations

import os
import re
import zipfile
from typing import BinaryIO

from .report import Findings
from .texts import decoded

EDGE = 2048
SCRIPT_SOURCE = re.compile(r"<script\b[^>]*\ssrc\s*=\s*[\"']?(?!data:)([^\"'>\s]+)", re.IGNORECASE)
SMALLEST_PLOTLY = 500_000  # characters of plotly.js, minified


def check_pdf(file: BinaryIO, findings: Findings) -> None:
    if b"%PDF-" not in file.read(1024):
        return findings.error("not a PDF file: it does not begin with %PDF-")
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - EDGE))
    if b"%%EOF" not in file.read():
        findings.error("the PDF is cut off: it does not end with %%EOF")
    return None


def check_html(file: BinaryIO, findings: Findings) -> None:
    """Begins like a page, and holds the scripts that it needs: artifacts are opened one by one, perhaps offline."""
    text = decoded(file, findings)
    if text is None:
        return
    start = re.sub(r"\A(?:\s|<!--.*?-->|<\?xml.*?\?>)*", "", text[:EDGE], flags=re.DOTALL).lower()
    if not re.match(r"<(?:!doctype html|html|head|body)\b", start):
        findings.error("not an HTML page: it does not begin with <!DOCTYPE html> or <html>")
    sources = dict.fromkeys(SCRIPT_SOURCE.findall(text))
    for source in sources:
        findings.warn(f"the page needs {source[:200]}, which is not part of it (plotly: include_plotlyjs=True)")
    if "Plotly.newPlot(" in text and len(text) < SMALLEST_PLOTLY and not sources:
        findings.warn("the page needs plotly.js, which is not part of it (include_plotlyjs=True)")


def check_zip(file: BinaryIO, findings: Findings) -> None:
    _members(file, "a ZIP", findings)


def check_xlsx(file: BinaryIO, findings: Findings) -> None:
    members = _members(file, "an Excel", findings)
    if members is not None and not {"[Content_Types].xml", "xl/workbook.xml"} <= members:
        findings.error("not an Excel file: it holds no workbook")


def check_docx(file: BinaryIO, findings: Findings) -> None:
    members = _members(file, "a Word", findings)
    if members is not None and not {"[Content_Types].xml", "word/document.xml"} <= members:
        findings.error("not a Word file: it holds no document")


def check_pptx(file: BinaryIO, findings: Findings) -> None:
    members = _members(file, "a PowerPoint", findings)
    if members is not None and not {"[Content_Types].xml", "ppt/presentation.xml"} <= members:
        findings.error("not a PowerPoint file: it holds no presentation")


def _members(file: BinaryIO, kind: str, findings: Findings) -> set[str] | None:
    """The names in the archive. Nothing is unpacked: a small file can unpack to any size."""
    try:
        with zipfile.ZipFile(file) as archive:
            return set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        findings.error(f"not {kind} file, or cut off: {error}")
        return None
