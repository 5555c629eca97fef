"""Reads the resource limits of this process's control group, for cgroup v1 and v2.

`exec-mcp doctor` runs this source too, prepended to its own, so it must not import anything of the guest.
"""

import os

_ROOT = "/sys/fs/cgroup"
_UNLIMITED = -1
# cgroup v1 expresses "no limit" as the largest number of whole pages, far more than any machine has.
_IMPLAUSIBLE = 1 << 60


def limits(root=_ROOT, groups="/proc/self/cgroup"):
    """Returns the limits: bytes of memory and swap, processes, CPUs. -1 means unlimited, None unknown."""
    paths = _paths(groups)
    if os.path.exists(root + "/cgroup.controllers"):
        return _version_2(_directory(root, paths.get("", "/")))
    return _version_1(lambda controller: _directory(f"{root}/{controller}", paths.get(controller, "/")))


def _version_2(group):
    controllers = (_read(group + "/cgroup.controllers") or "").split()

    def limit(controller, file):
        # A controller that isn't enabled for this group limits nothing here, and neither does the root group.
        return _number(_read(f"{group}/{file}") or "max") if controller in controllers else _UNLIMITED

    quota, _, period = (_read(group + "/cpu.max") or "").partition(" ")
    return {
        "memory": limit("memory", "memory.max"),
        "swap": _number(_read(group + "/memory.swap.max")),
        "pids": limit("pids", "pids.max"),
        "cpus": _processors(quota or "max", period),
    }


def _version_1(directory):
    memory = _number(_read(directory("memory") + "/memory.limit_in_bytes"))
    both = _number(_read(directory("memory") + "/memory.memsw.limit_in_bytes"))

    def limit_of(controller, file):
        # The root group has no such file.
        group = directory(controller)
        return _read(f"{group}/{file}") or ("max" if os.path.isdir(group) else None)

    quota = limit_of("cpu", "cpu.cfs_quota_us")
    return {
        "memory": memory,
        "swap": _swap(memory, both),
        "pids": _number(limit_of("pids", "pids.max")),
        "cpus": _processors(quota, _read(directory("cpu") + "/cpu.cfs_period_us") or ""),
    }


def _swap(memory, both):
    """Returns the swap limit for cgroup v1, which limits memory, and memory plus swap."""
    if memory is None or both is None:
        return None
    return _UNLIMITED if _UNLIMITED in (memory, both) else both - memory


def _paths(file):
    """Returns the path of this process's group by controller; the key for cgroup v2 is the empty string."""
    paths = {}
    for line in (_read(file) or "").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        for controller in controllers.split(","):
            paths[controller] = path
    return paths


def _directory(mount, path):
    """Returns the directory of the group's files: the mount shows either only this group or the whole hierarchy."""
    whole = mount + path.rstrip("/")
    return whole if ".." not in path and os.path.isdir(whole) else mount


def _read(path):
    try:
        with open(path) as file:
            return file.read(4096).strip()
    except (OSError, ValueError):
        return None


def _number(text):
    if text is None:
        return None
    if text == "max":
        return _UNLIMITED
    if not text.isdecimal():
        return None
    return int(text) if int(text) < _IMPLAUSIBLE else _UNLIMITED


def _processors(quota, period):
    if quota in ("max", "-1"):
        return _UNLIMITED
    if not quota or not (quota.isdecimal() and period.isdecimal() and int(period)):
        return None
    return int(quota) / int(period)
