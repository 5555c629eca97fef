"""Run inside the sandbox while there is a snapshot: has programs start from copies that are damaged, and where the
kernel refuses what the launcher needs. Prints JSON: what the program printed in each case.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import socket
import struct
import subprocess
from collections.abc import Iterator

NAME = "\0exec-mcp-python"
SHRINK, GROW, WRITE = 2, 4, 8
HEADER_SIZES = slice(16, 32)  # tables_size, file_size
# Prints whether a snapshot is in use, after a computation that needs the package.
CODE = "import numpy; print(int(numpy.arange(4).sum()), 'memfd:python-snapshot' in open('/proc/self/maps').read())"

REFUSED = {"mremap": 25, "getrlimit": 97, "set_tid_address": 218, "rseq": 334}
# What asking the guest needs.
REFUSED_REQUESTS = {"connect": 42, "recvmsg": 47}
MMAP, FIXED_NOREPLACE = 9, 0x100000


def snapshot() -> bytes:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(NAME)
        connection.sendall(b"numpy \n")
        (descriptor,) = socket.recv_fds(connection, 1, 1)[1]
    with open(descriptor, "rb") as file:
        # The guest's own offset.
        file.seek(0)
        return file.read()


def run(descriptor: int | None, **options: object) -> str:
    environment = {**os.environ}
    if descriptor is not None:
        environment["MCP_PYTHON_SNAPSHOT"] = str(descriptor)
        options["pass_fds"] = (descriptor,)
    done = subprocess.run(["python3", "-c", CODE], env=environment, capture_output=True, text=True, **options)
    return f"{done.returncode} {done.stdout.strip()} {done.stderr.strip()}".strip()


@contextlib.contextmanager
def file_of(content: bytes, seals: int = SHRINK | GROW | WRITE) -> Iterator[int]:
    descriptor = os.memfd_create("python-snapshot", 2)
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(content)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
        yield descriptor
    finally:
        os.close(descriptor)


def damaged(whole: bytes) -> Iterator[tuple[str, bytes]]:
    tables, size = struct.unpack("QQ", whole[HEADER_SIZES])
    assert size == len(whole)
    yield "nothing", b""
    yield "its header", whole[:100]
    yield "its tables", whole[:tables]
    yield "all but a page", whole[:-4096]
    yield "a page too much", whole + bytes(4096)
    yield "another version", bytes([whole[0] ^ 1]) + whole[1:]
    yield "tables without an end", whole[:16] + struct.pack("Q", 1 << 63) + whole[24:]
    for number in range(4):
        place = 8 + number * (tables - 8) // 4
        yield f"another byte at {place}", whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :]


def refusal(number: int, flag: int = 0) -> bytes:
    """A filter that refuses a system call, or this call with a flag in its fourth argument."""
    load, is_equal, has_bits, answer = 0x20, 0x15, 0x45, 0x06
    steps = [(load, 0, 0, 0), (is_equal, 0, 3 if flag else 1, number)]
    if flag:
        steps += [(load, 0, 0, 16 + 3 * 8), (has_bits, 0, 1, flag)]
    steps += [(answer, 0, 0, 0x00050000 | 1), (answer, 0, 0, 0x7FFF0000)]
    return b"".join(struct.pack("HBBI", *step) for step in steps)


def refuse(program: bytes) -> None:
    """Has the kernel refuse a call to this process from now on. For a child before its program starts."""
    buffer = ctypes.create_string_buffer(program)
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
    if ctypes.CDLL(None, use_errno=True).prctl(22, 2, header, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no filter")


def main() -> None:
    whole = snapshot()
    found = {}
    with file_of(whole) as descriptor:
        found["whole"] = run(descriptor)
        for name, number in REFUSED.items():
            found[f"{name} refused"] = run(descriptor, preexec_fn=lambda number=number: refuse(refusal(number)))
        found["mmap refused"] = run(descriptor, preexec_fn=lambda: refuse(refusal(MMAP, FIXED_NOREPLACE)))
    for name, content in damaged(whole):
        with file_of(content) as descriptor:
            found[name] = run(descriptor)
    with file_of(whole, seals=0) as descriptor:
        found["not sealed"] = run(descriptor)
        unreadable = os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, SHRINK | GROW)
        found["unreadable"] = run(unreadable)
        os.close(unreadable)
    for name, path in {"a directory": "/", "a device": "/dev/zero"}.items():
        descriptor = os.open(path, os.O_RDONLY)
        found[name] = run(descriptor)
        os.close(descriptor)
    for name, number in REFUSED_REQUESTS.items():
        found[f"{name} refused"] = run(None, preexec_fn=lambda number=number: refuse(refusal(number)))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
