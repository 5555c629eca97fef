"""Metrics in Prometheus's text format: the checks of Prometheus's own promtool, and the numbers."""

from __future__ import annotations

import re
import shutil
import subprocess
import urllib.request

from support.agent_service import AgentService
from support.stdio_client import REPOSITORY

UNPACKED = REPOSITORY / ".venv" / "promtool" / "usr" / "bin" / "promtool"
_LINE = re.compile(r"(?P<name>[a-z_]+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)")
_LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


def promtool() -> str:
    """The program, which e2e/environment.sh has unpacked unless the system has it."""
    return shutil.which("promtool") or str(UNPACKED)


def check(text: str) -> None:
    """Fails for what Prometheus can't read, or advises against."""
    done = subprocess.run([promtool(), "check", "metrics"], input=text, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and not done.stderr, (done.stdout, done.stderr)


class Metrics:
    """The numbers of a text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.series: Series = {}
        for line in text.splitlines():
            if line.startswith("#"):
                continue
            found = _LINE.fullmatch(line)
            assert found, line
            labels = frozenset(_LABEL.findall(found["labels"] or ""))
            key = (found["name"], labels)
            assert key not in self.series, line
            self.series[key] = float(found["value"])

    def value(self, name: str, **labels: str) -> float:
        """The sum of the series that have these labels; 0 without any."""
        wanted = set(labels.items())
        return sum(value for (one, given), value in self.series.items() if one == name and wanted <= given)

    @property
    def families(self) -> dict[str, str]:
        """The families' kinds, by their names."""
        return dict(re.findall(r"^# TYPE (\w+) (\w+)$", self.text, re.MULTILINE))


def scrape(service: AgentService, key: str | None = None) -> Metrics:
    """The metrics of an exec-agent, as Prometheus reads them."""
    request = urllib.request.Request(service.url + "/metrics")
    if key:
        request.add_header("Authorization", f"Bearer {key}")
    with urllib.request.urlopen(request, timeout=120) as answer:
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        text = answer.read().decode()
    check(text)
    return Metrics(text)
