"""`py`: what a piece of code takes over from the shell that sends it, and what happens to the program itself."""

from __future__ import annotations

import itertools

import pytest
from support.py_sessions import PySession

NUMBERS = itertools.count(1)
PROGRAM = "/run/exec-mcp/py"
LIMITS = "import resource; print([resource.getrlimit(number)[0] for number in range(16)])"
REMARK = "py: this program had been removed or changed, and is installed again\n"


@pytest.fixture
def session(client):
    one = PySession(client, f"s{next(NUMBERS)}")
    yield one
    one.close()


def test_its_umask_and_limits_are_those_of_the_shell(client, session):
    assert session.value(LIMITS) == client.bash(f"python3 -c '{LIMITS}'")["stdout"].strip()
    mask = "import os; mask = os.umask(0); os.umask(mask); print(oct(mask))"
    assert session.value(mask) == client.bash(f"python3 -c '{mask}'")["stdout"].strip()


def test_a_umask_counts_for_the_code_that_is_sent_under_it(client, session):
    command = f"""{session.command} -c "open('made', 'w').close()"; stat -c %a made; rm made"""
    assert client.bash(f"umask 027; {command}")["stdout"] == "640\n"
    assert client.bash(f"umask 022; {command}")["stdout"] == "644\n"


def test_a_limit_counts_for_the_code_that_is_sent_under_it(client, session):
    files = "import resource; resource.getrlimit(resource.RLIMIT_NOFILE)[0]"
    usual = session.value(files)
    assert client.bash(f"ulimit -n 64; {session.command} -c '{files}'")["stdout"] == "64\n"
    assert session.value(files) == usual
    crowd = 'files = [open("/dev/null") for _ in range(100)]'
    refused = client.bash(f"ulimit -n 64; {session.command} -c '{crowd}'")
    assert refused["exit_code"] == 1
    assert "OSError: [Errno 24] Too many open files" in refused["stderr"]
    assert session.value(f"{crowd}; len(files)") == "100"


def test_a_session_survives_limits_that_leave_no_room_for_itself(client, session):
    session.value("kept = 5")
    client.bash(f"ulimit -Sn 8; {session.command} -c 'kept'")
    client.bash(f"ulimit -Sv 65536; {session.command} -c 'kept'")
    assert session.value("kept") == "5"


def test_a_limit_of_processor_time_counts_from_the_piece_on(client, session):
    used = session.run("import time\nwhile time.process_time() < 1.2: pass\nkept = 5", timeout=240, wait=280)
    assert used["exit_code"] == 0
    assert client.bash(f"ulimit -t 1; {session.command} -c kept")["stdout"] == "5\n"


@pytest.mark.parametrize(
    "damage",
    [
        f"rm {PROGRAM}",
        f"mv {PROGRAM} /tmp/elsewhere",
        f"echo 'exit 3' > {PROGRAM}",
        f"chmod 600 {PROGRAM}",
        "rm -rf /run/exec-mcp/*",
    ],
)
def test_a_program_that_was_removed_or_changed_is_installed_again_and_says_so(client, session, damage):
    session.value("kept = 5")
    client.bash(damage)
    first = client.bash(f"{session.command} -c kept")
    assert first == {"exit_code": 0, "stdout": "5\n", "stderr": REMARK}
    assert session.value("kept") == "5"


def test_it_gives_nothing_to_a_process_that_is_not_the_sandboxs_own(client):
    """Sandboxes that share a network share the addresses of such sockets."""
    script = (
        "import socket, subprocess\n"
        f"text = open('{PROGRAM}', 'rb').read()\n"
        "assert text.count(b'exec-mcp-py') == 1\n"
        "open('/tmp/py', 'wb').write(text.replace(b'exec-mcp-py', b'exec-mcp-pz'))\n"
        "other = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n"
        "other.bind('\\0exec-mcp-pz')\n"
        "other.listen()\n"
        "done = subprocess.run(['/usr/bin/python3', '-IS', '/tmp/py', '-c', 'secret'], capture_output=True)\n"
        "print(done.returncode, done.stderr.decode().strip())\n"
        "print(other.accept()[0].recv(1000))\n"
    )
    client.call_tool("write_file", file_path="/tmp/other.py", content=script)
    assert client.bash("python3 /tmp/other.py")["stdout"] == (
        "70 py: sessions are not available here: another sandbox in this network answers; python3 is\nb''\n"
    )
