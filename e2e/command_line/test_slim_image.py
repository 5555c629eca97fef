"""The slim image: all that needs Python and a shell works, and what is missing is said."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator

import pytest
from support import engine
from support.image_builds import image, one_at_a_time, present_base
from support.stdio_client import StdioClient, server_binary, text_of

# The first of them waits for the image.
pytestmark = pytest.mark.timeout(1200)

LARGE_PICTURE = """
import os, struct, zlib
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
width, height = 3000, 4
rows = b"".join(b"\\0" + os.urandom(3 * width) for _ in range(height))
head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
chunks = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
with open("large.png", "wb") as file:
    file.write(b"\\x89PNG\\r\\n\\x1a\\n" + chunks)
"""


@pytest.fixture(scope="module")
def slim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    name = f"exec-mcp-test-{secrets.token_hex(4)}:slim"
    with one_at_a_time(tmp_path_factory):
        built = image("--variant", "slim", "--tag", name, "--base", present_base())
    assert built.returncode == 0, built.stderr[-3000:]
    yield name
    with one_at_a_time(tmp_path_factory):
        engine.run("image", "rm", "--force", name, check=False)


@pytest.fixture(scope="module")
def server(slim: str, user: str) -> Iterator[StdioClient]:
    with StdioClient(["--user", user, "--image", slim]) as server:
        server.initialize()
        yield server


def test_it_is_a_fraction_of_the_standard_one(slim: str) -> None:
    assert engine.inspect(slim)["Size"] < engine.inspect(engine.IMAGE)["Size"] / 2


def test_doctor_finds_nothing_wrong(slim: str) -> None:
    done = subprocess.run([server_binary(), "doctor", "--image", slim], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout


def test_the_tools_work(server: StdioClient) -> None:
    assert server.bash("echo '{\"a\": 1}' | jq .a && command -v curl unzip less ps")["exit_code"] == 0
    assert server.python("import sqlite3, json; print(sqlite3.sqlite_version > '3')")["stdout"] == "True\n"
    assert server.bash("py -c 'x = 20'; py -c 'x + 1'")["stdout"] == "21\n"
    server.call_tool("write_file", file_path="m.py", content='def f():\n    """Does it."""\n')
    assert "Does it." in text_of(server.call_tool("read_docstring", file_path="m.py", function_name="f"))
    assert "Does it." in text_of(server.call_tool("read_file", file_path="m.py"))


def test_what_is_missing_is_said(server: StdioClient) -> None:
    missing = server.python("import pandas")
    assert missing["stderr"].endswith("ModuleNotFoundError: No module named 'pandas'\n")
    made = server.python(LARGE_PICTURE)
    assert made["exit_code"] == 0, made
    assert "the image has no Pillow" in text_of(server.call_tool("read_file", file_path="large.png"))


def test_the_prompt_promises_nothing_of_it(server: StdioClient) -> None:
    name = server.request("prompts/list", {})["prompts"][0]["name"]
    text = server.request("prompts/get", {"name": name})["messages"][0]["content"]["text"]
    assert "Python 3 without packages; curl, jq and unzip." in text
    assert "may need packages that are missing" in text
    assert not [word for word in ("pandas,", "polars", "`uv", "sqlite3", " rg") if word in text]
