"""The framed channel between the server and the guest.

A frame is a 9-byte header (payload length, kind, call id; big-endian) and the payload. Either side may start a call.
Ids of calls started by the guest have their highest bit set, so that the two sides never choose the same id.
"""

import json
import os
import struct

HELLO = 1  # handshake. guest to server: describes the guest and the sandbox; server to guest: a new server asks for it
CALL = 2  # starts a call: {"method": …, "params": {…}}
DATA = 3  # a chunk of the call's bytes: one byte for the stream, then the bytes
END = 4  # the caller has sent its last chunk
RESULT = 5  # ends the call
FAILURE = 6  # ends the call: {"code": …, "message": …}
CANCEL = 7  # the caller wants the call ended
LOG = 8  # guest to server: a line for the server's log
PROGRESS = 9  # guest to server: the newest line of a running call's output
ARTIFACTS = 10  # guest to server: which artifacts were added, modified and removed
WINDOW = 11  # flow control: the sender accepts this many more bytes of a call that the guest started
JOBS = 12  # guest to server: whether background jobs of commands are running (1 byte)
LEAVE = 13  # server to guest: it disconnects, calls end; guest to server: nothing more is sent until the next HELLO
CLOCK = 14  # server to guest: whether the timeout of a command goes on, is held or suspended (1 byte)
PING = 15  # server to guest: a sign of life, which asks for one
PONG = 16  # guest to server: a sign of life, also without a ping
GOODBYE = 17  # guest to server: it ends, because the server has closed the channel

GUEST_CALL = 1 << 31

STDOUT = 0
STDERR = 1

MAX_PAYLOAD = 1 << 20
MAX_CHUNK = MAX_PAYLOAD - 1

_HEADER = struct.Struct(">IBI")
# Reused because `json.loads` and `json.dumps` process their options at each call.
_decode = json.JSONDecoder().raw_decode
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def frame(kind, call, payload=b""):
    return _HEADER.pack(len(payload), kind, call) + payload


def json_frame(kind, call, value):
    return frame(kind, call, encode(value))


def encode(value):
    """Returns a value as a JSON payload."""
    # File names may contain bytes that aren't valid UTF-8, which the server would reject.
    return _encode(value).encode("utf-8", "replace")


def json_value(payload):
    """Returns the value of a JSON payload."""
    return _decode(payload.decode())[0]


def data_frames(call, stream, data):
    """Returns `data` as frames of the given stream; empty if there is no data."""
    if not data:
        return b""
    stream_byte = bytes((stream,))
    return b"".join(frame(DATA, call, stream_byte + data[at : at + MAX_CHUNK]) for at in range(0, len(data), MAX_CHUNK))


class Decoder:
    """Incremental frame parser: accepts bytes as they arrive and yields whole frames."""

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
    """Writes all of `data`; blocks while the reader is slower."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def move_channel():
    """Moves the channel to the server off descriptors 0 and 1, so that no child ever inherits it."""
    channel_out, channel_in = os.dup(1), os.dup(0)
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
    return channel_out, channel_in
