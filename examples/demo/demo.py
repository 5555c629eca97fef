#!/usr/bin/env python3
"""A real session with exec-mcp, the way an MCP host holds it: data goes into a sandbox, is analysed and plotted there,
and the picture comes out. Ends with status 0 only if the results are right.

The figures in planets.csv are NASA/JPL Solar System Dynamics': semi-major axes from "Approximate Positions of the
Planets" (elements for 1800 to 2050), sidereal periods from "Planetary Physical Parameters".
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import json
import math
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import screen
from checks import WrongResult, require, timed
from client import Client, ClientError

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
PICTURE = "keplers-third-law.png"
REPETITIONS = 50
# Of the machine's own settings only these concern the demo; the rest would make it another sandbox.
KEPT_SETTINGS = {"MCP_EXECUTOR_IMAGE", "MCP_EXECUTOR_ENGINE", "MCP_EXECUTOR_RUNTIME"}
OPTIONS = ["--user", "demo", "--workspace", "ephemeral"]

# One command that shows what holds the code in; each line must come out as it stands here.
CONFINEMENT = {
    "user": ("id -un", "coderunner"),
    "capabilities": ("awk '/^CapEff/ {print $2}' /proc/self/status", "0000000000000000"),
    "network": ("ls /sys/class/net", "lo"),
    "system files": ("touch /etc/mine 2>&1 | sed 's/.*: //'", "Read-only file system"),
}


class Demo:
    """The session, step by step."""

    def __init__(self, client: Client, binary: Path, output: Path) -> None:
        self._client = client
        self._binary = binary
        self._output = output
        self._first_call: float | None = None

    def run(self) -> None:
        self._start()
        self._write_data()
        self._analyse()
        self._plot()
        self._take_picture_out()
        self._show_confinement()
        self._measure()
        self._check()

    def _start(self) -> None:
        screen.step(1, "Start the server", "One process with a pipe to it, as an MCP host does it.")
        screen.call(" ".join([os.path.relpath(self._binary), *OPTIONS]))
        answer, seconds = timed(self._client.initialize)
        server = answer["serverInfo"]
        screen.outcome(f"{server['name']} {server['version']}, protocol {answer['protocolVersion']}", seconds)
        tools = [tool["name"] for tool in self._client.request("tools/list")["tools"]]
        screen.note(f"Tools: {', '.join(tools)}. There is no container yet: the first call starts it.")

    def _write_data(self) -> None:
        screen.step(2, "Put data into the sandbox", "The eight planets (figures: NASA/JPL Solar System Dynamics).")
        screen.quote((HERE / "planets.csv").read_text())
        self._first_call = self._write("planets.csv")
        screen.note("That time includes the start of the container.")

    def _analyse(self) -> None:
        screen.step(3, "Analyse it with pandas", "Does the length of a year follow the distance from the Sun?")
        self._write("analyse.py")
        screen.quote(self._execute("python3 analyse.py")["stdout"])

    def _plot(self) -> None:
        screen.step(4, "Plot it with matplotlib", "Into /artifacts, where results for the user go, and checked there.")
        self._write("plot.py")
        report = self._execute("python3 plot.py")["stdout"]
        screen.quote(report)
        require(json.loads(report)["valid"] is True, "the sandbox's own check finds the picture damaged")

    def _take_picture_out(self) -> None:
        screen.step(5, "Take the picture out")
        screen.call(f"read_file /artifacts/{PICTURE}")
        result, seconds = timed(self._client.call_tool, "read_file", file_path=f"/artifacts/{PICTURE}")
        block = result["content"][0]
        require(block["type"] == "image" and block["mimeType"] == "image/png", f"no picture came back: {block['type']}")
        picture = base64.b64decode(block["data"], validate=True)
        screen.outcome(f"an image block, {len(picture)} bytes of PNG", seconds)
        self._output.mkdir(parents=True, exist_ok=True)
        (self._output / PICTURE).write_bytes(picture)
        screen.note(f"Saved: {self._output / PICTURE}")

    def _show_confinement(self) -> None:
        screen.step(6, "Check what confines the code")
        command = "\n".join(f"echo {name}: $({probe})" for name, (probe, _) in CONFINEMENT.items())
        stdout = self._execute(command)["stdout"]
        screen.quote(stdout)
        expected = "".join(f"{name}: {value}\n" for name, (_, value) in CONFINEMENT.items())
        require(stdout == expected, f"the sandbox is not confined as it must be; expected:\n{expected}")

    def _measure(self) -> None:
        screen.step(7, "See what a call costs")
        screen.call(f"execute_bash true, {REPETITIONS} times, one after the other")
        times = [timed(self._client.call_tool, "execute_bash", command="true")[1] for _ in range(REPETITIONS)]
        screen.outcome("median of a call", statistics.median(times))
        screen.outcome("the first call of the session, container start included", self._first_call)

    def _check(self) -> None:
        screen.step(8, "Check the results independently")
        fit = json.loads(self._client.call_tool("read_file", file_path="fit.json")["content"][0]["text"])
        exponent, factor = power_law(HERE / "planets.csv")
        for name, value in {"exponent": exponent, "factor": factor}.items():
            require(math.isclose(fit[name], value, rel_tol=1e-9), f"the {name} is {fit[name]}, not {value}")
        screen.passed(f"the fit agrees with one made outside the sandbox: {exponent:.9f}")
        require(abs(exponent - 1.5) < 0.001, f"Kepler's exponent is 1.5, not {exponent}")
        screen.passed("it is Kepler's third law: the exponent is 1.5 within 0.001")
        picture = (self._output / PICTURE).read_bytes()
        width, height = png_size(picture)
        require(width >= 1000 and height >= 600, f"the picture is only {width} x {height}")
        screen.passed(f"the picture is a PNG of {width} x {height} pixels")
        inside = self._execute(f"sha256sum /artifacts/{PICTURE}", shown=False)["stdout"].split()[0]
        require(hashlib.sha256(picture).hexdigest() == inside, "the picture changed on its way out")
        screen.passed("its bytes are the ones in the sandbox (SHA-256)")

    def _write(self, name: str) -> float:
        """Writes a file of this directory into the workspace. Returns how long that took, in seconds."""
        content = (HERE / name).read_text()
        screen.call(f"write_file {name}    (from {os.path.relpath(HERE / name)})")
        result, seconds = timed(self._client.call_tool, "write_file", file_path=name, content=content)
        screen.outcome(result["content"][0]["text"], seconds)
        return seconds

    def _execute(self, command: str, shown: bool = True) -> dict[str, Any]:
        """The structured result of a command that must succeed."""
        if shown:
            first, *others = command.split("\n")
            screen.call(f"execute_bash {first}")
            for line in others:
                screen.note(f"               {line}")
        result, seconds = timed(self._client.call_tool, "execute_bash", command=command, timeout=120)
        result = result["structuredContent"]
        if result["exit_code"] != 0:
            output = (result["stdout"] + result["stderr"]).rstrip()
            raise WrongResult(f"{command}: exit code {result['exit_code']}\n{output}")
        if shown:
            screen.outcome("exit code 0", seconds)
        return result


def power_law(path: Path) -> tuple[float, float]:
    """Exponent and factor of period = factor * distance ** exponent, by least squares, without any library."""
    with open(path, newline="") as file:
        rows = [(math.log(float(row[1])), math.log(float(row[2]))) for row in list(csv.reader(file))[1:]]
    mean_x = math.fsum(x for x, _ in rows) / len(rows)
    mean_y = math.fsum(y for _, y in rows) / len(rows)
    covariance = math.fsum((x - mean_x) * (y - mean_y) for x, y in rows)
    exponent = covariance / math.fsum((x - mean_x) ** 2 for x, _ in rows)
    return exponent, math.exp(mean_y - exponent * mean_x)


def png_size(data: bytes) -> tuple[int, int]:
    """Width and height, from the header that every PNG starts with."""
    require(data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR", "the picture isn't a PNG")
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def configuration(host: str, binary: Path) -> str:
    """What that host's user has to paste."""
    return subprocess.run([str(binary), "config", host], check=True, capture_output=True, text=True).stdout


