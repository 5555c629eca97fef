"""The documents: what they say of options, tools, files and each other is so."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from examples.markdown import DOCUMENTS, anchors, links, names, prose
from support.agent import agent_binary
from support.stdio_client import REPOSITORY, StdioClient, server_binary

DOCS = REPOSITORY / "docs"
README_LINES = 150


def help_of(program: str, *command: str) -> str:
    run = subprocess.run([program, *command, "--help"], check=True, capture_output=True, text=True, timeout=30)
    return run.stdout


def options_in_help() -> list[tuple[str, str, str]]:
    """(flag, variable, default) of each option, as --help tells them."""
    found = re.findall(
        r"^  (--[a-z-]+)(?: \S+)?\n.*\n +\((\w+); default: (.*)\)$", help_of(server_binary()), re.MULTILINE
    )
    assert len(found) >= 15
    return found


def test_the_page_of_options_lists_every_option_of_the_help_in_its_order() -> None:
    page = (DOCS / "options.md").read_text()
    rows = re.findall(r"^\| `(--[a-z-]+)(?: [^`]+)?` \| `(\w+)` \| `?(.*?)`? \|", page, re.MULTILINE)
    assert rows == options_in_help()


def test_the_agents_page_lists_every_option_of_its_help_in_its_order() -> None:
    options = []
    pattern = r"^  (--\S+|[A-Z_]+)(?: (\S+))?\n +(.*)\n +\((?:(\w+); )?default: (.*)\)$"
    for name, value, meaning, variable, default in re.findall(pattern, help_of(agent_binary()), re.MULTILINE):
        flag = " ".join(filter(None, [name, value])) if name.startswith("--") else ""
        options.append((flag, variable if flag else name, default, meaning))
    assert len(options) >= 20
    page = (DOCS / "agent.md").read_text().partition("## Options")[2].replace("\\|", "¦")
    rows = re.findall(r"^\| (?:`([^`]+)`)? ?\| (?:`(\w+)`)? ?\| (.*?) \| (.*?) \|$", page, re.MULTILINE)
    assert [tuple(cell.replace("¦", "|") for cell in row) for row in rows] == options


def test_the_page_of_tools_lists_every_tool_with_its_arguments_and_their_defaults() -> None:
    with StdioClient(["--workspace", "ephemeral"]) as client:
        client.initialize()
        tools = client.request("tools/list")["tools"]
    expected = []
    for tool in tools:
        schema = tool["inputSchema"]
        optional = {name: one.get("default", 0) for name, one in schema["properties"].items()}
        expected.append((tool["name"], {**optional, **dict.fromkeys(schema["required"])}))
    rows = re.findall(r"^\| `(\w+)` \| (`.*?) \|", prose((DOCS / "mcp.md").read_text()), re.MULTILINE)
    listed = [
        (name, {key: int(value) if value else None for key, value in re.findall(r"`(\w+)`(?: = (\d+))?", arguments)})
        for name, arguments in rows
    ]
    assert listed == expected


def test_the_readme_can_be_read_in_two_minutes() -> None:
    assert len((REPOSITORY / "README.md").read_text().splitlines()) <= README_LINES


def test_the_index_leads_to_every_page() -> None:
    listed = {(DOCS / target).resolve() for target in links(DOCS / "README.md") if "#" not in target}
    lists = DOCS / "contributing"
    listed |= {(lists / target.partition("#")[0]).resolve() for target in links(lists / "README.md")}
    assert {page for page in DOCUMENTS if DOCS in page.parents} - listed == {DOCS / "README.md"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=names)
def test_links_lead_to_files_and_headings_that_are_there(document: Path) -> None:
    broken = []
    for target in links(document):
        path, _, anchor = target.partition("#")
        file = document.parent / path if path else document
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=names)
def test_make_targets_that_are_named_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"(?:`|^)make ([a-z][a-z -]*)", document.read_text(), re.MULTILINE)
    assert {word for words in named for word in words.split()} - targets - NO_TARGETS == set()


# Words that follow `make` in a title or a sentence of the code blocks, and name nothing.
NO_TARGETS = {"prints"}


def medians() -> dict[tuple[str, str], str]:
    """The figures in the report of `make bench`, by the title and the name of their row."""
    found: dict[tuple[str, str], str] = {}
    report = (DOCS / "benchmarks.md").read_text()
    for title, rows in re.findall(r"^(\S.*?)  +median .*\n((?:  .*\n)+)", report, re.MULTILINE):
        for name, figure in re.findall(r"^  (\S.*?)  +([\d.,]+)(?:  |$)", rows, re.MULTILINE):
            found.setdefault((title, name), figure)
    return found


def test_the_figures_of_the_readme_and_of_the_comparison_are_those_of_the_benchmark() -> None:
    found = medians()
    run, write, many = "execute_bash true, ms", "write_file 1 KB, ms", "50 at once, execute_bash true, ms"
    cold, output = "first call, cold, ms", "stdout, lines of text, MB/s"
    ours, sdk, floor = "exec-mcp", "FastMCP + docker-py", "bash -c, posix_spawn"
    library, copied, engine = "llm-sandbox execute_command", "llm-sandbox copy_to_runtime", "docker exec"

    def row(title: str, cells: str, *names: str) -> str:
        return f"| {title} | " + cells.format(*(found[key] for key in zip(names[::2], names[1::2]))) + " |\n"

    readme = [
        row("one command", "{} ms | {} ms | {} ms", run, ours, run, sdk, run, library),
        row("first command", "{} ms | {} ms | {} ms", cold, ours, cold, sdk, cold, library),
        row("`execute_bash true`", "{} ms | {} ms (llm-sandbox); {} ms for a bare bash without a sandbox",
            run, ours, run, library, run, floor),
        row("`write_file`, 1 KB", "{} ms | {} ms (FastMCP + docker-py)", write, ours, write, sdk),
        row("50 commands at once", "{} ms | {} ms (FastMCP + docker-py)", many, ours, many, sdk),
        row("first call, cold", "{} ms | {} ms (`docker run` alone)", cold, ours, cold, "docker run -i --rm"),
        row("output, lines of text", "{} MB/s | {} MB/s (`docker exec`)", output, ours, output, engine),
    ]  # fmt: skip
    comparison = [
        row("`execute_bash true`", "{} | {} | {} | {} | {}",
            run, ours, run, engine, run, sdk, run, library, run, floor),
        row("`write_file`, 1 KB", "{} | {} | {} | {} |", write, ours, write, engine, write, sdk, write, copied),
        row("50 commands at once", "{} | {} | {} | | {}", many, ours, many, engine, many, sdk, many, floor),
        row("first call, cold", "{} | {} (`docker run`) | {} | {} |",
            cold, ours, cold, "docker run -i --rm", cold, sdk, cold, library),
    ]  # fmt: skip
    for document, rows in ((REPOSITORY / "README.md", readme), (DOCS / "comparison.md", comparison)):
        text = document.read_text()
        # The README's tables have further cells for others.
        assert [one for one in rows if one.removesuffix(" |\n") not in text] == []


def test_the_readme_says_what_was_found_about_defaults() -> None:
    """The table that `make bench-defaults` printed has the cells of the README's table that have no other source."""
    page = (DOCS / "comparison.md").read_text().partition("```\n")[2].partition("\n```")[0]
    rows = {line[:28].strip(): re.split(r"  +", line[28:].strip()) for line in page.splitlines()}
    head = rows.pop("")
    found = {row: dict(zip(head, cells)) for row, cells in rows.items()}
    table = re.findall(r"^\| (.*)\|$", (REPOSITORY / "README.md").read_text(), re.MULTILINE)
    told = {cells[0]: cells[1:4] for cells in ([cell.strip() for cell in line.split(" |")] for line in table)}
    for row, words in {
        "after a timeout": ["all processes end", "processes go on", "processes go on"],
        "after `kill -9` of it": ["nothing is left", "the container stays", "the container stays"],
        "network by default": ["none", "the engine's", "the engine's"],
    }.items():
        assert told[row] == words
    contenders = ["exec-mcp", "docker exec", "llm-sandbox"]
    assert [found["processes after a timeout"][one] for one in contenders] == ["0 of 2", "2 of 2", "2 of 2"]
    assert [found["container after kill -9"][one] for one in contenders] == ["none", "runs", "runs"]
    assert [found["network"][one] for one in contenders] == ["none", "yes", "yes"]
    assert [found["memory limit"][one] for one in contenders] == ["1024 MiB", "none", "none"]


def test_the_changelog_begins_with_the_version_of_the_programs() -> None:
    text = (REPOSITORY / "CHANGELOG.md").read_text()
    versions = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$", text, re.MULTILINE)
    assert versions == sorted(versions, key=lambda one: tuple(map(int, one.split("."))), reverse=True)
    for program in (server_binary(), agent_binary()):
        told = subprocess.run([program, "--version"], check=True, capture_output=True, text=True, timeout=30).stdout
        assert told.split()[-1] == versions[0]


def test_the_page_of_installation_shows_what_the_doctor_says() -> None:
    shown = (DOCS / "install.md").read_text().partition("$ exec-mcp doctor\n")[2].partition("\n\nAll checks passed.")[0]
    command = [server_binary(), "doctor", "--json", "--workspace", "ephemeral"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    checks = [check["name"] for check in json.loads(run.stdout)["checks"]]
    assert re.findall(r"^✓  (\S+(?: \S+)*)  ", shown, re.MULTILINE) == checks
