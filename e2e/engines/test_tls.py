"""A docker engine behind TLS: what works with the right certificates, and what is said of the wrong ones.

`remote-engine.sh` starts it and makes the certificates; `run.sh` says where they are.
"""

import contextlib
import json
import os
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from socket import create_server

import pytest
from support import engine
from support.stdio_client import server_binary, text_of

HOST = os.environ.get("REMOTE_TLS_HOST", "")
pytestmark = pytest.mark.skipif(not HOST, reason="e2e/engines/run.sh starts the engine that this is about")
PLACE = Path(os.environ.get("REMOTE_CERTIFICATES", "/nonexistent"))


def variables(certificates: str, host: str = HOST) -> dict[str, str]:
    return {"DOCKER_HOST": host, "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(PLACE / certificates)}


def there(*arguments: str) -> str:
    """What the engine says to somebody on its own machine."""
    command = ["docker", "--host", os.environ["REMOTE_ENGINE"], *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def containers(user: str) -> list[str]:
    return there("ps", "--all", "--quiet", "--filter", f"label={engine.LABEL_PREFIX}user={user}").split()


def engine_check(env: dict[str, str]) -> dict[str, str]:
    """What doctor says of the engine."""
    done = subprocess.run(
        [server_binary(), "doctor", "--json"],
        env={**os.environ, **env}, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    return checks["engine"]


@pytest.fixture(params=["variables", "context"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Two ways to name the engine."""
    if request.param == "variables":
        return variables("good")
    files = ",".join(f"{name}={PLACE / 'good' / name}.pem" for name in ("ca", "cert", "key"))
    env = {"DOCKER_CONFIG": str(tmp_path)}
    subprocess.run(
        ["docker", "context", "create", "far", "--docker", f"host={HOST},{files}"],
        env={**os.environ, **env}, capture_output=True, check=True,
    )  # fmt: skip
    return {**env, "DOCKER_CONTEXT": "far"}


def test_a_session_and_its_end(start_server, fresh_user, address):
    server = start_server("--user", fresh_user, "--workspace", "ephemeral", env=address)
    assert server.bash("echo $((6 * 7)); ls /skills")["stdout"].startswith("42\n")
    text = "line\n" * 200_000
    assert not server.call_tool("write_file", file_path="/workspace/text", content=text).get("isError")
    assert server.bash("wc -c < text")["stdout"] == "1000000\n"
    assert len(containers(fresh_user)) == 1
    server.kill9()
    assert engine.poll(lambda: not containers(fresh_user)) is not None


def test_doctor_says_that_the_engine_is_elsewhere(address):
    check = engine_check(address)
    assert check["status"] == "passed"
    assert "not on this machine (" in check["found"]


def explained(start_server, fresh_user, env: dict[str, str], reason: str) -> None:
    """The server's error and doctor both say what is wrong."""
    result = start_server("--user", fresh_user, "--no-build", env=env).call_tool("execute_bash", command="true")
    assert result["isError"] is True
    check = engine_check(env)
    assert check["status"] == "failed"
    for said in (text_of(result), f"{check['found']} {check['remedy']}"):
        assert "don't trust each other's certificates" in said
        assert "DOCKER_CERT_PATH" in said
        assert reason in said


@pytest.mark.parametrize(
    ("certificates", "reason"),
    [
        ("wrong-authority", "certificate signed by unknown authority"),
        ("outdated", "certificate"),
        ("without-client", "certificate"),
        ("nowhere", "no such file or directory"),
    ],
)
def test_certificates_that_do_not_fit_are_explained(start_server, fresh_user, certificates, reason):
    explained(start_server, fresh_user, variables(certificates), reason)


def test_a_client_without_tls_is_told_of_it(start_server, fresh_user):
    explained(start_server, fresh_user, {"DOCKER_HOST": HOST}, "HTTPS")


@contextlib.contextmanager
def outdated_server() -> Iterator[str]:
    """An engine as far as its certificate, which has expired."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PLACE / "outdated-server.pem", PLACE / "outdated-server.key")
    with create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as secure:
                    secure.recv(1)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        # Wakes the thread up, which a mere close would not.
        listener.shutdown(2)
        thread.join(30)


def test_a_certificate_of_the_engine_that_has_expired_is_explained(start_server, fresh_user):
    with outdated_server() as host:
        explained(start_server, fresh_user, variables("good", host), "certificate has expired")
