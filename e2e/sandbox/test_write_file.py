"""`write_file`: any content up to 32 MiB at any legal path, whole or not at all."""

import hashlib
import itertools
import json

import pytest
from support.stdio_client import text_of

MIB = 1024 * 1024
NAMES = [
    "plain.txt",
    "with space.txt",
    " leading and trailing ",
    'it\'s "quoted".txt',
    "new\nline",
    "tab\tand\rreturn",
    "-rf",
    "--help",
    "$HOME",
    "$(touch injected)",
    "`touch injected`",
    "a;b&c|d>e<f",
    "*?[x]{a,b}",
    "~",
    "back\\slash",
    "%s%n",
    "#comment",
    "日本語 🚀 é",
    "e\u0301",
    "\u202egnp.exe",
    "...",
    "x" * 255,
    "é" * 127,
]


LISTING = """
import json, os
os.chdir("names")
print(json.dumps({name: open(name).read() for name in os.listdir()}))
"""


def digest(client, path: str) -> str:
    return client.bash(f"sha256sum < {path}")["stdout"].split()[0]


@pytest.mark.parametrize("size", [0, 1, 4096, MIB, 32 * MIB])
def test_a_file_of_any_size_is_written_whole(client, size):
    content = ("0123456789abcde\n" * (size // 16 + 1))[:size]
    result = client.call_tool("write_file", file_path="/workspace/sized.txt", content=content)
    assert not result.get("isError"), text_of(result)
    assert result["content"] == [{"type": "text", "text": f"Successfully wrote {size} bytes to /workspace/sized.txt"}]
    assert digest(client, "/workspace/sized.txt") == hashlib.sha256(content.encode()).hexdigest()


def test_more_than_32_mib_are_refused_and_change_nothing(client):
    client.call_tool("write_file", file_path="kept.txt", content="kept")
    for content in ("x" * (32 * MIB + 1), "é" * (16 * MIB + 1)):
        result = client.call_tool("write_file", file_path="kept.txt", content=content)
        assert result["isError"] is True
        assert "32" in text_of(result)
    assert client.bash("cat kept.txt")["stdout"] == "kept"


def test_bytes_are_counted_not_characters(client):
    result = client.call_tool("write_file", file_path="/workspace/wide.txt", content="é🚀日")
    assert text_of(result) == "Successfully wrote 9 bytes to /workspace/wide.txt"


def test_a_relative_path_is_relative_to_the_workspace(client):
    result = client.call_tool("write_file", file_path="relative/path.txt", content="here")
    assert text_of(result).startswith("Successfully wrote 4 bytes to ")
    assert text_of(result).endswith("relative/path.txt")
    assert client.bash("cat /workspace/relative/path.txt")["stdout"] == "here"


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:20])
def test_any_legal_name_is_written_and_read_back(client, name):
    path = f"names/{name}"
    client.bash("rm -rf names")
    content = f"this is {name!r}\n"
    result = client.call_tool("write_file", file_path=path, content=content)
    assert not result.get("isError"), text_of(result)
    assert json.loads(client.python(LISTING)["stdout"]) == {name: content}
    assert client.call_tool("read_file", file_path=path)["content"][0]["text"] == content
    assert client.bash("ls injected")["exit_code"] != 0


def test_missing_parents_are_created(client):
    client.call_tool("write_file", file_path="/workspace/a/b c/d/e.txt", content="deep")
    assert client.bash("cat '/workspace/a/b c/d/e.txt'")["stdout"] == "deep"


EXACT = ["crlf\r\nlines\r\n", "no newline", "\ufeffwith a mark", "a\0b", "\u2028\u2029", "\n\n\n", "\\n \\u0041 %s"]


@pytest.mark.parametrize("content", EXACT, ids=ascii)
def test_content_is_kept_exactly(client, content):
    client.call_tool("write_file", file_path="exact.txt", content=content)
    assert digest(client, "exact.txt") == hashlib.sha256(content.encode()).hexdigest()


def test_an_existing_file_keeps_its_mode(client):
    client.bash("echo old > script.sh; chmod 751 script.sh; echo old > private; chmod 600 private")
    client.call_tool("write_file", file_path="script.sh", content="#!/bin/sh\necho new\n")
    client.call_tool("write_file", file_path="private", content="new")
    assert client.bash("stat -c %a script.sh private; ./script.sh")["stdout"] == "751\n600\nnew\n"


