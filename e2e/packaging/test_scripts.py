"""The scripts that prepare a machine: apt-get.sh, and what environment.sh unpacks."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from support.stdio_client import REPOSITORY

POLICY = "/usr/sbin/policy-rc.d"


def write_program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)


# apt-get.sh

# What apt-get finds: the answer to packages that would start a service, and whether the lock is held.
SEES = f"""
if [ -e {POLICY} ]; then {POLICY} ssh start; echo "policy $?"; else echo "no policy"; fi
flock --nonblock /run/exec-mcp-apt.lock true && echo "not locked" || echo locked
[ ! -e /proc/self/fd/9 ] || echo "has the lock itself"
echo "$*"
"""


class Machine:
    """This one, with a /usr/sbin and a /run of its own, and another apt-get."""

    def __init__(self, directory: Path) -> None:
        self.policy = directory / "sbin" / "policy-rc.d"
        self.directory = directory
        self.policy.parent.mkdir()
        (directory / "run").mkdir()

    def apt_get(self, *arguments: str, does: str = "") -> subprocess.CompletedProcess[str]:
        write_program(self.directory / "bin" / "apt-get", SEES + does)
        places = f"mount --bind {self.directory}/sbin /usr/sbin; mount --bind {self.directory}/run /run"
        script = str(REPOSITORY / "packaging" / "apt-get.sh")
        return subprocess.run(
            ["unshare", "--mount", "sh", "-ec", places + '; exec "$@"', "sh", script, *arguments],
            env={**os.environ, "PATH": f"{self.directory}/bin:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    if os.geteuid() != 0:
        pytest.skip("only root installs packages")
    return Machine(tmp_path)


def test_apt_get_runs_one_at_a_time_and_no_child_keeps_the_lock(machine: Machine) -> None:
    done = machine.apt_get("-qq", "update")
    assert done.stdout.splitlines() == ["no policy", "locked", "-o DPkg::Lock::Timeout=300 -qq update"], done.stderr


@pytest.mark.parametrize("does", ["", "exit 100", "kill -TERM $PPID"])
def test_services_are_kept_from_starting_while_packages_are_installed(machine: Machine, does: str) -> None:
    done = machine.apt_get("--without-services", "install", "openssh-server", does=does)
    assert done.stdout.splitlines()[:2] == ["policy 101", "locked"], done.stderr
    assert done.stdout.splitlines()[2].endswith("install openssh-server")
    assert done.returncode == {"": 0, "exit 100": 100}.get(does, 143)
    assert not machine.policy.exists()


def test_the_machines_own_answer_stays(machine: Machine) -> None:
    write_program(machine.policy, "exit 104\n")
    done = machine.apt_get("--without-services", "install", "openssh-server")
    assert done.stdout.splitlines()[0] == "policy 104"
    assert machine.policy.read_text() == "#!/bin/sh\nexit 104\n"


def test_what_a_killed_run_has_left_goes_with_the_next(machine: Machine) -> None:
    machine.apt_get("--without-services", "install", "openssh-server", does="kill -KILL $PPID")
    assert machine.policy.exists()
    done = machine.apt_get("--without-services", "install", "openssh-server")
    assert done.stdout.splitlines()[0] == "policy 101"
    assert not machine.policy.exists()


# environment.sh


def archive() -> bytes:
    """The package's files: a program long enough to be cut."""
    content = b"#!/bin/sh\n" + b"# filler\n" * 100_000 + b"echo whole\n"
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as made:
        entry = tarfile.TarInfo("./usr/bin/promtool")
        entry.size, entry.mode = len(content), 0o755
        made.addfile(entry, io.BytesIO(content))
    return file.getvalue()


def test_promtool_is_whole_though_its_unpacking_was_interrupted(tmp_path: Path) -> None:
    (tmp_path / "e2e").mkdir()
    shutil.copy(REPOSITORY / "e2e" / "environment.sh", tmp_path / "e2e")
    write_program(tmp_path / "packaging" / "apt-get.sh", "touch prometheus_1_all.deb\n")
    (tmp_path / "archive").write_bytes(archive())
    # A PATH without a promtool of the machine's own.
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("bash", "cat", "dirname", "env", "head", "id", "mkdir", "mv", "rm", "sh", "tar", "touch"):
        (programs / name).symlink_to(shutil.which(name) or name)
    write_program(programs / "apt-get", "")

    environment = {"PATH": str(programs), "PYTHON": sys.executable}

    def prepare(unpack: str) -> int:
        write_program(programs / "dpkg-deb", unpack)
        script = tmp_path / "e2e" / "environment.sh"
        # Its output ends with the last of its children.
        done = subprocess.run([script, "promtool"], env=environment, capture_output=True, timeout=120, check=False)
        return done.returncode

    assert prepare(f"head -c 500000 '{tmp_path}/archive'; kill -KILL $PPID") == -9
    assert prepare(f"cat '{tmp_path}/archive'") == 0
    promtool = tmp_path / ".venv" / "promtool" / "usr" / "bin" / "promtool"
    assert subprocess.run([promtool], capture_output=True, text=True, check=True).stdout == "whole\n"
    # And it is not unpacked again.
    assert prepare("exit 1") == 0
