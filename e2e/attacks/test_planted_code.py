"""What code leaves lying about for the guest to trip over: it runs nothing but its own, now and in the next sandbox."""

import pytest
from support import engine
from support.stdio_client import text_of

PLANT = """
import os, stat, sys
trap = "import os; os.close(os.open('/workspace/sprung-' + __name__, os.O_CREAT | os.O_WRONLY))\\n"
names = ("json", "os", "struct", "ast", "select", "signal", "sitecustomize", "usercustomize", "guest", "PIL")
packages = os.path.expanduser(f"~/.local/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages")
for place in ("/workspace", "/tmp", os.path.expanduser("~"), packages):
    os.makedirs(place, exist_ok=True)
    for name in names:
        with open(f"{place}/{name}.py", "w") as file:
            file.write(trap)
    with open(f"{place}/trap.pth", "w") as file:
        file.write("import os; os.close(os.open('/workspace/sprung-pth', os.O_CREAT | os.O_WRONLY))\\n")
for place in ("/workspace", os.path.expanduser("~/bin"), os.path.expanduser("~/.local/bin")):
    os.makedirs(place, exist_ok=True)
    for name in ("python3", "bash", "ps"):
        with open(f"{place}/{name}", "w") as file:
            file.write("#!/bin/sh\\ntouch /workspace/sprung-program\\n")
        os.chmod(f"{place}/{name}", 0o755)
for name in (".bashrc", ".bash_profile", ".profile", ".bash_aliases", ".inputrc"):
    for place in ("/workspace", os.path.expanduser("~")):
        with open(f"{place}/{name}", "w") as file:
            file.write("touch /workspace/sprung-shell\\n")
"""


@pytest.fixture
def planted(start_server, fresh_user):
    server = start_server("--user", fresh_user)
    planted = server.bash(f"cd /tmp && python3 -I - <<'END'\n{PLANT}\nEND")
    assert planted["exit_code"] == 0, planted
    return server


def use_every_tool(server):
    assert server.bash("echo still bash")["stdout"] == "still bash\n"
    assert not server.call_tool("write_file", file_path="/tmp/m.py", content='def f():\n    "doc"\n').get("isError")
    assert "doc" in text_of(server.call_tool("read_file", file_path="/tmp/m.py"))
    assert text_of(server.call_tool("read_docstring", file_path="/tmp/m.py", function_name="f")) == "doc"
    server.bash("echo a > /artifacts/a.txt")
    assert server.request("resources/read", {"uri": "artifact:///a.txt"})["contents"][0]["text"] == "a\n"
    assert server.bash("sleep 600", timeout=1)["timed_out"] is True
    assert server.bash("ls /workspace | grep sprung")["stdout"] == ""


def test_the_guest_runs_nothing_that_was_planted(planted):
    use_every_tool(planted)
    planted.bash("kill -9 -1; true")  # whatever stands ready is started afresh
    use_every_tool(planted)
    assert "sprung-" in planted.bash("python3 -c 'import json'; ls")["stdout"], "the traps do not work"


def test_the_next_sandbox_runs_nothing_that_was_planted(planted, fresh_user):
    engine.run("kill", engine.only_container(fresh_user))
    assert engine.poll(lambda: not engine.containers(fresh_user)) is not None
    planted.call_tool("execute_bash", command="true")  # may only tell of the end of the old one
    use_every_tool(planted)
