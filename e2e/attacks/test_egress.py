"""With `--allow-host` a sandbox reaches just these hosts, by their names and ports, and nothing else."""

import json
import socket
import threading

import pytest
from support.host_processes import resident_bytes
from support.outside import ADDRESS, DEAF, ECHO, ENDLESS, HTTP, HTTPS, NAME, OWN_ADDRESS, outside
from support.stdio_client import StdioClient

PORTS = (HTTP, HTTPS, ECHO, ENDLESS, DEAF)
ALLOWED = ",".join(f"{NAME}:{port}" for port in PORTS)

# Says something to the proxy, byte for byte, and prints its whole answer.
ASK = """
import socket, sys
def ask(request):
    with socket.create_connection(("127.0.0.1", 3128), 60) as s:
        s.sendall(request)
        s.shutdown(socket.SHUT_WR)
        answer = b""
        while data := s.recv(65536):
            answer += data
    return answer
def tunnel(place):
    s = socket.create_connection(("127.0.0.1", 3128), 60)
    s.sendall(b"CONNECT " + place + b" HTTP/1.1\\r\\n\\r\\n")
    head = b""
    while not head.endswith(b"\\r\\n\\r\\n"):
        head += s.recv(1)
    assert b" 200 " in head, head
    return s
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with outside(tmp_path_factory.mktemp("outside")) as world:
        yield world


@pytest.fixture
def start(world, start_server):
    """Starts a server that may reach `hosts`, in a world where `names` mean what they say."""

    def start(hosts=ALLOWED, names=None, *arguments, **options):
        return start_server("--allow-host", hosts, *arguments, command=world.server_command(names), **options)

    return start


@pytest.fixture(scope="module")
def shared(world, user):
    arguments = ["--user", user, "--allow-host", ALLOWED]
    with StdioClient(arguments, command=world.server_command()) as client:
        client.initialize()
        yield client


def asked(client, request: bytes) -> str:
    """What the proxy answers to a request."""
    done = client.python(ASK + f"print(ask({request!r}).decode('utf-8', 'replace'))", timeout=90)
    assert done["exit_code"] == 0, done
    return done["stdout"]


def connect(place: str | bytes) -> bytes:
    return b"CONNECT " + (place.encode() if isinstance(place, str) else place) + b" HTTP/1.1\r\n\r\n"


# What works


def test_https_reaches_an_allowed_host_and_is_not_opened(start, world):
    client = start()
    client.call_tool("write_file", file_path="authority.pem", content=world.authority)
    program = f"import requests; print(requests.get('https://{NAME}/hello', verify='authority.pem').text)"
    assert client.python(program)["stdout"] == "hello from outside\n"


def test_http_reaches_an_allowed_host(start, world):
    client = start()
    program = f"""
import requests, urllib.request
print(requests.get('http://{NAME}/one?two=3').text)
print(urllib.request.urlopen('http://{NAME}/urllib').read().decode())
with requests.Session() as session:
    for _ in range(3):
        print(session.get('http://{NAME}/again').text)
"""
    done = client.python(program)
    assert done["stdout"] == "hello from outside\n" * 5, done
    assert world.count(f"get /one?two=3 {NAME} None") == 1


def test_megabytes_go_both_ways_unchanged(start):
    client = start()
    program = f"""
import hashlib, os, requests
got = requests.get('http://{NAME}/bytes/67108864').content
assert got == bytes(range(256)) * 262144, len(got)
sent = os.urandom(8 << 20)
assert requests.post('http://{NAME}/echo', data=sent).content == sent
{ASK}
import threading
with tunnel(b"{NAME}:{ECHO}") as s:
    def send():
        s.sendall(sent)
        s.shutdown(socket.SHUT_WR)
    sender = threading.Thread(target=send)
    sender.start()
    back = bytearray()
    while data := s.recv(1 << 20):
        back += data
    sender.join()
assert back == sent, len(back)
print("whole")
"""
    assert client.python(program, timeout=120) == {"exit_code": 0, "stdout": "whole\n", "stderr": ""}


def test_more_clients_than_there_are_connections_all_have_their_turn(start):
    client = start()
    program = f"""
