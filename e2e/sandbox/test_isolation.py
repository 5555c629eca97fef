"""What code in the sandbox can see and do, asked from inside and from the engine."""

import secrets

import pytest
from support import engine

SECRET = f"secret-{secrets.token_hex(8)}"


@pytest.fixture(scope="module")
def settings(client, user):
    """The container as the engine describes it."""
    client.bash("true")
    return engine.inspect(engine.only_container(user))


def proc_status(client, process: str = "self") -> dict[str, str]:
    lines = client.bash(f"cat /proc/{process}/status")["stdout"].splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


@pytest.mark.parametrize("process", ["self", "1"])
def test_no_process_has_any_privilege(client, process):
    status = proc_status(client, process)
    for kind in ("CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb"):
        assert int(status[kind], 16) == 0, kind
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
    assert len(set(status["Uid"].split())) == len(set(status["Gid"].split())) == 1
    assert int(status["Uid"].split()[0]) == int(status["Gid"].split()[0]) >= 20_000


def test_the_user_is_coderunner_under_a_number_that_no_person_has(client):
    number, group, name, group_name = client.bash("id -u; id -g; id -un; id -gn")["stdout"].split()
    assert 20_000 <= int(number) < 60_000 and group == number
    assert (name, group_name) == ("coderunner", "coderunner")
    program = "import getpass, os, pwd; print(getpass.getuser(), pwd.getpwuid(os.getuid())[0], pwd.getpwuid(0)[0])"
    assert client.python(program)["stdout"] == "coderunner coderunner root\n"
    assert client.bash("stat -c '%U %G' / ~/.. /etc")["stdout"] == "root root\n" * 3


def test_each_user_has_a_number_and_keeps_it(start_server, fresh_user, passing_users):
    people = [f"{fresh_user}.{number}" for number in range(3)]
    passing_users += people
    numbers = []
    for _ in range(2):
        server = start_server("--user", fresh_user)
        numbers.append([server.bash("id -u; echo $$ >> mine", meta={"x-user-id": name})["stdout"] for name in people])
        server.close()
    assert numbers[0] == numbers[1]
    assert len(set(numbers[0])) == len(people)


def test_the_root_file_system_is_read_only(client):
    options = client.bash("awk '$2 == \"/\" {print $4}' /proc/mounts")["stdout"]
    assert options.startswith("ro,")
    for path in ("/new", "/etc/new", "/usr/bin/new", "/usr/local/lib/new", "/var/new", "/opt/new"):
        assert client.bash(f"touch {path}")["exit_code"] != 0, path


def test_only_known_places_can_be_written(client):
    command = "find / -xdev -path /proc -prune -o -type d -writable -print 2>/dev/null; "
    command += "awk '$4 ~ /^rw/ {print $2}' /proc/mounts"
    places = set(client.bash(command, timeout=120)["stdout"].split())
    own = ("/workspace", "/artifacts", "/output", "/tmp", "/home/coderunner", "/run/exec-mcp")
    expected = (*own, "/dev", "/proc", "/sys")
    unexpected = {place for place in places if not place.startswith(expected)}
    assert not unexpected
    home = client.bash("echo $HOME")["stdout"].strip()
    for place in ("/workspace", "/artifacts", "/tmp", home):
        assert client.bash(f"echo x > {place}/probe && cat {place}/probe && rm {place}/probe")["stdout"] == "x\n", place


@pytest.mark.parametrize("place", ["/tools", "/skills"])
def test_tools_and_skills_can_be_read_but_not_changed(client, place):
    assert client.bash(f"ls {place}")["stdout"].strip()
    attempts = f"touch {place}/new || rm -rf {place}/* || chmod 777 {place} || mv {place} /tmp/moved"
    assert client.bash(attempts)["exit_code"] != 0
    assert client.bash(f"ls {place}")["stdout"].strip()


