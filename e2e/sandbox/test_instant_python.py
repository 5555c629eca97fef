"""`--python instant`: programs start as copies of an interpreter that has already imported what they use, and only the
clock tells.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import engine
from support.instant import IN_USE, has_snapshot, is_instant, output, require_launcher, wait_for_snapshot
from support.stdio_client import StdioClient

# A snapshot takes a minute to make on a busy machine.
pytestmark = pytest.mark.timeout(1500)
PROGRAMS = Path(__file__).parent / "programs"


@pytest.fixture(scope="module")
def instant(user: str) -> Iterator[StdioClient]:
    arguments = ["--user", user, "--workspace", "ephemeral", "--python", "instant", "--log-level", "debug"]
    with StdioClient([*arguments, "--cpus", "2", "--max-timeout", "900"]) as client:
        client.initialize()
        require_launcher(client)
        first = output(client, "python3 -c 'import numpy, pandas, matplotlib.pyplot'; pgrep -c sandbox-python")
        # Made when nothing else is to be done, and not before the first program that could use it.
        assert first == "0\n"
        wait_for_snapshot(client)
        yield client
    engine.wait_until_gone(user)


def test_programs_do_the_same_with_either_interpreter(instant: StdioClient) -> None:
    compared = 0
    for name in ("compare.py", "python.txt", "libraries.txt"):
        instant.call_tool("write_file", file_path=f"/tmp/{name}", content=(PROGRAMS / name).read_text())
    for name in ("python.txt", "libraries.txt"):
        command = f"cd /tmp && /usr/bin/python3 compare.py {name}"
        result = instant.bash(command, timeout=840, wait=880)
        *differences, last = map(json.loads, result["stdout"].splitlines())
        assert differences == []
        assert last["instant"]
        assert (result["exit_code"], result["stderr"]) == (0, "")
        compared += last["compared"]
    assert compared >= 300


@pytest.mark.parametrize(
    "command",
    [
        "MCP_PYTHON=plain python3 -c CODE",
        "/usr/bin/python3 -c CODE",
        "PYTHONHASHSEED=0 python3 -c CODE",
        "OMP_NUM_THREADS=7 python3 -c CODE",
        "python3 -O -c CODE",
        "python3 -I -c CODE",
        "taskset -c 0 python3 -c CODE",
        """python3 -c CODE' # sys.modules'""",
        "ulimit -s 4096; python3 -c CODE",
        "mkdir -p /tmp/d; cd /tmp/d; touch random.py; python3 -c CODE",
        "cd /tmp; touch matplotlibrc; python3 -c CODE; rm matplotlibrc",
        "python3 -m venv --system-site-packages --without-pip /tmp/v; /tmp/v/bin/python3 -c CODE",
    ],
)
def test_what_is_out_of_the_ordinary_takes_the_real_interpreter(instant: StdioClient, command: str) -> None:
    assert output(instant, command.replace("CODE", f'"{IN_USE}"')) == "False\n"
    assert has_snapshot(instant)


@pytest.mark.parametrize(
    "command",
    [
        "python3 -c CODE",
        "python -u -B -c CODE",
        "/usr/bin/env python3 -c CODE",
        "OTHER=1 python3 -c CODE",
        "cd /tmp; echo CODE > s.py; python3 s.py",
        "cd /tmp; echo CODE > s.py; python3 -m s",
        "echo CODE > /tmp/s.py; python3 < /tmp/s.py",
        "python3 <<'EOF'\nBARE\nEOF",
    ],
)
def test_every_ordinary_form_is_instant(instant: StdioClient, command: str) -> None:
    assert is_instant(instant, command.replace("CODE", f'"{IN_USE}"').replace("BARE", IN_USE))


def test_random_numbers_do_not_repeat(instant: StdioClient) -> None:
    code = (
        "import numpy, random, uuid, os, tempfile; print(random.random(), numpy.random.rand(),"
        " numpy.random.default_rng().random(), uuid.uuid4(), os.urandom(8), tempfile.mktemp(),"
        " random.SystemRandom().random())"
    )
    lines = output(instant, f'for i in 1 2 3 4; do python3 -c "{code}"; done').splitlines()
    assert len(lines) == 4
    words = [word for line in lines for word in line.split()]
    assert len(set(words)) == len(words)


def sleeper() -> tuple[str, str]:
    """A program that sleeps, and a text that only it has on its command line."""
    mark = secrets.token_hex(8)
    return f"python3 -c 'import numpy, time; time.sleep(1000)' {mark}", mark


def is_running(client: StdioClient, mark: str) -> bool:
    return client.bash(f"pgrep -f [{mark[0]}]{mark[1:]}")["exit_code"] == 0


def test_a_timeout_ends_it(instant: StdioClient) -> None:
    command, mark = sleeper()
    result = instant.bash(f"{command}; echo after", timeout=2)
    assert result["timed_out"]
    assert not is_running(instant, mark)


def test_a_cancellation_ends_it_with_what_it_started(instant: StdioClient) -> None:
    mark = secrets.token_hex(8)
    code = (
        "import numpy, subprocess, time; subprocess.Popen(['sleep', '1000'], start_new_session=True);"
        f" open('/tmp/{mark}', 'w'); time.sleep(1000)"
    )
    pending = instant.start_tool("execute_bash", command=f'python3 -c "{code}" {mark}')
    deadline = time.monotonic() + 60
    while instant.bash(f"test -e /tmp/{mark}")["exit_code"] != 0:
        assert time.monotonic() < deadline
    instant.notify("notifications/cancelled", {"requestId": pending.id})
    deadline = time.monotonic() + 60
    while is_running(instant, mark) or instant.bash("pgrep -f '^sleep 100[0]$'")["exit_code"] == 0:
        assert time.monotonic() < deadline


def test_a_background_job_lives_on(instant: StdioClient) -> None:
    command, mark = sleeper()
    instant.bash(f"{command} & echo started")
    assert is_running(instant, mark)
    instant.bash(f"pkill -f {mark}")


def test_memory_that_runs_out_takes_the_snapshot_before_a_command(instant: StdioClient) -> None:
    code = "import numpy; a = [bytearray(b'x' * (1 << 20)) for _ in range(4000)]"
    assert instant.bash(f"python3 -c {json.dumps(code)}", timeout=280, wait=300)["exit_code"] == 137
    # It still works, with or without a snapshot, and has a new one in the end.
    wait_for_snapshot(instant)
