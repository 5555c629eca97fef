"""A program's manual page, made of its --help: what the page says is what this program does."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

PATIENCE = 60
OTHERS = {"exec-mcp": "exec-agent", "exec-agent": "exec-mcp"}
# A paragraph of the help with one of these beginnings gets a section of its own.
SECTIONS = {"Options": "OPTIONS", "Exit status": "EXIT STATUS", "Commands": "COMMANDS"}


def help_of(program: Path, *words: str) -> str:
    command = [str(program), *words, "--help"]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE).stdout


def escaped(text: str) -> str:
    """Text that roff takes for nothing else: no escapes, hyphens that can be copied, no requests at a line's start."""
    text = text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq").replace("`", r"\(ga")
    text = text.replace("^", r"\(ha").replace("~", r"\(ti")
    return re.sub(r"(?m)^\.", r"\\&.", text)


def blocks(text: str) -> Iterator[list[str]]:
    """The help's paragraphs, each a list of lines."""
    for block in re.split(r"\n{2,}", text.strip("\n")):
        yield block.split("\n")


def entry(term: str, text: list[str]) -> list[str]:
    return [".TP", f".B {escaped(term)}", *(escaped(line.strip()) for line in text)]


def indented(lines: list[str]) -> list[str]:
    """Options with their text below, commands with their text beside, or an example."""
    if any(line.startswith("      ") for line in lines):
        found: list[tuple[str, list[str]]] = []
        for line in lines:
            if line.startswith("      ") and found:
                found[-1][1].append(line)
            else:
                found.append((line.strip(), []))
        return [text for term, body in found for text in entry(term, body)]
    rows = [re.fullmatch(r"  (\S+)\s{2,}(\S.*)", line) for line in lines]
    if all(rows):
        return [text for row in rows if row for text in entry(row[1], [row[2]])]
    return [".PP", ".EX", *(escaped(line) for line in lines), ".EE"]


def body(text: str) -> list[str]:
    page: list[str] = []
    for lines in blocks(text):
        title = next((title for start, title in SECTIONS.items() if lines[0].startswith(start)), None)
        if title and f'.SH "{title}"' not in page:
            page.append(f'.SH "{title}"')
            lines = [re.sub(r"^(Exit status): (.)", lambda match: match[2].upper(), lines[0]), *lines[1:]]
            # The section's name says it already.
            if re.fullmatch(r"\w+:?", lines[0]):
                lines = lines[1:]
        if lines and lines[0].startswith("  "):
            page += indented(lines)
        elif lines:
            page += [".PP", *(escaped(line) for line in lines)]
    return page


def manual_page(program: Path, date: str) -> str:
    name = program.name
    first, usage, *rest = blocks(help_of(program))
    _, version, summary = re.fullmatch(r"(\S+) (\S+): (.*)", first[0]).groups()  # type: ignore[union-attr]
    text = "\n\n".join("\n".join(lines) for lines in rest)
    page = [
        f'.\\" Made of the output of {name} --help.',
        f'.TH "{name.upper()}" 1 "{date}" "{name} {version}" "User Commands"',
        ".SH NAME",
        f"{escaped(name)} \\- {escaped(summary.rstrip('.'))}",
        ".SH SYNOPSIS",
        ".EX",
        *(escaped(line.removeprefix("Usage:").removeprefix("      ").strip()) for line in usage),
        ".EE",
        ".SH DESCRIPTION",
        *body(text),
    ]
    commands = re.search(r"(?m)^Commands.*\n\n((?:  \S+ .*\n)+)", text + "\n")
    for command in re.findall(r"(?m)^  (\S+)", commands[1]) if commands else []:
        page += [f'.SH "THE COMMAND {command.upper()}"', ".EX"]
        page += [*(escaped(line) for line in help_of(program, command).rstrip("\n").split("\n")), ".EE"]
    page += [".SH SEE ALSO", f".BR {escaped(OTHERS[name])} (1)"]
    return "\n".join(page) + "\n"