import concurrent.futures, requests
def get(number):
    return len(requests.get('http://{NAME}/bytes/262144').content)
with concurrent.futures.ThreadPoolExecutor(150) as pool:
    print(set(pool.map(get, range(300))))
"""
    done = client.python(program, timeout=120)
    assert done["stdout"] == "{262144}\n", done


def test_letters_of_ascii_are_the_same_in_both_cases(start):
    assert " 200 " in asked(start(), connect(f"{NAME.upper()}:{ECHO}"))


# What is refused


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(f"{NAME}:22", id="another port"),
        pytest.param(f"other.{NAME}:443", id="a name below it"),
        pytest.param(f"{NAME}.:443", id="a final dot"),
        pytest.param(f"{NAME}..:443", id="two final dots"),
        pytest.param(f".{NAME}:443", id="a leading dot"),
        pytest.param(f"{NAME}\0.evil.example:443", id="NUL after it"),
        pytest.param(f"evil.example\0{NAME}:443", id="NUL before it"),
        pytest.param(f"{NAME}%00:443", id="NUL encoded"),
        pytest.param(f"{NAME}%2eevil.example:443", id="a dot encoded"),
        pytest.param(f"{NAME}\t:443", id="a tab"),
        pytest.param(f"{NAME}:443@evil.example:443", id="as user information"),
        pytest.param(f"evil.example@{NAME}:443", id="user information before it"),
        pytest.param(f"{NAME}:0443", id="a port with a nought in front"),
        pytest.param(f"{NAME}:65979", id="a port that overflows to the allowed one"),
        pytest.param(f"{NAME}:443:22", id="two ports"),
        pytest.param(f"{NAME}", id="no port"),
        pytest.param(f"{NAME}:", id="an empty port"),
        pytest.param(f"{NAME}:٤٤٣", id="digits of another alphabet"),
        pytest.param(NAME.replace("k", "\u212a").replace("f", "\uff46") + ":443", id="letters that fold to ASCII"),
        pytest.param(NAME.replace(".", "\u3002") + ":443", id="dots of another alphabet"),
        pytest.param(f"{ADDRESS}:443", id="its address"),
        pytest.param("3223307274:443", id="its address as one number"),
        pytest.param("0xc01fc40a:443", id="its address in hexadecimal"),
        pytest.param(f"[::ffff:{ADDRESS}]:443", id="its address in version 6"),
        pytest.param("127.0.0.1:80", id="the loopback"),
        pytest.param("localhost:80", id="localhost"),
        pytest.param("169.254.169.254:80", id="the metadata address"),
        pytest.param("a" * 300 + ":443", id="a name too long"),
    ],
)
def test_what_is_not_exactly_an_allowed_place_is_refused(world, shared, place):
    before = world.visits()
    answer = asked(shared, connect(place))
    assert answer.startswith(("HTTP/1.1 403 Not an allowed host\r\n", "HTTP/1.1 400 Bad Request\r\n")), answer
    assert world.visits() == before


def test_a_refusal_says_what_can_be_reached(shared):
    answer = asked(shared, connect("evil.example:443"))
    assert f"evil.example:443 is not reachable from this sandbox; allowed: {NAME}:80, {NAME}:443" in answer


def test_the_requests_own_host_field_counts_for_nothing(shared, world):
    answer = asked(shared, f"GET http://evil.example/ HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode())
    assert answer.startswith("HTTP/1.1 403 ")
    answer = asked(shared, f"GET http://{NAME}/mine HTTP/1.1\r\nHost: evil.example\r\n\r\n".encode())
    assert answer.startswith("HTTP/1.1 200 ")
    assert world.count(f"get /mine {NAME} None") == 1


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET https://files.egress.example/ HTTP/1.1\r\n\r\n",
        b"GET ftp://files.egress.example/ HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"CONNECT\r\n\r\n",
        b"\r\n\r\n",
        b"CONNECT a:1 HTTP/2.0\r\n\r\n",
        b"GET http://" + b"a" * 40000,
        bytes(range(256)) * 200 + b"\r\n\r\n",
    ],
    ids=["for a server", "https, no tunnel", "ftp", "TLS", "no place", "nothing", "HTTP/2", "long", "garbage"],
)
def test_what_is_no_request_for_a_proxy_is_answered_and_harms_nothing(shared, request_bytes):
    answer = asked(shared, request_bytes)
    assert answer.startswith("HTTP/1.1 400 "), answer
    assert shared.bash("echo fine")["stdout"] == "fine\n"


CLOSED = {
    "loopback": "127.0.0.1",
    "other-loopback": "127.9.8.7",
    "unspecified": "0.0.0.0",
    "private-10": "10.1.2.3",
    "private-172": "172.17.0.1",
    "private-192": "192.168.0.1",
    "link-local": "169.254.1.1",
    "metadata": "169.254.169.254",
    "shared": "100.64.0.1",
    "group": "224.0.0.1",
    "broadcast": "255.255.255.255",
    "loopback-6": "::1",
    "mapped": "::ffff:127.0.0.1",
    "local-6": "fd00::1",
    "link-6": "fe80::1",
    "metadata-6": "fd00:ec2::254",
    "own": OWN_ADDRESS,
}


def test_a_name_that_leads_to_a_closed_address_is_refused_before_a_packet_leaves(start):
    names = {f"{kind}.egress.example": [address] for kind, address in CLOSED.items()}
    visits = []
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as listener:

        def accept():
            while True:
                try:
                    visits.append(listener.accept())
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        port = listener.getsockname()[1]
        with socket.create_connection((OWN_ADDRESS, port)):
            pass  # the listener would notice whoever comes
        client = start(",".join(f"{name}:{port}" for name in names), names)
        requests = [connect(f"{name}:{port}") for name in names]
        program = ASK + f"import json; print(json.dumps([ask(r).decode() for r in {requests!r}]))"
        answers = json.loads(client.python(program, timeout=60)["stdout"])
        assert len(answers) == len(CLOSED)
        for name, answer in zip(names, answers, strict=True):
            assert answer.startswith("HTTP/1.1 403 ") and f"{name} has no public address" in answer, answer
        assert len(visits) == 1
        listener.close()


@pytest.mark.parametrize("lends_itself", [False, True])
def test_an_address_that_is_routed_to_this_machine_is_its_own(start_server, world, lends_itself):
    """Most of these no interface has. A machine may lend itself to any address: that makes none its own."""
    own = {"whole": "198.41.9.7", "single": "198.41.8.1", "sixth": "2606:4700:9::7", "lent": "198.41.7.3",
           "sourced": "198.41.5.3", "sourced-sixth": "2606:4700:5::7", "translating": "64:ff9b::c629:601"}  # fmt: skip
    names = {f"{kind}.egress.example": [address] for kind, address in own.items()}
    foreign = "foreign.egress.example"
    routes = [
        "ip route add local 198.41.9.0/24 dev lo", "ip route add local 198.41.8.1 dev lo",
        "ip -6 route add local 2606:4700:9::/64 dev lo", "ip route add local 198.41.7.0/24 dev lo src 127.0.0.1",
        # What is sent there comes from an address that is neither the one nor the loopback's.
        "ip addr add 10.9.9.9/32 dev lo", "ip route add local 198.41.5.0/24 dev lo src 10.9.9.9",
        "ip -6 addr add fd00:9::9/128 dev lo nodad", "ip -6 route add local 2606:4700:5::/64 dev lo src fd00:9::9",
        # It means the foreign one where there is a translator, and the machine itself where it has it.
        "ip -6 addr add 64:ff9b::c629:601/128 dev lo nodad",
    ]  # fmt: skip
    if lends_itself:
        routes += [f"sysctl -qw net.ipv{version}.ip_nonlocal_bind=1" for version in (4, 6)]
    command = world.server_command({**names, foreign: ["198.41.6.1"]}, " && ".join(routes))
    places = [f"{name}:{HTTP}" for name in (*names, foreign)]
    client = start_server("--allow-host", ",".join(places), command=command)
    for place in places[:-1]:
        answer = asked(client, connect(place))
        assert answer.startswith("HTTP/1.1 403 ") and "has no public address" in answer, (place, answer)
    assert asked(client, connect(places[-1])).startswith("HTTP/1.1 502 ")


def test_of_several_addresses_only_the_public_ones_are_tried(start):
    name = "mixed.egress.example"
    client = start(f"{name}:{ECHO}", {name: ["127.0.0.1", "10.0.0.1", ADDRESS]})
    assert " 200 " in asked(client, connect(f"{name}:{ECHO}"))


def test_a_host_that_is_not_there_is_told_apart_from_one_that_is_not_allowed(start):
    client = start(f"gone.egress.example:443,{NAME}:9")
    assert "HTTP/1.1 502 " in asked(client, connect("gone.egress.example:443"))
    answer = asked(client, connect(f"{NAME}:9"))
    assert "HTTP/1.1 502 " in answer and "Connection refused" in answer


def test_there_is_no_other_way_out(shared):
    program = f"""
