"""The framed channel between the server and the guest.

A frame is a 9-byte header (payload length, kind, call id; big-endian) and the payload. Either side may start a call;
the ids of calls that the guest starts have their highest bit set, so that the two sides never choose the same one.
"""

import json
import os
import struct

HELLO = 1  # guest to server: what the guest is and found; server to guest: a new server is there and asks for that
CALL = 2  # starts a call: {"method": …, "params": {…}}
DATA = 3  # a piece of the call's bytes: one byte that names the stream, then the bytes
END = 4  # the caller's last piece has been sent
RESULT = 5  # ends the call
FAILURE = 6  # ends the call: {"code": …, "message": …}
CANCEL = 7  # the caller wants the call ended
LOG = 8  # guest to server: a line for the server's log
PROGRESS = 9  # guest to server: the newest line of a call's output, while it runs
ARTIFACTS = 10  # guest to server: which artifacts came, changed and went
WINDOW = 11  # the sender will take so many bytes more of a call that the guest started
JOBS = 12  # guest to server: whether processes live that commands left in the background (1 byte)
LEAVE = 13  # server to guest: it goes, and calls end; guest to server: nothing more comes until a server says hello

GUEST_CALL = 1 << 31

STDOUT = 0
STDERR = 1

MAX_PAYLOAD = 1 << 20
PIECE = MAX_PAYLOAD - 1

_HEADER = struct.Struct(">IBI")
# `json.loads` and `json.dumps` look their options up anew at each call.
_decode = json.JSONDecoder().raw_decode
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def frame(kind, call, payload=b""):
    return _HEADER.pack(len(payload), kind, call) + payload


def json_frame(kind, call, value):
    return frame(kind, call, encode(value))


def encode(value):
    """The payload that holds a value."""
    # File names may hold what is no UTF-8, which the server would not take.
    return _encode(value).encode("utf-8", "replace")


def json_value(payload):
    """The value that a payload holds."""
    return _decode(payload.decode())[0]


def data_frames(call, stream, data):
    """All of `data` as frames of the named stream; nothing for no data."""
    if not data:
        return b""
    mark = bytes((stream,))
    return b"".join(frame(DATA, call, mark + data[at : at + PIECE]) for at in range(0, len(data), PIECE))


class Decoder:
    """Takes bytes as they come and gives back whole frames."""

    def __init__(self):
        self._buffer = bytearray()

    def feed(self, data):
        """Yields (kind, call, payload) for each frame that `data` completes."""
        buffer = self._buffer
        buffer += data
        at = 0
        while len(buffer) - at >= _HEADER.size:
            length, kind, call = _HEADER.unpack_from(buffer, at)
            if length > MAX_PAYLOAD:
                raise ValueError(f"a frame of {length} bytes")
            end = at + _HEADER.size + length
            if len(buffer) < end:
                break
            yield kind, call, bytes(buffer[at + _HEADER.size : end])
            at = end
        del buffer[:at]


def write_all(descriptor, data):
    """Writes all of `data`, waiting where the reader is slower."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def take_channel():
    """Moves the channel to the server off descriptors 0 and 1, which no child may ever see."""
    channel_out, channel_in = os.dup(1), os.dup(0)
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
    return channel_out, channel_in
