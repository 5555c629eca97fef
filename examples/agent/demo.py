#!/usr/bin/env python3
"""exec-agent at work on a task, with a model that is a recording (cups.json): so it needs no key, and what it says is
always the same. All else is real: the agent, the server, the sandbox, the programs that run in it, and the picture that
comes out. Ends with status 0 only if the results are right.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
SCRIPT = HERE / "cups.json"
FIGURES = HERE / "cups.csv"
QUESTION = "This is how many cups of coffee we sold last week. When do we need more people? Make me a chart."
PICTURE = "cups-by-hour.png"
# Of the machine's own settings only these concern the demo; the rest would make it another agent or another sandbox.
KEPT_SETTINGS = {"MCP_EXECUTOR_IMAGE", "MCP_EXECUTOR_ENGINE", "MCP_EXECUTOR_RUNTIME"}
FOREIGN_SETTINGS = ("MCP_", "OPENAI_", "AGENT_", "DEFAULT_MODEL", "MODEL_TIMEOUT")


class WrongResult(Exception):
    """A result is not what it must be."""


@contextmanager
def recorded_model(script: Path = SCRIPT) -> Iterator[str]:
    """A model that plays a recording. Gives its address."""
    command = [sys.executable, str(HERE / "scripted_model.py"), "--script", str(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as model:
        try:
            if not (address := model.stdout.readline().strip()):
                raise WrongResult("the recorded model did not start")
            yield address
        finally:
            model.terminate()


def kept_environment() -> dict[str, str]:
    """The machine's own settings, without those that would make it another agent."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(FOREIGN_SETTINGS) or name in KEPT_SETTINGS
    }


def run(agent: Path, server: Path, output: Path) -> None:
    """Has the agent work on the task; shows the command as one would type it."""
    for program in (agent, server):
        if not program.exists():
            raise WrongResult(f"there is no program at {program}\nBuild it: make build")
    options = ["--mcp", f"{shlex.quote(str(server))} --user demo --workspace ephemeral", "--output", str(output)]
    shown = f'"{QUESTION} $(cat {os.path.relpath(FIGURES)})"'
    print(f"$ exec-agent --output {os.path.relpath(output)} {shown}\n", flush=True)
    with recorded_model() as address:
        environment = {**kept_environment(), "OPENAI_BASE_URL": address, "DEFAULT_MODEL": "scripted"}
        task = f"{QUESTION} {FIGURES.read_text()}"
        status = subprocess.run([str(agent), *options, task], env=environment).returncode
    if status != 0:
        raise WrongResult(f"exec-agent ended with status {status}")


def check(output: Path) -> None:
    """Whether the recording says what the figures say, and the picture is one."""
    answer = json.loads(SCRIPT.read_text())["conversation"][0]["turns"][-1]["text"]
    with open(FIGURES, newline="") as file:
        rows = list(csv.DictReader(file))
    hours = {row.pop("hour"): [int(cups) for cups in row.values()] for row in rows}
    busiest = max(hours, key=lambda hour: sum(hours[hour]))
    friday = sum(cups[-1] for cups in hours.values())
    others = sum(sum(cups[:-1]) for cups in hours.values()) / 4
    for fact in (f"{sum(hours[busiest]) / 5:.1f} cups", f"{busiest}:00", f"{friday / others - 1:.1%}"):
        if fact not in answer:
            raise WrongResult(f"the recorded answer does not say: {fact}")
    picture = (output / PICTURE).read_bytes() if (output / PICTURE).exists() else b""
    if not picture.startswith(b"\x89PNG\r\n\x1a\n"):
        raise WrongResult(f"there is no picture at {output / PICTURE}")


def main() -> int:
    parser = argparse.ArgumentParser(description="Shows exec-agent at work on a task.")
    release = REPOSITORY / ".build" / "release"
    parser.add_argument("--agent", type=Path, default=release / "exec-agent")
    parser.add_argument("--server", type=Path, default=release / "exec-mcp")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "demo-output", help="where the picture goes")
    options = parser.parse_args()
    output = options.output.absolute()
    try:
        run(options.agent.absolute(), options.server.absolute(), output)
        check(output)
    except WrongResult as error:
        print(f"\nThe demo failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nThe demo failed: interrupted", file=sys.stderr)
        return 130
    print(
        f"""
This model was a recording. To use your own, in your shell:

  export OPENAI_API_KEY=…  DEFAULT_MODEL=…          # or, for a local one, OPENAI_BASE_URL=http://localhost:11434/v1
  {os.path.relpath(options.agent)} "Plot the first 50 primes"
  {os.path.relpath(options.agent)}                   # a conversation
  {os.path.relpath(options.agent)} serve             # an OpenAI-compatible API: examples/agent has its clients"""
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
