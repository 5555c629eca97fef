"""write_file and read_file, run in a child of the guest with the rights of the sandbox's user."""

import errno
import os
import stat

from guest import formats, frames

MAX_WRITE = 32 * 1024 * 1024
MAX_IMAGE = 8 * 1024 * 1024

_CHUNK = 1 << 20
_SNIFF = 8192


class Refusal(Exception):
    """What was asked cannot be done; the message says why and what to do."""

    def __init__(self, message, code="invalid"):
        super().__init__(message)
        self.code = code


_EXPLANATIONS = {
    errno.ENOENT: "no such file or directory",
    errno.EACCES: "permission denied",
    errno.EPERM: "not permitted",
    errno.EROFS: "read-only; /workspace, /artifacts and /tmp can be written",
    errno.EISDIR: "it is a directory",
    errno.ENOTDIR: "a part of the path is a file, not a directory",
    errno.ENOSPC: "no space left",
    errno.EDQUOT: "no space left",
    errno.ENAMETOOLONG: "the name is too long (255 bytes a name, 4096 a path)",
    errno.ELOOP: "too many symbolic links",
}


def describe(error, path):
    """A failure for an error of the system."""
    reason = _EXPLANATIONS.get(error.errno) or error.strerror or str(error)
    code = "not_found" if error.errno == errno.ENOENT else "io"
    return {"code": code, "message": f"{os.path.join('/workspace', path)}: {reason}"}


def absolute(path):
    """The path from the root, `/workspace` being where relative ones start."""
    if not path:
        raise Refusal("file_path is empty. Give a path, absolute or relative to /workspace.")
    if "\0" in path:
        raise Refusal("file_path holds a NUL character, which no path can.")
    return os.path.join("/workspace", path)


def write_file(params, body):
    """Writes what comes from the descriptor `body` and replaces the file with it in one step."""
    path = absolute(params["file_path"])
    size = params["size"]
    if path.endswith("/") or os.path.isdir(path):
        raise Refusal(f"{path} is a directory. Give the path of a file.")
    # Through a link, as an editor does it: the link stays and its target gets the new content.
    target = os.path.realpath(path)
    directory = os.path.dirname(target)
    os.makedirs(directory, exist_ok=True)
    try:
        before = os.stat(target)
        if not stat.S_ISREG(before.st_mode):
            raise Refusal(f"{path} is {formats.kind_of_special(before.st_mode)}, not a regular file.")
        mode = stat.S_IMODE(before.st_mode)
        if not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except FileNotFoundError:
        mode = 0o644
    temporary = os.path.join(directory, f".{os.getpid():x}-{os.urandom(6).hex()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        written = 0
        while piece := os.read(body, _CHUNK):
            written += len(piece)
            frames.write_all(descriptor, piece)
        if written != size:
            raise Refusal(f"The content ended after {written} of {size} bytes; {path} was left as it was.", "io")
        os.fchmod(descriptor, mode)
        os.close(descriptor)
        descriptor = None
        os.rename(temporary, target)
        temporary = None
    finally:
        if descriptor is not None:
            os.close(descriptor)
        if temporary is not None:
            os.unlink(temporary)
    return {"path": path, "bytes": written}


def open_regular(path):
    """Opens a regular file for reading and returns (descriptor, stat); a FIFO or device is refused without waiting."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    status = os.fstat(descriptor)
    if stat.S_ISDIR(status.st_mode):
        raise Refusal(f"{path} is a directory. List it with execute_bash: ls -la")
    if not stat.S_ISREG(status.st_mode):
        raise Refusal(f"{path} is {formats.kind_of_special(status.st_mode)}, not a regular file.")
    return descriptor, status


def read_file(params, _):
    """Sends a page of lines, or a whole image, to standard output."""
    path = absolute(params["file_path"])
    descriptor, status = open_regular(path)
    start = os.read(descriptor, _SNIFF)
    os.lseek(descriptor, 0, os.SEEK_SET)
    image_type = formats.image_type(start)
    if image_type:
        return _send_image(path, descriptor, status.st_size, image_type)
    binary_type = formats.binary_type(start)
    if binary_type:
        raise Refusal(
            f"{path} is not text: {binary_type}, {status.st_size} bytes. "
            "Look into it with execute_bash, for example with file, xxd or a Python library.",
            "binary",
        )
    return _send_lines(path, descriptor, params["offset"], params.get("line_count"), params["limit"])


def _send_image(path, descriptor, size, media_type):
    if size > MAX_IMAGE:
        raise Refusal(
            f"{path} is an image of {size} bytes; at most {MAX_IMAGE} can be shown. "
            "Scale it down with Pillow and read the smaller one.",
            "too_large",
        )
    sent = 0
    while sent < MAX_IMAGE and (piece := os.read(descriptor, min(_CHUNK, MAX_IMAGE - sent))):
        frames.write_all(1, piece)
        sent += len(piece)
    return {"path": path, "media_type": media_type, "bytes": sent}


def _send_lines(path, descriptor, offset, line_count, limit):
    rest, skipped = _skip_lines(descriptor, offset)
    if skipped < offset:
        raise Refusal(f"offset {offset} is past the end: {path} has {skipped} lines (the first is offset 0).")
    page = _read_page(descriptor, rest, limit)
    if offset and not page:
        raise Refusal(f"offset {offset} is past the end: {path} has {offset} lines (the first is offset 0).")
    if line_count is not None:
        end = _end_of_lines(page, line_count)
        if end is not None and end <= limit:
            frames.write_all(1, page[:end])
            return {"path": path, "first": offset, "lines": line_count}
    if len(page) <= limit:
        frames.write_all(1, page)
        return {"path": path, "first": offset, "lines": _count_lines(page)}
    end = page.rfind(b"\n", 0, limit) + 1
    if end:
        frames.write_all(1, page[:end])
        lines = page.count(b"\n", 0, end)
        return {"path": path, "first": offset, "lines": lines, "next": offset + lines}
    # One line alone is longer than a page: its beginning, without cutting through a character.
    end = limit
    while end > 0 and page[end] & 0xC0 == 0x80:
        end -= 1
    frames.write_all(1, page[:end])
    return {"path": path, "first": offset, "lines": 1, "next": offset + 1, "line_cut_at": end}


def _skip_lines(descriptor, count):
    """Reads past `count` lines. Returns (bytes read beyond them, lines passed), using the memory of one chunk."""
    passed = 0
    unfinished = False
    while passed < count:
        chunk = os.read(descriptor, _CHUNK)
        if not chunk:
            return b"", passed + unfinished
        found = chunk.count(b"\n")
        if passed + found >= count:
            end = _end_of_lines(chunk, count - passed)
            return chunk[end:], count
        passed += found
        unfinished = not chunk.endswith(b"\n")
    return b"", passed


def _end_of_lines(data, count):
    """Where the `count`th line of `data` ends; None where there are not so many whole ones."""
    end = 0
    for _ in range(count):
        end = data.find(b"\n", end) + 1
        if end == 0:
            return None
    return end


def _read_page(descriptor, start, limit):
    """`start` and what follows it, one byte more than `limit` if there is as much."""
    page = bytearray(start[: limit + 1])
    while len(page) <= limit:
        chunk = os.read(descriptor, limit + 1 - len(page))
        if not chunk:
            break
        page += chunk
    return bytes(page)


def _count_lines(page):
    return page.count(b"\n") + (0 if page.endswith(b"\n") or not page else 1)
