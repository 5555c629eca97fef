"""Run inside a sandbox by `exec-mcp doctor`: says as JSON what code in there sees and may do."""

import json
import os
import subprocess
import sys

CGROUPS = "/sys/fs/cgroup"
SOCKETS = ["docker.sock", "containerd/containerd.sock", "podman/podman.sock", "crio/crio.sock"]
UNLIMITED = "max"


def read(path):
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        return None


def status_field(name):
    for line in (read("/proc/self/status") or "").splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return value.strip()
    return None


def number(text):
    """A limit; None where it cannot be seen, -1 where there is none."""
    if text is None:
        return None
    return -1 if text == UNLIMITED else int(text)


def limits():
    """The limits of this control group, in either version's files."""
    if read(CGROUPS + "/cgroup.controllers") is not None:
        quota, _, period = (read(CGROUPS + "/cpu.max") or "").partition(" ")
        return {
            "memory": number(read(CGROUPS + "/memory.max")),
            "swap": number(read(CGROUPS + "/memory.swap.max")),
            "pids": number(read(CGROUPS + "/pids.max")),
            "cpus": cpus(quota, period),
        }
    memory = number(read(CGROUPS + "/memory/memory.limit_in_bytes"))
    both = number(read(CGROUPS + "/memory/memory.memsw.limit_in_bytes"))
    return {
        "memory": memory,
        "swap": both - memory if memory is not None and both is not None else None,
        "pids": number(read(CGROUPS + "/pids/pids.max")),
        "cpus": cpus(read(CGROUPS + "/cpu/cpu.cfs_quota_us"), read(CGROUPS + "/cpu/cpu.cfs_period_us")),
    }


def cpus(quota, period):
    if not quota or not period:
        return None
    return -1 if quota in (UNLIMITED, "-1") else int(quota) / int(period)


def interfaces():
    """The network interfaces that are up. A kernel may put tunnels that are down into every namespace."""
    place = "/sys/class/net"
    try:
        return [name for name in sorted(os.listdir(place)) if int(read(f"{place}/{name}/flags") or "0x1", 16) & 1]
    except OSError:
        return None


def may_open(path):
    try:
        os.close(os.open(path, os.O_RDONLY))
    except OSError:
        return False
    return True


def directory(path):
    """Whether a file can be written there, and the bytes that are free."""
    name = f"{path}/.exec-mcp-doctor-{os.getpid()}"
    try:
        with open(name, "xb") as file:
            file.write(b"x" * 4096)
            os.fsync(file.fileno())
        os.unlink(name)
        space = os.statvfs(path)
        return {"writable": True, "free": space.f_bavail * space.f_frsize}
    except OSError as error:
        return {"writable": False, "reason": os.strerror(error.errno)}


def unreadable(top):
    """The first file or directory below `top` that this user may not read; None where there is none."""
    for path, directories, files in os.walk(top, onerror=lambda error: None):
        for name in directories + files:
            if not os.access(f"{path}/{name}", os.R_OK):
                return f"{path}/{name}"
    return None


def bash_version():
    shown = subprocess.run(["bash", "-c", "echo $BASH_VERSION"], capture_output=True, text=True)
    return shown.stdout.strip()


facts = {
    "python": ".".join(map(str, sys.version_info[:3])),
    "bash": bash_version(),
    "limits": limits(),
    "uid": os.getuid(),
    "capabilities": status_field("CapEff"),
    "no_new_privileges": status_field("NoNewPrivs"),
    "seccomp": status_field("Seccomp"),
    "read_only_root": bool(os.statvfs("/").f_flag & os.ST_RDONLY),
    "process_1_open": may_open("/proc/1/mem"),
    "sockets": [name for top in ("/run/", "/var/run/") for name in SOCKETS if os.path.exists(top + name)],
    "interfaces": interfaces(),
    "workspace": directory("/workspace"),
    "artifacts": directory("/artifacts"),
    "unreadable_skill": unreadable("/skills"),
    "unreadable_tool": unreadable("/tools"),
}
print(json.dumps(facts))
