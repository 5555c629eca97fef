"""Skills that tests write."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

DESCRIPTION = "Counts sheep until somebody falls asleep."


def write_skill(
    directory: Path, name: str, description: str = DESCRIPTION, files: dict[str, bytes] | None = None, extra: str = ""
) -> Path:
    """Writes a skill into a directory of skills and returns its own; `extra` are more lines of front matter. A new one
    is there at once, with all of its files, for a server that looks at the directory again and again."""
    place = directory / name
    skill = place if place.exists() else Path(tempfile.mkdtemp(prefix="skill-")) / "new"
    skill.mkdir(parents=True, exist_ok=True)
    text = f"---\nname: {name}\ndescription: {description}\n{extra}---\n\n# {name}\n"
    (skill / "SKILL.md").write_text(text, encoding="utf-8")
    for path, content in (files or {}).items():
        (skill / path).parent.mkdir(parents=True, exist_ok=True)
        (skill / path).write_bytes(content)
    if skill != place:
        directory.mkdir(parents=True, exist_ok=True)
        shutil.move(skill, place)
        skill.parent.rmdir()
    return place


def files_of(skill: Path) -> dict[str, bytes]:
    """The files of a skill by their paths below it."""
    return {file.relative_to(skill).as_posix(): file.read_bytes() for file in skill.rglob("*") if file.is_file()}
