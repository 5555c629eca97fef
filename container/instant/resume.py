# Makes the interpreter of a process that was made from a snapshot that of a new process. Comes before preload.py, with
# which it shares its names.
# ruff: noqa: F821, I001
import os
import sys

import _signal


def open_stream(descriptor, name):
    """Opens a standard stream as the interpreter does at its start; None if the descriptor is closed."""
    is_output = descriptor > 0
    try:
        os.fstat(descriptor)
    except OSError:
        return None
    is_unbuffered = is_output and unbuffered
    try:
        buffer = open(descriptor, "wb" if is_output else "rb", 0 if is_unbuffered else -1, None, None, None, False)
    except OSError as error:
        if error.errno == 21:
            return "directory"
        raise
    raw = buffer if is_unbuffered else buffer.raw
    raw.name = name
    io = sys.modules["io"]
    is_line_buffered = not unbuffered and (raw.isatty() or descriptor == 2)
    encoding, errors = stream_settings[descriptor]
    stream = io.TextIOWrapper(buffer, encoding, errors, "\n", is_line_buffered, unbuffered)
    stream.mode = "w" if is_output else "r"
    return stream


unbuffered = sys.__stdout__.write_through
stream_settings = [(stream.encoding, stream.errors) for stream in (sys.__stdin__, sys.__stdout__, sys.__stderr__)]


def resume(arguments, environment, ignored, executable):
    """Makes this interpreter that of a new process. Returns its program; None if only a plain interpreter will do."""
    # Arguments
    index = 1
    while index < len(arguments) and arguments[index] in ("-u", "-B"):
        index += 1
    rest = arguments[index:]
    command = module = path = None
    if not rest:
        argv = [""]
    elif rest[0] == "-c":
        command = rest[1] + "\n"
        argv = ["-c", *rest[2:]]
    elif rest[0] == "-m":
        module = rest[1]
        argv = ["-m", *rest[2:]]
    elif rest[0] == "-":
        argv = rest
    else:
        argv = rest
        path = rest[0]
        if not path.startswith("/"):
            try:
                directory = os.getcwd()
            except OSError:
                return None
            path = f"{directory}/{path.removeprefix('./')}"
    # A file of the program's directory that hides a module which is ready changes more than itself.
    if path is not None:
        first = os.path.dirname(os.path.realpath(path))
    else:
        first = os.getcwd()
    names = {name.partition(".")[0] for name in os.listdir(first)}
    if not names.isdisjoint(tops):
        return None
    # Environment
    data = os.environ._data
    data.clear()
    raw = sys.modules["posix"].environ
    raw.clear()
    for item in environment:
        key, separator, value = item.partition(b"=")
        if separator and key not in raw:
            raw[key] = value
            data[key] = value
    # Signals
    for number in ignored:
        if number not in (9, 19) and _signal.getsignal(number) != _signal.SIG_IGN:
            _signal.signal(number, _signal.SIG_IGN)
    # Streams
    streams = [open_stream(number, name) for number, name in enumerate(("<stdin>", "<stdout>", "<stderr>"))]
    if "directory" in streams:
        return None
    sys.stdin, sys.stdout, sys.stderr = sys.__stdin__, sys.__stdout__, sys.__stderr__ = streams
    # Command line
    sys.argv = list(argv)
    sys.orig_argv = list(arguments)
    sys.executable = sys._base_executable = executable
    return command, module, path, argv
