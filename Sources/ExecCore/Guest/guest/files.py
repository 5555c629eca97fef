"""write_file and read_file, run by a worker with the permissions of the sandbox's user.

An operation receives its parameters, its request body and a descriptor to write its response body to. It returns the
remaining fields of the result.
"""

import codecs
import errno
import os
import stat

from guest import charsets, formats, frames, paths, picture_validation, pictures

_CHUNK = 1 << 20
# The maximum number of bytes of a request body to receive at once.
_MAX_PIECE = 256 * 1024
_NEWLINE = ord("\n")
# The longest character in UTF-8, in bytes.
_MAX_CHARACTER_BYTES = 4
_SNIFF = 8192
_MAX_PICTURE_FILE = 64 * 1024 * 1024
# How much of a picture file is read to find its dimensions, which may follow thumbnails and the like.
_PICTURE_HEAD = 512 * 1024


OperationError = paths.OperationError

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
    """Returns the failure to report for an operating system error."""
    reason = _EXPLANATIONS.get(error.errno) or error.strerror or str(error)
    code = "not_found" if error.errno == errno.ENOENT else "io"
    return {"code": code, "message": f"{paths.shown(path or '')}: {reason}"}


def operation_error(error, path):
    """Returns the exception to raise for an operating system error."""
    failure = describe(error, path)
    return OperationError(failure["message"], failure["code"])


def write_file(params, body, _):
    """Writes the body to a new file next to the old one, then replaces the old one atomically."""
    path = paths.absolute(params["file_path"])
    if path.endswith("/") or os.path.isdir(path):
        raise OperationError(f"{path} is a directory. Give the path of a file.")
    # Like an editor, write through a symbolic link: the link stays and its target is replaced.
    target = os.path.realpath(path)
    directory = os.path.dirname(target)
    os.makedirs(directory, exist_ok=True)
    try:
        before = os.stat(target)
        if not stat.S_ISREG(before.st_mode):
            raise OperationError(f"{path} is {formats.kind_of_special(before.st_mode)}, not a regular file.")
        mode = stat.S_IMODE(before.st_mode)
        if not os.access(target, os.W_OK):
            is_read_only = os.statvfs(target).f_flag & os.ST_RDONLY
            raise OSError(errno.EROFS if is_read_only else errno.EACCES, "")
    except FileNotFoundError:
        mode = 0o644
    temporary = os.path.join(directory, f".{os.getpid():x}-{os.urandom(6).hex()}.tmp")
    descriptor, is_named = _open_new(directory, temporary)
    try:
        while piece := body.read(_MAX_PIECE):
            frames.write_all(descriptor, piece)
        os.fchmod(descriptor, mode)
        if not is_named:
            # `src_dir_fd` isn't needed for an absolute path, but only with it does Python follow the link.
            os.link(f"/proc/self/fd/{descriptor}", temporary, src_dir_fd=descriptor, follow_symlinks=True)
            is_named = True
        os.rename(temporary, target)
        is_named = False
    finally:
        os.close(descriptor)
        if is_named:
            os.unlink(temporary)
    return {"path": path, "bytes": body.size}


def _open_new(directory, name):
    """Opens a new unnamed file (O_TMPFILE), of which nothing is left if this process is killed. Creates it as `name` if
    the file system doesn't support that.

    Returns its descriptor and whether it has the name.
    """
    try:
        return os.open(directory, os.O_WRONLY | os.O_TMPFILE | os.O_CLOEXEC, 0o600), False
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL):
            raise
    return os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), True