def test_a_new_file_belongs_to_the_user_and_is_readable(client):
    client.call_tool("write_file", file_path="fresh.txt", content="x")
    assert client.bash("stat -c '%a %U' fresh.txt")["stdout"] == "644 coderunner\n"


def test_nothing_but_the_file_is_left_behind(client):
    client.bash("rm -rf tidy; mkdir tidy")
    for content in ("one", "two", "x" * MIB):
        client.call_tool("write_file", file_path="tidy/file.txt", content=content)
    assert client.bash("ls -A tidy")["stdout"] == "file.txt\n"


READER = """
import os, time
torn, reads, deadline = 0, 0, time.monotonic() + 120
open("atomic/started", "w").close()
while not os.path.exists("atomic/stop") and time.monotonic() < deadline:
    data = open("atomic/file", "rb").read()
    reads += 1
    if reads == 6:
        open("atomic/enough", "w").close()
    if len(data) != 2_000_000 or len(set(data)) != 1:
        torn += 1
print(reads > 5, torn)
"""


def test_a_reader_sees_the_old_file_or_the_new_one(client):
    client.bash("rm -rf atomic; mkdir atomic")
    client.call_tool("write_file", file_path="atomic/file", content="a" * 2_000_000)
    client.call_tool("write_file", file_path="atomic/reader.py", content=READER)
    reader = client.start_tool("execute_bash", command="python3 atomic/reader.py", timeout=150)
    client.bash("until [ -e atomic/started ]; do sleep 0.02; done", timeout=60)
    letters = itertools.cycle("bcdefghijklmnopqrstuvwxyz")
    enough = False
    while not enough:
        for letter in itertools.islice(letters, 25):
            client.call_tool("write_file", file_path="atomic/file", content=letter * 2_000_000)
        # However seldom the reader has its turn.
        enough = client.bash("test -e atomic/enough")["exit_code"] == 0
    client.bash("touch atomic/stop")
    assert client.result(reader)["structuredContent"]["stdout"] == "True 0\n"


def test_concurrent_writers_leave_one_whole_file(client):
    calls = [client.start_tool("write_file", file_path="race.txt", content=letter * 500_000) for letter in "abcdefghij"]
    for call in calls:
        assert not client.result(call).get("isError")
    assert client.bash("wc -c < race.txt; fold -w1 race.txt | sort -u | wc -l")["stdout"].split() == ["500000", "1"]


@pytest.mark.parametrize(
    ("path", "prepare"),
    [
        ("", ""),
        ("/", ""),
        ("/workspace", ""),
        ("/workspace/", ""),
        ("adirectory", "mkdir -p adirectory"),
        ("afile/below.txt", "touch afile"),
        ("/etc/passwd", ""),
        ("/new-at-root.txt", ""),
        ("/tools/sympy_helpers.py", ""),
        ("/skills/new/SKILL.md", ""),
        ("/proc/sysrq-trigger", ""),
        ("/proc/1/mem", ""),
        ("x" * 256, ""),
        ("a\0b", ""),
        ("y/" * 3000, ""),
    ],
    ids=lambda value: ascii(value)[:24],
)
def test_what_cannot_be_written_is_an_error_that_names_it(client, path, prepare):
    if prepare:
        client.bash(prepare)
    result = client.call_tool("write_file", file_path=path, content="x")
    assert result["isError"] is True
    assert text_of(result)
    if path and "\0" not in path and len(path) < 200:
        assert path in text_of(result)
    assert client.bash("echo fine")["stdout"] == "fine\n"


@pytest.mark.parametrize("path", ["/tools/sympy_helpers.py", "/skills/symbolic-computation/SKILL.md", "/skills/x/y"])
def test_where_nothing_can_be_written_it_says_where_it_can(client, path):
    text = text_of(client.call_tool("write_file", file_path=path, content="x"))
    assert "read-only; /workspace" in text


def test_a_fifo_does_not_hang_a_write(client):
    client.bash("rm -f pipe; mkfifo pipe")
    client.call_tool("write_file", file_path="pipe", content="x", wait=60)
    client.bash("rm -f pipe")


def test_a_full_disk_is_an_error_and_leaves_the_old_file(client):
    client.bash("echo old > /tmp/full.txt; head -c 10G /dev/zero > /tmp/ballast", timeout=60)
    result = client.call_tool("write_file", file_path="/tmp/full.txt", content="x" * MIB)
    assert client.bash("cat /tmp/full.txt; rm -f /tmp/ballast")["stdout"] == "old\n"
    assert result["isError"] is True
