"""Detects the type of a file from its first bytes."""

import stat

_BINARY_SIGNATURES = (
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive (or a document made of one)"),
    (b"\x1f\x8b", "gzip data"),
    (b"BZh", "bzip2 data"),
    (b"\xfd7zXZ\x00", "xz data"),
    (b"(\xb5/\xfd", "Zstandard data"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"\x7fELF", "an ELF program"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"PAR1", "Parquet data"),
    (b"\x89HDF\r\n\x1a\n", "HDF5 data"),
    (b"BM", "a BMP image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"\xff\xfe\0\0", "UTF-32 text"),
    (b"\0\0\xfe\xff", "UTF-32 text"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
)
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
# UTF-16 text without a mark: in at least 30% of the characters one byte is zero, always the same one of the two; the
# other is zero in at most 2%.
_ZERO_SHARE, _ODD_SHARE = 0.3, 0.02


def image_type(start):
    """Returns the media type of an image that can be shown; None for anything else."""
    # A file cut off within the signature counts too: it isn't text either.
    if start.startswith(_PNG) or len(start) > 1 and _PNG.startswith(start):
        return "image/png"
    if start.startswith(_JPEG) or start == _JPEG[:2]:
        return "image/jpeg"
    if start[:6] in (b"GIF87a", b"GIF89a"):
        return "image/gif"
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "image/webp"
    return None


def binary_type(start):
    """Returns the kind of binary file that starts with these bytes; None for text."""
    has_nul = b"\0" in start
    for signature, name in _BINARY_SIGNATURES:
        # A short ASCII signature such as BM may also start an ordinary text.
        if start.startswith(signature) and (has_nul or len(signature) > 3 or signature[0] > 0x7E):
            return name
    return (_unmarked(start) or "binary data") if has_nul else None


def _unmarked(start):
    """Detects UTF-16 text without a byte order mark; returns None if it isn't likely."""
    if len(start) % 2:
        return None
    half = len(start) // 2
    first, second = start[::2].count(0), start[1::2].count(0)
    if second >= _ZERO_SHARE * half and first <= _ODD_SHARE * half:
        return "UTF-16LE text" if _is_text(start, "utf-16-le") else None
    if first >= _ZERO_SHARE * half and second <= _ODD_SHARE * half:
        return "UTF-16BE text" if _is_text(start, "utf-16-be") else None
    return None


def _is_text(start, codec):
    text = start.decode(codec, "replace")
    return not any(letter < " " and letter not in "\t\n\r\f" for letter in text)


def advice(binary_type, path):
    """Returns advice on how to inspect a file that can't be shown."""
    name, _, kind = binary_type.partition(" ")
    if kind == "text":
        quoted = "'" + path.replace("'", "'\\''") + "'"
        return f"Convert it with execute_bash: iconv -f {name} -t UTF-8 {quoted} > NEW"
    return "Inspect it with execute_bash, for example with file, od or a Python library."


def kind_of_special(mode):
    """Returns what a non-regular file is, with its article."""
    if stat.S_ISDIR(mode):
        return "a directory"
    if stat.S_ISFIFO(mode):
        return "a named pipe"
    if stat.S_ISSOCK(mode):
        return "a socket"
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        return "a device"
    return "something else"
