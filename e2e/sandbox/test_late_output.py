"""What a command prints through processes that its shell does not wait for is part of its result."""

import re

import pytest

SCRIPT = "printf '#!/bin/bash\\nexec > >(tee -a run.log) 2>&1\\necho from the script\\n' > s; bash s; rm -f s run.log"
WAYS = {
    "all output through tee": ("exec > >(tee /tmp/l) 2>&1; echo hello; echo world", "hello\nworld\n"),
    "output through sed": ("echo hello > >(sed s/^/X/)", "Xhello\n"),
    "errors through sed": ("(echo warn >&2) 2> >(sed s/^/E/ >&1)", "Ewarn\n"),
    "a script that logs": (SCRIPT, "from the script\n"),
    "two filters": ("echo hello > >(sed s/^/X/ > >(sed s/^/Y/))", "YXhello\n"),
    "a coprocess": ("exec 3>&1; coproc { read -r line; echo $line >&3; }; echo hello >&${COPROC[1]}", "hello\n"),
    "a double fork": ("((echo hello) &)", "hello\n"),
    "a background job": ("(seq 3 | sort -r) &", "3\n2\n1\n"),
    "after its shell was killed": ("exec > >(tee /tmp/l); echo hello; kill -9 $$", "hello\n"),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_comes_just_after_the_shells_end_is_in_the_result(client, way):
    command, expected = WAYS[way]
    assert [client.bash(command)["stdout"] for _ in range(20)] == [expected] * 20


def test_time_of_a_group_goes_through_a_substitution(client):
    for _ in range(20):
        assert "real" in client.bash("{ time true; } 2> >(cat >&1)")["stdout"]


def test_a_job_that_holds_the_output_open_holds_up_the_result_for_a_moment_alone(client):
    """The job would print for minutes. Its first words may be in the result, and it lives on."""
    outcome = client.bash("(while sleep 0.2; do echo still; done) & echo started $!", timeout=60)
    assert outcome["exit_code"] == 0
    assert "timed_out" not in outcome
    # The job's first word may come before the shell's own.
    job = re.search(r"^started (\d+)$", outcome["stdout"], re.MULTILINE)[1]
    assert client.bash(f"kill -0 {job} && kill {job} && echo lived")["stdout"] == "lived\n"


def test_a_flood_from_the_background_is_not_waited_for(client):
    assert client.bash("yes & echo $! > /tmp/flood", timeout=60)["exit_code"] == 0
    assert client.bash("kill $(cat /tmp/flood) && echo lived")["stdout"].endswith("lived\n")


def test_a_command_that_ended_in_time_is_not_timed_out_by_what_holds_its_output(client):
    outcome = client.bash("sleep 1000 & sleep 0.95; echo done", timeout=1)
    assert outcome["stdout"] in ("done\n", "")
    assert outcome.get("timed_out", False) is (outcome["exit_code"] == -1)
    client.bash("pkill -x sleep")


def test_artifacts_of_a_late_writer_are_in_the_result(client):
    result = client.call_tool("execute_bash", command="echo hello > >(tee /artifacts/late.txt)")
    assert result["structuredContent"]["stdout"] == "hello\n"
    assert "artifact:///late.txt" in [block.get("uri") for block in result["content"]]
