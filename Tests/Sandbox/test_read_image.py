"""`read_file` of a picture: an image block with the very bytes of the file, scaled down where it is over 1 MB."""

import base64
import hashlib

import pytest
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
