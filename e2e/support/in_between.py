"""What stands between the server and the real engine, so that faults can be injected without touching the engine."""

from __future__ import annotations

import contextlib
import os
import shlex
import socket
import sys
import threading
from pathlib import Path

from . import engine

HOSTILE_GUEST = Path(__file__).with_name("hostile_guest.py")


def write_engine(path: Path, script: str) -> Path:
    """Makes an engine's program: what `script` does not end is passed on to the real engine."""
    path.write_text(f'#!/bin/sh\n{script}\nexec {shlex.quote(engine.path_of_program())} "$@"\n')
    path.chmod(0o755)
    return path


def engine_with_hostile_guest(path: Path, user: str) -> Path:
    """An engine that gives one user a program of ours in the guest's place, and everybody else a real sandbox.

    What that program does is in the file `behaviour` beside the engine's.
    """
    program = " ".join(map(shlex.quote, [sys.executable, str(HOSTILE_GUEST), str(path.parent / "behaviour")]))
    return write_engine(path, f'case " $* " in *" run "*{engine.LABEL_PREFIX}user={user}" "*) exec {program};; esac')


class HeldEngine:
    """An engine that starts nothing before it is told to go on."""

    def __init__(self, directory: Path) -> None:
        self._starting, self._going = directory / "starting", directory / "going"
        told = f"[ -e '{self._going}' ]"
        wait = f"touch '{self._starting}'; n=0; until {told} || [ $n = 5000 ]; do n=$((n + 1)); sleep 0.02; done"
        self.program = write_engine(directory / "held", f'case " $* " in *" run "*) {wait};; esac')

    def wait_until_it_starts(self) -> None:
        assert engine.poll(self._starting.exists) is not None, "no sandbox is started"

    def go_on(self) -> None:
        self._going.touch()


class EngineSocket:
    """The engine's socket behind one of ours, which can be held up (a hung engine) or closed (a stopped one)."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._target = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
        self._flows = threading.Event()
        self._flows.set()
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self.start()

    @property
    def address(self) -> str:
        """For `DOCKER_HOST`."""
        return f"unix://{self._path}"

    def start(self) -> None:
        """The engine runs: it takes connections."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self._path)
        self._listener.listen(64)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop(self) -> None:
        """The engine has stopped: every connection breaks, and none can be made."""
        self._flows.set()
        with self._lock:
            ended, self._open, self._listener = [self._listener, *self._open], [], None
        for each in ended:
            if each is not None:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()

    def hang(self) -> None:
        """The engine says nothing more, and hears nothing; connections stay open and can be made."""
        self._flows.clear()

    def go_on(self) -> None:
        self._flows.set()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near = listener.accept()[0]
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._target)
            with self._lock:
                if listener is self._listener:
                    self._open += [near, far]
                else:  # it was stopped meanwhile
                    near.close()
                    far.close()
                    return
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                self._flows.wait()
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
