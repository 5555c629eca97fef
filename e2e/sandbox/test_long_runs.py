"""Long runs, the way the prompt teaches them: start in the background, come back and read the log."""

import secrets

import pytest
from support import engine
from support.stdio_client import text_of

# The pattern as an agent types it; the job steps on when a file says so.
JOB = """
import pathlib, time
for step in range(1, 7):
    while not pathlib.Path(f"step-{step}").exists():
        time.sleep(0.02)
    for line in range(100):
        print(f"step {step} line {line} ünïcödé", flush=True)
print("done", flush=True)
"""


@pytest.fixture
def job(client):
    """A job that runs, and the number of its process."""
    client.bash("rm -f step-* job.log job.py")
    client.call_tool("write_file", file_path="job.py", content=JOB)
    started = client.bash("nohup python3 job.py > job.log 2>&1 & echo $!")
    assert started["exit_code"] == 0
    yield int(started["stdout"])
    client.bash("pkill -f job.py; true")


def step(client, number: int) -> None:
    """Lets the job go on and waits until it has."""
    client.bash(f"touch step-{number}; until grep -q 'step {number} line 99' job.log; do sleep 0.02; done", timeout=60)


def next_page(client, offset: int, count: int = 1000) -> list[str]:
    result = client.call_tool("read_file", file_path="job.log", offset=offset, line_count=count)
    return [] if result.get("isError") else result["content"][0]["text"].splitlines()


def test_a_log_is_paged_while_it_grows(client, job):
    lines: list[str] = []
    for number in range(1, 7):
        step(client, number)
        lines += next_page(client, len(lines))
        assert len(lines) >= number * 100
    client.bash("until grep -q done job.log; do sleep 0.02; done", timeout=60)
    lines += next_page(client, len(lines))
    expected = [f"step {number} line {line} ünïcödé" for number in range(1, 7) for line in range(100)]
    assert lines == [*expected, "done"]


def test_pages_of_any_size_fit_together(client, job):
    for number in range(1, 7):
        step(client, number)
    client.bash("until grep -q done job.log; do sleep 0.02; done", timeout=60)
    lines: list[str] = []
    while lines[-1:] != ["done"]:
        lines += next_page(client, len(lines), 37)
    assert len(lines) == 601
    assert len(set(lines)) == 601


def test_a_page_beyond_the_end_says_so(client, job):
    step(client, 1)
    result = client.call_tool("read_file", file_path="job.log", offset=5000)
    assert result.get("isError") or result["content"][0]["text"] == "" or "lines" in text_of(result)


def test_the_job_survives_its_call_and_the_calls_of_others(client, job):
    for number in range(1, 4):
        step(client, number)
        assert client.call_tool("execute_bash", command="sleep 30", timeout=1)["structuredContent"]["timed_out"]
        cancelled = client.start_tool("execute_bash", command="sleep 30")
        client.notify("notifications/cancelled", {"requestId": cancelled.id})
        assert client.bash(f"kill -0 {job}")["exit_code"] == 0


def test_the_call_that_starts_a_job_returns_at_once(client):
    sleep = f"sleep {secrets.randbelow(80_000) + 10_000}"
    assert client.bash(f"nohup {sleep} > /dev/null 2>&1 & echo started", timeout=20)["stdout"] == "started\n"
    assert client.bash(f"until pkill -fx '{sleep}'; do sleep 0.02; done")["exit_code"] == 0


def test_the_job_ends_with_the_server(start_server, fresh_user):
    server = start_server("--user", fresh_user)
    server.bash("nohup python3 -c 'import time; time.sleep(1000)' > job.log 2>&1 &")
    container = engine.only_container(fresh_user)
    assert engine.poll(lambda: engine.running(container, "python3 -c import time; time.sleep(1000)") == 1) is not None
    assert server.close() == 0
    engine.wait_until_gone(fresh_user)


def test_the_prompt_and_the_tool_teach_the_pattern(start_server):
    server = start_server()
    prompt = server.request("prompts/get", {"name": "agent_system_prompt"})["messages"][0]["content"]["text"]
    tool = next(tool for tool in server.request("tools/list")["tools"] if tool["name"] == "execute_bash")
    for text in (prompt, tool["description"]):
        assert "nohup" in text or "background" in text
    assert "&" in prompt
    assert "log" in prompt
