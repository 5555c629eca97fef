#!/usr/bin/env python3
"""The page of `exec-agent serve` with a model that is a recording (page.json), so it needs no key. Everything else is
real: the agent, the server, the sandbox. Prints the address, opens it if there is a browser, and ends with Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import webbrowser
from pathlib import Path

import demo

SCRIPT = Path(__file__).resolve().parent / "page.json"


def main() -> int:
    parser = argparse.ArgumentParser(description="Shows the page of exec-agent serve.")
    release = demo.REPOSITORY / ".build" / "release"
    parser.add_argument("--agent", type=Path, default=release / "exec-agent")
    parser.add_argument("--server", type=Path, default=release / "exec-mcp")
    parser.add_argument("--user", default="demo", help="whose sandbox it is")
    parser.add_argument("--port", type=int, default=8000, help="0: any free port")
    parser.add_argument("--no-browser", action="store_true", help="print the address only")
    options = parser.parse_args()
    server = f"{shlex.quote(str(options.server.absolute()))} --user {shlex.quote(options.user)} --workspace ephemeral"
    command = [options.agent.absolute(), "serve", "--port", str(options.port), "--mcp", server, "--sessions", "memory"]
    with demo.recorded_model(SCRIPT) as address:
        environment = {**demo.kept_environment(), "OPENAI_BASE_URL": address, "DEFAULT_MODEL": "scripted"}
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as service:
            try:
                return follow(service, options.no_browser)
            except KeyboardInterrupt:
                service.terminate()
                return 0


def follow(service: subprocess.Popen[str], only_print: bool) -> int:
    """Shows what the service says; opens the page once it says where it is."""
    is_open = False
    for line in service.stderr:
        sys.stderr.write(line)
        words = [word.rstrip(".,") for word in line.split() if word.startswith("http://")]
        if is_open or not words:
            continue
        is_open = True
        page = words[0].split("/v1")[0] + "/"
        print(
            f"\nThe page: {page}\nAsk it anything: the first answer is a whole analysis. Ctrl-C ends it.\n", flush=True
        )
        if not only_print and (
            os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or sys.platform == "darwin"
        ):
            webbrowser.open(page)
    return service.wait()


if __name__ == "__main__":
    sys.exit(main())
