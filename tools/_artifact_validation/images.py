"""Are PNG, JPEG, GIF, WebP and SVG files whole? Read from the formats themselves: no imaging library is needed."""

from __future__ import annotations

import os
import re
import struct
import zlib
from typing import BinaryIO
from xml.parsers import expat

from .report import Findings

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
TAIL = 64 * 1024


def check_png(file: BinaryIO, findings: Findings) -> None:
    """Every chunk with its checksum, from IHDR to IEND."""
    if file.read(8) != PNG_SIGNATURE:
        return findings.error("not a PNG file: wrong signature")
    first = True
    while True:
        header = file.read(8)
        if len(header) < 8:
            return findings.error("the PNG is cut off: it has no end (IEND)")
        length, kind = struct.unpack(">I4s", header)
        body, checksum = file.read(length), file.read(4)
        if len(body) < length or len(checksum) < 4:
            return findings.error("the PNG is cut off in the middle")
        if first:
            if kind != b"IHDR" or length < 13:
                return findings.error("the PNG does not begin with its header (IHDR)")
            _check_dimensions(*struct.unpack(">II", body[:8]), findings)
            first = False
        if zlib.crc32(kind + body) != int.from_bytes(checksum, "big"):
            return findings.error(f"the PNG is damaged: wrong checksum in {kind.decode('ascii', 'replace')}")
        if kind == b"IEND":
            return None


def check_jpeg(file: BinaryIO, findings: Findings) -> None:
    if file.read(3) != b"\xff\xd8\xff":
        return findings.error("not a JPEG file: wrong signature")
    if b"\xff\xd9" not in _tail(file):
        findings.error("the JPEG is cut off: it has no end-of-image marker")
    return None


def check_gif(file: BinaryIO, findings: Findings) -> None:
    header = file.read(10)
    if header[:6] not in (b"GIF87a", b"GIF89a") or len(header) < 10:
        return findings.error("not a GIF file: wrong signature")
    _check_dimensions(*struct.unpack("<HH", header[6:10]), findings)
    if not _tail(file).rstrip(b"\0").endswith(b";"):
        findings.error("the GIF is cut off: it has no trailer")
    return None


def check_webp(file: BinaryIO, findings: Findings) -> None:
    header = file.read(16)
    if header[:4] != b"RIFF" or header[8:12] != b"WEBP" or header[12:15] != b"VP8":
        return findings.error("not a WebP file: wrong signature")
    size = os.fstat(file.fileno()).st_size
    if int.from_bytes(header[4:8], "little") + 8 > size:
        findings.error("the WebP is cut off")
    return None


def check_svg(file: BinaryIO, findings: Findings) -> None:
    """Well-formed XML whose root is svg. Entities are refused, not expanded: ten lines of them can fill the memory."""
    inside = False
    has_script = False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal inside, has_script
        name = name.rpartition(":")[2]
        if not inside and name != "svg":
            raise ValueError(f"the root element is {name}, not svg")
        inside = True
        has_script |= name == "script" or any(re.match(r"on[a-z]+$", attribute) for attribute in attributes)

    def refuse_entity(*_arguments: object) -> None:
        raise ValueError("it defines XML entities")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EntityDeclHandler = refuse_entity
    try:
        parser.ParseFile(file)
    except (expat.ExpatError, ValueError) as error:
        return findings.error(f"not a valid SVG file: {error}")
    if has_script:
        findings.warn("the SVG contains scripts, which viewers do not run")
    return None


def _check_dimensions(width: int, height: int, findings: Findings) -> None:
    if width == 0 or height == 0:
        findings.error(f"the image is {width} by {height} pixels")


def _tail(file: BinaryIO) -> bytes:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - TAIL))
    return file.read()
