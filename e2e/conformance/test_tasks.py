"""Scenarios of the tasks extension."""

import re
import time

from support.listening import Listener
from support.stdio_client import META_PREFIX

EXTENSION = META_PREFIX + "tasks"
DECLARED = {META_PREFIX + "clientCapabilities": {"extensions": {EXTENSION: {}}}}
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def start(server, command, **arguments) -> dict:
    task = server.call_tool("execute_bash", command=command, meta=DECLARED, **arguments)
    assert task["resultType"] == "task"
    return task


def get(server, task) -> dict:
    return server.request("tasks/get", {"taskId": task["taskId"]}, meta=DECLARED)


def wait(server, task) -> dict:
    while (state := get(server, task))["status"] == "working":
        time.sleep(state["pollIntervalMs"] / 1000)
    return state


def test_tasks_lifecycle(modern, start_server):
    greeting = wait(modern, start(modern, "echo hello"))
    assert greeting["status"] == "completed"
    assert greeting["result"]["structuredContent"]["stdout"] == "hello\n"
    slow = start(modern, "sleep 60", timeout=300)
    assert get(modern, slow)["status"] == "working"
    modern.request("tasks/cancel", {"taskId": slow["taskId"]}, meta=DECLARED)
    assert wait(modern, slow)["status"] == "cancelled"
    # The tool failed, not the request: the task is complete all the same.
    broken = start_server("--engine", "/nonexistent/docker", initialize=None, modern=True)
    failing = wait(broken, start(broken, "true"))
    assert failing["status"] == "completed"
    assert failing["result"]["isError"] is True


def test_tasks_capability_negotiation(modern):
    capabilities = modern.request("server/discover")["capabilities"]
    assert capabilities["extensions"][EXTENSION] == {}
    assert "tasks" not in capabilities
    assert modern.call_tool("execute_bash", command="true")["resultType"] == "complete"
    task = start(modern, "true")
    for method in ("tasks/get", "tasks/update", "tasks/cancel"):
        error = modern.error(method, {"taskId": task["taskId"], "inputResponses": {}})
        assert error.code == -32021
        assert error.data["requiredCapabilities"] == {"extensions": {EXTENSION: {}}}


def test_tasks_wire_fields(modern):
    for task in (created := start(modern, "sleep 0.5"), get(modern, created), wait(modern, created)):
        assert isinstance(task["taskId"], str)
        assert TIMESTAMP.fullmatch(task["createdAt"])
        assert TIMESTAMP.fullmatch(task["lastUpdatedAt"])
        assert task["ttlMs"] is None or type(task["ttlMs"]) is int
        assert type(task.get("pollIntervalMs", 1)) is int
        assert not {"task", "ttl", "pollInterval", "ttlSeconds", "pollIntervalMilliseconds", "parentTaskId"} & set(task)


def test_tasks_request_state_removal(modern):
    for task in (created := start(modern, "echo x"), get(modern, created), wait(modern, created)):
        assert "requestState" not in task
    assert "requestState" not in wait(modern, created)["result"]


def test_tasks_dispatch_and_envelope(modern):
    for method in ("tasks/list", "tasks/result"):
        response = modern.response(modern.start(method, {"taskId": "x"}, meta=DECLARED, deliberate=True))
        assert response["error"]["code"] == -32601
    for method in ("tasks/get", "tasks/update", "tasks/cancel"):
        params = {"taskId": "unknown", "inputResponses": {}}
        response = modern.response(modern.start(method, params, meta=DECLARED, deliberate=True))
        assert response["error"]["code"] == -32602
    task = start(modern, "sleep 60", timeout=300)
    for method, params in (("tasks/update", {"inputResponses": {}}), ("tasks/cancel", {})):
        result = modern.request(method, {"taskId": task["taskId"], **params}, meta=DECLARED)
        assert {key for key in result if key != "_meta"} == {"resultType"}
        assert result["resultType"] == "complete"
    assert get(modern, task)["resultType"] == "complete"


def test_tasks_status_notifications(modern):
    task = start(modern, "until [ -e /tmp/heard ]; do sleep 0.05; done; echo finished")
    listener = Listener(modern, meta=DECLARED, taskIds=[task["taskId"]])
    assert listener.honoured == {"taskIds": [task["taskId"]]}
    modern.bash("touch /tmp/heard")
    told = listener.wait("tasks", taskId=task["taskId"], status="completed")
    assert told["result"]["structuredContent"]["stdout"] == "finished\n"
    assert modern.error("subscriptions/listen", {"notifications": {"taskIds": [task["taskId"]]}}).code == -32021
