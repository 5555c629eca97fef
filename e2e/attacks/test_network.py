"""With `--network none` no kind of packet gets out. Should one, it would go to this machine or nowhere."""

import secrets
import socket
import threading

import pytest

PROGRAM = """
import socket
def attempt(name, action):
    try:
        print(name, "reached", action())
    except OSError as error:
        print(name, "refused", error.strerror or error)
def tcp(host, port, family=socket.AF_INET):
    with socket.socket(family, socket.SOCK_STREAM) as s:
        s.settimeout(3)
        s.connect((host, port))
def udp(host, port, family=socket.AF_INET):
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        return s.sendto(b"out", (host, port))
def broadcast():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        return s.sendto(b"out", ("255.255.255.255", 9))
"""


@pytest.fixture(autouse=True)
def has_no_interface(client):
    """Should this ever fail, nothing below may send a thing."""
    assert client.bash("ls /sys/class/net")["stdout"] == "lo\n"


def tried(client, attempts: str) -> list[str]:
    lines = client.python(PROGRAM + attempts, timeout=60)["stdout"].splitlines()
    assert lines
    return lines


def addresses_of_this_machine() -> list[str]:
    """Those that a container might reach: the engine's own bridges among them."""
    with open("/proc/net/fib_trie", encoding="ascii") as file:
        lines = file.read().split("\n")
    local = {lines[i - 1].split()[-1] for i, line in enumerate(lines) if "/32 host LOCAL" in line}
    return sorted(address for address in local if not address.startswith("127."))


@pytest.fixture(scope="module")
def listener():
    """A port of this machine, on all of its addresses, that notices whoever comes."""
    visits = []
    with socket.create_server(("0.0.0.0", 0)) as server:

        def accept():
            while True:
                try:
                    connection, address = server.accept()
                except OSError:
                    return
                visits.append(address)
                connection.close()

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1], visits
        server.shutdown(socket.SHUT_RDWR)


def test_no_port_of_this_machine_is_reached(client, listener):
    port, visits = listener
    addresses = addresses_of_this_machine()
    assert addresses, "this machine has no address to try"
    attempts = "".join(
        f'attempt("{address}", lambda: tcp("{address}", {port}))\n' for address in [*addresses, "127.0.0.1"]
    )
    for line in tried(client, attempts):
        assert " refused " in line
    assert visits == []


@pytest.mark.parametrize(
    "address",
    ["192.0.2.1", "169.254.169.254", "100.100.100.200", "10.0.0.1", "172.17.0.1", "224.0.0.1", "198.51.100.53"],
)
def test_no_packet_finds_a_way(client, address):
    """There is no route, so that the kernel refuses before anything is sent: cloud metadata and name servers too."""
    attempts = f'attempt("tcp", lambda: tcp("{address}", 80))\nattempt("udp", lambda: udp("{address}", 53))'
    for line in tried(client, attempts):
        assert line.endswith("refused Network is unreachable"), line


def test_there_is_no_ipv6_either(client):
    attempts = "".join(
        f'attempt("{kind}", lambda: {kind}("{address}", 80, socket.AF_INET6))\n'
        for kind in ("tcp", "udp")
        for address in ("2001:db8::1", "fd00:ec2::254", "fe80::1", "ff02::1")
    )
    for line in tried(client, attempts):
        assert " refused " in line, line


def test_no_broadcast_leaves(client):
    assert tried(client, 'attempt("broadcast", broadcast)') == ["broadcast refused Network is unreachable"]


def test_no_name_is_resolved(client):
    outcome = client.python(
        """
import socket
for name in ("example.invalid", "metadata.google.internal", "host.docker.internal", "gateway.docker.internal"):
    try:
        print(socket.getaddrinfo(name, 80))
    except OSError:
        print("refused")
""",
        timeout=60,
    )
    assert outcome["stdout"] == "refused\n" * 4


def test_no_socket_of_the_host_is_within_reach(client):
    """Abstract names belong to the network's namespace, which is the sandbox's own."""
    # The sandbox's helpers have pairs of sockets without names. The one with a name is its own, for `py`.
    assert client.bash("awk 'NR > 1 && NF > 7 {print $8}' /proc/net/unix | sort -u")["stdout"] == "@exec-mcp-py\n"
    assert client.bash("find / -xdev -type s 2> /dev/null")["stdout"] == ""
    name = f"exec-mcp-test-{secrets.token_hex(4)}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0{name}")
        server.listen()
        attempt = f'attempt("abstract", lambda: socket.socket(socket.AF_UNIX).connect("\\0{name}"))'
        assert tried(client, attempt) == ["abstract refused Connection refused"]


def test_no_address_or_route_can_be_added(client):
    for command in ("ip link add dummy0 type dummy", "ip addr add 10.9.9.9/8 dev lo", "ip route add default dev lo"):
        assert client.bash(command)["exit_code"] != 0
    assert len(client.bash("cat /proc/net/route")["stdout"].splitlines()) == 1
