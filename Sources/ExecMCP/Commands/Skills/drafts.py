"""Reads the drafts of skills in /workspace/skills and prints them as JSON. All that is there was written by code that
nobody has looked at: follows no link, opens nothing but regular files, and reads a bounded amount.

Arguments: the limits as JSON, then the name of the draft whose text is wanted, if any.
"""

import hashlib
import itertools
import json
import os
import re
import stat
import sys

LIMITS = json.loads(sys.argv[1])
WANTED = sys.argv[2] if len(sys.argv) > 2 else None
PLACE = ("/workspace", "skills")
MAX_DRAFTS, MAX_ENTRIES, MAX_PROBLEMS, MAX_IGNORED = 200, 2000, 20, 20
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
PATH = re.compile(r"[A-Za-z0-9_.@/-]+")
KINDS = {stat.S_IFLNK: "a link", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}


def shown(name):
    return name.encode("utf-8", "replace").decode()[:200]


class Draft:
    """What was found in one directory."""

    def __init__(self, name):
        self.name, self.files, self.problems, self.ignored = name, [], [], []
        self.times, self.entries, self.size = [], 0, 0

    def problem(self, text):
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(text)

    def collect(self, directory, prefix="", depth=1):
        """Reads a directory, whose descriptor stays the caller's."""
        self.times.append(int(os.fstat(directory).st_ctime))
        with os.scandir(directory) as entries:
            names = sorted(entry.name for entry in itertools.islice(entries, MAX_ENTRIES - self.entries + 1))
        self.entries += len(names)
        if self.entries > MAX_ENTRIES:
            return self.problem("it has too many files and directories")
        for name in names:
            if len(self.files) > LIMITS["files"] or self.size > LIMITS["bytes"]:
                return None
            path = prefix + name
            if name.startswith(".") or name == "__pycache__":
                if len(self.ignored) < MAX_IGNORED:
                    self.ignored.append(shown(path))
                continue
            try:
                kind = stat.S_IFMT(os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode)
                if kind == stat.S_IFDIR:
                    self.enter(name, directory, path, depth)
                elif kind == stat.S_IFREG:
                    self.read(name, directory, path)
                else:
                    self.problem(f"{shown(path)} is {KINDS.get(kind, 'a device')}, not a file")
            except OSError as error:
                self.problem(f"{shown(path)} cannot be read: {os.strerror(error.errno or 0)}")
        return None

    def enter(self, name, directory, path, depth):
        if depth >= LIMITS["depth"]:
            return self.problem(f"its directories are nested more than {LIMITS['depth']} levels deep")
        descriptor = os.open(name, DIRECTORY, dir_fd=directory)
        try:
            return self.collect(descriptor, path + "/", depth + 1)
        finally:
            os.close(descriptor)

    def read(self, name, directory, path):
        descriptor = os.open(name, FILE, dir_fd=directory)
        with open(descriptor, "rb", buffering=0) as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return self.problem(f"{shown(path)} is not a file")
            self.times.append(int(status.st_ctime))
            limit = LIMITS["bytes"] - self.size
            if status.st_size > limit:
                self.size = LIMITS["bytes"] + 1
                return self.problem(f"its files have more than {LIMITS['bytes']} bytes in total")
            data = b""
            while len(data) <= limit and (piece := file.read(limit + 1 - len(data))):
                data += piece
        self.size += len(data)
        if self.size > LIMITS["bytes"]:
            return self.problem(f"its files have more than {LIMITS['bytes']} bytes in total")
        try:
            text = data.decode()
            path.encode()
        except UnicodeError:
            return self.problem(f"{shown(path)} is not UTF-8 text, so that nobody can read what would be approved")
        if len(path) > LIMITS["path"] or not PATH.fullmatch(path):
            return self.problem(f"{shown(path)}: no skill has files with such names")
        found = {"path": path, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        if WANTED is not None:
            found["text"] = text
        self.files.append(found)
        if len(self.files) > LIMITS["files"]:
            self.problem(f"it has more than {LIMITS['files']} files")
        return None

    def json(self):
        return {
            "name": shown(self.name),
            "files": self.files[: LIMITS["files"]],
            # A list says one thing about each: all of them together have to fit into one answer.
            "problems": self.problems if WANTED is not None else self.problems[:1],
            "ignored": self.ignored if WANTED is not None else [],
            "changed": [min(self.times, default=0), max(self.times, default=0)],
        }


def draft(name, place):
    found = Draft(name)
    if not NAME.fullmatch(name):
        found.problem("its name must be 1 to 64 lower-case letters, digits and single hyphens")
        return found.json()
    try:
        descriptor = os.open(name, DIRECTORY, dir_fd=place)
    except OSError:
        found.problem("it is not a directory")
        return found.json()
    try:
        found.collect(descriptor)
    except OSError as error:
        found.problem(f"it cannot be read: {os.strerror(error.errno or 0)}")
    finally:
        os.close(descriptor)
    return found.json()


def main():
    answer = {"drafts": [], "problem": None, "more": False}
    try:
        workspace = os.open(PLACE[0], DIRECTORY)
        place = os.open(PLACE[1], DIRECTORY, dir_fd=workspace)
    except FileNotFoundError:
        return answer
    except OSError:
        answer["problem"] = "/workspace/skills is not a directory"
        return answer
    with os.scandir(place) as entries:
        names = sorted(entry.name for entry in itertools.islice(entries, MAX_ENTRIES))
    names = [name for name in names if not name.startswith(".")]
    if WANTED is not None:
        names = [name for name in names if name == WANTED]
    answer["more"] = len(names) > MAX_DRAFTS
    answer["drafts"] = [draft(name, place) for name in names[:MAX_DRAFTS]]
    return answer


sys.stdout.buffer.write(json.dumps(main(), ensure_ascii=False).encode())