def test_there_is_no_network_but_the_loopback(client):
    assert client.bash("ls /sys/class/net")["stdout"] == "lo\n"
    program = """
import socket
for address in (("192.0.2.1", 80), ("172.17.0.1", 2375)):
    try:
        socket.create_connection(address, 3)
        print("connected")
    except OSError as error:
        print(error.strerror)
"""
    assert client.python(program)["stdout"] == "Network is unreachable\n" * 2


def test_home_and_temporary_files_are_in_bounded_memory(client):
    for place in ("/tmp", "/output", "$HOME"):
        kind, size = client.bash(f"stat -f -c %T {place}; df -Pm {place} | awk 'NR==2 {{print $2}}'")["stdout"].split()
        assert kind == "tmpfs"
        assert int(size) <= 1024, f"{place} is not bounded"


def test_core_dumps_are_off(client):
    assert client.bash("ulimit -Hc; ulimit -Sc")["stdout"] == "0\n0\n"


def test_open_files_are_bounded(client):
    assert client.bash("ulimit -Sn; ulimit -Hn")["stdout"] == "1024\n4096\n"
    assert client.bash("ulimit -Sn 4096 && ! ulimit -Hn 4097")["exit_code"] == 0


@pytest.mark.parametrize("network", ["none", "bridge"])
def test_the_sandbox_knows_its_own_name(start_server, fresh_user, network):
    server = start_server("--user", fresh_user, "--network", network)
    program = """
import socket
assert "127.0.0.1" in socket.gethostbyname_ex(socket.gethostname())[2]
with socket.create_server((socket.gethostname(), 0)) as server:
    socket.create_connection(server.getsockname()).close()
print(socket.gethostname(), socket.getaddrinfo(socket.gethostname(), 80)[0][4][0])
"""
    assert server.python(program)["stdout"].startswith("sandbox ")
    if network == "none":
        assert server.bash("hostname -i")["stdout"] == "127.0.0.1\n"


def test_no_binary_lends_privileges(client):
    assert client.bash("find / -xdev -type f -perm /6000 2>/dev/null", timeout=120)["stdout"] == ""


@pytest.mark.parametrize(
    "attempt",
    [
        "mount -t tmpfs none /mnt",
        "unshare --user --map-root-user true",
        "chroot / true",
        "mknod /tmp/disk b 8 0",
        "echo 1 > /proc/sys/kernel/panic",
        "echo b > /proc/sysrq-trigger",
        "echo x > /proc/self/oom_score_adj && echo -1000 > /proc/self/oom_score_adj",
        "ls /var/run/docker.sock /run/docker.sock",
        "ls /dev/sda /dev/vda /dev/nvme0 /dev/mem /dev/kvm",
        "cat /proc/kcore | head -c 1 | grep -q .",
        "su -c true || sudo true",
        "nsenter --target 1 --all true",
        "python3 -c 'import os; os.setuid(0)'",
        "date -s 2001-01-01",
        "hostname elsewhere",
    ],
)
def test_a_way_out_is_closed(client, attempt):
    assert client.bash(attempt)["exit_code"] != 0


SECRETS = ["mem", "environ", "fd", "fdinfo", "cwd", "exe", "maps", "root", "syscall", "stack", "io"]


@pytest.mark.parametrize("file", SECRETS)
def test_the_guest_cannot_be_looked_into(client, file):
    """As far as PID 1 shows nothing, nobody can reach the channel to the server through it."""
    command = f"ls /proc/1/{file}/ || head -c 1 /proc/1/{file} | grep -q . || readlink /proc/1/{file}"
    outcome = client.bash(command)
    assert outcome["exit_code"] != 0, outcome


def test_the_guest_cannot_be_traced(client):
    program = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long] * 4
