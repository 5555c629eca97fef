"""Asking the kernel for what a sandbox may not have, by system call, without the programs that might be missing."""

import pytest
from support import engine

PREAMBLE = """
import ctypes, os, socket, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    ctypes.set_errno(0)
    outcome = getattr(libc, name)(*arguments)
    print("refused" if outcome == -1 else f"granted {outcome}", os.strerror(ctypes.get_errno()))
NUMBERS = {  # of system calls that the C library has no function for
    "x86_64": dict(keyctl=250, add_key=248, request_key=249, bpf=321, perf_event_open=298, userfaultfd=323,
                   finit_module=313, kexec_load=246, open_by_handle_at=304),
    "aarch64": dict(keyctl=219, add_key=217, request_key=218, bpf=280, perf_event_open=241, userfaultfd=282,
                    finit_module=273, kexec_load=104, open_by_handle_at=265),
}[os.uname().machine]
def system_call(name, *arguments):
    call("syscall", NUMBERS[name], *arguments)
def attempt(function, *arguments):
    try:
        print("granted", function(*arguments))
    except (OSError, PermissionError) as error:
        print("refused", error.strerror)
"""

ATTEMPTS = {
    "mount a file system": 'call("mount", b"none", b"/tmp", b"tmpfs", 0, None)',
    "mount proc": 'call("mount", b"proc", b"/tmp", b"proc", 0, None)',
    "bind the root elsewhere": 'call("mount", b"/", b"/tmp", None, 4096, None)',
    "make the root writable": 'call("mount", None, b"/", None, 32 | 4096, None)',
    "unmount": 'call("umount2", b"/tools", 2)',
    "pivot the root": 'call("chroot", b"/tmp")',
    "a user namespace": 'call("unshare", 0x10000000)',
    "a mount namespace": 'call("unshare", 0x00020000)',
    "a network namespace": 'call("unshare", 0x40000000)',
    "user and mount namespaces at once": 'call("unshare", 0x10020000)',
    "the namespaces of process 1": "attempt(os.open, '/proc/1/ns/mnt', os.O_RDONLY)",
    "trace process 1": 'libc.ptrace.argtypes = [ctypes.c_long] * 4; call("ptrace", 16, 1, 0, 0)',
    "seize process 1": 'libc.ptrace.argtypes = [ctypes.c_long] * 4; call("ptrace", 0x4206, 1, 0, 0)',
    "read the memory of process 1": "attempt(os.open, '/proc/1/mem', os.O_RDWR)",
    "a raw socket": "attempt(socket.socket, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)",
    "a raw socket of version 6": "attempt(socket.socket, socket.AF_INET6, socket.SOCK_RAW, 58)",
    "a packet socket": "attempt(socket.socket, socket.AF_PACKET, socket.SOCK_RAW, 3)",
    "become root": "attempt(os.setresuid, 0, 0, 0)",
    "join root's group": "attempt(os.setgroups, [0])",
    "give a file to root": "open('/tmp/own', 'w').close(); attempt(os.chown, '/tmp/own', 0, 0)",
    "a device": "attempt(os.mknod, '/tmp/device', 0o600 | 0o020000, os.makedev(1, 1))",
    "the machine's memory": "attempt(os.open, '/dev/mem', os.O_RDONLY)",
    "the kernel's memory": "attempt(os.open, '/dev/kmem', os.O_RDONLY)",
    "the kernel's messages": 'call("klogctl", 3, ctypes.create_string_buffer(100), 100)',
    "the session's keys": "system_call('keyctl', 0, -3, 1)",
    "add a key": "system_call('add_key', b'user', b'name', b'secret', 6, -3)",
    "ask for a key": "system_call('request_key', b'user', b'name', None, -3)",
    "a program for the kernel": "system_call('bpf', 0, ctypes.create_string_buffer(128), 128)",
    "watch the processor": "system_call('perf_event_open', ctypes.create_string_buffer(128), 0, -1, -1, 0)",
    "handle the faults of pages": "system_call('userfaultfd', 0)",
    "load a module": "system_call('finit_module', 0, b'', 0)",
    "another kernel": "system_call('kexec_load', 0, 0, 0, 0)",
    "restart the machine": "call('reboot', 0x01234567)",
    "turn swapping on": 'call("swapon", b"/tmp/swap", 0)',
    "set the clock": "import time; attempt(time.clock_settime, time.CLOCK_REALTIME, 0)",
    "another host name": "attempt(socket.sethostname, 'elsewhere')",
    "open by handle": "system_call('open_by_handle_at', -100, ctypes.create_string_buffer(128), 0)",
    "real time": "attempt(os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(1))",
}

