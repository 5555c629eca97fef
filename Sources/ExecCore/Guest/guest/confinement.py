"""Seccomp filters for commands: they forbid system calls that allocate disk space faster than it can be counted and,
once the workspace is full, those that take space without writing to a file.

A filter is inherited by everything that the process starts, and can't be removed.
"""

import ctypes
import errno
import os
import resource
import struct

# The strictness of a filter; each level includes the ones before it.
DEFAULT = 0  # forbids preallocation
FULL = 1  # also forbids shared file mappings, through which files can be written
SEALED = 2  # also forbids creating anything: files, directories, links

_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2

_LOAD, _AND, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x54, 0x15, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_NUMBER_OFFSET, _ARCHITECTURE_OFFSET, _ARGUMENTS_OFFSET = 0, 4, 16
_INSTRUCTION = struct.Struct("=HBBI")

_X86_64, _I386, _AARCH64, _ARM = 0xC000003E, 0x40000003, 0xC00000B7, 0x40000028
# System calls of the x32 ABI (32-bit pointers on x86-64) have their own numbers, marked by this bit.
_X32_BIT = 0x40000000

_NUMBERS = {
    _X86_64: {
        "bind": 49, "creat": 85, "fallocate": 285, "fsetxattr": 190, "ioctl": 16, "link": 86, "linkat": 265,
        "lsetxattr": 189, "mkdir": 83, "mkdirat": 258, "mknod": 133, "mknodat": 259, "mmap": 9, "open": 2,
        "openat": 257, "setxattr": 188, "symlink": 88, "symlinkat": 266,
    },
    _AARCH64: {
        "bind": 200, "fallocate": 47, "fsetxattr": 7, "ioctl": 29, "linkat": 37, "lsetxattr": 6, "mkdirat": 34,
        "mknodat": 33, "mmap": 222, "openat": 56, "setxattr": 5, "symlinkat": 36,
    },
    _I386: {"fallocate": 324, "ioctl": 54},
    _ARM: {"fallocate": 352, "ioctl": 54},
}  # fmt: skip
# The same on all architectures, like those of all newer system calls.
_NEW_NUMBERS = {"file_setattr": 469, "io_uring_setup": 425, "openat2": 437, "setxattrat": 463}
# Programs for these architectures are allowed only with the DEFAULT filter.
_OLD_ARCHITECTURES = (_I386, _ARM)

# FALLOC_FL_PUNCH_HOLE is allowed because it frees space.
_PUNCH_HOLE = 0x2
# Requests of ioctl, without the size bits of their arguments, which differ: fallocate by other names (RESVSP, RESVSP64,
# ALLOCSP, ALLOCSP64, ZERO_RANGE), and FSSETXATTR, whose extent size hint can make each written byte take gigabytes.
_REQUEST = 0xFFFF
_ALLOCATING_REQUESTS = (0x5828, 0x582A, 0x580A, 0x5824, 0x5839, 0x5820)
_MAP_SHARED, _MAP_ANONYMOUS = 0x01, 0x20
_O_CREAT, _O_TMPFILE = 0x40, 0x400000

# (system call, condition (argument, mask, value) or None for always, error to return)
_DEFAULT_RULES = (
    ("fallocate", (1, _PUNCH_HOLE, 0), errno.EOPNOTSUPP),
    # A ring can perform other operations that no filter sees.
    ("io_uring_setup", None, errno.ENOSYS),
    ("file_setattr", None, errno.ENOSYS),
    *(("ioctl", (1, _REQUEST, request), errno.ENOTTY) for request in _ALLOCATING_REQUESTS),
)
_FULL_RULES = (("mmap", (3, _MAP_SHARED | _MAP_ANONYMOUS, _MAP_SHARED), errno.EDQUOT),)
_SEALED_RULES = (
    ("open", (1, _O_CREAT, _O_CREAT), errno.EDQUOT),
    ("open", (1, _O_TMPFILE, _O_TMPFILE), errno.EDQUOT),
    ("openat", (2, _O_CREAT, _O_CREAT), errno.EDQUOT),
    ("openat", (2, _O_TMPFILE, _O_TMPFILE), errno.EDQUOT),
    # Its flags are in memory, which a filter can't read.
    ("openat2", None, errno.ENOSYS),
    *(
        (name, None, errno.EDQUOT)
        for name in (
            "bind", "creat", "fsetxattr", "link", "linkat", "lsetxattr", "mkdir", "mkdirat", "mknod", "mknodat",
            "setxattr", "setxattrat", "symlink", "symlinkat",
        )
    ),
)  # fmt: skip


def confine(strictness, largest_file):
    """Confines this process and everything that it starts.

    `largest_file`: the file size limit (RLIMIT_FSIZE, in bytes) used only if the kernel doesn't support such filters.
    With filters, file size is unlimited, so that sparse files may have any size.
    """
    try:
        _install(_program(strictness))
    except OSError:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))


def _program(strictness):
    rules = _DEFAULT_RULES
    if strictness >= FULL:
        rules += _FULL_RULES
    if strictness >= SEALED:
        rules += _SEALED_RULES
    program = [(_LOAD, 0, 0, _ARCHITECTURE_OFFSET)]
    for architecture, numbers in _NUMBERS.items():
        if strictness == DEFAULT or architecture not in _OLD_ARCHITECTURES:
            section = _section({**numbers, **_NEW_NUMBERS}, rules, architecture == _X86_64)
            program += [(_JUMP_IF_EQUAL, 0, len(section), architecture), *section]
    return [*program, (_RETURN, 0, 0, _ERROR | errno.ENOSYS)]


def _section(numbers, rules, has_x32):
    section = [(_LOAD, 0, 0, _NUMBER_OFFSET)]
    if has_x32:
        section += [
            (_AND, 0, 0, _X32_BIT),
            (_JUMP_IF_EQUAL, 0, 1, _X32_BIT),
            (_RETURN, 0, 0, _ERROR | errno.ENOSYS),
            (_LOAD, 0, 0, _NUMBER_OFFSET),
        ]
    for name, condition, error in rules:
        if name not in numbers:
            continue
        deny = (_RETURN, 0, 0, _ERROR | error)
        if condition is None:
            section += [(_JUMP_IF_EQUAL, 0, 1, numbers[name]), deny]
        else:
            argument, mask, value = condition
            section += [
                (_JUMP_IF_EQUAL, 0, 5, numbers[name]),
                (_LOAD, 0, 0, _ARGUMENTS_OFFSET + 8 * argument),  # the low half, where numbers are little-endian
                (_AND, 0, 0, mask),
                (_JUMP_IF_EQUAL, 0, 1, value),
                deny,
                (_LOAD, 0, 0, _NUMBER_OFFSET),
            ]
    return [*section, (_RETURN, 0, 0, _ALLOW)]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def _install(program):
    code = b"".join(_INSTRUCTION.pack(*instruction) for instruction in program)
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    pointer = ctypes.byref(_Program(len(program), code))
    if prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 or prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, pointer, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
