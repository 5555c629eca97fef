"""install_modules, run by a worker: fills the directory of the Python modules and programs that the bridge offers."""

import marshal
import os
import stat
import sys
import time

from guest import paths

DIRECTORY = "/mcp"

_MAX_FILES = 4096
_MAX_SIZE = 16 * 1024 * 1024
_MAX_PATH = 512
# Files in this directory are programs.
_PROGRAMS = "bin/"
_TEMPORARY = ".exec-mcp-"
# Modules are compiled in their order for this long, because a command waits for them. In seconds of CPU time.
_COMPILE_SECONDS = 0.1


def install_modules(params, body, _):
    """Replaces the files in the directory by those in the body. Each changes atomically; the ones that are not named
    are removed. Returns why files could not be written, which keeps none of the others out.
    """
    files = params["files"]
    _check(files)
    kept, left_out = set(), {}
    compile_until = time.process_time() + _COMPILE_SECONDS
    for path, size in files.items():
        content = _read(body, size)
        try:
            kept.update(_install(path, content, compile_until))
        except OSError as error:
            left_out[path] = error.strerror or str(error)
    if left_out and len(left_out) == len(files):
        raise paths.OperationError(f"No module can be written: {next(iter(left_out.values()))}.")
    _remove_others(kept)
    return {"left_out": left_out} if left_out else {}


def _install(path, content, compile_until):
    """Writes a file, and compiles it if it is a module and there is time. Returns the paths that belong to it."""
    mode = 0o755 if path.startswith(_PROGRAMS) else 0o644
    compiled_path = _compiled_path(path) if path.endswith(".py") else None
    if _has(path, content, mode) and (not compiled_path or _has(compiled_path, None, 0o644, _compiled_head(content))):
        # Most files stay as they are when one changes.
        return [path, compiled_path or path]
    _write(path, content, mode)
    may_compile = path.endswith(".py") and time.process_time() < compile_until
    compiled = _compiled(path, content) if may_compile else None
    if compiled:
        try:
            _write(*compiled, 0o644)
        except OSError:
            # The source is enough.
            return [path]
        return [path, compiled[0]]
    return [path]


def total_size(params):
    """Returns the number of bytes in the body; 0 if the parameters aren't valid."""
    sizes = params["files"].values() if isinstance(params.get("files"), dict) else ()
    return sum(sizes) if all(type(size) is int and size >= 0 for size in sizes) else 0


def _check(files):
    if not isinstance(files, dict) or len(files) > _MAX_FILES:
        raise paths.OperationError(f"There are more than {_MAX_FILES} files to install.")
    for path, size in files.items():
        parts = path.split("/")
        if not all(map(_is_name, parts)) or len(path) > _MAX_PATH:
            raise paths.OperationError(f"{path[:100]!r} is not the name of a file to install.")
        if parts[-1].startswith(_TEMPORARY) or type(size) is not int or size < 0:
            raise paths.OperationError(f"{path[:100]!r} cannot be installed.")
    if sum(files.values()) > _MAX_SIZE:
        raise paths.OperationError(f"The files to install have more than {_MAX_SIZE} bytes.", "too_large")


def _is_name(part):
    """Tells whether a component of a path has only what names of modules have, in any alphabet, dots and dashes."""
    plain = part.replace(".", "").replace("-", "")
    return plain != "" and f"_{plain}".isidentifier()


def _read(body, size):
    pieces = []
    while size > 0:
        piece = body.read(size)
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _has(path, content, mode, head=b""):
    """Tells whether there is a file with this content, or with any content that begins with `head`."""
    whole = os.path.join(os.path.realpath(DIRECTORY), path)
    if os.path.realpath(whole) != whole:
        return False
    try:
        descriptor = os.open(whole, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or stat.S_IMODE(status.st_mode) != mode:
                return False
            if content is None:
                return file.read(len(head)) == head
            return status.st_size == len(content) and file.read(len(content) + 1) == content
    except OSError:
        return False


def _write(path, content, mode):
    target = os.path.join(DIRECTORY, path)
    directory = _make_directory(os.path.dirname(path))
    if os.path.isdir(target) and not os.path.islink(target):
        _remove_tree(target)
    temporary = os.path.join(directory, f"{_TEMPORARY}{os.getpid()}")
    # Code in the sandbox may have put something there that is slow to open, such as a FIFO.
    try:
        os.unlink(temporary)
    except FileNotFoundError:
        pass
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
        os.chmod(temporary, mode)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def _make_directory(path):
    """Makes a directory below the root, in place of whatever else code in the sandbox has put there."""
    at = DIRECTORY
    for name in filter(None, path.split("/")):
        at = os.path.join(at, name)
        mode = _mode(at)
        if not stat.S_ISDIR(mode):
            if mode:
                os.unlink(at)
            os.mkdir(at, 0o755)
        elif mode & stat.S_IRWXU != stat.S_IRWXU:
            os.chmod(at, 0o755)
    return at


def _mode(path):
    try:
        return os.lstat(path).st_mode
    except FileNotFoundError:
        return 0


def _compiled(path, content):
    """Returns the path and the content of the compiled module, which imports read instead of the source; None if the
    source can't be compiled. Commands don't write it themselves, and compiling takes longer than all of an import.
    """
    try:
        compiled = compile(content, os.path.join(DIRECTORY, path), "exec", dont_inherit=True, optimize=0)
        data = _compiled_head(content) + marshal.dumps(compiled)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return _compiled_path(path), data


def _compiled_head(content):
    """Returns the beginning of a module that was compiled from `content`: it names the hash of the source, since times
    of files can't tell two versions of the same second apart.
    """
    # Takes time that sandboxes without a bridge need not spend.
    import importlib.util

    flags = (0b11).to_bytes(4, "little")
    return importlib.util.MAGIC_NUMBER + flags + importlib.util.source_hash(content)


def _compiled_path(path):
    directory, name = os.path.split(path)
    return os.path.join(directory, "__pycache__", f"{name[:-3]}.{sys.implementation.cache_tag}.pyc")


def _remove_others(kept):
    directories = {os.path.dirname(path) for path in kept}
    for directory in list(directories):
        while directory := os.path.dirname(directory):
            directories.add(directory)
    for at, names, files in os.walk(DIRECTORY, topdown=False):
        place = os.path.relpath(at, DIRECTORY)
        place = "" if place == "." else place + "/"
        links = [name for name in names if os.path.islink(os.path.join(at, name))]
        unwanted = [os.path.join(at, name) for name in files + links if place + name not in kept]
        try:
            for path in unwanted:
                os.unlink(path)
            if at != DIRECTORY and place[:-1] not in directories:
                os.rmdir(at)
        except OSError:
            # What code in the sandbox has made unremovable is in nobody's way.
            continue


def _remove_tree(path):
    for at, names, files in os.walk(path, topdown=False):
        for name in names:
            inner = os.path.join(at, name)
            os.unlink(inner) if os.path.islink(inner) else os.rmdir(inner)
        for name in files:
            os.unlink(os.path.join(at, name))
    os.rmdir(path)
