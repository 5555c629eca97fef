"""Front matter as skills/list gives it: key by key and type by type what PyYAML says it is."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import core_yaml
from support.front_matter_maker import FrontMatterMaker
from support.resources import pages
from support.schemas import assert_valid_conversation
from support.stdio_client import StdioClient

SEED = 20261121
RANDOM = 400
HEAD = "description: Counts sheep.\n"

# Lines below a name and a description, each kind by itself.
READ = [
    "x: plain text with 'quotes' and \"more\" inside",
    "x: 'single ''quoted'' # text: here'",
    r'x: "double \"quoted\" \t \\ \x41 \u00e9 \U0001F680 \/ \n # text: here"',
    "x: 'over\n  two lines'",
    'x: "over\n\n  lines \\\n  joined"',
    "x: |\n  kept\n   indented\n\n  lines\n",
    "x: |-\n  kept\n  lines\n\n\ny: 1",
    "x: |+\n  kept\n  lines\n\n\ny: 1",
    "x: >\n  folded\n  lines\n\n  and\n    more\n  here\n",
    "x: >-\n  folded\n  lines\n\n\ny: 1",
    "x: >+\n  folded\n  lines\n\n\ny: 1",
    "x: |2\n    two more than needed\n  here\n",
    "x: >1-\n  one more\n lines\n",
    "x: |\n\n\n  blank first\n",
    "x: |-\n",
    "x: >\ny: 1",
    "x: folded\n  continuation\n  lines\n\n  and a paragraph",
    "x:\n  on the next line\n   and the one after",
    "x:\n  a: 1\n  b:\n    c: deep\n    d:\n      e: deeper",
    "x:\n- a\n- b\n-\n  c\n- - d\n  - e\n- f: 1\n  g: 2\n",
    "x:\n  - a\n  -   b\n  - |\n    text\n  - >-\n    more\n    text\n",
    "x: [a, 'b', \"c\", 1, 1.0, true, null, ~, [d, [e]], {f: g}]",
    "x: [a,\n  b, # comment\n\n  c,\n]",
    "x: {a: 1, 'b': [2], \"c\": {d: 3}, e: , f}",
    "x: {a: 1,\n    b: 2 }",
    "x: []\ny: {}\nz: [ ]",
    "x: [a: 1, b]",
    "# a comment\nx: 1 # another\n  # a third\n\n# the last",
    "x: a#b # c",
    "x: http://example.org/a#b?c:d",
    "x: Read, Bash(git:*), mcp__x__*",
    "\"quoted key\": 1\n'other key': 2\nplain key: 3\n10: 4\ntrue: 5\nnull: 6",
    "x: true\ny: True\nz: TRUE\nu: false\nv: tRue",
    "x: yes\ny: no\nz: on\nu: off\nv: y\nw: n",
    "x: null\ny: Null\nz: NULL\nu: ~\nv:\nw: nil",
    "x: 0\ny: -0\nz: +12\nu: 007\nv: 0o17\nw: 0x1F\ns: 0b1\nt: 1_000",
    "x: 9223372036854775807\ny: -9223372036854775808",
    "x: 1.0\ny: -1.5e3\nz: .5\nu: 5.\nv: 1E+2\nw: 0.1\ns: 1.2.3\nt: 1e",
    "x: 2024-01-01\ny: 2024-01-01 10:00:00\nz: 12:30:45\nu: 1:30",
    "x: \"1.0\"\ny: 'true'\nz: \"null\"\nu: ''\nv: \"\"",
    "x: '0'\ny: |\n  0\nz: >-\n  true",
    "x: -a\ny: --- a\nz: ?a\nu: :a\nv: a:b",
    "x: <init|new> [name]\ny: (none)\nz: a, b\nu: 50%",
    "x: Zoë 日本語 🚀\né: ü",
    "x: a\u00a0b\ny: \"\u2028\"",
    "metadata:\n  version: '1.0'\n  author: \"Zoë\"",
    "license: >-\n  Apache-2.0\n  WITH LLVM-exception",
    "allowed-tools: Bash(git:*) Read",
    "compatibility: |\n  Needs Python 3.9",
]

# What neither reads.
REFUSED = [
    "x: 'never closed",
    'x: "never closed',
    'x: "bad \\q escape"',
    "x: [a, b",
    "x: {a: 1",
    "x: ]",
    "x: @at",
    "x: `tick`",
    "x: %percent",
    "x: [a] b",
    "x: 'a' b",
    "\tx: 1",
    "x:\n\ty: 1",
    "x: 1\n y: 2",
    "x:\n  a: 1\n b: 2",
    "just text",
    "- a",
    "x: 1\nx: 2",
    "x: {a: 1, a: 2}",
    "x: a\n  b: c",
    "x: |a\n  b",
    "x: \x01",
    "x: - a",
]

# What PyYAML reads and skills here may not use: it is refused by name.
UNSUPPORTED = ["x: &a 1\ny: *a", "x: !!str 1", "x: !tag 1", "x: {? a : b}", "? x\n: 1", "x: &a\n  b: 1"]

# What JSON cannot hold.
BEYOND_JSON = ["x: .inf", "x: -.Inf", "x: [.nan]", "x:\n  y: 1e999"]

# What PyYAML refuses and the server reads: a colon in the plain value of a top-level key, which everybody writes and
# YAML forbids, and tabs between words, which YAML allows.
LENIENT = [
    ("x: Use when: asked", "Use when: asked"),
    ("x: a: b: c # d", "a: b: c"),
    ("x:\ttabbed", "tabbed"),
    ("x: tabbed\t# comment", "tabbed"),
]

# What breaks the Agent Skills format, whatever YAML says of it.
FORMAT = [
    "license: 5",
    "metadata: text",
    "metadata:\n  version: 1.0",
    "allowed-tools: [Read]",
    "compatibility: true",
    "compatibility: ''",
]


def name_of(group: str, number: int) -> str:
    return f"{group}-{number}"


def cases(group: str, texts: list[Any]) -> list[Any]:
    return [pytest.param(name_of(group, number), text, id=str(number)) for number, text in enumerate(texts)]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Every SKILL.md, by the name of its skill."""
    groups = {"read": READ, "refused": REFUSED, "unsupported": UNSUPPORTED, "beyond": BEYOND_JSON, "format": FORMAT}
    groups["lenient"] = [text for text, _ in LENIENT]
    found = {
        name_of(group, number): f"---\nname: {name_of(group, number)}\n{HEAD}{text}\n---\n# Body\n".encode()
        for group, texts in groups.items()
        for number, text in enumerate(texts)
    }
    for number in range(RANDOM):
        name = name_of("random", number)
        found[name] = FrontMatterMaker(SEED + number).make(name)
    for name, content in list(found.items()):
        if name.startswith("read-"):
            renamed = content.replace(b"read-", b"crlf-read-", 1)
            found["crlf-" + name] = b"\xef\xbb\xbf" + renamed.replace(b"\n", b"\r\n")
    return found


