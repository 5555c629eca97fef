"""Finds text in bytes although it was written another way: what somebody who reads a log would try."""

from __future__ import annotations

import base64
import codecs
import collections
import math
import urllib.parse
import zlib


def disguises(text: str) -> dict[str, bytes]:
    """The ways in which `text` could stand in bytes without being encrypted, by name."""
    data = text.encode()
    forms = {
        "UTF-8": data,
        "UTF-16, little-endian": text.encode("utf-16-le"),
        "UTF-16, big-endian": text.encode("utf-16-be"),
        "UTF-32": text.encode("utf-32-le"),
        "hexadecimal": data.hex().encode(),
        "HEXADECIMAL": data.hex().upper().encode(),
        "percent": "".join(f"%{byte:02X}" for byte in data).encode(),
        "quoted": urllib.parse.quote(text).encode(),
        "JSON": "".join(f"\\u{byte:04x}" for byte in data).encode(),
        "backwards": data[::-1],
        "rot13": codecs.encode(text, "rot13").encode(),
        "base85": base64.b85encode(data)[: len(data) // 4 * 5],
    }
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + data)
        forms[f"base64 after {before}"] = encoded[(before * 8 + 5) // 6 : (before + len(data)) * 8 // 6]
    for key in range(1, 256):
        forms[f"every byte xor {key}"] = bytes(byte ^ key for byte in data)
    return forms


def found_in(data: bytes, text: str) -> list[str]:
    """The ways in which `data` has `text`."""
    return [name for name, form in disguises(text).items() if form in data]


def bits_per_byte(data: bytes) -> float:
    """The entropy of the bytes, each by itself: 8 for noise."""
    counts = collections.Counter(data).values()
    return -sum(count / len(data) * math.log2(count / len(data)) for count in counts)


def compressed_share(data: bytes) -> float:
    """The length of the data compressed, as a share of its own: a little over 1 for noise."""
    return len(zlib.compress(data, 9)) / len(data)
