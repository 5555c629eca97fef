"""Python sessions of a sandbox, used as a model uses them: by the command `py`."""

from __future__ import annotations

from typing import Any

from support.stdio_client import StdioClient


class PySession:
    """One session by its name."""

    def __init__(self, client: StdioClient, name: str) -> None:
        self.client, self.name = client, name
        self.command = f"py -s {name}"

    def run(self, code: str, **arguments: Any) -> dict[str, Any]:
        """Runs code that arrives on standard input."""
        return self.client.bash(f"{self.command} <<'EOF'\n{code}\nEOF", **arguments)

    def value(self, code: str) -> str:
        """Returns what code prints that has no errors."""
        result = self.run(code)
        assert (result["exit_code"], result["stderr"]) == (0, ""), result
        return result["stdout"].removesuffix("\n")

    def signalled(self, code: str, number: str = "TERM") -> dict[str, Any]:
        """Runs code that makes the file `started`, and signals its `py` once that is there."""
        self.client.bash("rm -f started")
        return self.client.bash(
            f"{self.command} <<'EOF' &\n{code}\nEOF\n"
            f"until [ -e started ]; do sleep 0.02; done; kill -{number} $!; wait $!",
            timeout=120,
        )

    def close(self) -> None:
        self.client.bash(f"{self.command} --close", timeout=120)
