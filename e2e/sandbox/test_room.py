"""Room for what programs put aside: shared memory, memory maps, packages. Here is little memory, so that it matters."""

import pytest


def test_shared_memory_has_half_of_the_memory(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--memory", "256m")
    program = """
from multiprocessing import shared_memory
memory = shared_memory.SharedMemory(create=True, size=100 << 20)
memory.buf[:] = bytes(1) * (100 << 20)
memory.close(); memory.unlink()
print("filled")
"""
    assert server.python(program)["stdout"] == "filled\n"
    assert server.bash("df --output=size -m /dev/shm | tail -n 1")["stdout"].strip() == "128"


def test_workers_share_an_array_that_is_larger_than_tmp(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--memory", "700m")
    program = """
import numpy
from joblib import Parallel, delayed
array = numpy.ones(25_000_000)
print(Parallel(n_jobs=2)(delayed(numpy.sum)(array) for _ in range(2)), array.nbytes)
"""
    run = server.python(program, timeout=120)
    assert run["stdout"] == "[np.float64(25000000.0), np.float64(25000000.0)] 200000000\n", run


def test_workers_share_an_array_of_320_mb_at_the_default_memory(start_server, fresh_user):
    """joblib maps it from a file, so that it is in memory once for the workers."""
    program = """
import numpy
from joblib import Parallel, delayed
array = numpy.ones(40_000_000)
print([float(x) for x in Parallel(n_jobs=2)(delayed(numpy.sum)(array) for _ in range(2))], array.nbytes)
"""
    run = start_server("--user", fresh_user).python(program, timeout=240)
    assert run["stdout"] == "[40000000.0, 40000000.0] 320000000\n", run


WHEEL = """
import sys, zipfile
name, size = sys.argv[1], int(sys.argv[2])
info = f"{name}-1.dist-info"
entry = f"[console_scripts]\\n{name}-command = {name}:run\\n"
with zipfile.ZipFile(f"{name}-1-py3-none-any.whl", "w") as wheel:
    wheel.writestr(f"{name}/__init__.py", f"name = {name!r}\\ndef run():\\n    print('ran')\\n")
    wheel.writestr(f"{name}/data", bytes(size))
    wheel.writestr(f"{info}/entry_points.txt", entry)
    wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\\nName: {name}\\nVersion: 1\\n")
    wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(f"{info}/RECORD", "".join(f"{file},,\\n" for file in wheel.namelist()))
"""


def install(server, name="ample"):
    """Installs a package of 50 MB, more than there is room for in the home directory or in /tmp."""
    server.call_tool("write_file", file_path="wheel.py", content=WHEEL)
    made = server.bash(f"python3 wheel.py {name} {50 << 20}")
    assert made["exit_code"] == 0, made
    command = f"pip install --user --no-index --disable-pip-version-check ./{name}-1-py3-none-any.whl && rm *.whl"
    done = server.bash(command, timeout=120)
    assert done["exit_code"] == 0, done


@pytest.mark.parametrize("network", ["none", "bridge"])
def test_what_pip_installs_for_the_user_has_room_and_lasts(start_server, fresh_user, network):
    options = ("--user", fresh_user, "--memory", "192m", "--network", network)
    server = start_server(*options)
    install(server)
    assert server.bash("ls")["stdout"] == "wheel.py\n"
    server.close()
    server = start_server(*options)
    assert server.python("import ample; print(ample.name)")["stdout"] == "ample\n"
    assert server.bash("ample-command")["stdout"] == "ran\n"


def test_it_has_room_in_an_ephemeral_workspace(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--memory", "256m", "--workspace", "ephemeral")
    install(server)
    assert server.python("import ample; print(ample.name)")["stdout"] == "ample\n"


def test_caches_of_downloads_last_where_there_is_a_network(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--network", "bridge")
    assert server.bash("echo $XDG_CACHE_HOME")["stdout"].startswith("/workspace/.")
    assert server.bash("ls -A")["stdout"] == "", "it is made when it is needed"
    offline = start_server("--user", fresh_user)
    assert offline.bash("echo -n $XDG_CACHE_HOME")["stdout"] == ""


def test_what_a_user_installs_hides_nothing_of_the_system_and_reaches_no_helper_of_ours(start_server, fresh_user):
    """Python runs usercustomize, and bash finds programs, in every sandbox to come."""
    server = start_server("--user", fresh_user)
    planted = """
import os, site, stat
place = site.getusersitepackages()
os.makedirs(place)
for name in ("usercustomize", "sitecustomize", "json", "PIL"):
    with open(f"{place}/{name}.py", "w") as file:
        file.write("open('/workspace/planted', 'a').write(__name__)")
os.makedirs(site.getuserbase() + "/bin")
for name in ("ls", "bash", "python3"):
    with open(site.getuserbase() + "/bin/" + name, "w") as file:
        file.write("#!/bin/sh\\necho planted\\n")
    os.chmod(file.name, 0o755)
"""
    assert server.python(planted)["exit_code"] == 0
    server.close()
    server = start_server("--user", fresh_user)
    assert server.bash("ls /tools > /dev/null && command -v ls bash python3")["stdout"].split() == [
        "/usr/bin/ls",
        "/usr/bin/bash",
        "/usr/bin/python3",
    ]
    program = "from PIL import Image; Image.effect_noise((1500, 1500), 90).convert('RGB').save('/workspace/large.png')"
    assert server.bash(f'python3 -I -c "{program}"', timeout=60)["exit_code"] == 0
    shown = server.call_tool("read_file", file_path="large.png")
    assert shown["content"][0]["type"] == "image", shown
    assert server.bash("cat planted")["exit_code"] != 0