import os, socket
print(os.listdir("/sys/class/net"))
for attempt in (
    lambda: socket.create_connection(("{ADDRESS}", {HTTP}), 3),
    lambda: socket.getaddrinfo("{NAME}", {HTTP}),
    lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"out", ("{ADDRESS}", 53)),
):
    try:
        print("reached", attempt())
    except OSError as error:
        print("refused")
"""
    assert shared.python(program)["stdout"] == "['lo']\nrefused\nrefused\nrefused\n"


# What is bounded, and how it ends


def test_a_client_that_does_not_read_holds_nobody_up_and_costs_no_memory(start, world):
    client = start()
    client.bash("true")
    before = resident_bytes(client.process.pid)
    program = f"""{ASK}
import time
held = [tunnel(b"{NAME}:{ENDLESS}") for _ in range(40)]
held += [tunnel(b"{NAME}:{DEAF}") for _ in range(10)]
for s in held[40:]:
    s.setblocking(False)
    try:
        while True:
            s.send(b"x" * 65536)
    except BlockingIOError:
        pass
print("holding", flush=True)
open("holding", "w").close()
time.sleep(600)
"""
    held = client.start_tool("execute_bash", command=f"python3 -c '{program}'", timeout=300)
    assert client.bash("until [ -e holding ]; do sleep 0.1; done; echo seen", timeout=120)["stdout"] == "seen\n"
    for _ in range(20):
        assert client.bash("echo quick")["stdout"] == "quick\n"
    assert " 200 " in asked(client, connect(f"{NAME}:{ECHO}"))
    assert resident_bytes(client.process.pid) - before < 20 << 20
    client.notify("notifications/cancelled", {"requestId": held.id})
    world.wait_for(f"close {ENDLESS}", 40)
    world.wait_for(f"close {DEAF}", 10)


@pytest.mark.parametrize("ending", ["timeout", "kill", "close"])
def test_connections_end_with_what_opened_them(start, world, ending):
    opened, closed = world.count(f"open {ECHO}"), world.count(f"close {ECHO}")
    client = start()
    program = f'{ASK}\nimport time\ns = tunnel(b"{NAME}:{ECHO}")\ntime.sleep(600)\n'
    client.start_tool("execute_bash", command=f"python3 -c '{program}'", timeout=10 if ending == "timeout" else 300)
    world.wait_for(f"open {ECHO}", opened + 1)
    if ending == "kill":
        client.process.kill()
    elif ending == "close":
        client.close()
    world.wait_for(f"close {ECHO}", closed + 1)


# What is said of it


def test_the_prompt_says_what_can_be_reached(shared):
    text = shared.request("prompts/get", {"name": "agent_system_prompt"})["messages"][0]["content"]["text"]
    assert f"The only hosts that can be reached are `{NAME}:80`, `{NAME}:443`" in text
    assert "There is no network." not in text


def test_connections_and_refusals_are_logged(start):
    client = start()
    asked(client, connect(f"{NAME}:{ECHO}"))
    asked(client, connect("evil.example\x1b[31m:443"))
    client.close()
    assert f"connected to {NAME}:{ECHO} ({ADDRESS})" in client.stderr
    assert "was refused a connection: evil.example\ufffd[31m:443 is not reachable" in client.stderr
