"""Fills a volume with files of the server's machine, which follow this program on standard input: the length of a
description (4 bytes, big-endian), the description as JSON, and the contents of the files one after the other.

Files appear under their own names when all of them are there, and the marker comes last, so that a volume with a
marker is complete. Other servers may fill the same volume with the same files meanwhile.
"""

import json
import os
import select
import shutil

# If no byte arrives for this many seconds, the server is gone.
_SECONDS = 60


def receive(count):
    data = bytearray()
    while len(data) < count:
        is_ready = select.select([0], [], [], _SECONDS)[0]
        piece = is_ready and os.read(0, min(count - len(data), 1 << 20))
        if not piece:
            raise SystemExit("unpack: the files end before their end")
        data += piece
    return data


def write(path, data, mode):
    with open(path, "wb") as file:
        file.write(data)
        os.fchmod(file.fileno(), mode)


os.umask(0o022)
description = json.loads(receive(int.from_bytes(receive(4), "big")))
directory = description["directory"]
new = f"{directory}/.new-{os.urandom(8).hex()}"
os.mkdir(new)
for path, kind, value in description["entries"]:
    place = f"{new}/{path}"
    if kind == "directory":
        os.makedirs(place, exist_ok=True)
    elif kind == "link":
        os.symlink(value, place)
    else:
        write(place, receive(value), 0o755 if kind == "program" else 0o644)
for name in os.listdir(new):
    try:
        os.rename(f"{new}/{name}", f"{directory}/{name}")
    except OSError:
        # A directory that is already there.
        if not os.path.isdir(f"{directory}/{name}"):
            raise
marker = description["marker"]
write(f"{new}/{marker}", description["digest"].encode(), 0o644)
os.rename(f"{new}/{marker}", f"{directory}/{marker}")
shutil.rmtree(new)
print("filled")
