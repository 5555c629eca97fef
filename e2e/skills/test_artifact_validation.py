"""What validate_artifact accepts, refuses and says, as it behaves in the sandbox."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from typing import Any

import pytest
from support.stdio_client import Json, StdioClient

# Makes the files that are tested, sound ones and damaged ones, with the libraries that an agent would use.
MAKER = r"""
import io, json, os, pathlib, struct, zipfile, zlib
import matplotlib.pyplot as plt
import pandas as pd
from PIL import Image

os.chdir("/artifacts")
write = lambda name, data: pathlib.Path(name).write_bytes(data if isinstance(data, bytes) else data.encode())
read = lambda name: pathlib.Path(name).read_bytes()

# sound
figure, axes = plt.subplots()
axes.plot([1, 3, 2])
for extension in ("png", "jpg", "pdf", "svg", "webp"):
    figure.savefig(f"sound.{extension}")
Image.new("P", (20, 20)).save("sound.gif")
Image.new("RGB", (20, 20)).save("sound.jpeg")
table = pd.DataFrame({"a": [1, 2], "b": ["x, y", 'say "hi"']})
table.to_csv("sound.csv", index=False)
table.to_csv("sound.tsv", index=False, sep="\t")
table.to_json("sound.json", orient="records")
table.to_excel("sound.xlsx", index=False)
table.to_html("table.html")
write("sound.html", "<!-- made here -->\n<!DOCTYPE html><html><body>hi</body></html>")
write("sound.htm", "<html></html>")
write("sound.py", "def f(x: int) -> int:\n    return x + 1\n")
write("sound.ipynb", json.dumps({"cells": [], "nbformat": 4}))
for extension in ("txt", "md", "tex"):
    write(f"sound.{extension}", "héllo ✓\n")
with zipfile.ZipFile("sound.zip", "w") as archive:
    archive.writestr("a.txt", "a")
write("long_field.csv", "a,b\n1," + "x" * 300_000 + "\n")
write("UPPER.PNG", read("sound.png"))
write("with space, ünïcode & \"quotes\".txt", "x")

