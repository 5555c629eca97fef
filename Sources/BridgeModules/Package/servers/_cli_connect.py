"""`mcp connect`: passes bytes between standard input and output and the bridge, for programs without Unix sockets."""

import os
import select
import socket

from servers import _bridge, _cli_output

_READ_SIZE = 64 * 1024
_BOUND = 256 * 1024


def relay():
    """Relays until the bridge closes the connection. The end of the input ends only what is sent."""
    with _bridge.open_socket() as bridge:
        bridge.setblocking(False)
        to_bridge = bytearray()
        reads_input = True
        while True:
            reading = [bridge] + ([0] if reads_input and len(to_bridge) < _BOUND else [])
            readable, writable, _ = select.select(reading, [bridge] if to_bridge else [], [])
            if 0 in readable:
                try:
                    data = os.read(0, _READ_SIZE)
                except OSError:
                    # It is closed.
                    data = b""
                to_bridge += data
                if not data:
                    reads_input = False
                    if not to_bridge:
                        bridge.shutdown(socket.SHUT_WR)
            if writable:
                try:
                    del to_bridge[: bridge.send(to_bridge, socket.MSG_NOSIGNAL)]
                except BlockingIOError:
                    pass
                except OSError:
                    # What the bridge said last is still to be read.
                    to_bridge.clear()
                    reads_input = False
                    continue
                if not to_bridge and not reads_input:
                    bridge.shutdown(socket.SHUT_WR)
            if bridge in readable:
                try:
                    data = bridge.recv(_READ_SIZE)
                except BlockingIOError:
                    continue
                except OSError:
                    return
                if not data:
                    return
                _cli_output.write_bytes(data, 1)
