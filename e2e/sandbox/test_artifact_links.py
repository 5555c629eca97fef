"""--artifact-links: how a command's result tells of its artifacts, to a client of today and through a task."""

from __future__ import annotations

import json
import time

import pytest
from support.stdio_client import META_PREFIX

DECLARED = {META_PREFIX + "clientCapabilities": {"extensions": {META_PREFIX + "tasks": {}}}}
COMMAND = "echo made > '/artifacts/a b.csv'; echo done"
RESULT = {"type": "text", "text": '{"exit_code":0,"stdout":"done\\n","stderr":""}'}
LINE = {"type": "text", "text": "artifact:///a%20b.csv (text/csv, 5 bytes)"}


@pytest.fixture(params=["flag", "variable"])
def start(request, start_server):
    """Starts a server with that choice, by flag or by variable."""

    def server(choice: str, **options):
        if request.param == "flag":
            return start_server("--artifact-links", choice, **options)
        return start_server(env={"MCP_EXECUTOR_ARTIFACT_LINKS": choice}, **options)

    return server


@pytest.mark.parametrize(("choice", "told"), [("text", [LINE]), ("none", [])])
def test_no_block_is_a_link(start, choice, told):
    server = start(choice)
    result = server.call_tool("execute_bash", command=COMMAND)
    assert result["content"] == [RESULT, *told]
    assert result["structuredContent"] == json.loads(RESULT["text"])
    # Artifacts can be read as before.
    assert server.request("resources/read", {"uri": "artifact:///a%20b.csv"})["contents"][0]["text"] == "made\n"


@pytest.mark.parametrize(("choice", "told"), [("text", [LINE]), ("none", [])])
def test_neither_is_one_of_a_task(start_server, choice, told):
    server = start_server("--artifact-links", choice, initialize=None, modern=True)
    task = server.call_tool("execute_bash", command=COMMAND, meta=DECLARED)
    assert task["resultType"] == "task"
    while task["status"] == "working":
        time.sleep(task["pollIntervalMs"] / 1000)
        task = server.request("tasks/get", {"taskId": task["taskId"]}, meta=DECLARED)
    assert task["result"]["content"] == [RESULT, *told]
