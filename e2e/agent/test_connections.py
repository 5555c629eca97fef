"""How exec-agent connects to a model: which certificates it trusts, through which proxies, over HTTP/2."""

from __future__ import annotations

import contextlib
import datetime
import gzip
import json
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import trustme
from support.agent import agent_binary, environment
from support.upstreams import HTTP2Upstream, Proxy, Upstream

Closable = TypeVar("Closable", Upstream, HTTP2Upstream, Proxy)
PROXY_VARIABLES = {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}


@pytest.fixture
def closing() -> Iterator[Callable[[Closable], Closable]]:
    with contextlib.ExitStack() as stack:

        def close_later(server: Closable) -> Closable:
            stack.callback(server.close)
            return server

        yield close_later


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def authority_file(authority: trustme.CA, tmp_path: Path) -> str:
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    return str(tmp_path / "authority.pem")


def context(authority: trustme.CA, name: str = "127.0.0.1", **options: Any) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, **options).configure_cert(made)
    return made


def direct_environment(url: str, user: str, **variables: str) -> dict[str, str]:
    """What exec-agent is started with, without the proxies and certificates of this machine."""
    return {
        name: value
        for name, value in environment(url, user, **variables).items()
        if name in variables or (name.lower() not in PROXY_VARIABLES and not name.startswith("SSL_CERT"))
    }


