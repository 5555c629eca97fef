"""Resolves paths as models write them: relative to the workspace, in the home directory, or as a file URI.

No shell expands a path here. Notations that only a shell, another program or another operating system understands are
rejected with an explanation, because otherwise a directory of that name would be created. A file that really has such a
name is available as ./NAME.
"""

import os
import re

WORKSPACE = "/workspace"

_ARTIFACTS = "/artifacts"
_SKILLS = "/skills"
_HOME = "/home/coderunner"
# The number of characters of a path to show in messages.
_SHOWN = 300
# Prefixes under which the path after a foreign scheme is probably what the caller meant.
_PLACES = ("/workspace/", "/artifacts/", "/tmp/", "/skills/", "/tools/", "/output/", "/home/")


class OperationError(Exception):
    """A request that can't be fulfilled; the message says why and what to do."""

    def __init__(self, message, code="invalid"):
        super().__init__(message)
        self.code = code


def absolute(path):
    """Returns the absolute path that `path` means.

    - With a leading `/`: the path itself. Otherwise relative to `/workspace`.
    - `~` and `~/PATH`: in the home directory.
    - `file:///PATH`, percent-encoded; the host may be `localhost`.
    - `artifact:///NAME` and `skill://NAME/PATH`, the URIs that the server itself gives out.
    """
    if not path:
        raise OperationError("file_path is empty. Give a path, absolute or relative to /workspace.")
    resolved = _resolve(path)
    if "\0" in resolved:
        raise OperationError("file_path contains a NUL character, which no path can.")
    try:
        os.fsencode(resolved)
    except UnicodeEncodeError:
        raise OperationError(f"{_shown(path)} contains half of a surrogate pair, which no path can.") from None
    while resolved.startswith("./"):
        resolved = resolved[2:].lstrip("/")
    return os.path.join(WORKSPACE, resolved)


def shown(path):
    """Returns the absolute path for a message, or `path` itself if it isn't valid."""
    try:
        return _shown(absolute(path))
    except OperationError:
        return _shown(path)


def _resolve(path):
    if path[0] == "/" or path.startswith("./"):
        return path
    # Fast path: only special notations contain one of these characters.
    if path[0] not in "~$%`\\" and ":" not in path:
        return path
    if path == "~" or path.startswith("~/"):
        return os.environ.get("HOME", _HOME) + path[1:]
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]+):(?=/)|(file|artifact|skill|sandbox|data):", path, re.I)
    own = _OWN.get(scheme[0][:-1].lower()) if scheme else None
    if own:
        return own(path, path[scheme.end() :])
    # An existing file of that name takes precedence.
    if "\0" not in path and _exists(path):
        return path
    reason = _foreign_scheme(scheme, path) if scheme else _foreign_word(path)
    if reason:
        raise OperationError(f"{_shown(path)}: {reason} If a file really has this name, write ./{_shown(path)}")
    return path


def _exists(path):
    try:
        return os.path.lexists(os.path.join(WORKSPACE, path))
    except ValueError:
        return False


# URIs


def _file(uri, rest):
    host, slash, path = rest[2:].partition("/") if rest.startswith("//") else ("", "/", rest[1:])
    if not rest.startswith("/"):
        raise OperationError(f"{_shown(uri)}: a file's URI has an absolute path, as in file:///workspace/NAME.")
    path = "/" + _decoded(path).lstrip("/")
    if host.lower() not in ("", "localhost"):
        if slash and not re.fullmatch(r"[A-Za-z]:", host):
            example = f"/{_decoded(host)}{path}"
            raise OperationError(
                f"{_shown(uri)} names the host {_shown(host)}, but only the sandbox's own files can be reached. "
                f"Write the path alone, for example {_shown(example)}"
            )
        raise OperationError(
            f"{_shown(uri)} does not name a file in the sandbox. Write a path such as /workspace/NAME."
        )
    if re.match(r"/[A-Za-z]:(?:[/\\]|$)", path):
        raise OperationError(f"{_shown(uri)}: {_WINDOWS}")
    return path


def _artifact(uri, rest):
    return _below(_ARTIFACTS, uri, rest, "artifact:///NAME")


def _skill(uri, rest):
    return _below(_SKILLS, uri, rest, "skill://NAME/SKILL.md")


def _below(directory, uri, rest, pattern):
    """Returns the path of one of the server's own URIs. Rejects URIs that lead out of `directory`."""
    segments = _decoded(rest.lstrip("/")).split("/")
    if any(segment in ("", ".", "..") for segment in segments):
        raise OperationError(f"{_shown(uri)} does not name a file. Write a URI such as {pattern}")
    return "/".join((directory, *segments))


_OWN = {"file": _file, "artifact": _artifact, "skill": _skill}


def _decoded(text):
    """Decodes percent-encoding. Leaves invalid sequences alone, because not all callers encode."""
    data = text.encode("utf-8", "replace")
    return os.fsdecode(re.sub(rb"%([0-9A-Fa-f]{2})", lambda code: bytes((int(code[1], 16),)), data))


# Rejected notations

_WINDOWS = "a Windows path has no meaning in the sandbox, which runs Linux. Write a path such as /workspace/NAME."
_PLAIN = "Write the path itself, absolute or relative to /workspace; ~/ is the home directory."


def _foreign_scheme(scheme, path):
    name = scheme[0][:-1].lower()
    if name in ("http", "https", "ftp", "ws", "wss"):
        return "a web address is not a file in the sandbox."
    behind = "/" + path[scheme.end() :].lstrip("/")
    if behind.startswith(_PLACES):
        return f"{name}: is not a URI scheme of the sandbox. Write {_shown(behind)}"[:_SHOWN] + "."
    return f"{name}: is not a URI scheme of the sandbox. {_PLAIN}"


def _foreign_word(path):
    """Returns why a path that isn't a URI is rejected; None if it is accepted."""
    if path[0] == "~":
        # Editors and office programs create files like ~NAME next to a file.
        if "/" not in path:
            return None
        return f"only ~/ ({os.environ.get('HOME', _HOME)}/) is supported; other users have no files here."
    if re.match(r"[A-Za-z]:[\\/]|\\\\", path):
        return _WINDOWS
    if re.match(r"%[A-Za-z_][A-Za-z0-9_()]+%(?:[/\\]|$)", path):
        return f"no shell expands this path, so %NAME% has no meaning. {_PLAIN}"
    if re.match(r"\$[A-Za-z_({]|`", path):
        name = re.match(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)", path)
        value = os.environ.get(name[1], "") if name else ""
        meaning = f" (in commands, {name[1]} is {value[:100]})" if value.startswith("/") else ""
        return f"no shell expands this path, so {path[0]} has no meaning{meaning}. {_PLAIN}"
    return None


def _shown(path):
    text = str(path)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
