"""A package index of our own: pages and wheels in a directory, and a server of them on the loopback."""

from __future__ import annotations

import contextlib
import functools
import http.server
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path


def publish(files: Path, name: str, size: int, needs: str = "") -> Path:
    """Puts version 1 of a package onto the index below `files`: a wheel of that many bytes, which are not packed.

    `needs`: another package that it requires."""
    page, info = files / "simple" / name, f"{name}-1.dist-info"
    page.mkdir(parents=True)
    wheel = f"{name}-1-py3-none-any.whl"
    (page / "index.html").write_text(f'<!DOCTYPE html><html><body><a href="{wheel}">{wheel}</a></body></html>')
    with zipfile.ZipFile(page / wheel, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(f"{name}/__init__.py", f"name = {name!r}\n\n\ndef run():\n    print('ran')\n")
        archive.writestr(f"{name}/data", bytes(size))
        archive.writestr(f"{info}/entry_points.txt", f"[console_scripts]\n{name}-command = {name}:run\n")
        needed = f"Requires-Dist: {needs}\n" if needs else ""
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n{needed}")
        wheel_file = "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr(f"{info}/WHEEL", wheel_file)
        archive.writestr(f"{info}/RECORD", "".join(f"{file},,\n" for file in archive.namelist()))
    return page / wheel


class _Files(http.server.SimpleHTTPRequestHandler):
    def __init__(self, *arguments: object, broken: list[str], hold: Hold | None, **options: object) -> None:
        self.broken, self.hold = broken, hold
        super().__init__(*arguments, **options)

    def log_message(self, *arguments: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.hold and self.path.endswith(".whl"):
            self.hold.asked.set()
            self.hold.released.wait()
        if self.broken and self.path.endswith(self.broken[0]):
            self.broken.pop(0)
            self.send_response(200)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            self.wfile.write(b"half of it")
            self.close_connection = True
        else:
            super().do_GET()


class Hold:
    """Keeps requests for wheels waiting until it is released."""

    def __init__(self) -> None:
        self.asked, self.released = threading.Event(), threading.Event()


@contextlib.contextmanager
def index(files: Path, broken: tuple[str, ...] = (), hold: Hold | None = None) -> Iterator[str]:
    """Serves `files` on the loopback and gives the index's URL. A request for a path that ends as the first of `broken`
    does is answered with half a file, once."""
    handler = functools.partial(_Files, directory=str(files), broken=list(broken), hold=hold)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/simple/"
        finally:
            if hold:
                hold.released.set()
            server.shutdown()
            thread.join()
