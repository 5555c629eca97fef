"""llm-sandbox with a session that is kept, called in process, as its users do.

The image has all that is needed, so it sets nothing up. Without a shell of its own, `execute_command` takes the words
of a command; `run` takes a program in Python, which it copies into the container and runs there.
"""

from __future__ import annotations

from typing import Any

from support import engine

from benchmarking.traces import LABEL

COMMAND = "llm-sandbox execute_command"
RUN = "llm-sandbox run"
COPY_IN = "llm-sandbox copy_to_runtime"
COPY_OUT = "llm-sandbox copy_from_runtime"
DIRECTORY = "/workspace"


def make(mark: str) -> Any:
    """A session that is not open yet."""
    from llm_sandbox import SandboxSession

    # Without the signal, each close would wait ten seconds for a bash that does not heed the gentler one.
    settings = {"network_mode": "none", "labels": {LABEL: mark}, "stop_signal": "SIGKILL"}
    return SandboxSession(
        lang="python",
        image=engine.IMAGE,
        workdir=DIRECTORY,
        skip_environment_setup=True,
        runtime_configs=settings,
    )


def succeeded(output: Any) -> None:
    """Checks what a session has returned."""
    if output.exit_code != 0:
        raise RuntimeError(f"llm-sandbox: {output.exit_code}: {output.stderr or output.stdout}")