@pytest.fixture(scope="module")
def server(files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory, user: str):
    directory: Path = tmp_path_factory.mktemp("skills")
    for name, content in files.items():
        (directory / name).mkdir()
        (directory / name / "SKILL.md").write_bytes(content)
    with StdioClient(["--user", user, "--skills", str(directory)], modern=True) as shared:
        yield shared
    assert_valid_conversation(shared.journal)


@pytest.fixture(scope="module")
def listed(server: StdioClient) -> dict[str, Any]:
    """The front matter of every skill in the list."""
    entries = itertools.chain.from_iterable(page["skills"] for page in pages(server, "skills/list"))
    return {entry["frontmatter"]["name"]: entry["frontmatter"] for entry in entries}


def typed(value: Any) -> Any:
    """The value with its types, for 1, 1.0 and true are equal in Python."""
    if isinstance(value, dict):
        return {key: typed(member) for key, member in value.items()}
    if isinstance(value, list):
        return [typed(element) for element in value]
    return type(value).__name__, value


def is_json(value: Any) -> bool:
    if isinstance(value, dict):
        return all(is_json(member) for member in value.values())
    if isinstance(value, list):
        return all(is_json(element) for element in value)
    return not isinstance(value, float) or math.isfinite(value)


@pytest.mark.parametrize(("name", "text"), cases("read", READ))
@pytest.mark.parametrize("prefix", ["", "crlf-"], ids=["lf", "bom-and-crlf"])
def test_each_kind_is_what_pyyaml_says(files, listed, prefix, name, text):
    expected = core_yaml.front_matter(files[prefix + name])
    assert len(expected) >= 3, "the case itself is wrong"
    assert typed(listed[prefix + name]) == typed(expected)
    assert list(listed[prefix + name]) == list(expected), "in the order of the author"


def test_hundreds_at_random_are_what_pyyaml_says(files, listed):
    wrong, refused = [], 0
    for number in range(RANDOM):
        name = name_of("random", number)
        try:
            expected = core_yaml.front_matter(files[name])
        except yaml.YAMLError:
            refused += 1
            if name in listed:
                wrong.append(f"{name}: PyYAML refuses it: {files[name].decode()!r}")
            continue
        if name not in listed:
            wrong.append(f"{name} is left out: {files[name].decode()!r}")
        elif typed(listed[name]) != typed(expected):
            keys = [key for key in expected if typed(listed[name].get(key)) != typed(expected[key])]
            wrong += [f"{name}.{key}: {listed[name].get(key)!r} and not {expected[key]!r}" for key in keys]
    assert not wrong, f"{len(wrong)} of {RANDOM}\n" + "\n".join(wrong[:10])
    assert refused < RANDOM / 10, "the generator has to write YAML"


@pytest.mark.parametrize(("name", "text"), cases("refused", REFUSED))
def test_what_is_no_yaml_is_left_out_and_named(files, listed, server, name, text):
    with pytest.raises(yaml.YAMLError):
        core_yaml.front_matter(files[name])
    assert name not in listed
    server.wait_for_log(f"/{name}/SKILL.md:")


@pytest.mark.parametrize(("name", "text"), cases("unsupported", UNSUPPORTED))
def test_what_no_skill_uses_is_left_out_and_named(files, listed, server, name, text):
    assert core_yaml.load(text.replace("!tag ", "")), "it is YAML"
    assert name not in listed
    server.wait_for_log(f"/{name}/SKILL.md:")


@pytest.mark.parametrize(("name", "text"), cases("beyond", BEYOND_JSON))
def test_what_json_cannot_hold_is_left_out(files, listed, server, name, text):
    assert not is_json(core_yaml.front_matter(files[name]))
    assert name not in listed
    server.wait_for_log(f"/{name}")


@pytest.mark.parametrize(("name", "text"), cases("format", FORMAT))
def test_what_breaks_the_format_is_left_out(files, listed, server, name, text):
    assert core_yaml.front_matter(files[name])["name"] == name
    assert name not in listed
    server.wait_for_log(f"/{name}")


@pytest.mark.parametrize(("name", "case"), cases("lenient", LENIENT))
def test_what_only_the_oracle_refuses_is_what_its_author_meant(files, listed, name, case):
    with pytest.raises(yaml.YAMLError):
        core_yaml.front_matter(files[name])
    assert listed[name]["x"] == case[1]
