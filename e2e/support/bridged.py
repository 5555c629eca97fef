"""exec-mcp with MCP servers whose tools code in its sandbox can call, for tests that share one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.stdio_client import StdioClient

Json = dict[str, Any]
OPEN = {"tools": {"allow": ["*"]}}


@contextmanager
def bridged_server(
    user: str,
    directory: Path,
    servers: Mapping[str, Json],
    *options: str,
    revision: str | None = "2025-11-25",
) -> Iterator[StdioClient]:
    """Starts exec-mcp with these servers. `directory` holds its configuration, state and audit log (`audit.log`).

    `revision` is that of the client; 2026-07-28 has no handshake.
    """
    directory.mkdir(exist_ok=True)
    file = directory / "servers.json"
    file.write_text(json.dumps({"mcpServers": servers}))
    arguments = ["--user", user, "--mcp-config", str(file), "--audit-log", str(directory / "audit.log"), *options]
    modern = revision == "2026-07-28"
    with StdioClient(arguments, env={"XDG_STATE_HOME": str(directory / "state")}, modern=modern) as client:
        if revision and not modern:
            client.initialize(revision)
        yield client


def output(client: StdioClient, program: str, **options: Any) -> str:
    """What a Python program prints that must succeed."""
    result = client.python(program, **options)
    assert result["exit_code"] == 0, result["stderr"]
    return result["stdout"]


def audited(directory: Path) -> list[Json]:
    """The calls that code in sandboxes made, as the audit log has them."""
    # The last line may still be on its way.
    text = (directory / "audit.log").read_text().rpartition("\n")[0]
    lines = [json.loads(line) for line in text.splitlines()]
    return [line for line in lines if "sandbox" in line]
