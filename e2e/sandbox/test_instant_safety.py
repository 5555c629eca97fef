"""`--python instant`: whatever goes wrong ends in the plain interpreter, and `--python plain` has nothing of it."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest
from support import engine
from support.instant import (
    DIRECTORY,
    IN_USE,
    PATIENCE,
    READY,
    has_snapshot,
    is_instant,
    output,
    require_launcher,
    wait_for_snapshot,
)

# A snapshot takes a minute to make on a busy machine.
pytestmark = pytest.mark.timeout(1500)
PROGRAMS = Path(__file__).parent / "programs"
# Where Python looks for what a user has installed.
SITE = "$(/usr/bin/python3 -m site --user-site)"
GIVEN_UP = "Python's imports could not be preloaded"


@pytest.fixture
def start(start_server, fresh_user):
    def start(*arguments):
        # It says how it went at this level.
        server = start_server(
            "--user", fresh_user, "--workspace", "ephemeral", "--log-level", "debug", *arguments
        )  # fmt: skip
        require_launcher(server)
        return server

    return start


def test_a_plain_sandbox_runs_the_interpreter_itself_and_has_nothing_of_the_other(start):
    server = start()
    command = 'for name in python3 python; do readlink -f "$(type -P $name)"; done'
    real = server.bash(f"readlink -f {DIRECTORY}/interpreter")["stdout"]
    assert server.bash(command)["stdout"] == real * 2
    assert server.bash(f"env | grep -e MCP_PYTHON -e {DIRECTORY}; grep exec-mcp-python /proc/net/unix")["stdout"] == ""
    assert not has_snapshot(server)
    assert server.bash("pgrep -c sandbox-python")["stdout"] == "0\n"
    assert READY not in server.stderr


def test_damaged_copies_and_refusals_of_the_kernel_end_in_the_plain_interpreter(start):
    server = start("--python", "instant", "--max-timeout", "900")
    wait_for_snapshot(server)
    server.call_tool("write_file", file_path="/tmp/damage.py", content=(PROGRAMS / "damage.py").read_text())
    result = server.bash("/usr/bin/python3 /tmp/damage.py", timeout=600, wait=640)
    assert result["stderr"] == ""
    found = json.loads(result["stdout"])
    # Both kinds start without this call as well.
    instant = {"whole", "rseq refused"}
    assert found == {name: f"0 6 {name in instant}" for name in found}
    assert len(found) > 18
    assert instant < found.keys()


@pytest.mark.parametrize(
    "code",
    [
        "import os\nos.write(3, b'garbage' * 1000)",
        "import os, signal\nos.kill(0, signal.SIGKILL)",
        "import threading, time\nthreading.Thread(target=time.sleep, args=(1000,), daemon=True).start()",
    ],
)
def test_code_of_the_users_in_the_process_that_makes_the_snapshot_ends_in_none(start, code):
    server = start("--python", "instant")
    only_there = f"if 'sandbox-python' in open('/proc/self/comm').read():\n    exec({code!r})\n"
    encoded = base64.b64encode(only_there.encode()).decode()
    server.bash(f"mkdir -p {SITE}; echo {encoded} | base64 -d > {SITE}/usercustomize.py")
    assert not has_snapshot(server)
    server.wait_for_log(GIVEN_UP, PATIENCE)
    assert not has_snapshot(server)
    assert output(server, "python3 -c 'import numpy; print(numpy.ones(2).sum())'") == "2.0\n"


def test_a_package_of_the_users_own_is_imported_anew_each_time(start):
    server = start("--python", "instant")
    own = f"mkdir -p {SITE}/seaborn; echo 'value = 1' > {SITE}/seaborn/__init__.py"
    program = "python3 -c 'import numpy, seaborn; print(seaborn.value)'"
    assert output(server, f"{own}; {program}") == "1\n"
    server.wait_for_log(f"{GIVEN_UP}: seaborn is not the image's own", PATIENCE)
    assert output(server, f"echo 'value = 2' > {SITE}/seaborn/__init__.py; {program}") == "2\n"
    # The others can be had.
    wait_for_snapshot(server)
    assert output(server, f"echo 'value = 3' > {SITE}/seaborn/__init__.py; {program}") == "3\n"


def test_packages_that_add_variables_when_they_are_imported_are_in_the_snapshot_too(start):
    """As scikit-learn does."""
    server = start("--python", "instant")
    output(server, "python3 -c 'import numpy, sklearn.linear_model'")
    server.wait_for_log(READY, PATIENCE)
    in_snapshot = "import numpy; print('/sklearn/' in open('/proc/self/maps').read())"
    assert is_instant(server, f'python3 -c "{in_snapshot}"')
    assert output(server, "python3 -c 'import os, sklearn; print(os.environ[\"KMP_INIT_AT_FORK\"])'") == "FALSE\n"


def test_a_launcher_takes_nothing_from_a_process_that_is_not_the_sandboxs_own(start):
    """Sandboxes that share a network share the addresses of such sockets."""
    server = start()
    script = (
        "import os, socket, subprocess, threading\n"
        "asked = []\n"
        "listener = socket.socket(socket.AF_UNIX)\n"
        "listener.bind('\\0exec-mcp-python')\n"
        "listener.listen()\n"
        "def answer():\n"
        "    connection, _ = listener.accept()\n"
        "    asked.append(connection.recv(1000))\n"
        "thread = threading.Thread(target=answer)\n"
        "thread.start()\n"
        f"environment = {{**os.environ, 'PATH': '{DIRECTORY}/bin:' + os.environ['PATH']}}\n"
        f'done = subprocess.run(["python3", "-c", "{IN_USE}"], capture_output=True, env=environment, text=True)\n'
        "thread.join()\n"
        "print(done.stdout.strip(), asked)\n"
    )
    server.call_tool("write_file", file_path="/tmp/other.py", content=script)
    assert output(server, "/usr/bin/python3 /tmp/other.py") == "False [b'']\n"


def test_prewarmed_it_imports_before_the_first_program(start_server, fresh_user):
    server = start_server(
        "--user", fresh_user, "--workspace", "ephemeral", "--log-level", "debug", "--python", "instant", "--prewarm"
    )  # fmt: skip
    server.request("tools/list")
    require_launcher(server)
    server.wait_for_log(READY, PATIENCE)
    assert server.bash("pgrep -c sandbox-python")["stdout"] == "1\n"
    assert has_snapshot(server)


def test_what_programs_import_is_known_to_the_next_sandbox_of_the_workspace(start_server, fresh_user):
    def begin():
        server = start_server("--user", fresh_user, "--log-level", "debug", "--python", "instant")
        require_launcher(server)
        return server

    first = begin()
    output(first, "python3 -c 'import numpy, scipy.stats'")
    first.wait_for_log(READY, PATIENCE)
    assert re.search(rf"{READY}.*scipy\.stats", first.stderr)
    kept = "cat /workspace/.sandbox/python-imports"
    assert engine.poll(lambda: first.bash(kept)["stdout"] == "scipy.stats", PATIENCE) is not None
    first.close()
    # Other content that code has left there doesn't make it fail.
    second = begin()
    second.bash(f"printf '\\n../x no.such\\xff %s' 'x y' >> {kept.split()[1]}")
    second.close()
    third = begin()
    wait_for_snapshot(third)
    assert "scipy.stats" in re.search(rf"{READY}.*", third.stderr)[0]
