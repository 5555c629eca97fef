"""What this process's control group holds it to, in the files of either version of control groups.

`exec-mcp doctor` runs this text too, in front of its own, so it imports nothing of the guest.
"""

import os

_ROOT = "/sys/fs/cgroup"
_UNLIMITED = -1
# Version 1 writes "no limit" as the largest number of whole pages: far more than any machine has.
_NO_MACHINE_HAS = 1 << 60


def limits(root=_ROOT, groups="/proc/self/cgroup"):
    """Bytes of memory and swap, processes, processors; -1 where there is no limit, None where it cannot be seen."""
    paths = _paths(groups)
    if os.path.exists(root + "/cgroup.controllers"):
        return _version_2(_directory(root, paths.get("", "/")))
    return _version_1(lambda controller: _directory(f"{root}/{controller}", paths.get(controller, "/")))


def _version_2(group):
    controllers = (_read(group + "/cgroup.controllers") or "").split()

    def limit(controller, file):
        # A controller that was not handed to this group limits nothing here, and neither does the topmost group.
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
        # The topmost group has no such file.
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
    """Version 1 limits memory alone, and memory and swap together."""
    if memory is None or both is None:
        return None
    return _UNLIMITED if _UNLIMITED in (memory, both) else both - memory


def _paths(file):
    """The path of this process's group by controller; the one of version 2 has none."""
    paths = {}
    for line in (_read(file) or "").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        for controller in controllers.split(","):
            paths[controller] = path
    return paths


def _directory(mount, path):
    """Where the group's files are: the mount shows this group alone, or the whole tree that it is in."""
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
    return int(text) if int(text) < _NO_MACHINE_HAS else _UNLIMITED


def _processors(quota, period):
    if quota in ("max", "-1"):
        return _UNLIMITED
    if not quota or not (quota.isdecimal() and period.isdecimal() and int(period)):
        return None
    return int(quota) / int(period)
