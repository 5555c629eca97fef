"""`GET /metrics` of `exec-agent serve`, with runs in real sandboxes, as Prometheus reads it."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Callable

import pytest
from support.agent import Service
from support.metrics import scrape
from support.scripted import MODEL, bash, call, calls, says, script
from support.stdio_client import REPOSITORY

Serve = Callable[..., Service]

KEY, USERS_KEY, OPERATORS_KEY = "free-0123456789abcdef", "anns-0123456789abcdef", "root-0123456789abcdef"


def chat(service: Service, text: str, **options: object) -> object:
    message = {"role": "user", "content": text}
    return service.client().chat.completions.create(model=MODEL, messages=[message], user=service.user, **options)


def test_a_run_is_counted_from_the_request_to_the_sandbox(serve: Serve) -> None:
    service = serve(
        script(
            calls(bash("echo secret-word"), call("write_file", file_path="a.txt", content="secret-word")),
            calls(bash("exit 3"), call("execute_bash", nothing="secret-word"), call("secret_tool", a="secret-word")),
            says("Done."),
        )
    )
    before = scrape(service)
    assert before.value("exec_agent_runs_total") == 0
    chat(service, "secret-word")
    metrics = scrape(service)
    route = {"route": "/v1/chat/completions"}
    assert metrics.value("exec_agent_http_requests_total", **route, method="POST", status="200") == 1
    assert metrics.value("exec_agent_http_request_duration_seconds_count", **route) == 1
    assert metrics.value("exec_agent_runs_total", outcome="answered") == 1
    assert metrics.value("exec_agent_runs_in_progress") == 0
    assert metrics.value("exec_agent_model_requests_total", model=MODEL, outcome="ok") == 3
    assert metrics.value("exec_agent_tokens_total", direction="input") > 0
    assert metrics.value("exec_agent_tokens_total", direction="output") > 0
    assert metrics.value("exec_agent_queue_length") == 0
    tools = {"exec_agent_tool_calls_total": 5, "exec_agent_tool_call_duration_seconds_count": 5}
    assert {name: metrics.value(name) for name in tools} == tools
    assert metrics.value("exec_agent_tool_calls_total", tool="write_file", outcome="ok") == 1
    assert metrics.value("exec_agent_tool_calls_total", tool="other", outcome="error") == 1
    # What the exec-mcp below says.
    assert metrics.value("exec_agent_sandbox_server_up") == 1
    assert metrics.value("exec_agent_tool_servers", state="running") == 1
    # A command that fails was carried out; arguments that no tool accepts are an error.
    assert metrics.value("exec_mcp_tool_calls_total", tool="execute_bash", outcome="ok") == 2
    assert metrics.value("exec_mcp_tool_calls_total", tool="write_file", outcome="ok") == 1
    assert metrics.value("exec_mcp_tool_calls_in_progress") == 0
    assert metrics.value("exec_mcp_sandboxes") == 1
    assert metrics.value("exec_mcp_sandboxes_started_total", kind="new") == 1
    assert metrics.value("exec_mcp_sandbox_start_duration_seconds_count", kind="new") == 1
    assert metrics.value("exec_mcp_sandboxes_ended_total") == 0
    assert metrics.value("exec_mcp_queue_wait_seconds_count") == 3
    assert metrics.value("exec_mcp_queue_length") == 0
    # Nothing of what anybody wrote.
    assert "secret" not in metrics.text and service.user not in metrics.text


def test_a_sandbox_that_has_ended_says_why(serve: Serve) -> None:
    service = serve(script(calls(bash("true")), says("x")))
    chat(service, "go")
    request = urllib.request.Request(f"{service.url}/ui/sandbox", method="DELETE")
    request.add_header("X-Agent-User", service.user)
    with urllib.request.urlopen(request, timeout=120) as answer:
        assert answer.status == 204
    metrics = scrape(service)
    assert metrics.value("exec_mcp_sandboxes_ended_total", reason="requested") == 1
    assert metrics.value("exec_mcp_sandboxes_ended_total") == 1
    assert metrics.value("exec_mcp_sandboxes") == 0


def test_requests_that_lead_nowhere_have_labels_of_ours(serve: Serve) -> None:
    service = serve(script(says("x")))
    for path in ("/secret-path", "/v1/models/secret-model", "/skills/secret-skill"):
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(service.url + path, timeout=60)
    metrics = scrape(service)
    requests = "exec_agent_http_requests_total"
    assert metrics.value(requests, route="other", status="404") == 1
    assert metrics.value(requests, route="/v1/models/{model+}", status="404") == 1
    assert metrics.value(requests, route="/skills/{name}", status="404") == 1
    assert "secret" not in metrics.text


def test_who_may_read(serve: Serve) -> None:
    service = serve(script(says("x")), AGENT_API_KEYS=f"{KEY},ann:{USERS_KEY},*root:{OPERATORS_KEY}")
    for key, status in ((None, 401), ("wrong-0123456789abcdef", 401), (USERS_KEY, 403)):
        with pytest.raises(urllib.error.HTTPError) as refusal:
            scrape(service, key)
        assert refusal.value.code == status
    for key in (KEY, OPERATORS_KEY):
        assert scrape(service, key).value("exec_agent_build_info") == 1
    # The two without a valid key never reached a route.
    assert scrape(service, KEY).value("exec_agent_http_requests_total", route="refused", status="401") == 2


def test_a_model_that_fails_is_counted(serve: Serve) -> None:
    service = serve(script(says("x")), OPENAI_BASE_URL="http://127.0.0.1:1/v1")
    with pytest.raises(Exception, match="127.0.0.1"):
        chat(service, "x", timeout=120)
    metrics = scrape(service)
    assert metrics.value("exec_agent_model_requests_total", outcome="unreachable") >= 1
    assert metrics.value("exec_agent_model_retries_total") >= 1
    assert metrics.value("exec_agent_runs_total", outcome="failed") >= 1


def test_every_metric_is_documented(serve: Serve) -> None:
    service = serve(script(calls(bash("true")), says("x")))
    chat(service, "x")
    page = (REPOSITORY / "docs" / "metrics.md").read_text()
    rows = re.findall(r"^\| `(exec_\w+)` \| (\w+) \| (.*?) ?\| (.*) \|$", page, re.MULTILINE)
    metrics = scrape(service)
    meanings = dict(re.findall(r"^# HELP (\w+) (.*)$", metrics.text, re.MULTILINE))
    told = {(name, kind, meanings[name]) for name, kind in metrics.families.items()}
    documented = {(name, kind, meaning) for name, kind, _, meaning in rows}
    assert told <= documented, told - documented
    # What is there from the start: the others appear when there is something to count.
    assert len(told) > 35
    # exec-mcp's numbers are told apart by the label server.
    labels = {name: {"server", *re.findall(r"`(\w+)`", names)} for name, _, names, _ in rows}
    for name, given in metrics.series:
        family = re.sub("_(bucket|sum|count)$", "", name) if name not in labels else name
        assert {label for label, _ in given} <= labels[family] | {"le"}, name
    bounds = re.search(r"^Histograms have the bounds (.*)\.$", page, re.MULTILINE)[1]
    units = {"ms": 0.001, "s": 1, "min": 60}
    in_seconds = [
        float(number) * units[unit]
        for numbers, unit in re.findall(r"([\d., and]+) (ms|s|min)\b", bounds)
        for number in re.findall(r"[\d.]+", numbers)
    ]
    buckets = {float(value) for _, given in metrics.series for label, value in given if label == "le"}
    assert sorted(buckets) == pytest.approx([*in_seconds, float("inf")])
