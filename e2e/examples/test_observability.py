"""The configuration of Prometheus, the alerts and the dashboard in examples/observability."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support.metrics import promtool
from support.stdio_client import REPOSITORY

HERE = REPOSITORY / "examples" / "observability"


def dashboard() -> dict[str, object]:
    return json.loads((HERE / "grafana-dashboard.json").read_text())


def queries() -> list[str]:
    return [target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", [])]


@pytest.mark.parametrize("arguments", [("config", "prometheus.yml"), ("rules", "alerts.yml")])
def test_prometheus_accepts_the_files(arguments: tuple[str, str]) -> None:
    done = subprocess.run([promtool(), "check", *arguments], cwd=HERE, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, (done.stdout, done.stderr)


def test_the_dashboard_is_what_its_script_writes() -> None:
    made = subprocess.run([sys.executable, HERE / "make_dashboard.py"], capture_output=True, text=True, check=True)
    assert made.stdout == (HERE / "grafana-dashboard.json").read_text()


def test_prometheus_accepts_the_queries_of_the_dashboard(tmp_path: Path) -> None:
    # What Grafana puts in place of its variables. As rules, because promtool parses those.
    plain = [query.replace("$__rate_interval", "1m").replace("$instance", ".*") for query in queries()]
    assert len(plain) > 40
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(plain)]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    done = subprocess.run([promtool(), "check", "rules", file], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, (done.stdout, done.stderr)


def test_no_panel_hides_another_and_all_have_lines() -> None:
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in dashboard()["panels"]]
    assert len(set(places)) == len(places)
    assert all(re.search(r"exec_(agent|mcp)_\w+", query) for query in queries())
