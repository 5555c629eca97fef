"""A call returns when its shell exits; what it left running is an honest background job."""

import secrets

from support import engine


def unique_sleep() -> str:
    return f"sleep {secrets.randbelow(80_000) + 10_000}"


def test_a_call_returns_when_its_shell_exits_and_the_child_lives_on(client, user):
    sleep = unique_sleep()
    assert client.bash(f"{sleep} & echo hi") == {"exit_code": 0, "stdout": "hi\n", "stderr": ""}
    assert engine.poll(lambda: engine.running(engine.only_container(user), sleep) == 1) is not None
    assert client.bash(f"pgrep -fc '^{sleep}$'")["stdout"] == "1\n"
    assert client.bash(f"pkill -f '^{sleep}$'")["exit_code"] == 0


def test_a_background_job_goes_on_working(client):
    client.bash("(sleep 1; echo the result > later.txt) &")
    waiting = "until [ -s later.txt ]; do sleep 0.05; done; cat later.txt"
    assert client.bash(waiting, timeout=60)["stdout"] == "the result\n"


def test_a_server_started_in_one_call_is_reached_from_the_next(client):
    client.bash("mkdir -p site; echo welcome > site/index.html; cd site; nohup python3 -m http.server 8123 &")
    program = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8123/').read())"
    attempts = f'for i in $(seq 100); do python3 -c "{program}" 2>/dev/null && break; sleep 0.1; done'
    outcome = client.bash(attempts, timeout=120)
    assert outcome["stdout"] == "b'welcome\\n'\n"
    client.bash("pkill -f http.server")


def test_what_a_background_job_prints_is_nobody_elses_output(client):
    sleep = unique_sleep()
    client.bash(f"(while sleep 0.02; do echo noise; echo noise >&2; done; {sleep}) & echo started")
    for _ in range(5):
        assert client.bash("sleep 0.1; echo clean") == {"exit_code": 0, "stdout": "clean\n", "stderr": ""}


def test_orphans_leave_no_zombies(client, user):
    client.bash("for i in $(seq 30); do (setsid sleep 0.01 &); done; (exec sleep 0.1) &")
    container = engine.only_container(user)

    def zombies() -> list[str]:
        lines = engine.run("top", container, "-eo", "stat,pid,args").splitlines()[1:]
        return [line for line in lines if line.startswith("Z")]

    assert engine.poll(lambda: not zombies()) is not None, zombies()


def test_background_jobs_end_with_the_sandbox(start_server, fresh_user):
    server = start_server("--user", fresh_user)
    server.bash(f"setsid nohup {unique_sleep()} > /dev/null 2>&1 & trap '' TERM HUP")
    server.close()
    engine.wait_until_gone(fresh_user)
