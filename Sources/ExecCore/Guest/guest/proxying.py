"""What an HTTP proxy has to know of HTTP (RFC 9110, 9112): where a request wants to go, and what is passed on of it."""

HEAD_LIMIT = 32 * 1024

_END = b"\r\n\r\n"
_METHODS = frozenset(b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
# They speak to the proxy, or of this one connection.
_OWN_FIELDS = frozenset(
    (b"connection", b"keep-alive", b"proxy-authorization", b"proxy-connection", b"host", b"upgrade")
)

_STATUS = {
    "bad": b"400 Bad Request",
    "refused": b"403 Not an allowed host",
    "unreachable": b"502 Host cannot be reached",
    "busy": b"503 Too many connections",
}

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class BadRequest(Exception):
    """A request that no proxy can serve; with what is wrong with it."""


class Target:
    """Where a request wants to go."""

    def __init__(self, host, port, prologue):
        self.host = host
        self.port = port
        # What the host gets first; None for a tunnel, of which the client hears when it is there.
        self.prologue = prologue


def split_head(data):
    """The head of the request that `data` begins with, and what follows it; None while it is not whole.

    Raises BadRequest for one that is too long.
    """
    end = data.find(_END)
    if end < 0:
        if len(data) > HEAD_LIMIT:
            raise BadRequest("The head of the request is too long.")
        return None
    return bytes(data[:end]), bytes(data[end + len(_END) :])


def target(head):
    """Reads a request's head. Raises BadRequest."""
    first, *fields = head.split(b"\r\n")
    parts = first.split(b" ")
    if len(parts) != 3 or parts[2] not in (b"HTTP/1.1", b"HTTP/1.0"):
        raise BadRequest("This is not an HTTP request.")
    method, place, _ = parts
    if not method or not _METHODS.issuperset(method):
        raise BadRequest("This is not an HTTP request.")
    if method == b"CONNECT":
        host, port = _authority(place, None)
        return Target(host, port, None)
    scheme, separator, rest = place.partition(b"://")
    if not separator or scheme.lower() != b"http":
        raise BadRequest("This is an HTTP proxy: it takes CONNECT, and requests for http:// addresses.")
    cut = min((at for at in map(rest.find, (b"/", b"?", b"#")) if at >= 0), default=len(rest))
    authority, path = rest[:cut], rest[cut:].partition(b"#")[0]
    host, port = _authority(authority, 80)
    if not path.startswith(b"/"):
        path = b"/" + path
    # One request a connection: the next one may be for another host.
    lines = [method + b" " + path + b" HTTP/1.1", b"Host: " + authority, b"Connection: close"]
    lines += [field for field in fields if field.partition(b":")[0].strip().lower() not in _OWN_FIELDS]
    return Target(host, port, b"\r\n".join(lines) + _END)


def _authority(text, default_port):
    """The host and the port of `example.org:443`."""
    host, separator, port = text.rpartition(b":")
    if not separator or b"]" in port:
        host, port = text, b"" if default_port is None else str(default_port).encode()
    if host.startswith(b"[") and host.endswith(b"]"):
        host = host[1:-1]
    if not 0 < len(host) <= 255 or not _is_port(port):
        raise BadRequest("The request does not say a host and a port.")
    # What may be reached is for the server to judge: here only what could not be passed on as it is.
    if b"@" in host or not host.isascii():
        raise BadRequest("The request does not say a host and a port.")
    return host.decode("ascii"), int(port)


class Response:
    """What a host answers to a request that is no tunnel: its head is made to say that the connection ends with it.

    Hosts may close without saying so, and a client that goes by what they say would use the connection again.
    """

    def __init__(self):
        self._head = bytearray()
        self._is_passed = False

    def feed(self, data):
        """What of `data`, and of what was kept back before, goes to the client."""
        if self._is_passed:
            return data
        self._head += data
        out = bytearray()
        while not self._is_passed:
            end = self._head.find(_END)
            if end < 0:
                if len(self._head) > HEAD_LIMIT:
                    # Nothing that could be mended.
                    self._is_passed = True
                break
            end += len(_END)
            head = bytes(self._head[:end])
            del self._head[:end]
            # What comes before the answer itself, such as 100 Continue, is passed on as it is.
            self._is_passed = not head.startswith((b"HTTP/1.1 1", b"HTTP/1.0 1"))
            out += _ending(head) if self._is_passed else head
        return bytes(out + self.finish()) if self._is_passed else bytes(out)

    def finish(self):
        """What was kept back, when nothing more comes."""
        rest = bytes(self._head)
        self._head.clear()
        return rest


def _ending(head):
    first, *fields = head[: -len(_END)].split(b"\r\n")
    kept = [field for field in fields if field.partition(b":")[0].lower() not in (b"connection", b"keep-alive")]
    return b"\r\n".join((first, b"Connection: close", *kept)) + _END


def _is_port(text):
    return text.isdigit() and len(text) <= 5 and not text.startswith(b"0") and int(text) < 65536


def refusal(code, message):
    """An answer that says why there is no connection."""
    body = message.encode("utf-8", "replace") + b"\n"
    return (
        b"HTTP/1.1 " + _STATUS.get(code, _STATUS["unreachable"]) + b"\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b"Content-Length: " + str(len(body)).encode() + b"\r\nConnection: close\r\n\r\n" + body
    )