def next_steps(binary: Path, picture: Path) -> None:
    screen.plain()
    screen.title("What to do next")
    screen.plain(f"Look at the picture: {picture}")
    screen.plain("Add this sandbox to your MCP host. Claude Desktop, Cursor and many others accept this block:")
    screen.plain()
    screen.plain(configuration("cursor", binary))
    screen.plain("make config HOST=claude-code   prints the block for another host; make config lists the hosts")
    screen.plain("exec-mcp config HOST --write   writes it to the host's file and keeps the rest")
    screen.plain("make install                   installs the program into ~/.local/bin and prints the block for it")


def main() -> int:
    parser = argparse.ArgumentParser(description="Runs a real session with exec-mcp.")
    parser.add_argument("--binary", type=Path, default=REPOSITORY / ".build" / "release" / "exec-mcp")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "demo-output", help="where the picture goes")
    options = parser.parse_args()
    binary, output = options.binary.absolute(), options.output.absolute()
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("MCP_") or name in KEPT_SETTINGS
    }
    screen.title("exec-mcp: an agent's code in a private container")
    try:
        if not binary.exists():
            raise ClientError(f"there is no server at {binary}\nBuild it: make build")
        with Client([str(binary), *OPTIONS], environment) as client:
            Demo(client, binary, output).run()
            status = client.close()
            require(status == 0, f"the server ended with status {status}")
        screen.passed("the pipe is closed, and the server exited normally")
    except (ClientError, WrongResult) as error:
        screen.failure(str(error))
        return 1
    except KeyboardInterrupt:
        screen.failure("interrupted")
        return 130
    next_steps(binary, output / PICTURE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
