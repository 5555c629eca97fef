"""Hosts on the internet, as far as a server can tell: a container of ours with a public address, and names for it that
only the server under test knows. No packet leaves this machine."""

from __future__ import annotations

import contextlib
import http.client
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import trustme

from support import engine
from support.stdio_client import server_binary

# Public by IANA's registry (RFC 7535), and nobody's: on this machine it leads to our container.
SUBNET = "192.31.196.0/24"
OWN_ADDRESS = "192.31.196.1"
ADDRESS = "192.31.196.10"
NAME = "files.egress.example"

HTTP, HTTPS, ECHO, ENDLESS, DEAF = 80, 443, 7000, 7001, 7002

PROGRAM = f"""
import http.server, os, socket, socketserver, ssl, threading

def say(*words):
    # In one piece: several threads say something at once.
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())

class Pages(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, body, kind="application/octet-stream"):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        say("get", self.path, self.headers["Host"], self.headers.get("Proxy-Authorization"))
        if self.path.startswith("/bytes/"):
            self.answer(bytes(range(256)) * (int(self.path[7:]) // 256))
        elif self.path.startswith("/files/"):
            self.answer_file(self.path)
        else:
            self.answer(b"hello from outside")

    def do_HEAD(self):
        self.do_GET()

    def answer_file(self, path):
        path += "index.html" if path.endswith("/") else ""
        if os.path.isfile(path):
            with open(path, "rb") as file:
                self.answer(file.read(), "text/html" if path.endswith(".html") else "application/octet-stream")
        else:
            self.send_error(404)

    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers["Content-Length"])))

class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        port = self.server.server_address[1]
        say("open", port)
        try:
            self.serve(port)
        except OSError:
            pass
        say("close", port)

    def serve(self, port):
        if port == {ECHO}:
            while data := self.request.recv(65536):
                self.request.sendall(data)
        elif port == {ENDLESS}:
            while True:
                self.request.sendall(b"y" * 65536)
        else:
            # Reads nothing, and hears all the same when the other side is gone.
            import select
            poll = select.poll()
            poll.register(self.request, select.POLLHUP | select.POLLERR | select.POLLRDHUP)
            poll.poll()

class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

def start(port, handler, context=None):
    server = Server(("0.0.0.0", port), handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/certificates/server.pem")
start({HTTP}, Pages)
start({HTTPS}, Pages, context)
for port in {(ECHO, ENDLESS, DEAF)}:
    start(port, Handler)
say("ready")
threading.Event().wait()
"""


@dataclass
class Outside:
    """The hosts, and how to start a server that finds them."""

    container: str
    directory: Path
    authority: str
    # What is in here is served below /files.
    files: Path
    names: dict[str, list[str]] = field(default_factory=dict)

    def log(self) -> list[str]:
        """What the host has seen: `open PORT`, `close PORT`, `get PATH HOST`. Nothing that it has said so far is left
        out, though the engine passes its words on in its own time."""
        mark = f"/mark/{secrets.token_hex(8)}"
        with contextlib.closing(http.client.HTTPConnection(ADDRESS, HTTP, timeout=60)) as connection:
            connection.request("GET", mark)
            connection.getresponse().read()
        lines: list[str] = []

        def is_marked() -> bool:
            lines[:] = engine.run("logs", self.container).splitlines()
            return any(line.startswith(f"get {mark} ") for line in lines)

        assert engine.poll(is_marked) is not None, lines[-20:]
        return [line for line in lines if not line.startswith("get /mark/")]

    def visits(self) -> list[str]:
        """All that it has been asked for: who has come may leave later."""
        return [line for line in self.log() if not line.startswith("close ")]

    def count(self, line: str) -> int:
        return self.log().count(line)

    def wait_for(self, line: str, count: int = 1) -> None:
        assert engine.poll(lambda: self.count(line) >= count), f"{self.log()[-20:]} has no {count} of {line!r}"

    def server_command(self, names: Mapping[str, list[str]] | None = None, network: str = "") -> list[str]:
        """Starts exec-mcp where these names mean these addresses, and no other name means anything.

        `network`: commands that set up a network of the server's own, which has nothing but the loopback.
        """
        known = {NAME: [ADDRESS], **(names or {})}
        place = self.directory / secrets.token_hex(4)
        place.mkdir()
        hosts, order = place / "hosts", place / "nsswitch.conf"
        hosts.write_text("".join(f"{address} {name}\n" for name, them in known.items() for address in them))
        order.write_text("hosts: files\n")
        script = 'mount --bind "$1" /etc/hosts && mount --bind "$2" /etc/nsswitch.conf && shift 2 && exec "$@"'
        private = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"]
        if network:
            private[1:1] = ["--net"]
            private[-2] = f"{{ ip link set lo up && {network}; }} >&2 && {script}"
        return [*private, str(hosts), str(order), server_binary()]


@contextlib.contextmanager
def outside(directory: Path) -> Iterator[Outside]:
    certificates = directory / "certificates"
    certificates.mkdir()
    authority = trustme.CA()
    authority.issue_cert(NAME).private_key_and_cert_chain_pem.write_to_path(str(certificates / "server.pem"))
    certificates.chmod(0o755)
    (certificates / "server.pem").chmod(0o644)
    files = directory / "files"
    files.mkdir()
    files.chmod(0o755)
    name = f"exec-mcp-outside-{secrets.token_hex(4)}"
    with contextlib.ExitStack() as stack:
        # Another run of these tests may have the subnet.
        deadline = time.monotonic() + 300
        while not engine.run("network", "create", "--subnet", SUBNET, "--gateway", OWN_ADDRESS, name, check=False):
            assert time.monotonic() < deadline, f"the engine has no network {SUBNET} to give"
            time.sleep(1)
        stack.callback(engine.run, "network", "rm", name, check=False)
        mount = f"type=bind,source={certificates},target=/certificates,readonly"
        arguments = ["--detach", "--name", name, "--network", name, "--ip", ADDRESS, "--mount", mount]
        arguments += ["--mount", f"type=bind,source={files},target=/files,readonly"]
        entry = ["--user", "0", "--entrypoint", "python3", engine.IMAGE, "-c", PROGRAM]
        engine.run("run", *arguments, *entry)
        stack.callback(engine.run, "rm", "--force", name, check=False)
        world = Outside(name, directory, authority.cert_pem.bytes().decode(), files)
        ready = engine.poll(lambda: "ready" in engine.run("logs", name).splitlines())
        assert ready is not None, engine.run("logs", name)
        yield world
