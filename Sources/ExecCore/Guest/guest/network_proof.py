"""Proves that the sandbox has no network where the engine doesn't promise it: tries to get out, and says what is open.

On a cluster a policy takes a pod's network away, if the cluster has a program that enforces policies, and perhaps only
a moment after the pod's start.
"""

import contextlib
import errno
import os
import select
import socket
import struct
import time

# How long after the start ways may stay open.
_PATIENCE_SECONDS = 15.0
# How long an attempt may take: most policies drop packets and answer nothing.
_ATTEMPT_SECONDS = 1.5
_PAUSE_SECONDS = 0.5
# A query for the addresses of example.org, which any name server answers, if only to refuse it.
_QUESTION = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03org\x00\x00\x01\x00\x01"


def ways_out(seconds=_PATIENCE_SECONDS):
    """Tries every way until all are closed, and returns those that are still open after `seconds`, as texts."""
    targets = _targets(os.environ)
    deadline = time.monotonic() + seconds
    while True:
        found = open_ways(targets, _ATTEMPT_SECONDS)
        if not found or time.monotonic() >= deadline:
            return found
        time.sleep(_PAUSE_SECONDS)


def _targets(environment):
    """Returns what is tried, as (type of socket, address, port): something that is likely to answer in each place that
    a network leads to.
    """
    service, port = environment.get("KUBERNETES_SERVICE_HOST", ""), environment.get("KUBERNETES_SERVICE_PORT", "")
    targets = [
        # The machine's own keys, in most clouds.
        (socket.SOCK_STREAM, "169.254.169.254", 80),
        (socket.SOCK_STREAM, "1.1.1.1", 443),
        (socket.SOCK_DGRAM, "8.8.8.8", 53),
        (socket.SOCK_STREAM, "2606:4700:4700::1111", 443),
    ]
    if service and port.isdigit():
        targets.append((socket.SOCK_STREAM, service, int(port)))
        # The cluster's name server usually has this address among its services.
        if service.count(".") == 3:
            names = service.rpartition(".")[0] + ".10"
            targets += [(socket.SOCK_STREAM, names, 53), (socket.SOCK_DGRAM, names, 53)]
    node = _gateway()
    if node:
        # The programs of the node: the kubelet's, and a shell.
        targets += [(socket.SOCK_STREAM, node, 10250), (socket.SOCK_STREAM, node, 22)]
    return targets


def _gateway():
    """Returns the address of the default gateway; None without one."""
    with contextlib.suppress(OSError, ValueError), open("/proc/net/route") as file:
        for line in file.readlines()[1:]:
            words = line.split()
            if len(words) > 2 and words[1] == "00000000":
                return socket.inet_ntoa(struct.pack("=I", int(words[2], 16)))
    return None


def open_ways(targets, seconds):
    """Tries all targets at once, and returns those that answer within `seconds`, as texts."""
    poll = select.poll()
    attempts = {}
    found = []
    try:
        for kind, address, port in targets:
            attempt = _begin(kind, address, port)
            if attempt:
                attempts[attempt.fileno()] = attempt, kind, f"{address} port {port}"
                poll.register(attempt, select.POLLIN if kind == socket.SOCK_DGRAM else select.POLLOUT)
        deadline = time.monotonic() + seconds
        waiting = set(attempts)
        while waiting:
            left = deadline - time.monotonic()
            # Also once the time is up: an answer may have come while this process didn't get to run.
            ready = poll.poll(max(0, left) * 1000)
            if left <= 0 and not ready:
                break
            for descriptor, _ in ready:
                poll.unregister(descriptor)
                waiting.discard(descriptor)
                attempt, kind, text = attempts[descriptor]
                if _has_answer(attempt, kind):
                    found.append(text + (" (UDP)" if kind == socket.SOCK_DGRAM else ""))
    finally:
        for attempt, _, _ in attempts.values():
            attempt.close()
    return found


def _begin(kind, address, port):
    """Starts an attempt; returns None if it fails at once."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    attempt = None
    try:
        attempt = socket.socket(family, kind | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        if attempt.connect_ex((address, port)) in (0, errno.EINPROGRESS):
            if kind == socket.SOCK_DGRAM:
                attempt.send(_QUESTION)
            return attempt
    except OSError:
        pass
    if attempt:
        attempt.close()
    return None


def _has_answer(attempt, kind):
    """Whether somebody has accepted the connection or answered the question. A refusal may be the policy's."""
    try:
        if kind == socket.SOCK_DGRAM:
            return bool(attempt.recv(512))
        return attempt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
    except OSError:
        return False
