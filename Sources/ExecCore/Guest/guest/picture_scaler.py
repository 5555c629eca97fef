"""Scales a picture down. A separate program that a worker starts with the Python and Pillow of the sandbox's image: it
decodes input that may be crafted to exploit or exhaust it, so it has resource limits and no access to anything that
matters.

Reads the picture from standard input; the arguments are the maximum size in bytes and the maximum side in pixels.
Writes a line of JSON, then the bytes.
"""

import io
import json
import resource
import sys

_MEMORY = 768 << 20
_CPU_SECONDS = 40
_MAX_PIXELS = 128_000_000
# The maximum sides to try, in pixels, if the picture is still too large at the allowed one.
_EDGES = (1500, 1000, 700, 500, 350, 250, 180, 125, 90, 64)
# A picture of more pixels is first reduced strip by strip: otherwise there would be three full copies in memory.
_STRIPPED_PIXELS = 16_000_000
_FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
_TURNED = (5, 6, 7, 8)
_ORIENTATION = 0x0112


def main():
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    data = b""
    try:
        from PIL import Image, ImageOps
    except ImportError:
        head = {"missing": True}
    else:
        try:
            head, data = scale(Image, ImageOps, int(sys.argv[1]), int(sys.argv[2]))
        except MemoryError:
            head = {"error": "it needs more memory than is available"}
        except Exception as error:
            head = {"error": str(error)[:200]}
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + data)


def scale(Image, ImageOps, limit, side):
    """Scales the picture. Returns the head that describes the result, and its bytes."""
    # Turn off Pillow's own guard, which warns at some number of pixels and fails at twice that, in favor of ours.
    Image.MAX_IMAGE_PIXELS = None
    picture = Image.open(sys.stdin.buffer, formats=_FORMATS)
    width, height = picture.size
    if width * height > _MAX_PIXELS:
        raise ValueError(f"it has {width} x {height} pixels, more than {_MAX_PIXELS}")
    orientation = picture.getexif().get(_ORIENTATION)
    if orientation in _TURNED:
        width, height = height, width
    # Phones create JPEG files with several pictures, which Pillow calls MPO.
    is_photograph = picture.format in ("JPEG", "MPO")
    kinds = ("JPEG",) if is_photograph else ("PNG", "JPEG")
    if is_photograph:
        # JPEG can be decoded at a fraction of its size.
        picture.thumbnail((side, side))
    is_animated = bool(getattr(picture, "is_animated", False)) and not is_photograph
    picture = _reduced(Image, picture, side)
    if orientation:
        picture.getexif()[_ORIENTATION] = orientation
        picture = ImageOps.exif_transpose(picture)
    for edge in (side, *(edge for edge in _EDGES if edge < side)):
        if edge != side and max(picture.size) <= edge:
            continue
        picture.thumbnail((edge, edge))
        for kind in kinds:
            data = _encoded(Image, picture, kind)
            if len(data) <= limit:
                head = {"type": f"image/{kind.lower()}", "from": [width, height], "to": list(picture.size)}
                return {**head, "animated": is_animated}, data
    raise ValueError("it would be too small to be legible")


def _reduced(Image, picture, side):
    """Returns the picture in a simple mode; reduces a very large one, but not below `side` on its longer side."""
    width, height = picture.size
    factor = max(width, height) // side
    if width * height <= _STRIPPED_PIXELS or factor < 2:
        return _simple(picture)
    reduced = None
    rows = max(1, _STRIPPED_PIXELS // 4 // width // factor) * factor
    for top in range(0, height, rows):
        strip = _simple(picture.crop((0, top, width, min(top + rows, height)))).reduce(factor)
        if reduced is None:
            reduced = Image.new(strip.mode, (strip.width, -(-height // factor)))
        reduced.paste(strip, (0, top // factor))
    return reduced


def _simple(picture):
    """Converts the picture to a mode in which it can be scaled: RGB, RGBA or L."""
    if "transparency" in picture.info or picture.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        simple = picture.convert("RGBA")
    elif picture.mode.startswith("I"):
        # 16-bit grayscale.
        simple = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    else:
        simple = picture.convert("L" if picture.mode in ("1", "L") else "RGB")
    # The file's other metadata is of no use at another size.
    simple.info = {}
    return simple


def _encoded(Image, picture, kind):
    if kind == "JPEG" and picture.mode == "RGBA":
        white = Image.new("RGB", picture.size, "white")
        white.paste(picture, mask=picture.getchannel("A"))
        picture = white
    buffer = io.BytesIO()
    picture.save(buffer, kind, **({"quality": 85} if kind == "JPEG" else {}))
    return buffer.getvalue()


if __name__ == "__main__":
    main()
