"""Seals the channel to the server, because engines may record what a container writes, and others may be attached to
it. Without the key it can't be read, and whatever is changed, repeated, inserted or left out is noticed.
`SealedRecord.swift` describes the records and is the other side.
"""

import hashlib
import hmac
import struct

PERSON = b"exec-mcp sealing"
FROM_GUEST = b"guest"
FROM_SERVER = b"server"

TAG_SIZE = 16
MAX_PIECE = 1 << 16
MAX_RECORDS = 1 << 48

_LENGTH = struct.Struct(">I")
_NUMBER = struct.Struct(">Q")


class SealError(ValueError):
    """What came isn't the next record of the other side. Its text says nothing of what came."""


class _Direction:
    """The keys and the next record's number of one direction."""

    def __init__(self, key, direction, number=0):
        self._stream = hashlib.shake_256(_derived(key, direction + b" stream"))
        self._tags = hashlib.blake2b(key=_derived(key, direction + b" tag"), digest_size=TAG_SIZE)
        self._next_number = number

    def _number(self):
        """Returns the next record's number, which is never used again."""
        number = self._next_number
        if number >= MAX_RECORDS:
            raise SealError("the key of the channel is used up")
        self._next_number = number + 1
        return _NUMBER.pack(number)

    def _combine(self, number, piece):
        """Hides a piece, or reveals it."""
        stream, size = self._stream.copy(), len(piece)
        stream.update(number)
        # The fastest way to combine bytes in the standard library.
        key_stream = int.from_bytes(stream.digest(size), "little")
        return (key_stream ^ int.from_bytes(piece, "little")).to_bytes(size, "little")

    def _tag(self, number, record):
        tag = self._tags.copy()
        tag.update(number)
        tag.update(record)
        return tag.digest()


def _derived(key, label):
    return hashlib.blake2b(label, key=key, digest_size=32, person=PERSON).digest()


class Sealer(_Direction):
    """Makes the records of one direction."""

    def seal(self, data):
        """Yields `data` as records, which must be sent in this order."""
        for at in range(0, len(data), MAX_PIECE):
            piece = data[at : at + MAX_PIECE]
            number = self._number()
            record = _LENGTH.pack(len(piece)) + self._combine(number, piece)
            yield record + self._tag(number, record)

    def sealing(self, write_all):
        """Returns a function that writes data as `write_all(descriptor, data)` does, but sealed."""

        def write_sealed(descriptor, data):
            for record in self.seal(data):
                write_all(descriptor, record)

        return write_sealed


class Opener(_Direction):
    """Opens the records of one direction, in their order."""

    def __init__(self, key, direction, number=0):
        super().__init__(key, direction, number)
        self._buffer = bytearray()

    def feed(self, data):
        """Yields the piece of each record that `data` completes."""
        buffer = self._buffer
        buffer += data
        at = 0
        while len(buffer) - at >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(buffer, at)
            if not 0 < length <= MAX_PIECE:
                raise _broken()
            tag_at = at + _LENGTH.size + length
            end = tag_at + TAG_SIZE
            if len(buffer) < end:
                break
            record, number = bytes(buffer[at:tag_at]), self._number()
            if not hmac.compare_digest(self._tag(number, record), bytes(buffer[tag_at:end])):
                raise _broken()
            yield self._combine(number, record[_LENGTH.size :])
            at = end
        del buffer[:at]


def _broken():
    return SealError(
        "the seal of the channel is broken: on the way from the server, something was changed, repeated, left out or "
        "added"
    )


class Decoder:
    """A parser of frames in sealed records."""

    def __init__(self, opener, decoder):
        self._opener = opener
        self._decoder = decoder

    def feed(self, data):
        """Yields (kind, call, payload) for each frame that `data` completes."""
        for piece in self._opener.feed(data):
            yield from self._decoder.feed(piece)
