#!/usr/bin/env python3
# The program `py`: hands code and its own streams to the sandbox's Python sessions. Imports only what is built into the
# interpreter, whose start is most of the time that a line in a session takes.
import _signal
import _socket
import posix
import sys

MAX_CODE = 4 * 1024 * 1024
ADDRESS = b"\0exec-mcp-py"
WAIT = "20"


def stop(text, status=2):
    posix.write(2, b"py: " + encoded(text) + b"\n")
    posix._exit(status)


def encoded(text):
    return text.encode("utf-8", "surrogateescape")


def parse(arguments):
    """Returns what to do, the session's name, how long to wait for it, and what to run: (kind, text, arguments)."""
    operation, name, wait, run = "run", "main", WAIT, None
    while arguments:
        argument = arguments.pop(0)
        option, has_value, value = argument.partition("=")
        if argument[:2] == "-s" and argument != "-s" and argument[:2] != "--":
            option, has_value, value = "-s", "=", argument[2:]
        if option in ("-s", "--session", "--wait", "-c") and not (has_value and option != "-c"):
            if not arguments:
                stop(f"{argument} needs a value; see py --help")
            value = arguments.pop(0)
        if option in ("-s", "--session"):
            name = value
        elif option == "--wait":
            wait = value
        elif argument in ("--list", "--reset", "--close", "--help", "-h"):
            operation = argument.lstrip("-")
        elif argument == "-c":
            run = "-c", value, ["-c", *arguments]
            break
        elif argument[:1] == "-" and argument != "-":
            stop(f"{argument} isn't an option of py; see py --help. For an interpreter of its own, use python3")
        else:
            run = argument, None, [argument, *arguments]
            break
    return operation, name, wait, run or ("-", None, [""])


def read(descriptor):
    pieces, size = [], 0
    while piece := posix.read(descriptor, 1 << 18):
        pieces.append(piece)
        size += len(piece)
        if size > MAX_CODE:
            stop(f"the code has more than {MAX_CODE >> 20} MB; put data into files")
    return b"".join(pieces)


def code_of(kind, text):
    if kind == "-c":
        return encoded(text)
    try:
        if kind == "-":
            return read(0)
        descriptor = posix.open(kind, posix.O_RDONLY | posix.O_CLOEXEC)
        source = read(descriptor)
        posix.close(descriptor)
        return source
    except OSError as error:
        stop(f"can't open file '{kind}': [Errno {error.errno}] {error.strerror}")


def limits():
    """Returns the resource limits as the kernel lists them."""
    try:
        descriptor = posix.open("/proc/self/limits", posix.O_RDONLY | posix.O_CLOEXEC)
        text = posix.read(descriptor, 1 << 14)
        posix.close(descriptor)
        return text
    except OSError:
        return b""


def piece(run):
    """Returns a descriptor of what the session needs to know, in fields with their lengths before them."""
    kind, text, arguments = run
    source = code_of(kind, text)
    if kind == "-" and not source.strip():
        stop("there is no code: py <<'EOF' … EOF, py -c CODE or py FILE; see py --help")
    try:
        directory = posix.getcwdb()
    except OSError:
        directory = b""
    environment = b"\0".join(name + b"=" + value for name, value in posix.environ.items())
    mask = posix.umask(0)
    posix.umask(mask)
    fields = (
        encoded(kind), source, b"\0".join(map(encoded, arguments)), directory, environment, b"%o" % mask, limits()
    )  # fmt: skip
    descriptor = posix.memfd_create("py", 0)
    data = memoryview(b"".join(len(field).to_bytes(4, "little") + field for field in fields))
    while data:
        data = data[posix.write(descriptor, data) :]
    return descriptor


def is_guest(connection):
    """Whether process 1 of this sandbox listens. Where sandboxes share a network, they share the address too."""
    credentials = connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12)
    return int.from_bytes(credentials[:4], sys.byteorder) == 1


def write(descriptor, data):
    while data:
        data = data[posix.write(descriptor, data) :]


def main():
    operation, name, wait, run = parse(sys.argv[1:])
    descriptors = [0, 1, 2, piece(run)] if operation == "run" else []
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
    try:
        connection.connect(ADDRESS)
        if not is_guest(connection):
            stop("sessions are not available here: another sandbox in this network answers; python3 is", 70)
        rights = b"".join(descriptor.to_bytes(4, sys.byteorder) for descriptor in descriptors)
        ancillary = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)] if descriptors else []
        connection.sendmsg([encoded("\0".join((operation, name, wait)))], ancillary)
    except OSError as error:
        stop(f"sessions are not available here: {error.strerror}; python3 is", 70)

    def interrupt(number, frame):
        # The session reads it as an interrupt. Its traceback and exit code still arrive.
        try:
            connection.shutdown(_socket.SHUT_WR)
        except OSError:
            pass

    for number in (_signal.SIGTERM, _signal.SIGINT, _signal.SIGHUP):
        if _signal.getsignal(number) != _signal.SIG_IGN:
            _signal.signal(number, interrupt)
    while message := connection.recv(1 << 16):
        kind, _, rest = message.partition(b"\0")
        if kind == b"exit":
            posix._exit(int(rest))
        write(1 if kind == b"out" else 2, rest)
    stop("the sandbox has closed the connection", 70)


if __name__ == "__main__":
    main()
