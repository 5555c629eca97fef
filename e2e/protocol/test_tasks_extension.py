"""Tasks (`io.modelcontextprotocol/tasks`): a command that goes on after its call was answered."""

import secrets
import time

import pytest
from support import engine
from support.in_between import HeldEngine
from support.listening import Listener
from support.resources import read
from support.stdio_client import META_PREFIX, Json, modern_meta, text_of

EXTENSION = META_PREFIX + "tasks"
DECLARED = {META_PREFIX + "clientCapabilities": {"extensions": {EXTENSION: {}}}}
ENDED = ("completed", "failed", "cancelled")


@pytest.fixture
def server(start_server):
    return start_server(initialize=None, modern=True)


def start(server, command, meta=None, **arguments) -> Json:
    """Starts a command as a task and returns its first state."""
    meta = {**DECLARED, **(meta or {})}
    task = server.call_tool("execute_bash", command=command, meta=meta, **arguments)
    assert task["resultType"] == "task"
    return task


def get(server, task_id, meta=None) -> Json:
    return server.request("tasks/get", {"taskId": task_id}, meta={**DECLARED, **(meta or {})})


def wait(server, task_id, meta=None) -> Json:
    """Polls as the server asks to, until the task has ended."""
    while (task := get(server, task_id, meta))["status"] not in ENDED:
        time.sleep(task["pollIntervalMs"] / 1000)
    return task


def error(server, method, params, meta=DECLARED):
    pending = server.start(method, params, meta=meta, deliberate=True)
    return server.response(pending)["error"]


def test_the_extension_is_advertised(server):
    assert server.request("server/discover")["capabilities"]["extensions"][EXTENSION] == {}
    assert "tasks" not in server.request("server/discover")["capabilities"]


def test_a_declaring_call_is_answered_at_once_with_a_task(server):
    server.bash("true")
    task = start(server, "touch begun; sleep 60", timeout=300)
    assert task["status"] == "working"
    assert task["ttlMs"] is None
    assert task["pollIntervalMs"] > 0
    assert task["createdAt"] <= task["lastUpdatedAt"]
    assert "content" not in task
    assert len(task["taskId"]) >= 16
    server.request("tasks/cancel", {"taskId": task["taskId"]}, meta=DECLARED)


def test_a_task_is_known_as_soon_as_it_is_told(server):
    for _ in range(10):
        task = start(server, "true")
        assert get(server, task["taskId"])["taskId"] == task["taskId"]


def test_the_result_is_that_of_the_call(server):
    command = "echo out; echo err >&2; exit 3"
    direct = server.call_tool("execute_bash", command=command)
    task = wait(server, start(server, command)["taskId"])
    assert task["status"] == "completed"
    for field in ("content", "structuredContent"):
        assert task["result"][field] == direct[field]
    assert not task["result"].get("isError")
    assert get(server, task["taskId"]) == task, "asked again, it is the same"


def test_a_failure_of_the_tool_completes_the_task(start_server):
    server = start_server("--engine", "/nonexistent/docker", initialize=None, modern=True)
    task = wait(server, start(server, "true")["taskId"])
    assert task["status"] == "completed"
    assert task["result"]["isError"] is True
    assert "/nonexistent/docker" in text_of(task["result"])


def test_a_timeout_completes_the_task(server):
    task = wait(server, start(server, "echo begun; sleep 100", timeout=1)["taskId"])
    assert task["result"]["structuredContent"]["timed_out"] is True


def test_the_newest_line_is_the_message_of_a_working_task(server):
    server.bash("true")
    task = start(server, "echo 'epoch 7 of 10'; until [ -e go ]; do sleep 0.05; done; rm go", timeout=120)
    while get(server, task["taskId"]).get("statusMessage") != "epoch 7 of 10":
        time.sleep(0.1)
    server.bash("touch go")
    assert wait(server, task["taskId"])["status"] == "completed"


def test_no_progress_is_told_of_a_task(server):
    task = start(server, "for i in 1 2 3; do echo $i; sleep 0.4; done", meta={"progressToken": "p"})
    wait(server, task["taskId"])
    assert not [message for message in server.messages if message.get("method") == "notifications/progress"]


