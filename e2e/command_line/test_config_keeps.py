"""exec-mcp config --write, for many texts put together by chance: real parsers find what was there, and the entry."""

from __future__ import annotations

import random

import pytest
from support.host_files import CODEX, GOOSE, ZED, Home, HostFile, program

# What stands on its own in each notation, and what a careless reader would take for something else.
PIECES: dict[str, list[str]] = {
    "codex": [
        '[a]\ntext = """\n[mcp_servers.exec]\ncommand = "\\\\"""\n',
        "[b]\ntext = '''\n[mcp_servers.exec]'''''\n",
        "[c]\nlist = [ # [mcp_servers.exec]\n  '[', \"]\", { \"x.y\" = [1, {}] },\n]\n",
        '[mcp_servers.other]\ncommand = "[mcp_servers.exec]"\n  [mcp_servers.other.env]\n  exec = "1"\n',
        "[mcp_servers.exec-2]\nx = 1979-05-27 07:32:00Z\ny = +1_000\nz = -inf\n",
        "[[d]]\nname = \"exec\"\n[[d]]\nmcp_servers.exec = 'no'\n",
        '["mcp_servers"."exec.x"] # "\n\'a b\' . "c\\u0022" = true\n',
        "\n\n",
        "# [mcp_servers.exec]\n",
        "[mcp_servers.exec]\ncommand = 'old'\nargs = [\n  # none\n]\n\n[mcp_servers.exec.env]\nA = 'b'\n",
    ],
    "goose": [
        "note: |\n  extensions:\n    exec:\n\n    # no comment\n",
        "folded: >-\n  exec: 1\n\n   more\n",
        "quoted: 'it''s: # text\n\n  extensions: b'\n",
        'double: "a \\" # b\n  exec: c"\n',
        "list:\n- exec: {a: 1}\n-   - extensions\n",
        "flow: {extensions: {exec: 1}, b: [\n  1, 2]}\n",
        "extensions_2:\n    exec:\n        cmd: no\n",
        "\n\n",
        "# extensions:\n",
        "extensions: # mine\n    a: {cmd: x}\n\n    # exec:\n"
        "    exec:\n      cmd: old\n      # why\n    b:\n      - exec\n",
        "extensions:\n  a:\n    text: |\n      exec:\n      # text\n",
    ],
    "zed": [
        '"a": {"context_servers": {"exec": 1}},',
        '"b": "// \\"context_servers\\": {", // "exec"\n',
        '/* } */ "c": [1, [], /* ] */ {}, ], ',
        '\n\t"d": null /* , */ , ',
        '"context_servers": {},',
        '"context_servers": { "x": {"exec": 2}, // }\n },',
        '\n  "context_servers": {\n    "exec": [ // old\n 1], "y": {},\n  },',
        '"e\\u0022}": 1e5,\r\n',
    ],
}


def text_of(host: str, chance: random.Random) -> str:
    pieces = chance.sample(PIECES[host], chance.randint(0, len(PIECES[host])))
    if host == "zed":
        sections = [piece for piece in pieces if piece.lstrip().startswith('"context_servers"')]
        return "{" + "".join(piece for piece in pieces if piece not in sections[1:]) + "}\n"
    if host == "goose":
        sections = [piece for piece in pieces if piece.startswith("extensions:")]
        return "".join(piece for piece in pieces if piece not in sections[1:])
    return "".join(pieces)


@pytest.mark.parametrize("file", [CODEX, GOOSE, ZED], ids=lambda file: file.host)
@pytest.mark.parametrize("seed", range(30))
def test_what_was_there_is_there_afterwards(home: Home, file: HostFile, seed: int) -> None:
    text = text_of(file.host, random.Random(seed))
    path = home.place(file, text)
    expected = file.read(text) or {}
    section = expected.setdefault(file.section, {})
    section["exec"] = file.entry(program(), ["--user", "ann"])
    home.write(file, "--", "--user", "ann")
    assert file.read(path.read_bytes().decode()) == expected
    # The same without the entry that was there in some of them: nothing of it stays.
    section["exec"] = file.entry("/other", [])
    home.write(file, "--program", "/other")
    assert file.read(path.read_bytes().decode()) == expected