def open_regular(path):
    """Opens a regular file for reading, unbuffered. Rejects a FIFO or device without blocking."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb", buffering=0)
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise OperationError(f"{path} is a directory. List it with execute_bash: ls -la")
    raise OperationError(f"{path} is {formats.kind_of_special(mode)}, not a regular file.")


def size_of(file):
    return os.fstat(file.fileno()).st_size


def read_file(params, _, sink):
    """Writes a page of lines, or a whole image, to `sink`."""
    path = paths.absolute(params["file_path"])
    with open_regular(path) as file:
        start = file.read(_SNIFF)
        file.seek(0)
        image_type = formats.image_type(start)
        if image_type:
            return _send_picture(path, file, image_type, params, sink)
        binary_type = formats.binary_type(start)
        if binary_type:
            raise OperationError(
                f"{path} is not text that can be shown: {binary_type}, {size_of(file)} bytes. "
                + formats.advice(binary_type, path),
                "binary",
            )
        page, outcome = _page(path, file, params["offset"], params.get("line_count"), params["limit"])
        frames.write_all(sink, page)
        return {"path": path, **outcome, **_text_properties(page, params["offset"])}


def _text_properties(page, offset):
    """Returns what a caller that edits the file based on this page must know: encoding, byte order mark, line ends."""
    found = {}
    invalid = charsets.invalid_bytes(page)
    if invalid:
        count, first = invalid
        line = offset + page.count(b"\n", 0, first) + 1
        found["not_utf8"] = {"bytes": count, "line": line, "perhaps": charsets.guess(page, first)}
    if not offset and page.startswith(codecs.BOM_UTF8):
        found["has_mark"] = True
    if b"\r" in page and b"\n" not in page:
        found["ends_lines_with_cr"] = True
    return found


def _send_picture(path, file, media_type, params, sink):
    """Writes a complete picture that a model can be shown, scaled down if it exceeds the limits."""
    size, shown, side = size_of(file), params["picture_limit"], params["picture_side"]
    if not shown:
        sides = picture_validation.sides(read(file, min(size, _PICTURE_HEAD)), media_type)
        return {"path": path, "described": {"type": media_type, "size": size, "sides": sides}}
    if size > _MAX_PICTURE_FILE:
        raise _too_large(path, f"{size} bytes", f"more than the {_MAX_PICTURE_FILE} that can be scaled down")
    if size <= shown:
        data, width, height = _read_valid_picture(path, file, size, media_type, side)
        if max(width, height) <= side:
            frames.write_all(sink, data)
            return {"path": path, "media_type": media_type}
    outcome, data = pictures.scale_down(file, shown, side)
    if "missing" not in outcome:
        what, most = (f"{size} bytes", shown) if size > shown else (f"{width} x {height} pixels", f"{side} a side")
        if "error" in outcome:
            raise _too_large(path, what, f"and it cannot be scaled down to {most}: {outcome['error']}")
        frames.write_all(sink, data)
        scaled = {name: outcome.get(name) for name in ("from", "to", "animated")}
        scaled.update(size=size, type=media_type, is_for_bytes=size > shown)
        return {"path": path, "media_type": outcome["type"], "scaled": scaled}
    no_pillow = "and the image has no Pillow to scale it down with"
    if size > params["unscaled_picture_limit"]:
        raise _too_large(path, f"{size} bytes", f"more than {params['unscaled_picture_limit']}, {no_pillow}")
    data, width, height = _read_valid_picture(path, file, size, media_type, side)
    if max(width, height) > side:
        raise _too_large(path, f"{width} x {height} pixels", f"more than {side} a side, {no_pillow}")
    frames.write_all(sink, data)
    return {"path": path, "media_type": media_type, "unscaled": size}


def _read_valid_picture(path, file, size, media_type, side):
    """Returns the bytes, width and height of a picture. Refuses a broken one."""
    file.seek(0)
    data = read(file, size)
    try:
        return data, *picture_validation.check(data, media_type, side)
    except picture_validation.BrokenPictureError as reason:
        raise OperationError(
            f"{path} is {reason}. It cannot be shown. "
            "Wait until it is fully written, or create it again, then read it.",
            "broken",
        ) from None


def read(file, size):
    """Reads the next `size` bytes, or fewer at the end of the file."""
    data = bytearray()
    while len(data) < size and (piece := file.read(min(_CHUNK, size - len(data)))):
        data += piece
    return data


def _too_large(path, what, reason):
    advice = "Make a smaller one, for example with Pillow, and read that."
    return OperationError(f"{path} is a picture of {what}, {reason}. {advice}", "too_large")


def _page(path, file, offset, line_count, limit):
    """Returns the bytes to show and the result's fields about them."""
    rest, skipped = _skip_lines(file, offset)
    data = _read_ahead(file, rest, limit) if skipped == offset else b""
    if offset and not data:
        lines = f"{skipped} line{'s' * (skipped != 1)}"
        raise OperationError(f"offset {offset} is past the end: {path} has {lines} (the first is offset 0).")
    if line_count:
        end = _end_of_lines(data, line_count)
        if end is not None and end <= limit:
            return data[:end], {"lines": line_count}
    if len(data) <= limit:
        return data, {"lines": _count_lines(data)}
    end = data.rfind(b"\n", 0, limit) + 1
    if end:
        lines = data.count(b"\n", 0, end)
        return data[:end], {"lines": lines, "next": offset + lines}
    # A single line is longer than a page: return its start without splitting a character.
    end = limit
    while end > limit - _MAX_CHARACTER_BYTES and data[end] & 0xC0 == 0x80:
        end -= 1
    return data[:end], {"lines": 1, "next": offset + 1, "line_cut_at": end}


def _skip_lines(file, count):
    """Skips `count` lines. Returns (bytes read beyond them, lines skipped). Needs the memory of a single chunk."""
    passed = 0
    is_unfinished = False
    # One reused buffer: allocating memory for each chunk would take longer than searching it.
    chunk = bytearray(_CHUNK)
    while passed < count:
        size = file.readinto(chunk)
        if not size:
            return b"", passed + is_unfinished
        found = chunk.count(b"\n", 0, size)
        if passed + found >= count:
            data = bytes(chunk[:size])
            return data[_end_of_lines(data, count - passed) :], count
        passed += found
        is_unfinished = chunk[size - 1] != _NEWLINE
    return b"", passed


def _end_of_lines(data, count):
    """Returns where the `count`th line of `data` ends; None if there are fewer complete lines."""
    end = 0
    for _ in range(count):
        end = data.find(b"\n", end) + 1
        if end == 0:
            return None
    return end


def _read_ahead(file, start, limit):
    """Returns `start` and the bytes that follow it in the file, up to `limit` plus one."""
    data = bytearray(start[: limit + 1])
    while len(data) <= limit and (chunk := file.read(limit + 1 - len(data))):
        data += chunk
    return bytes(data)


def _count_lines(data):
    return data.count(b"\n") + (0 if data.endswith(b"\n") or not data else 1)