def test_a_cancelled_task_ends_every_process(server, user):
    sleep = f"sleep {secrets.randbelow(80_000) + 10_000}"
    server.bash("rm -f begun")
    task = start(server, f"setsid {sleep} & touch begun; {sleep}", timeout=300)
    server.bash("until [ -e begun ]; do sleep 0.02; done")
    container = engine.containers(user)[0]
    assert engine.poll(lambda: engine.running(container, sleep) == 2) is not None
    server.request("tasks/cancel", {"taskId": task["taskId"]}, meta=DECLARED)
    assert engine.poll(lambda: engine.running(container, sleep) == 0) is not None
    cancelled = wait(server, task["taskId"])
    assert cancelled["status"] == "cancelled"
    assert "result" not in cancelled


def test_cancelling_twice_or_too_late_changes_nothing(server):
    done = wait(server, start(server, "echo done")["taskId"])
    server.request("tasks/cancel", {"taskId": done["taskId"]}, meta=DECLARED)
    assert get(server, done["taskId"]) == done
    task = start(server, "sleep 100", timeout=300)
    for _ in range(2):
        server.request("tasks/cancel", {"taskId": task["taskId"]}, meta=DECLARED)
    assert wait(server, task["taskId"])["status"] == "cancelled"


def test_a_cancelled_request_is_not_a_cancelled_task(server):
    server.bash("true")
    call = server.start_tool("execute_bash", command="sleep 1; echo kept", meta=DECLARED)
    task = server.result(call)
    server.notify("notifications/cancelled", {"requestId": call.id})
    assert wait(server, task["taskId"])["status"] == "completed"


def test_an_update_is_acknowledged_and_changes_nothing(server):
    task = start(server, "sleep 1; echo done")
    params = {"taskId": task["taskId"], "inputResponses": {"unasked": {"action": "accept", "content": {}}}}
    server.request("tasks/update", params, meta=DECLARED)
    assert wait(server, task["taskId"])["result"]["structuredContent"]["stdout"] == "done\n"


def test_a_change_of_state_is_told_to_who_listens(server):
    server.bash("true")
    task = start(server, "until [ -e go2 ]; do sleep 0.05; done; rm go2; echo went", timeout=120)
    listener = Listener(server, meta=DECLARED, taskIds=[task["taskId"], "no-such-task"])
    assert listener.honoured == {"taskIds": [task["taskId"]]}
    server.bash("touch go2")
    told = listener.wait("tasks", taskId=task["taskId"], status="completed")
    assert told["result"]["structuredContent"]["stdout"] == "went\n"
    final = get(server, task["taskId"])
    assert {key: told[key] for key in ("taskId", "createdAt", "lastUpdatedAt", "ttlMs", "result")} == {
        key: final[key] for key in ("taskId", "createdAt", "lastUpdatedAt", "ttlMs", "result")
    }


def test_a_cancellation_is_told_to_who_listens(server):
    task = start(server, "sleep 100", timeout=300)
    listener = Listener(server, meta=DECLARED, taskIds=[task["taskId"]])
    server.request("tasks/cancel", {"taskId": task["taskId"]}, meta=DECLARED)
    listener.wait("tasks", taskId=task["taskId"], status="cancelled")


def test_many_tasks_at_once(server):
    tasks = [start(server, f"sleep 0.{number % 5}; echo {number}") for number in range(30)]
    assert len({task["taskId"] for task in tasks}) == 30
    for number, task in enumerate(tasks):
        assert wait(server, task["taskId"])["result"]["structuredContent"]["stdout"] == f"{number}\n"


def test_a_task_links_its_artifacts(server):
    task = wait(server, start(server, "echo made > /artifacts/by-task.txt")["taskId"])
    links = [block for block in task["result"]["content"] if block["type"] == "resource_link"]
    assert [link["uri"] for link in links] == ["artifact:///by-task.txt"]
    assert read(server, links[0]["uri"]) == b"made\n"


def test_a_task_is_its_users_own(server, fresh_user, passing_users):
    ada, bob = ({"x-user-id": f"{fresh_user}.{name}"} for name in ("ada", "bob"))
    passing_users += [ada["x-user-id"], bob["x-user-id"]]
    task = start(server, "echo hers", meta=ada)
    for method in ("tasks/get", "tasks/cancel"):
        assert error(server, method, {"taskId": task["taskId"]}, {**DECLARED, **bob})["code"] == -32602
    assert wait(server, task["taskId"], ada)["status"] == "completed"
    listener = Listener(server, meta={**DECLARED, **bob}, taskIds=[task["taskId"]])
    assert not listener.honoured.get("taskIds")


