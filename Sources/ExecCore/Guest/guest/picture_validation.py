"""Reads the dimensions of a picture file and checks that it is complete, by its structure, without decoding it.

A model's API that cannot decode a picture rejects it together with the whole conversation before it, so no broken
picture may get that far. Starting Pillow for the check would cost 0.1 s for each small picture.
"""

import re
import struct
import zlib

_PIECE = 1 << 16
_PNG, _JPEG, _GIF, _WEBP = "image/png", "image/jpeg", "image/gif", "image/webp"
_NAMES = {_PNG: "PNG", _JPEG: "JPEG", _GIF: "GIF", _WEBP: "WebP"}


class BrokenPictureError(Exception):
    """The file isn't a complete picture; the message says what it is instead."""


def sides(start, media_type):
    """Returns the width and height from the first bytes of a file; None if they don't contain them."""
    try:
        return _SIDES[media_type](start)
    except (BrokenPictureError, IndexError, struct.error):
        return None


def check(data, media_type, longest_side):
    """Checks the picture in `data` and returns its width and height. Doesn't decompress one whose longer side exceeds
    `longest_side` pixels, because that may take any amount of time.

    Raises Broken if the picture isn't complete.
    """
    name = _NAMES[media_type]
    try:
        width, height = _SIDES[media_type](data)
        if not width or not height:
            raise BrokenPictureError(f"a {name} of {width} x {height} pixels, which shows nothing")
        has_picture = _CHECKS[media_type](data, max(width, height) <= longest_side)
    except (IndexError, struct.error):
        raise BrokenPictureError(f"not a whole {name}: cut off after {len(data)} bytes") from None
    if not has_picture:
        raise BrokenPictureError(f"not a whole {name}: there is no picture in it")
    return width, height


# PNG

# By color type: the number of channels and the valid bit depths.
_PNG_KINDS = {0: (1, (1, 2, 4, 8, 16)), 2: (3, (8, 16)), 3: (1, (1, 2, 4, 8)), 4: (2, (8, 16)), 6: (4, (8, 16))}
# For each pass of Adam7 interlacing: the first column and row, then the column and row steps.
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def _png_sides(data):
    sides = struct.unpack_from(">II", data, 16)
    if data[8:16] != b"\0\0\0\rIHDR":
        raise BrokenPictureError("not a valid PNG: it does not begin with its header")
    return sides


def _check_png(data, is_unpacked):
    width, height, depth, colour, _, _, is_interlaced = struct.unpack_from(">IIBBBBB", data, 16)
    if colour not in _PNG_KINDS or depth not in _PNG_KINDS[colour][1] or is_interlaced > 1:
        raise BrokenPictureError("not a valid PNG: there are no such pixels")
    left = _png_bytes(width, height, depth * _PNG_KINDS[colour][0], is_interlaced) if is_unpacked else 0
    inflater = zlib.decompressobj()
    view = memoryview(data)
    offset = 8
    kind, kinds = b"", set()
    while kind != b"IEND":
        size, kind = struct.unpack_from(">I4s", data, offset)
        end = offset + 8 + size
        if zlib.crc32(view[offset + 4 : end]) != struct.unpack_from(">I", data, end)[0]:
            raise BrokenPictureError(f"a damaged PNG: the checksum of its part at byte {offset} is wrong")
        if kind == b"IDAT" and left > 0:
            left -= _inflate(inflater, view[offset + 8 : end], left)
        kinds.add(kind)
        offset = end + 4
    if left > 0 and b"IDAT" in kinds:
        raise BrokenPictureError("not a whole PNG: its last rows are missing")
    return b"IDAT" in kinds and (colour != 3 or b"PLTE" in kinds)