def ask(url: str, user: str, task: str = "Hello?", **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs exec-agent on a task."""
    return subprocess.run(
        [agent_binary()],
        input=task,
        capture_output=True,
        text=True,
        timeout=120,
        env=direct_environment(url, user, **variables),
    )


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that is bound and not listened on: nobody else can come to be there."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


# Certificates


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "CURL_CA_BUNDLE"])
def test_trusts_the_authority_that_a_variable_names(
    variable: str, authority: trustme.CA, authority_file: str, user: str, closing: Any
) -> None:
    upstream = closing(Upstream(context=context(authority)))
    done = ask(upstream.url, user, **{variable: authority_file})
    assert (done.returncode, done.stdout) == (0, "Hello.\n"), done.stderr


def test_trusts_the_authorities_of_a_directory(
    authority: trustme.CA, authority_file: str, user: str, closing: Any
) -> None:
    directory = Path(authority_file).parent
    subprocess.run(["openssl", "rehash", directory], check=True)
    upstream = closing(Upstream(context=context(authority)))
    done = ask(upstream.url, user, SSL_CERT_DIR=str(directory))
    assert (done.returncode, done.stdout) == (0, "Hello.\n"), done.stderr


NOW = datetime.datetime.now(datetime.UTC)


@pytest.mark.parametrize(
    ("name", "options", "trusts"),
    [
        pytest.param("127.0.0.1", {}, False, id="of an authority that is unknown"),
        pytest.param("127.0.0.2", {}, True, id="of another address"),
        pytest.param("model.example", {}, True, id="of a name"),
        pytest.param("127.0.0.1", {"not_after": NOW - datetime.timedelta(hours=1)}, True, id="that is no longer valid"),
        pytest.param("127.0.0.1", {"not_before": NOW + datetime.timedelta(days=1)}, True, id="that is not yet valid"),
    ],
)
def test_trusts_no_certificate(
    name: str, options: Any, trusts: bool, authority: trustme.CA, authority_file: str, user: str, closing: Any
) -> None:
    upstream = closing(Upstream(context=context(authority, name, **options)))
    done = ask(upstream.url, user, OPENAI_API_KEY="sk-1", **({"SSL_CERT_FILE": authority_file} if trusts else {}))
    assert done.returncode == 1
    assert "TLS" in done.stderr and "SSL_CERT_FILE" in done.stderr and "sk-1" not in done.stderr
    assert not upstream.requests, "neither the key nor the task went there"


def test_says_which_file_of_authorities_cannot_be_read(authority: trustme.CA, user: str, closing: Any) -> None:
    upstream = closing(Upstream(context=context(authority)))
    done = ask(upstream.url, user, SSL_CERT_FILE="/nowhere/authority.pem")
    assert done.returncode == 1 and "/nowhere/authority.pem" in done.stderr


# HTTP/2


def test_speaks_http2_where_the_server_does(
    authority: trustme.CA, authority_file: str, user: str, closing: Any
) -> None:
    upstream = closing(HTTP2Upstream(context(authority)))
    task = "x" * 300_000
    done = ask(upstream.url, user, task, SSL_CERT_FILE=authority_file)
    assert (done.returncode, done.stdout) == (0, "Over HTTP/2.\n"), done.stderr
    assert upstream.protocols == ["h2"]
    assert [json.loads(body)["messages"][-1]["content"] for body in upstream.bodies] == [task]


# Proxies


@pytest.mark.parametrize("variable", ["http_proxy", "all_proxy", "ALL_PROXY"])
def test_asks_through_a_proxy(variable: str, user: str, closing: Any) -> None:
    proxy = closing(Proxy())
    done = ask("http://model.example/v1", user, **{variable: f"http://me:secret@127.0.0.1:{proxy.port}"})
    assert (done.returncode, done.stdout) == (0, "From the proxy.\n"), done.stderr
    (line, fields), *others = proxy.requests
    assert line == "POST http://model.example/v1/chat/completions HTTP/1.1" and not others
    assert fields["Proxy-Authorization"].startswith("Basic ")


@pytest.mark.parametrize("variable", ["https_proxy", "HTTPS_PROXY", "all_proxy"])
def test_makes_a_tunnel_through_a_proxy(
    variable: str, authority: trustme.CA, authority_file: str, user: str, closing: Any
) -> None:
    upstream = closing(Upstream(context=context(authority)))
    proxy = closing(Proxy())
    done = ask(
        upstream.url,
        user,
        SSL_CERT_FILE=authority_file,
        OPENAI_API_KEY="sk-1",
        **{variable: f"http://127.0.0.1:{proxy.port}"},
    )
    assert (done.returncode, done.stdout) == (0, "Hello.\n"), done.stderr
    (line, fields), *others = proxy.requests
    assert line == f"CONNECT 127.0.0.1:{upstream.port} HTTP/1.1" and not others
    assert "Authorization" not in fields, "the key is the model's alone"
    assert [fields["Authorization"] for _, fields in upstream.requests] == ["Bearer sk-1"]


@pytest.mark.parametrize("exception", ["127.0.0.1", "*", "model.example,127.0.0.1"])
@pytest.mark.parametrize("variable", ["no_proxy", "NO_PROXY"])
def test_asks_directly_whom_no_proxy_names(
    variable: str, exception: str, user: str, closing: Any, closed_port: int
) -> None:
    upstream = closing(Upstream())
    done = ask(upstream.url, user, http_proxy=f"http://127.0.0.1:{closed_port}", **{variable: exception})
    assert (done.returncode, done.stdout) == (0, "Hello.\n"), done.stderr


@pytest.mark.parametrize("refusal", [403, 407])
def test_says_that_a_proxy_refuses(refusal: int, user: str, closing: Any) -> None:
    proxy = closing(Proxy(refusal))
    done = ask("https://model.example/v1", user, https_proxy=f"http://me:secret@127.0.0.1:{proxy.port}")
    assert done.returncode == 1
    assert "proxy" in done.stderr and str(refusal) in done.stderr and "https_proxy" in done.stderr
    assert "secret" not in done.stderr
    assert len({line for line, _ in proxy.requests}) == 1


def test_says_that_a_proxy_is_unknown(user: str) -> None:
    # No resolver is asked for a name with a label of this length.
    done = ask("https://model.example/v1", user, https_proxy=f"http://{'x' * 64}.invalid:3128")
    assert done.returncode == 1
    assert "proxy" in done.stderr and "https_proxy" in done.stderr


def test_says_that_a_proxy_takes_no_connection(user: str, closed_port: int) -> None:
    variables = direct_environment("https://model.example/v1", user, https_proxy=f"http://127.0.0.1:{closed_port}")
    with subprocess.Popen([agent_binary(), "Hello?"], stderr=subprocess.PIPE, text=True, env=variables) as run:
        # It asks again for some time.
        assert "the proxy failed" in run.stderr.readline()
        run.terminate()


@pytest.mark.parametrize("variable", ["http_proxy", "all_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_names_the_variable_of_a_dead_proxy_before_a_local_model(
    variable: str, host: str, user: str, closing: Any, closed_port: int
) -> None:
    upstream = closing(Upstream())
    dead = closed_port
    url = f"http://{host}:{upstream.port}/v1"
    variables = direct_environment(url, user, **{variable: f"http://me:secret@127.0.0.1:{dead}"})
    with subprocess.Popen([agent_binary(), "Hello?"], stderr=subprocess.PIPE, text=True, env=variables) as run:
        # It asks again for some time.
        line = run.stderr.readline()
        run.terminate()
    assert f"{variable}, http://127.0.0.1:{dead}" in line and "secret" not in line


# What else may be wrong


def test_says_that_a_host_is_unknown(user: str) -> None:
    done = ask(f"http://{'x' * 64}.invalid/v1", user)
    assert done.returncode == 1 and "Unknown host" in done.stderr


def test_reads_an_answer_that_is_compressed_unasked(user: str, closing: Any) -> None:
    upstream = closing(Upstream(fields={"Content-Encoding": "gzip"}, encode=gzip.compress))
    done = ask(upstream.url, user)
    assert (done.returncode, done.stdout) == (0, "Hello.\n"), done.stderr


def test_a_port_in_no_proxy_goes_past_the_proxy(user: str, closing: Any) -> None:
    upstream = closing(Upstream())
    port = int(upstream.url.split(":")[2].split("/")[0])
    for exception, is_direct in [(f"127.0.0.1:{port}", True), (f"127.0.0.1:{port + 1}", False)]:
        proxy = closing(Proxy())
        done = ask(upstream.url, user, http_proxy=f"http://127.0.0.1:{proxy.port}", no_proxy=exception)
        assert done.returncode == 0, done.stderr
        assert (not proxy.requests) == is_direct