# damaged
for extension in ("png", "jpg", "gif", "webp", "pdf", "xlsx", "zip", "svg"):
    whole = read(f"sound.{extension}")
    write(f"cut.{extension}", whole[: len(whole) // 2])
    write(f"other.{extension}", "this is no picture\n" * 20)
    write(f"empty.{extension}", b"")
damaged = bytearray(read("sound.png"))
damaged[len(damaged) // 2] ^= 0xFF
write("flipped.png", bytes(damaged))
chunk = b"IHDR" + struct.pack(">IIBBBBB", 0, 10, 8, 2, 0, 0, 0)
write("no_pixels.png", b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
      + b"\0\0\0\0IEND\xaeB`\x82")
write("huge_chunk.png", b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffIHDR" + b"\0" * 100)
write("renamed.jpg", read("sound.png"))
write("renamed.xlsx", read("sound.zip"))
write("root.svg", "<html xmlns='http://www.w3.org/1999/xhtml'/>")
write("bomb.svg", "<!DOCTYPE svg [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]><svg>&b;</svg>")
write("script.svg", "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
write("comma.json", '{"a": 1,}')
write("nan.json", json.dumps({"a": float("nan")}))
write("bom.json", b"\xef\xbb\xbf{}")
write("latin1.json", '{"a": "é"}'.encode("latin-1"))
write("deep.json", "[" * 100_000 + "]" * 100_000)
write("empty.json", "")
write("blank.json", " \n")
write("cells.ipynb", "{}")
write("quote.csv", 'a,b\n1,"open\n2,3\n')
write("ragged.csv", "a,b\n1,2\n1,2,3\n")
write("blank.csv", "\n\n")
write("latin1.csv", "a,b\n1,é\n".encode("latin-1"))
write("semicolon.csv", "a;b\n1;2\n")
write("syntax.py", "def f(:\n    pass\n")
write("indent.py", "if True:\npass\n")
write("nul.py", "x = 1\0\n")
write("deep.py", "x = " + "(" * 5000 + ")" * 5000 + "\n")
write("effect.py", "open('/artifacts/effect.txt', 'w').write('run')\nraise SystemExit(3)\n")
write("escape.py", "pattern = '\\d'\n")
write("binary.txt", b"\0\1\2\3")
write("latin1.md", "é".encode("latin-1"))
write("fragment.html", "hello")

# places and kinds
write(".hidden.txt", "x")
write("program.exe", "x")
write("no_extension", "x")
write(b"bytes\xff.txt".decode("utf-8", "surrogateescape"), "x")
write("new\nline.txt", "x")
os.makedirs("directory.txt", exist_ok=True)
os.makedirs("below", exist_ok=True)
write("below/chart.txt", "x")
write("/workspace/outside.txt", "x")
for link, target in {
    "out.txt": "/workspace/outside.txt", "passwd.txt": "/etc/passwd", "nowhere.txt": "/artifacts/missing.txt",
    "inside.txt": "/artifacts/sound.txt", "to_hidden.txt": ".hidden.txt", "self.txt": "self.txt",
    "up.txt": "../etc/passwd", "deeper.txt": "below/chart.txt",
}.items():
    if not os.path.islink(link):
        os.symlink(target, link)
if not os.path.exists("pipe.txt"):
    os.mkfifo("pipe.txt")
write("unreadable.txt", "x")
os.chmod("unreadable.txt", 0)
write("large.txt", "")
os.truncate("large.txt", 50 * 1024 * 1024 + 1)
write("limit.json", json.dumps("x" * (1024 * 1024)))
"""

# Validates each path of a JSON file and prints the reports as they are, one to a line.
CHECKER = """
import json, os, sys
from artifact_validation import validate_artifact

for path in json.load(open(sys.argv[1])):
    report = validate_artifact(path if not isinstance(path, list) else os.fsencode(path[0]))
    assert isinstance(report, str)
    print(report)
"""

MEDIA_TYPES = {
    "sound.png": "image/png",
    "sound.jpg": "image/jpeg",
    "sound.jpeg": "image/jpeg",
    "sound.gif": "image/gif",
    "sound.webp": "image/webp",
    "sound.svg": "image/svg+xml",
    "sound.pdf": "application/pdf",
    "sound.html": "text/html",
    "sound.htm": "text/html",
    "sound.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "sound.zip": "application/zip",
    "sound.json": "application/json",
    "sound.ipynb": "application/x-ipynb+json",
    "sound.csv": "text/csv",
    "sound.tsv": "text/tab-separated-values",
    "sound.py": "text/x-python",
    "sound.txt": "text/plain",
    "sound.md": "text/markdown",
    "sound.tex": "text/x-tex",
    "UPPER.PNG": "image/png",
    "effect.py": "text/x-python",
    "escape.py": "text/x-python",
    "inside.txt": "text/plain",
    "long_field.csv": "text/csv",
    'with space, ünïcode & "quotes".txt': "text/plain",
}

# file, a part of its only error
INVALID = [
    *[(f"cut.{extension}", "cut off") for extension in ("png", "jpg", "gif", "webp", "pdf", "xlsx", "zip")],
    ("cut.svg", "not a valid SVG"),
    *[(f"other.{extension}", "not a") for extension in ("png", "jpg", "gif", "webp", "pdf", "xlsx", "zip", "svg")],
    *[(f"empty.{extension}", "empty") for extension in ("png", "jpg", "gif", "webp", "pdf", "xlsx", "zip", "svg")],
    ("flipped.png", "damaged"),
    ("no_pixels.png", "0 by 10 pixels"),
    ("huge_chunk.png", "cut off"),
    ("renamed.jpg", "not a JPEG"),
    ("renamed.xlsx", "no workbook"),
    ("root.svg", "root element is html"),
    ("bomb.svg", "entities"),
    ("comma.json", "not valid JSON"),
    ("nan.json", "NaN is not JSON"),
    ("bom.json", "byte order mark"),
    ("latin1.json", "not UTF-8"),
    ("deep.json", "nested too deeply"),
    ("empty.json", "empty"),
    ("blank.json", "not valid JSON"),
    ("cells.ipynb", "no list of cells"),
    ("quote.csv", "not valid CSV"),
    ("ragged.csv", "line 3 has 3 fields, the first row 2"),
    ("blank.csv", "the table is empty"),
    ("latin1.csv", "not UTF-8"),
    ("syntax.py", "line 1"),
    ("indent.py", "line 2"),
    ("nul.py", "not valid Python"),
    ("deep.py", "not valid Python"),
    ("binary.txt", "NUL"),
    ("latin1.md", "not UTF-8"),
    ("fragment.html", "not an HTML page"),
    ("table.html", "not an HTML page"),
    (".hidden.txt", "hidden"),
    ("program.exe", ".exe is not allowed"),
    ("no_extension", "(none) is not allowed"),
    ("missing.png", "no such file"),
    ("directory.txt", "not a regular file"),
    ("pipe.txt", "not a regular file"),
    ("unreadable.txt", "cannot be read"),
    ("large.txt", "the limit is 50 MB"),
    ("below/chart.txt", "not directly in /artifacts"),
    ("../workspace/outside.txt", "not directly in /artifacts"),
    ("../etc/passwd.txt", "not directly in /artifacts"),
    ("out.txt", "leads out"),
    ("passwd.txt", "leads out"),
    ("up.txt", "leads out"),
    ("deeper.txt", "leads out"),
    ("to_hidden.txt", "hidden"),
    ("nowhere.txt", "leads nowhere"),
    ("self.txt", ""),
    ("a" * 300 + ".txt", ""),
    ("nul\0.txt", "not a path"),
]


@pytest.fixture(scope="module")
def validate(client: StdioClient, run_python: Callable[..., Json]) -> Callable[..., list[Json]]:
    """Validates files in one process in the sandbox. Each report has to be JSON of the promised shape."""
    made = run_python(MAKER)
    assert made["exit_code"] == 0, made

    def run(paths: list[Any], prefix: str = "") -> list[Json]:
        client.call_tool("write_file", file_path="/workspace/paths.json", content=json.dumps(paths))
        ran = run_python(CHECKER, "/workspace/paths.json", prefix=prefix)
        assert ran["exit_code"] == 0, ran
        assert ran["stderr"] == "", ran
        reports = [json.loads(line) for line in ran["stdout"].splitlines()]
        assert len(reports) == len(paths)
        for report in reports:
            assert list(report) == ["valid", "path", "type", "size", "errors", "warnings"]
            assert report["valid"] is (report["errors"] == [])
            json.dumps(report, ensure_ascii=False).encode("utf-8")  # no lone surrogates
        return reports

    return run


@pytest.fixture(scope="module")
def reports(validate: Callable[..., list[Json]]) -> dict[str, Json]:
    """The reports of all the files above, by name."""
    names = [*MEDIA_TYPES, *(name for name, _ in INVALID)]
    return dict(zip(names, validate([f"/artifacts/{name}" for name in names]), strict=True))


@pytest.mark.parametrize(("name", "media_type"), MEDIA_TYPES.items(), ids=lambda value: value)
def test_a_sound_artifact_is_valid(name: str, media_type: str, reports: dict[str, Json]) -> None:
    report = reports[name]
    assert report["valid"], report
    assert report["warnings"] == [], report
    assert report["path"] == f"/artifacts/{name}"
    assert report["type"] == media_type
    assert report["size"] > 0


@pytest.mark.parametrize(("name", "message"), INVALID, ids=lambda value: ascii(value)[:40])
def test_an_unsound_artifact_is_refused_for_its_one_reason(name: str, message: str, reports: dict[str, Json]) -> None:
    report = reports[name]
    assert not report["valid"], report
    assert len(report["errors"]) == 1, report
    assert message in report["errors"][0]


def test_a_python_artifact_is_parsed_and_never_run(reports: dict[str, Json], client: StdioClient) -> None:
    assert reports["effect.py"]["valid"]
    assert client.bash("ls /artifacts/effect.txt")["exit_code"] != 0


def test_what_looks_wrong_but_works_is_a_warning(validate: Callable[..., list[Json]]) -> None:
    script, table = validate(["/artifacts/script.svg", "/artifacts/semicolon.csv"])
    assert script["valid"] and "scripts" in script["warnings"][0]
    assert table["valid"] and "delimiter" in table["warnings"][0]


def test_odd_names_still_give_json(validate: Callable[..., list[Json]]) -> None:
    """A list stands for a path given as bytes."""
    paths = ["/artifacts/bytes\udcff.txt", ["/artifacts/bytes\udcff.txt"], "/artifacts/new\nline.txt", "", 7, None, {}]
    surrogate, as_bytes, newline, empty, *no_paths = validate(paths)
    assert surrogate == as_bytes
    assert surrogate["errors"] == ["the file name is not UTF-8"]
    assert newline["valid"] and "control characters" in newline["warnings"][0]
    assert newline["path"] == "/artifacts/new\nline.txt"
    assert not empty["valid"]
    for report in no_paths:
        assert report["path"] is None
        assert "not a path" in report["errors"][0]


def test_a_relative_path_starts_at_the_current_directory(client: StdioClient, reports: dict[str, Json]) -> None:
    check = "import artifact_validation as a; print(a.validate_artifact('sound.txt'))"
    for directory, valid in {"/artifacts": True, "/workspace": False}.items():
        ran = client.bash(f"cd {directory} && python3 -c {shlex.quote(check)}")
        report = json.loads(ran["stdout"])
        assert report["path"] == f"{directory}/sound.txt"
        assert report["valid"] is valid, report


@pytest.mark.parametrize(
    ("setting", "valid", "warned"),
    [
        ("1", False, False),
        ("1.5", True, False),
        ("2", True, False),
        ("", True, False),
        ("lots", True, True),
        ("-1", True, True),
    ],
)
def test_the_size_limit_follows_its_variable(
    setting: str, valid: bool, warned: bool, validate: Callable[..., list[Json]]
) -> None:
    """limit.json is 1 MiB and two quotation marks."""
    [report] = validate(["/artifacts/limit.json"], prefix=f"MCP_ARTIFACT_SIZE_LIMIT_MB={setting}")
    assert report["valid"] is valid, report
    assert bool(report["warnings"]) is warned, report
    if not valid:
        assert "the limit is 1 MB" in report["errors"][0]


def test_a_large_json_is_accepted_without_filling_the_memory(
    client: StdioClient, validate: Callable[..., list[Json]]
) -> None:
    """Parsed, 49 MB of empty lists would take over a gigabyte: all that the sandbox has."""
    made = client.bash('python3 -c \'print("[" + "[]," * 16_000_000 + "[]]")\' > /artifacts/lists.json', timeout=120)
    assert made["exit_code"] == 0, made
    [report] = validate(["/artifacts/lists.json"])
    assert report["valid"], report
    assert "was not parsed" in report["warnings"][0]
    client.bash("rm /artifacts/lists.json")