print(libc.ptrace(16, 1, 0, 0), ctypes.get_errno())
"""
    assert client.python(program)["stdout"] == "-1 1\n"  # PTRACE_ATTACH: EPERM


def test_the_channel_cannot_be_opened(client):
    attempts = "for f in 0 1 2 3 4 5; do echo forged > /proc/1/fd/$f; cat < /proc/1/fd/$f; done"
    outcome = client.bash(attempts)
    assert outcome["stdout"] == ""
    assert client.bash("echo fine")["stdout"] == "fine\n"


ATTACKS = ["kill -9 -1", "kill -9 1", "kill -TERM 1", "kill -STOP 1", "kill -HUP 1; kill -INT 1", "pkill -9 python3"]


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_guest_cannot_be_killed_from_inside(client, user, attack):
    client.bash("true")
    container = engine.only_container(user)
    for _ in range(25):  # what stands ready for the next call may be hit at any moment of its life
        client.call_tool("execute_bash", command=attack)
        assert client.bash("echo alive") == {"exit_code": 0, "stdout": "alive\n", "stderr": ""}
    assert engine.only_container(user) == container


def test_the_servers_environment_does_not_reach_the_sandbox(start_server, fresh_user):
    server = start_server("--user", fresh_user, env={"MY_API_KEY": SECRET, "PYTHONPATH": f"/{SECRET}"})
    server.bash("sleep 600 &")
    seen = server.bash("env; ps auxewww; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null; cat /proc/mounts")
    assert SECRET not in seen["stdout"]
    assert "PYTHONPATH=/tools" in seen["stdout"]
    described = engine.run("inspect", engine.only_container(fresh_user))
    assert SECRET not in described


def test_the_process_list_shows_no_path_of_the_host(client):
    listing = client.bash("ps -eo args")["stdout"]
    assert "/root" not in listing
    assert len(listing.splitlines()[1]) < 300, "PID 1 carries its program in its arguments"


def test_the_engine_was_asked_for_every_restriction(settings):
    host = settings["HostConfig"]
    assert host["Privileged"] is False
    assert host["ReadonlyRootfs"] is True
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert host["NetworkMode"] == "none"
    assert host["Memory"] == 1024**3
    assert host["MemorySwap"] == host["Memory"], "swap is not off"
    assert host["NanoCpus"] == 1_000_000_000
    assert host["PidsLimit"] == 256
    assert host["LogConfig"]["Type"] == "none"
    assert host["AutoRemove"] is True
    assert not host["Devices"]
    assert host["PidMode"] == ""
    assert host["UTSMode"] == ""
    assert host["IpcMode"] in ("private", "none")
    assert host["UsernsMode"] == ""
    assert any(option.startswith("no-new-privileges") for option in host["SecurityOpt"])
    assert not any("unconfined" in option for option in host["SecurityOpt"])


def test_only_what_was_asked_for_is_mounted(settings):
    mounts = {mount["Destination"]: mount for mount in settings["Mounts"]}
    allowed = ("/workspace", "/artifacts", "/tools", "/skills")
    assert all(destination.startswith(allowed) for destination in mounts)
    for destination, mount in mounts.items():
        if mount["Type"] == "bind":
            assert mount["RW"] is False, destination


def test_names_and_labels_say_whose_the_container_is(settings, user):
    assert settings["Name"].startswith(f"/mcp-executor-{user}-")
    labels = settings["Config"]["Labels"]
    for label in ("host", "boot", "pid-namespace", "pid", "start-time", "user"):
        assert labels.get(f"io.exec-mcp.{label}"), label
    assert labels["io.exec-mcp.user"] == user


def test_limits_can_be_set(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--memory", "300m", "--cpus", "0.5", "--pids", "77")
    server.bash("true")
    host = engine.inspect(engine.only_container(fresh_user))["HostConfig"]
    assert host["Memory"] == host["MemorySwap"] == 300 * 1024**2
    assert host["NanoCpus"] == 500_000_000
    assert host["PidsLimit"] == 77


def test_a_network_can_be_asked_for(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--network", "bridge")
    assert "eth0" in server.bash("ls /sys/class/net")["stdout"]
