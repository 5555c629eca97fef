"""From one skill to five hundred."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from support.skill_files import write_skill
from support.stdio_client import REPOSITORY, modern_meta

from benchmarking.bench import Bench
from benchmarking.client import Client, Json, Refused, Request, result
from benchmarking.contenders import exec_mcp
from benchmarking.figures import median
from benchmarking.growth import probe
from benchmarking.growth.series import Growth, Linear
from benchmarking.rounds import no_garbage_collection

STEPS = (1, 5, 20, 100, 500)
QUICK_STEPS = STEPS[:-1]
DESCRIPTION = (
    "Know-how for field {} of work - the steps to take, the checks to make, what to hand back. Use it for any question "
    "of that field, and before a calculation whose result somebody will rely on."
)
PROMPT = Request("prompts/get", {"name": "agent_system_prompt"})
# Digests of files that were written less than two seconds ago are not kept: they may yet change.
SETTLED = 2.5


def measure(bench: Bench) -> Iterator[Growth]:
    """Servers that have just been started: each looks at the skills for the first time."""
    steps = bench.effort.of(STEPS, QUICK_STEPS)
    user, figures = bench.traces.user(), probe.Figures()
    with tempfile.TemporaryDirectory(prefix=f"{bench.traces.mark}-") as directory:
        for step in steps:
            make(Path(directory, str(step)), step)
        time.sleep(SETTLED)
        for step in steps:
            _measure(bench, figures, user, Path(directory, str(step)), step)
    notes = (
        "each skill has a SKILL.md as long as a shipped one, and one more file",
        "the lists are read to their last page, from a server that has not listed them before",
    )
    yield Growth("skills", "Skills", "skills", steps, figures.lines(), notes=notes)


def make(directory: Path, count: int) -> None:
    """Writes so many skills, alike in size to those that are shipped."""
    shipped = (REPOSITORY / "skills" / "data-visualization" / "SKILL.md").read_bytes()
    for number in range(count):
        skill = write_skill(directory, f"field-{number:03}", DESCRIPTION.format(number), {"reference.md": shipped})
        with (skill / "SKILL.md").open("ab") as file:
            file.write(shipped.split(b"---\n", 2)[2])


def _measure(bench: Bench, figures: probe.Figures, user: str, directory: Path, count: int) -> None:
    starts, skills, prompts, resources, held = [], [], [], [], []
    size = 0
    with no_garbage_collection():
        for _ in range(bench.effort.of(9, 3)):
            began = time.perf_counter()
            with exec_mcp.start(user, bench.traces.mark, "--skills", str(directory)) as server:
                server.shake_hands()
                starts.append(time.perf_counter() - began)
                skills.append(_list(server, "skills/list", "skills", count))
                began = time.perf_counter()
                answer = server.call(PROMPT)
                prompts.append(time.perf_counter() - began)
                size = sum(len(message["content"]["text"].encode()) for message in result(answer)["messages"])
                resources.append(_list(server, "resources/list", "resources", 2 * count))
                held.append(probe.resident(server))
    figures.milliseconds("start to initialize answered", median(starts), Linear())
    figures.milliseconds("skills/list, all pages", median(skills), Linear())
    figures.milliseconds("prompts/get", median(prompts), Linear())
    figures.milliseconds("resources/list, all pages", median(resources), Linear())
    figures.add("size of the prompt", "KB", size / 1000, Linear(), drawn=False)
    known = [value for value in held if value is not None]
    figures.megabytes("memory of exec-mcp", median(known) if known else None, probe.FLAT)


def _list(server: Client, method: str, what: str, count: int) -> float:
    """The seconds that the server takes for all pages of a list, of which so much must be there."""
    elapsed, found, cursor = 0.0, 0, {}
    while True:
        params: Json = {"_meta": modern_meta(), **cursor}
        request = Request(method, params)
        began = time.perf_counter()
        answer = server.call(request)
        elapsed += time.perf_counter() - began
        page = result(answer)
        found += len(page[what])
        if "nextCursor" not in page:
            break
        cursor = {"cursor": page["nextCursor"]}
    if found != count:
        raise Refused(f"{method} has {found} entries of {count}: {json.dumps(page)[:300]}")
    return elapsed
