"""Run inside a sandbox by `exec-mcp doctor`: reports as JSON what code in there sees and may do.

The text of the guest's `limits.py` is prepended to this file.
"""

import ctypes
import errno
import json
import os
import subprocess
import sys

SOCKETS = ["docker.sock", "containerd/containerd.sock", "podman/podman.sock", "crio/crio.sock"]
PR_GET_NO_NEW_PRIVS = 39
SYSLOG_READ_ALL = 3
# Directories on the system's own disk. If that disk is writable at all, every user may write to the last one.
SYSTEM_PLACES = ["/", "/etc", "/usr", "/var/tmp"]
libc = ctypes.CDLL(None, use_errno=True)


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


def no_new_privileges():
    """Queries the kernel first, because not every kernel reports this in /proc."""
    answer = libc.prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)
    return status_field("NoNewPrivs") if answer < 0 else str(answer)


def own_kernel():
    """Detects gVisor by its kernel log; None for the machine's kernel, or one that looks the same from inside."""
    log = ctypes.create_string_buffer(65536)
    length = libc.klogctl(SYSLOG_READ_ALL, log, len(log))
    return "gVisor" if b"Starting gVisor" in log.raw[: max(0, length)] else None


def system_is_read_only():
    """Tries to write, because not every kernel reports the mount's state; falls back to the reported state."""
    for place in SYSTEM_PLACES:
        name = f"{place}/.exec-mcp-doctor-{os.getpid()}"
        try:
            os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            os.unlink(name)
            return False
        except OSError as error:
            if error.errno == errno.EROFS:
                return True
    return bool(os.statvfs("/").f_flag & os.ST_RDONLY)


def interfaces():
    """Returns the interfaces that are up; a kernel may add tunnels that are down to every network namespace."""
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
    """Returns whether a file can be written there, and the number of free bytes or the reason why not."""
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
    """Returns the first file or directory below `top` that this user may not read, otherwise None."""
    for path, directories, files in os.walk(top, onerror=lambda error: None):
        for name in directories + files:
            if not os.access(f"{path}/{name}", os.R_OK):
                return f"{path}/{name}"
    return None


def bash_version():
    shown = subprocess.run(["bash", "-c", "echo $BASH_VERSION"], capture_output=True, text=True)
    return shown.stdout.strip()


facts = {
    "launcher": "/usr/libexec/exec-mcp/bin" in os.environ.get("PATH", "").split(":"),
    "python": ".".join(map(str, sys.version_info[:3])),
    "bash": bash_version(),
    "limits": limits(),  # noqa: F821 - defined in limits.py
    "uid": os.getuid(),
    "capabilities": status_field("CapEff"),
    "no_new_privileges": no_new_privileges(),
    "seccomp": status_field("Seccomp"),
    "own_kernel": own_kernel(),
    "read_only_root": system_is_read_only(),
    "process_1_open": may_open("/proc/1/mem"),
    "sockets": [name for top in ("/run/", "/var/run/") for name in SOCKETS if os.path.exists(top + name)],
    "interfaces": interfaces(),
    "workspace": directory("/workspace"),
    "artifacts": directory("/artifacts"),
    "unreadable_skill": unreadable("/skills"),
    "unreadable_tool": unreadable("/tools"),
}
print(json.dumps(facts))
