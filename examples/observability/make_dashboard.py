"""Writes grafana-dashboard.json, to import in Grafana: `python3 make_dashboard.py > grafana-dashboard.json`."""

from __future__ import annotations

import json
from typing import Any

Json = dict[str, Any]
SOURCE = {"type": "prometheus", "uid": "${source}"}
SELECTOR = '{instance=~"$instance"}'
RATE = "[$__rate_interval]"


def panel(title: str, unit: str, *queries: tuple[str, str], width: int = 8, kind: str = "timeseries") -> Json:
    """A panel with queries and the names of their lines."""
    return {
        "title": title,
        "type": kind,
        "datasource": SOURCE,
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}} if kind == "timeseries" else {},
        "targets": [
            {"refId": chr(65 + place), "datasource": SOURCE, "expr": query, "legendFormat": name}
            for place, (query, name) in enumerate(queries)
        ],
        "gridPos": {"h": 8, "w": width, "x": 0, "y": 0},
    }


def rate(metric: str, *labels: str) -> tuple[str, str]:
    """How often something happens each second, by labels."""
    names = ", ".join(labels)
    lines = " ".join(f"{{{{{name}}}}}" for name in labels) or "all"
    return f"sum by ({names}) (rate({metric}{SELECTOR}{RATE}))", lines


def quantiles(histogram: str) -> list[tuple[str, str]]:
    """The median and the slowest tenth and hundredth of what took time."""
    buckets = f"sum by (le) (rate({histogram}_bucket{SELECTOR}{RATE}))"
    return [(f"histogram_quantile({share}, {buckets})", name) for share, name in
            [(0.5, "median"), (0.9, "90 %"), (0.99, "99 %")]]  # fmt: skip


def level(metric: str, *labels: str) -> tuple[str, str]:
    """A gauge, by labels."""
    names = ", ".join(labels)
    return f"sum by ({names}) ({metric}{SELECTOR})", " ".join(f"{{{{{name}}}}}" for name in labels) or "all"


ROWS: list[tuple[str, list[Json]]] = [
    (
        "The service",
        [
            panel("Requests by route", "reqps", rate("exec_agent_http_requests_total", "route")),
            panel("Requests by status", "reqps", rate("exec_agent_http_requests_total", "status")),
            panel("Duration of requests", "s", *quantiles("exec_agent_http_request_duration_seconds")),
            panel("Runs by outcome", "ops", rate("exec_agent_runs_total", "outcome")),
            panel("Duration of runs", "s", *quantiles("exec_agent_run_duration_seconds")),
            panel(
                "In progress and waiting",
                "short",
                (level("exec_agent_runs_in_progress")[0], "runs"),
                (level("exec_agent_queue_length")[0], "waiting"),
                (level("exec_agent_http_requests_in_progress")[0], "requests"),
            ),
        ],
    ),
    (
        "The model",
        [
            panel("Tokens", "short", rate("exec_agent_tokens_total", "direction")),
            panel("Requests to the model", "reqps", rate("exec_agent_model_requests_total", "model", "outcome")),
            panel("Duration of these requests", "s", *quantiles("exec_agent_model_request_duration_seconds")),
        ],
    ),
    (
        "Tools",
        [
            panel("Calls by the model", "ops", rate("exec_agent_tool_calls_total", "tool", "outcome")),
            panel("Calls in exec-mcp", "ops", rate("exec_mcp_tool_calls_total", "tool", "outcome")),
            panel("Duration of calls in exec-mcp", "s", *quantiles("exec_mcp_tool_call_duration_seconds")),
        ],
    ),
    (
        "Sandboxes",
        [
            panel("Sandboxes", "short", level("exec_mcp_sandboxes", "server")),
            panel("Started, and not", "ops", rate("exec_mcp_sandboxes_started_total", "kind"),
                  (rate("exec_mcp_sandbox_start_failures_total")[0], "failed")),
            panel("Ended", "ops", rate("exec_mcp_sandboxes_ended_total", "reason")),
            panel("Duration of starts", "s", *quantiles("exec_mcp_sandbox_start_duration_seconds")),
            panel("Waiting for a turn", "s", *quantiles("exec_mcp_queue_wait_seconds")),
            panel(
                "Calls in progress and waiting",
                "short",
                (level("exec_mcp_tool_calls_in_progress")[0], "in progress"),
                (level("exec_mcp_queue_length")[0], "waiting"),
            ),
        ],
    ),
    (
        "What leaves sandboxes",
        [
            panel("Connections out", "ops", rate("exec_mcp_egress_connections_total", "outcome")),
            panel("Bytes out and in", "Bps", rate("exec_mcp_egress_bytes_total", "direction")),
            panel("Calls of other servers' tools", "ops", rate("exec_mcp_bridge_calls_total", "mcp_server", "outcome")),
            panel("Duration of these calls", "s", *quantiles("exec_mcp_bridge_call_duration_seconds")),
            panel("Answers to questions", "ops", rate("exec_mcp_question_answers_total", "outcome")),
            panel("Spans", "ops", (rate("exec_agent_spans_total", "outcome")[0], "exec-agent {{outcome}}"),
                  (rate("exec_mcp_spans_total", "outcome")[0], "exec-mcp {{outcome}}")),
        ],
    ),
]  # fmt: skip


def dashboard() -> Json:
    panels: list[Json] = []
    y = 0
    for title, row in ROWS:
        panels.append({"type": "row", "title": title, "collapsed": False, "panels": [],
                       "gridPos": {"h": 1, "w": 24, "x": 0, "y": y}})  # fmt: skip
        y += 1
        for place, one in enumerate(row):
            one["gridPos"].update(x=place % 3 * 8, y=y + place // 3 * 8)
            panels.append(one)
        y += (len(row) + 2) // 3 * 8
    for number, one in enumerate(panels, 1):
        one["id"] = number
    return {
        "title": "exec-agent and exec-mcp",
        "uid": "exec-agent",
        "tags": ["exec-mcp"],
        "schemaVersion": 39,
        "timezone": "browser",
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {
            "list": [
                {"name": "source", "type": "datasource", "query": "prometheus", "label": "Data source"},
                {
                    "name": "instance",
                    "label": "Instance",
                    "type": "query",
                    "datasource": SOURCE,
                    "query": {
                        "query": 'label_values({__name__=~"exec_(agent|mcp)_build_info"}, instance)',
                        "refId": "A",
                    },
                    "refresh": 2,
                    "multi": True,
                    "includeAll": True,
                    "allValue": ".*",
                },
            ]
        },
        "panels": panels,
    }


if __name__ == "__main__":
    print(json.dumps(dashboard(), indent=1))
