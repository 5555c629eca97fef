"""The machine that figures come from, described by what is needed to understand them."""

from __future__ import annotations

import datetime
import json
import os
import platform
import subprocess
from pathlib import Path

from support import engine
from support.stdio_client import server_binary


def describe() -> dict[str, str]:
    """What the report says of the machine. What cannot be found out is left out."""
    info = _engine("info")
    version = _engine("version")
    found = {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": _processor(),
        "cores": str(os.cpu_count() or ""),
        "memory": f"{info.get('MemTotal', 0) / 2**30:.1f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "system": str(info.get("OperatingSystem", "")),
        "engine": " ".join(filter(None, [engine.program(), str(info.get("ServerVersion", ""))])),
        "engine's command line": str(version.get("Client", {}).get("Version", "")),
        "storage driver": str(info.get("Driver", "")),
        "runtime": str(info.get("DefaultRuntime", "")),
        "cgroups": f"v{info['CgroupVersion']}" if "CgroupVersion" in info else "",
        "image": engine.IMAGE,
        "Python": platform.python_version(),
        "exec-mcp": _server_version(),
        "load": load(),
    }
    return {name: value for name, value in found.items() if value}


def load() -> str:
    """How busy the machine is: the mean number of processes that want to run, over 1 and 5 minutes."""
    try:
        one, five, _ = os.getloadavg()
    except OSError:
        return ""
    return f"{one:.2f} {five:.2f}"


def is_busy() -> bool:
    """Whether others have been using the machine: figures that are taken now may be far off."""
    try:
        return os.getloadavg()[0] > (os.cpu_count() or 1) / 2
    except OSError:
        return False


def _engine(question: str) -> dict:
    answer = engine.run(question, "--format", "{{json .}}", check=False)
    try:
        return json.loads(answer)
    except ValueError:
        return {}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def _server_version() -> str:
    told = subprocess.run([server_binary(), "--version"], capture_output=True, text=True, timeout=30, check=False)
    return told.stdout.strip().removeprefix("exec-mcp ")
