"""Scales a picture down. A program of its own, for a keeper to start with the image's Python and its Pillow: it decodes
what somebody may have made to break or to flood it, so it has bounds and holds nothing that matters.

Takes the picture as standard input and the greatest size as argument. Writes a line of JSON, then the bytes.
"""

import io
import json
import resource
import sys

_MEMORY = 768 << 20
_CPU_SECONDS = 40
_MAX_PIXELS = 100_000_000
# The longest edges that are tried.
_EDGES = (2000, 1500, 1000, 700, 500, 350, 250)
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
            head, data = scale(Image, ImageOps, int(sys.argv[1]))
        except MemoryError:
            head = {"error": "it takes more memory than there is for it"}
        except Exception as error:
            head = {"error": str(error)[:200]}
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + data)


def scale(Image, ImageOps, limit):
    """What the picture has become, and its bytes."""
    # Its own guard warns at some number of pixels and fails at twice that: ours is in one place.
    Image.MAX_IMAGE_PIXELS = None
    picture = Image.open(sys.stdin.buffer, formats=_FORMATS)
    width, height = picture.size
    if width * height > _MAX_PIXELS:
        raise ValueError(f"it has {width} x {height} pixels, more than {_MAX_PIXELS}")
    if picture.getexif().get(_ORIENTATION) in _TURNED:
        width, height = height, width
    # Telephones make JPEG files of several pictures, which Pillow calls MPO.
    is_photograph = picture.format in ("JPEG", "MPO")
    kinds = ("JPEG",) if is_photograph else ("PNG", "JPEG")
    if is_photograph:
        # It can be decoded at a part of its size.
        picture.thumbnail((_EDGES[0], _EDGES[0]))
    picture = _simple(ImageOps.exif_transpose(picture))
    for edge in _EDGES:
        if edge != _EDGES[0] and max(picture.size) <= edge:
            continue
        picture.thumbnail((edge, edge))
        for kind in kinds:
            data = _encoded(Image, picture, kind)
            if len(data) <= limit:
                return {"type": f"image/{kind.lower()}", "from": [width, height], "to": list(picture.size)}, data
    raise ValueError("it would have to be too small to see anything")


def _simple(picture):
    """The picture in one of the modes that it can be scaled in: RGB, RGBA, L."""
    if "transparency" in picture.info or picture.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        simple = picture.convert("RGBA")
    elif picture.mode.startswith("I"):
        # 16 bits of grey.
        simple = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    else:
        simple = picture.convert("L" if picture.mode in ("1", "L") else "RGB")
    # What else the file held is of no use at another size.
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
