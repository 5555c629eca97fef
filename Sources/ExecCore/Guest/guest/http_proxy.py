"""HTTP for the proxy (RFC 9110, 9112): parses a request's target and rewrites the heads of requests and responses."""

HEAD_LIMIT = 32 * 1024

_HEAD_END = b"\r\n\r\n"
_METHODS = frozenset(b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
# Header fields that concern the proxy or this connection only and are not forwarded (Host is written anew).
_HOP_FIELDS = frozenset(
    (b"connection", b"keep-alive", b"proxy-authorization", b"proxy-connection", b"host", b"upgrade")
)

_STATUS = {
    "bad": b"400 Bad Request",
    "refused": b"403 Not an allowed host",
    "unreachable": b"502 Host cannot be reached",
    "busy": b"503 Too many connections",
}

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class BadRequestError(Exception):
    """A request that the proxy can't serve; the message says why."""


class Target:
    """The host and port of a request, and what to send there first."""

    def __init__(self, host, port, prologue):
        self.host = host
        self.port = port
        # The rewritten head to send to the host; None for a tunnel, which the client is notified of once it is open.
        self.prologue = prologue


def split_head(data):
    """Splits `data` into the head of the request and what follows it; returns None while the head is incomplete.

    Raises BadRequestError if it is too long.
    """
    end = data.find(_HEAD_END)
    if end < 0:
        if len(data) > HEAD_LIMIT:
            raise BadRequestError("The request's header is too long.")
        return None
    return bytes(data[:end]), bytes(data[end + len(_HEAD_END) :])


def parse_target(head):
    """Parses a request's head. Raises BadRequestError if it isn't valid."""
    first, *fields = head.split(b"\r\n")
    parts = first.split(b" ")
    if len(parts) != 3 or parts[2] not in (b"HTTP/1.1", b"HTTP/1.0"):
        raise BadRequestError("This is not an HTTP request.")
    method, uri, _ = parts
    if not method or not _METHODS.issuperset(method):
        raise BadRequestError("This is not an HTTP request.")
    if method == b"CONNECT":
        host, port = _authority(uri, None)
        return Target(host, port, None)
    scheme, separator, rest = uri.partition(b"://")
    if not separator or scheme.lower() != b"http":
        raise BadRequestError("This is an HTTP proxy: it accepts CONNECT, and requests for http:// URLs.")
    cut = min((at for at in map(rest.find, (b"/", b"?", b"#")) if at >= 0), default=len(rest))
    authority, path = rest[:cut], rest[cut:].partition(b"#")[0]
    host, port = _authority(authority, 80)
    if not path.startswith(b"/"):
        path = b"/" + path
    # One request per connection, because the next one may be for another host.
    lines = [method + b" " + path + b" HTTP/1.1", b"Host: " + authority, b"Connection: close"]
    lines += [field for field in fields if field.partition(b":")[0].strip().lower() not in _HOP_FIELDS]
    return Target(host, port, b"\r\n".join(lines) + _HEAD_END)


def _authority(text, default_port):
    """Parses an authority such as `example.org:443`. Returns the host and port."""
    host, separator, port = text.rpartition(b":")
    if not separator or b"]" in port:
        host, port = text, b"" if default_port is None else str(default_port).encode()
    if host.startswith(b"[") and host.endswith(b"]"):
        host = host[1:-1]
    if not 0 < len(host) <= 255 or not _is_port(port):
        raise BadRequestError("The request names no host and port.")
    # The server decides which hosts are allowed; this only rejects what can't be forwarded unchanged.
    if b"@" in host or not host.isascii():
        raise BadRequestError("The request names no host and port.")
    return host.decode("ascii"), int(port)


class ResponseRewriter:
    """Rewrites the response to a request that isn't a tunnel: sets `Connection: close` in its head.

    A host may close the connection without announcing it, and a client that relies on the header would reuse it.
    """

    def __init__(self):
        self._head = bytearray()
        self._is_head_sent = False

    def feed(self, data):
        """Accepts bytes of the response. Returns those to send to the client now."""
        if self._is_head_sent:
            return data
        self._head += data
        out = bytearray()
        while not self._is_head_sent:
            end = self._head.find(_HEAD_END)
            if end < 0:
                if len(self._head) > HEAD_LIMIT:
                    # Too long to rewrite: pass it on unchanged.
                    self._is_head_sent = True
                break
            end += len(_HEAD_END)
            head = bytes(self._head[:end])
            del self._head[:end]
            # Interim responses (1xx), such as 100 Continue, are passed on unchanged.
            self._is_head_sent = not head.startswith((b"HTTP/1.1 1", b"HTTP/1.0 1"))
            out += _with_close(head) if self._is_head_sent else head
        return bytes(out + self.finish()) if self._is_head_sent else bytes(out)

    def finish(self):
        """Returns the bytes held back, at the end of the response."""
        rest = bytes(self._head)
        self._head.clear()
        return rest


def _with_close(head):
    first, *fields = head[: -len(_HEAD_END)].split(b"\r\n")
    kept = [field for field in fields if field.partition(b":")[0].lower() not in (b"connection", b"keep-alive")]
    return b"\r\n".join((first, b"Connection: close", *kept)) + _HEAD_END


def _is_port(text):
    return text.isdigit() and len(text) <= 5 and not text.startswith(b"0") and int(text) < 65536


def error_response(code, message):
    """Returns an HTTP response that says why there is no connection."""
    body = message.encode("utf-8", "replace") + b"\n"
    return (
        b"HTTP/1.1 " + _STATUS.get(code, _STATUS["unreachable"]) + b"\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b"Content-Length: " + str(len(body)).encode() + b"\r\nConnection: close\r\n\r\n" + body
    )
