"""A command whose every line is heard of: of lines that come fast, progress tells only the newest."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Sequence

import anyio

Run = Callable[[str], Awaitable[object]]


def step(part: str, mark: str) -> str:
    """Prints a line, and waits until a file says that it has been heard."""
    return f"echo {part}; until [ -e {mark}-{part} ]; do sleep 0.05; done"


def new_mark() -> str:
    return f"/tmp/heard-{secrets.token_hex(4)}"


async def run_in_steps(parts: Sequence[str], told: list[str], with_progress: Run, run: Run) -> None:
    """Runs a command that prints `parts`, each when the one before is in `told`. `with_progress` runs it, `run` any."""
    mark = new_mark()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(with_progress, "; ".join(step(part, mark) for part in parts))
        for part in parts:
            with anyio.fail_after(60):
                while part not in told:
                    await anyio.sleep(0.05)
            await run(f"touch {mark}-{part}")
