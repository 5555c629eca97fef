"""A trace from a client through exec-agent to the model, exec-mcp and the servers of its bridge."""

from __future__ import annotations

import json
import socket
import ssl
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from support import engine, fixture_server
from support.agent import Service
from support.bridged import OPEN, bridged_server, output
from support.collector import Collector
from support.metrics import scrape
from support.scripted import MODEL, bash, call, calls, says, script
from support.stdio_client import StdioClient

Serve = Callable[..., Service]
VALID = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def chat(service: Service, **headers: str) -> None:
    body = {"model": MODEL, "messages": [{"role": "user", "content": "secret-word"}], "user": service.user}
    request = urllib.request.Request(f"{service.url}/v1/chat/completions", json.dumps(body).encode())
    for name, value in {"Content-Type": "application/json", **headers}.items():
        request.add_header(name, value)
    with urllib.request.urlopen(request, timeout=240) as answer:
        assert answer.status == 200


def wait_for_lost_spans(service: Service) -> None:
    def is_counted() -> bool:
        return scrape(service).value("exec_agent_spans_total", outcome="failed") > 0

    assert engine.poll(is_counted) is not None


def fields_of_model(service: Service) -> list[dict[str, str]]:
    return [{name.lower(): value for name, value in one["headers"].items()} for one in service.model.requests()]


def test_a_trace_of_a_client_goes_all_the_way(serve: Serve) -> None:
    with Collector() as collector:
        service = serve(
            script(calls(bash("echo secret-word"), call("read_file", file_path="/secret-word")), says("Done.")),
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
            OTEL_SERVICE_NAME="my-agent",
            OTEL_EXPORTER_OTLP_HEADERS="api-key=k%20k",
        )
        # As a client of OpenTelemetry's own begins one.
        tracer = TracerProvider().get_tracer("test")
        headers: dict[str, str] = {}
        with tracer.start_as_current_span("client"):
            TraceContextTextMapPropagator().inject(headers)
            context = get_current_span().get_span_context()
        chat(service, **headers, tracestate="vendor=1", baggage="user=secret-word")
        request, run, chat_span, start = collector.wait_for(
            "POST /v1/chat/completions", "agent run", "chat", "sandbox start"
        )
        service.close()
        tools = [one for one in collector.spans if one.name == "tools/call execute_bash"]
        assert {one.trace for one in collector.spans} == {f"{context.trace_id:032x}"}
        assert {one.state for one in collector.spans} == {"vendor=1"}
        assert request.parent == f"{context.span_id:016x}"
        assert run.parent == request.id and chat_span.parent == run.id
        asked, done = sorted(tools, key=lambda one: one.kind)
        assert (asked.kind, asked.service, asked.parent) == ("client", "my-agent", run.id)
        assert (done.kind, done.service, done.parent) == ("server", "exec-mcp", asked.id)
        assert start.service == "exec-mcp"
        calls_in_server = {one.id for one in collector.spans if one.kind == "server"}
        assert start.parent in calls_in_server
        failed = next(one for one in collector.spans if one.name == "tools/call read_file" and one.kind == "server")
        assert failed.failure == "error"
        assert request.text("http.route") == "/v1/chat/completions"
        assert request.attributes["http.response.status_code"].int_value == 200
        assert chat_span.text("gen_ai.request.model") == MODEL
        assert all(one.seconds >= 0 for one in collector.spans)
        # The model gets the span that asks it.
        chats = {f"00-{one.trace}-{one.id}-01" for one in collector.spans if one.name == "chat"}
        fields = fields_of_model(service)
        assert {one["traceparent"] for one in fields} == chats
        assert {one["tracestate"] for one in fields} == {"vendor=1"}
        assert not any("baggage" in one for one in fields)
        assert all(path == "/v1/traces" and headers["api-key"] == "k k" for path, headers, _ in collector.requests)
        # Nothing of what anybody wrote.
        assert not any(b"secret" in body or service.user.encode() in body for _, _, body in collector.requests)