FILES = [
    "/proc/sysrq-trigger",
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/kernel/modprobe",
    "/proc/sys/kernel/hostname",
    "/proc/sys/vm/overcommit_memory",
    "/proc/sys/net/ipv4/ip_forward",
    "/proc/sys/fs/binfmt_misc/register",
    "/proc/1/oom_score_adj",
    "/sys/kernel/uevent_helper",
    "/sys/kernel/mm/transparent_hugepage/enabled",
    "/sys/power/state",
    "/sys/fs/cgroup/release_agent",
    "/sys/fs/cgroup/cgroup.procs",
    "/sys/fs/cgroup/memory.max",
    "/sys/fs/cgroup/pids.max",
    "/sys/fs/cgroup/memory/release_agent",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    "/sys/fs/cgroup/pids/pids.max",
    "/etc/passwd",
    "/etc/ld.so.preload",
    "/dev/sda",
]


@pytest.fixture(autouse=True)
def is_still_there(client, user):
    client.bash("true")
    before = engine.only_container(user)
    yield
    assert client.bash("echo served")["stdout"] == "served\n"
    assert engine.only_container(user) == before


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_the_kernel_refuses(client, attempt):
    outcome = client.python(PREAMBLE + ATTEMPTS[attempt])
    assert outcome["stdout"].startswith("refused "), outcome
    assert "Success" not in outcome["stdout"]


@pytest.mark.parametrize("file", FILES)
def test_a_file_of_the_kernel_cannot_be_written(client, file):
    outcome = client.bash(f"echo 1 > {file}")
    assert outcome["exit_code"] != 0, outcome


def test_nothing_of_the_kernels_secrets_can_be_read(client):
    places = "/proc/kcore /proc/keys /proc/timer_list /proc/latency_stats /sys/firmware /sys/kernel/debug /proc/scsi"
    outcome = client.bash(
        f"for place in {places}; do cat $place 2>/dev/null; ls -A $place/ 2>/dev/null; done | head -c 99"
    )
    assert outcome["stdout"] == ""


def test_only_harmless_devices_are_there(client):
    outcome = client.bash("find /dev -type b -o -type c | sort")
    harmless = {f"/dev/{name}" for name in ("full", "null", "random", "tty", "urandom", "zero", "ptmx", "pts/ptmx")}
    assert set(outcome["stdout"].split()) <= harmless


def test_a_setuid_program_of_ones_own_lends_nothing(client):
    made = client.bash("cp /usr/bin/id /workspace/id && chmod 6755 /workspace/id && /workspace/id -u; id -u")
    assert len(set(made["stdout"].split())) == 1 and made["stdout"].split()[0] != "0"
    client.bash("rm -f /workspace/id")


def test_a_limit_cannot_be_lifted(client):
    outcome = client.bash("ulimit -Hc unlimited; ulimit -u unlimited; cat /proc/self/cgroup > /dev/null; ulimit -Hc")
    assert outcome["stdout"] == "0\n"


def test_no_process_of_the_host_can_be_seen(client):
    listing = client.bash("ls /proc | grep -E '^[0-9]+$' | wc -l")["stdout"]
    assert int(listing) < 40
    assert client.bash("readlink /proc/self/ns/pid")["stdout"] != ""