def _png_bytes(width, height, bits, is_interlaced):
    """Returns the size of the decompressed rows in bytes, including one filter byte for each."""
    total = 0
    for left, top, across, down in _PASSES if is_interlaced else ((0, 0, 1, 1),):
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0 and rows > 0:
            total += rows * (1 + (columns * bits + 7) // 8)
    return total


def _inflate(inflater, data, limit):
    """Decompresses `data` in small chunks and returns the number of bytes produced, at most `limit`: a guard against
    decompression bombs.
    """
    count = 0
    try:
        while count < limit and data:
            count += len(inflater.decompress(data, min(_PIECE, limit - count)))
            data = inflater.unconsumed_tail
    except zlib.error:
        raise BrokenPictureError("a damaged PNG: its rows cannot be unpacked") from None
    return count


# JPEG

# A marker in the entropy-coded data that is neither a stuffed byte nor a restart marker.
_ROWS_END = rb"\xff+[\x01-\xcf\xd8-\xfe]"
# SOF markers: they start a frame and contain its dimensions. The exceptions aren't frames.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ROWS, _END = 0xDA, 0xD9


def _jpeg_parts(data):
    """Yields (marker, offset of its content) for each segment, up to the end of the picture."""
    offset, marker = 2, 0
    while marker != _END:
        if data[offset] != 0xFF:
            raise BrokenPictureError(f"a damaged JPEG: there is no marker at byte {offset}")
        # Any number of 0xFF fill bytes may precede a marker.
        while data[offset] == 0xFF:
            offset += 1
        marker = data[offset]
        offset += 1
        yield marker, offset
        if marker == 0x01 or 0xD0 <= marker <= _END:
            continue
        offset += struct.unpack_from(">H", data, offset)[0]
        if marker == _ROWS:
            end = re.compile(_ROWS_END).search(data, offset)
            if not end:
                raise IndexError
            offset = end.start()


def _jpeg_sides(data):
    for marker, offset in _jpeg_parts(data):
        if marker in _FRAMES:
            return struct.unpack_from(">HH", data, offset + 3)[::-1]
    raise BrokenPictureError("not a whole JPEG: there is no picture in it")


def _check_jpeg(data, _):
    return _ROWS in [marker for marker, _ in _jpeg_parts(data)]


# GIF


def _gif_sides(data):
    return struct.unpack_from("<HH", data, 6)


def _check_gif(data, _):
    offset = _after_colours(13, data[10])
    has_picture = False
    while (kind := data[offset]) != 0x3B:
        offset += 1
        if kind == 0x2C:
            # The image data follows the byte with the LZW code size.
            offset = _after_colours(offset + 9, data[offset + 8]) + 1
            has_picture = has_picture or data[offset] > 0
        elif kind == 0x21:
            offset += 1
        elif kind:
            raise BrokenPictureError(f"a damaged GIF: nothing can begin at byte {offset - 1}")
        else:
            continue
        while data[offset]:
            offset += data[offset] + 1
        offset += 1
    return has_picture


def _after_colours(offset, flags):
    return offset + (3 << (flags & 7) + 1 if flags & 0x80 else 0)


# WebP

_WEBP_PICTURES = (b"VP8 ", b"VP8L", b"ANMF")


def _webp_sides(data):
    kind = data[12:16]
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if len(data) < 30:
        raise IndexError
    if kind != b"VP8X":
        raise BrokenPictureError("a damaged WebP: it does not begin with its header")
    return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1


def _check_webp(data, _):
    end = struct.unpack_from("<I", data, 4)[0] + 8
    if len(data) < end:
        raise IndexError
    has_picture = False
    offset = 12
    while offset < end:
        kind, length = struct.unpack_from("<4sI", data, offset)
        start = data[offset + 8 : offset + 14]
        if kind == b"VP8 " and start[3:] != b"\x9d\x01\x2a" or kind == b"VP8L" and start[:1] != b"\x2f":
            raise BrokenPictureError("a damaged WebP: its picture does not begin as one")
        has_picture = has_picture or kind in _WEBP_PICTURES and length > 0
        # A chunk of odd length is followed by a padding byte, which some encoders leave out at the end of the file.
        offset += 8 + length + (length & 1)
    if offset > end + 1:
        raise BrokenPictureError("a damaged WebP: a part of it is longer than the whole")
    return has_picture


_SIDES = {_PNG: _png_sides, _JPEG: _jpeg_sides, _GIF: _gif_sides, _WEBP: _webp_sides}
_CHECKS = {_PNG: _check_png, _JPEG: _check_jpeg, _GIF: _check_gif, _WEBP: _check_webp}