def test_who_does_not_declare_the_extension_gets_no_task(server):
    assert server.call_tool("execute_bash", command="echo direct")["resultType"] == "complete"
    start(server, "true")
    assert server.call_tool("execute_bash", command="echo direct")["resultType"] == "complete", "each request by itself"


@pytest.mark.parametrize("tool", ["write_file", "read_file", "read_docstring"])
def test_other_tools_answer_directly(server, tool):
    arguments = {"file_path": "/workspace/task.py", "content": "def f():\n    pass\n", "function_name": "f"}
    names = {"write_file": ("content",), "read_file": (), "read_docstring": ("function_name",)}[tool]
    chosen = {name: arguments[name] for name in ("file_path", *names)}
    assert server.call_tool(tool, meta=DECLARED, **chosen)["resultType"] == "complete"


@pytest.mark.parametrize("arguments", [{}, {"command": 5}, {"command": "true", "timeout": 99999}])
def test_bad_arguments_are_answered_directly(server, arguments):
    result = server.call_tool("execute_bash", meta=DECLARED, **arguments)
    assert result["resultType"] == "complete"
    assert result["isError"] is True


@pytest.mark.parametrize("method", ["tasks/get", "tasks/update", "tasks/cancel"])
def test_who_does_not_declare_the_extension_is_told_what_is_missing(server, method):
    task = start(server, "true")
    found = error(server, method, {"taskId": task["taskId"], "inputResponses": {}}, modern_meta())
    assert found["code"] == -32021
    assert found["data"]["requiredCapabilities"] == {"extensions": {EXTENSION: {}}}


@pytest.mark.parametrize("method", ["tasks/get", "tasks/update", "tasks/cancel"])
@pytest.mark.parametrize("task_id", ["", "no-such-task", "0" * 32, "x" * 100_000, None, 5, []], ids=range(7))
def test_an_unknown_task_is_invalid_params(server, method, task_id):
    assert error(server, method, {"taskId": task_id, "inputResponses": {}})["code"] == -32602


@pytest.mark.parametrize("method", ["tasks/list", "tasks/result"])
def test_what_the_experiment_had_is_gone(server, method):
    assert error(server, method, {})["code"] == -32601


def test_tasks_do_not_outlive_the_server(server, user):
    sleep = f"sleep {secrets.randbelow(80_000) + 10_000}"
    start(server, sleep, timeout=600)
    assert engine.poll(lambda: engine.containers(user)) is not None
    assert server.close() == 0
    assert engine.poll(lambda: not engine.containers(user)) is not None


def test_a_task_cancelled_while_its_sandbox_starts_never_runs(start_server, fresh_user, tmp_path):
    held = HeldEngine(tmp_path)
    server = start_server("--user", fresh_user, "--engine", str(held.program), initialize=None, modern=True)
    task = start(server, "touch ran.txt")
    held.wait_until_it_starts()
    server.request("tasks/cancel", {"taskId": task["taskId"]}, meta=DECLARED)
    held.go_on()
    assert wait(server, task["taskId"])["status"] == "cancelled"
    assert server.bash("sleep 1; ls")["stdout"] == ""


def test_there_is_a_bound_on_tasks_at_work_and_room_again_afterwards(server, user):
    server.bash("true")
    calls = [server.start_tool("execute_bash", command="sleep 60", timeout=100, meta=DECLARED) for _ in range(400)]
    responses = [server.response(call) for call in calls]
    working = [response["result"]["taskId"] for response in responses if "result" in response]
    refused = [response["error"] for response in responses if "error" in response]
    assert working
    assert {refusal["code"] for refusal in refused} == {-32603}
    assert "tasks" in refused[0]["message"]
    for task_id in working:
        server.request("tasks/cancel", {"taskId": task_id}, meta=DECLARED)
    assert {get(server, task_id)["status"] for task_id in working} == {"cancelled"}
    # What was cancelled takes the whole processor while it ends.
    container = engine.containers(user)[0]
    assert engine.poll(lambda: engine.running(container, "sleep 60") == 0) is not None
    result = wait(server, start(server, "echo room")["taskId"])["result"]["structuredContent"]
    assert result["stdout"] == "room\n", result["stderr"]
