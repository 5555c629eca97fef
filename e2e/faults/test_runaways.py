"""Commands that will not end, or take all there is of something: each ends with its call's timeout."""

import secrets

import pytest
from support import engine

pytestmark = pytest.mark.alone

THREADS = """
import threading, time
started = 0
try:
    for _ in range(5000):
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
        started += 1
except RuntimeError:
    print("refused", 0 < started < 256, flush=True)
time.sleep(600)
"""

FILES = """
import os, resource, time
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
opened = []
try:
    for number in range(10_000):
        opened.append(os.open(f"/tmp/many-{number}", os.O_CREAT | os.O_RDWR))
except OSError as error:
    print(error.strerror, flush=True)
print(len(opened) >= min(10_000, most - 20), flush=True)
time.sleep(600)
"""

DAEMON = """
import os, signal, sys, time
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
for _ in range(2):
    if os.fork():
        os._exit(0)
    os.setsid()
os.environ.clear()
for descriptor in range(3):
    os.close(descriptor)
os.execv("/bin/sleep", ["{mark}", "600"])
"""


@pytest.fixture
def sandbox(client, user):
    """The container, which is there before and after and holds no more processes than an idle one does."""
    client.bash("true")
    container = engine.only_container(user)
    yield container
    assert client.bash("echo served", timeout=60)["stdout"] == "served\n"
    assert engine.only_container(user) == container
    left = engine.poll(lambda: len(engine.processes(container)) < 20)
    assert left is not None, engine.processes(container)


def assert_timed_out(outcome):
    assert outcome["exit_code"] == -1
    assert outcome["timed_out"] is True


def test_a_thread_bomb_ends_with_its_call(client, sandbox):
    outcome = client.python(THREADS, timeout=6)
    assert_timed_out(outcome)
    assert "refused True" in outcome["stdout"]


def test_ten_thousand_open_files_end_with_their_call(client, sandbox):
    outcome = client.python(FILES, timeout=8)
    assert_timed_out(outcome)
    assert outcome["stdout"].endswith("True\n")
    assert client.bash("rm -f /tmp/many-*; ls /tmp/many-* 2> /dev/null | wc -l")["stdout"] == "0\n"


def test_a_process_deaf_to_sigterm_ends_with_its_call(client, sandbox):
    mark = f"deaf-{secrets.token_hex(4)}"
    assert_timed_out(client.bash(f"trap '' TERM INT HUP; exec -a {mark} sleep 600", timeout=1))
    assert engine.poll(lambda: engine.running(sandbox, f"{mark} 600") == 0) is not None


def test_a_stopped_process_ends_with_its_call(client, sandbox):
    mark = f"stopped-{secrets.token_hex(4)}"
    command = f"(exec -a {mark} sleep 600) & kill -STOP $!; echo stopped; kill -STOP $$"
    outcome = client.bash(command, timeout=5)
    assert_timed_out(outcome)
    assert outcome["stdout"] == "stopped\n"
    assert engine.poll(lambda: engine.running(sandbox, f"{mark} 600") == 0) is not None


def test_a_detached_daemon_ends_with_its_call(client, sandbox):
    mark = f"daemon-{secrets.token_hex(4)}"
    command = f"python3 - <<'END'\n{DAEMON.replace('{mark}', mark)}\nEND\ntouch /tmp/{mark}; sleep 600"
    call = client.start_tool("execute_bash", command=command, timeout=12)
    assert engine.poll(lambda: engine.running(sandbox, f"{mark} 600") == 1) is not None, "the daemon never ran"
    assert_timed_out(client.result(call)["structuredContent"])
    assert engine.poll(lambda: engine.running(sandbox, f"{mark} 600") == 0) is not None