@pytest.mark.parametrize(
    "parent", [VALID.upper(), VALID + "-", "ff" + VALID[2:], VALID[:20], "00-" + "0" * 32 + VALID[35:], "x" * 10_000]
)
def test_a_malformed_parent_begins_a_new_trace(serve: Serve, parent: str) -> None:
    with Collector() as collector:
        service = serve(script(says("x")), OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
        chat(service, traceparent=parent, tracestate="vendor=1")
        (request,) = collector.wait_for("POST /v1/chat/completions")
        assert not request.parent and not request.state
        assert request.trace != VALID[3:35]


def test_a_trace_that_is_not_sampled_is_passed_on_and_not_recorded(serve: Serve) -> None:
    with Collector() as collector:
        service = serve(script(says("x")), OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
        chat(service, traceparent=VALID[:-1] + "0")
        service.close()
        assert not collector.spans
        assert [one["traceparent"] for one in fields_of_model(service)] == [VALID[:-1] + "0"]


def test_without_a_collector_a_trace_is_passed_on_and_none_begins(serve: Serve) -> None:
    service = serve([*script(says("x")), *script(says("y"))])
    chat(service)
    chat(service, traceparent=VALID, tracestate="vendor=1")
    first, second = fields_of_model(service)
    assert "traceparent" not in first
    assert (second["traceparent"], second["tracestate"]) == (VALID, "vendor=1")


@pytest.mark.parametrize("variables", [{"OTEL_TRACES_EXPORTER": "none"}, {"OTEL_SDK_DISABLED": "true"}])
def test_exporting_can_be_turned_off(serve: Serve, variables: dict[str, str]) -> None:
    with Collector() as collector:
        service = serve(script(says("x")), OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, **variables)
        chat(service)
        service.close()
        assert not collector.requests


def test_a_collector_that_is_gone_fails_no_call_and_is_counted(serve: Serve) -> None:
    with socket.socket() as nobody:
        # Bound and not listening: connections are refused, and nobody else gets the port.
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        service = serve(script(calls(bash("echo hi")), says("x")), OTEL_EXPORTER_OTLP_ENDPOINT=url)
        chat(service)
        assert service.model.results() and "hi" in service.model.results()[0]
        wait_for_lost_spans(service)
        service.close()


def test_a_collector_that_never_answers_delays_no_call(serve: Serve) -> None:
    with socket.socket() as silent:
        # Connections are accepted by the system, and nobody reads from them.
        silent.bind(("127.0.0.1", 0))
        silent.listen(64)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        service = serve(
            [*script(calls(bash("echo hi")), says("x")), *script(says("y"))],
            OTEL_EXPORTER_OTLP_ENDPOINT=url,
            # Longer than any timeout of this test: a call that waited for it would fail.
            OTEL_EXPORTER_OTLP_TIMEOUT="600000",
        )
        chat(service)
        silent.settimeout(60)
        connection, _ = silent.accept()
        # While the exporter is stuck with it.
        chat(service)
        assert scrape(service).value("exec_agent_runs_total", outcome="answered") == 2
        connection.close()


def test_a_collector_that_refuses_is_counted(serve: Serve) -> None:
    with Collector(status=503) as collector:
        service = serve(script(says("x")), OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
        chat(service)
        collector.wait_for("agent run")
        wait_for_lost_spans(service)


# exec-mcp alone


def test_exec_mcp_takes_its_trace_from_meta(user: str) -> None:
    with Collector() as collector:
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
        with StdioClient(["--user", user], env=env, modern=True) as server:
            server.bash("echo secret-word", meta={"traceparent": VALID, "tracestate": "vendor=1"})
        # It exports what it has when it ends.
        (done,) = collector.wait_for("tools/call execute_bash")
        assert (done.trace, done.parent, done.state) == (VALID[3:35], VALID[36:52], "vendor=1")
        assert done.service == "exec-mcp"
        assert not any(b"secret" in body or user.encode() in body for _, _, body in collector.requests)


def test_a_call_of_the_bridge_is_part_of_the_command_s_trace(user: str, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    servers = {"fixture": {**fixture_server.entry("--journal", str(journal)), "exec-mcp": OPEN}}
    with Collector() as collector, pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        with bridged_server(user, tmp_path / "state", servers, revision="2026-07-28") as server:
            program = 'from servers import fixture\nprint(fixture.echo("secret-word"))'
            assert "secret-word" in output(server, program, meta={"traceparent": VALID})
        (command, nested) = collector.wait_for("tools/call execute_bash", "tools/call echo")
        assert nested.trace == command.trace == VALID[3:35]
        assert nested.parent == command.id and nested.kind == "client"
        assert nested.text("exec_mcp.bridge.server") == "fixture"
        (received,) = fixture_server.read_journal(journal, "call")
        assert received["meta"]["traceparent"] == f"00-{nested.trace}-{nested.id}-01"
        assert not any(b"secret" in body for _, _, body in collector.requests)


@pytest.mark.parametrize("trusted", [True, False])
def test_exec_agent_exports_over_tls_to_a_collector_that_it_can_trust(
    trusted: bool, serve: Serve, tmp_path: Path
) -> None:
    authority, other = trustme.CA(), trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    file = tmp_path / "authority.pem"
    (authority if trusted else other).cert_pem.write_to_path(file)
    with Collector(context=context) as collector:
        service = serve(
            script(says("Done.")),
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
            OTEL_EXPORTER_OTLP_HEADERS="api-key=k%20k",
            SSL_CERT_FILE=str(file),
        )
        chat(service)
        if trusted:
            (run,) = collector.wait_for("agent run")
            assert run.service == "exec-agent"
            path, headers, _ = collector.requests[0]
            assert (path, headers["api-key"], headers["Content-Type"]) == ("/v1/traces", "k k", "application/json")
        else:
            wait_for_lost_spans(service)
            assert collector.requests == []


def test_exec_mcp_names_a_collector_that_it_cannot_reach(user: str) -> None:
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": "https://collector.example"}
    with StdioClient(["--user", user], env=env) as server:
        server.initialize()
        server.wait_for_log("http only")
