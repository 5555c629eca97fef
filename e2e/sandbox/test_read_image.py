"""`read_file` of a picture: an image block with the very bytes of the file, scaled down where it is over 1 MB."""

import base64
import hashlib

import pytest
from support.resources import content_of
from support.stdio_client import text_of

FORMATS = [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("GIF", "image/gif"), ("WEBP", "image/webp")]


def make_picture(client, path: str, kind: str, width: int = 64) -> str:
    """Makes a picture of noise and returns its digest."""
    program = f"""
import hashlib, os
from PIL import Image
Image.frombytes("RGB", ({width}, {width}), os.urandom({width} * {width} * 3)).save({path!r}, format={kind!r})
print(hashlib.sha256(open({path!r}, "rb").read()).hexdigest())
"""
    outcome = client.python(program)
    assert outcome["exit_code"] == 0, outcome
    return outcome["stdout"].strip()


def digest(block: dict) -> str:
    return hashlib.sha256(base64.b64decode(block["data"], validate=True)).hexdigest()


@pytest.mark.parametrize(("kind", "mime_type"), FORMATS)
@pytest.mark.parametrize("width", [1, 64, 400])
def test_a_picture_is_an_image_block_byte_for_byte(client, kind, mime_type, width):
    expected = make_picture(client, f"picture.{kind.lower()}", kind, width)
    result = client.call_tool("read_file", file_path=f"picture.{kind.lower()}")
    assert not result.get("isError"), text_of(result)
    image = result["content"][0]
    assert image["type"] == "image"
    assert image["mimeType"] == mime_type
    assert digest(image) == expected
    assert "structuredContent" not in result


@pytest.mark.parametrize(("kind", "mime_type"), FORMATS)
def test_a_picture_is_known_by_its_content_not_its_name(client, kind, mime_type):
    expected = make_picture(client, "picture-without-extension", kind)
    image = client.call_tool("read_file", file_path="picture-without-extension")["content"][0]
    assert image["mimeType"] == mime_type
    assert digest(image) == expected


def test_a_text_with_a_picture_name_is_text(client):
    client.call_tool("write_file", file_path="not-really.png", content="just words\n")
    assert client.call_tool("read_file", file_path="not-really.png")["content"][0]["text"] == "just words\n"


def test_an_svg_is_text(client):
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>\n'
    client.call_tool("write_file", file_path="drawing.svg", content=svg)
    assert client.call_tool("read_file", file_path="drawing.svg")["content"][0]["text"] == svg


def test_another_picture_format_is_refused_like_any_binary_file(client):
    make_picture(client, "picture.bmp", "BMP")
    result = client.call_tool("read_file", file_path="picture.bmp")
    assert result["isError"] is True


def test_a_chart_of_matplotlib_can_be_looked_at(client):
    program = "import matplotlib.pyplot as plt; plt.plot([1, 3, 2]); plt.savefig('/artifacts/chart.png')"
    assert client.python(program, timeout=120) == {"exit_code": 0, "stdout": "", "stderr": ""}
    assert client.call_tool("read_file", file_path="/artifacts/chart.png")["content"][0]["mimeType"] == "image/png"


def test_a_large_picture_is_scaled_down_and_a_second_block_says_so(client):
    make_picture(client, "large.png", "PNG", 1200)
    image, remark = client.call_tool("read_file", file_path="large.png")["content"]
    assert (image["type"], image["mimeType"]) == ("image", "image/jpeg")
    assert len(base64.b64decode(image["data"], validate=True)) <= 1_000_000
    assert remark["type"] == "text"
    assert "1200 × 1200 pixels" in remark["text"]
    assert "to fit 1 MB" in remark["text"]


SIDES = """
import io, sys
from PIL import Image
print(*Image.open("picture").size)
"""


@pytest.mark.parametrize("size", ["2001, 3", "12, 9000", "5000, 3000"])
@pytest.mark.parametrize(("kind", "mime_type"), FORMATS[:2])
def test_one_of_more_pixels_than_apis_take_is_scaled_down_however_few_bytes_it_has(client, size, kind, mime_type):
    client.python(f"from PIL import Image; Image.new('RGB', ({size}), 'red').save('wide', {kind!r})")
    image, remark = client.call_tool("read_file", file_path="wide")["content"]
    assert image["mimeType"] == mime_type
    assert "to fit 2000 pixels a side." in remark["text"]
    client.call_tool("write_file", file_path="shown.txt", content=image["data"])
    client.bash("base64 -d shown.txt > picture")
    sides = [int(side) for side in client.python(SIDES)["stdout"].split()]
    assert max(sides) == 2000
    assert min(sides) >= 1


def test_one_of_exactly_so_many_pixels_comes_as_it_is(client):
    client.python("from PIL import Image; Image.new('L', (2000, 2000)).save('square.png')")
    assert len(client.call_tool("read_file", file_path="square.png")["content"]) == 1


def test_one_of_more_pixels_than_there_is_memory_for_is_refused_in_words(client):
    client.python("from PIL import Image; Image.new('1', (30_000, 30_000)).save('bomb.png')", timeout=120)
    result = client.call_tool("read_file", file_path="bomb.png")
    assert result["isError"] is True
    assert "30000 x 30000 pixels" in text_of(result)


def mime_type_of(client, uri: str) -> str:
    return content_of(client.request("resources/read", {"uri": uri}))["mimeType"]


@pytest.mark.parametrize(("kind", "mime_type"), FORMATS)
def test_one_that_is_not_whole_is_an_error_in_words(client, kind, mime_type):
    make_picture(client, "/artifacts/whole", kind)
    size = int(client.bash("stat -c %s /artifacts/whole")["stdout"])
    name = {"WEBP": "WebP"}.get(kind, kind)
    for kept in (16, size // 2, size - 1):
        client.bash(f"head -c {kept} /artifacts/whole > /artifacts/part")
        result = client.call_tool("read_file", file_path="/artifacts/part")
        assert result["isError"] is True
        assert f"not a whole {name}: cut off after {kept} bytes" in text_of(result)
    # A resource is the file as it is, but nobody should take it for a picture.
    assert mime_type_of(client, "artifact:///part") == "application/octet-stream"
    assert mime_type_of(client, "artifact:///whole") == mime_type


def test_a_limit_for_pictures_can_be_set(start_server):
    server = start_server("--picture-limit", "10000")
    make_picture(server, "noise.png", "PNG", 200)
    image, remark = server.call_tool("read_file", file_path="noise.png")["content"]
    assert len(base64.b64decode(image["data"], validate=True)) <= 10_000
    assert "to fit 10,000 bytes." in remark["text"]


def test_pictures_can_be_described_instead(start_server):
    server = start_server("--picture-limit", "none")
    make_picture(server, "noise.jpg", "JPEG", 200)
    size = int(server.bash("stat -c %s noise.jpg")["stdout"])
    result = server.call_tool("read_file", file_path="noise.jpg")
    assert not result.get("isError")
    (block,) = result["content"]
    assert block["type"] == "text"
    assert f"image/jpeg, 200 × 200 pixels, {size:,} bytes" in block["text"]
