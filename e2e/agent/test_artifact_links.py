"""Links to artifacts in the answers of `exec-agent serve`, opened as a browser does that shows a front end's page."""

from __future__ import annotations

import json
import re
import shlex
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from support.agent import Service
from support.scripted import MODEL, bash, calls, says, script, text_of

Serve = Callable[..., Service]

# The smallest PNG that is whole.
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
BROWSER = {
    "User-Agent": "Mozilla/5.0",
    "Accept": "image/avif,image/webp,*/*",
    "Referer": "http://front.example/",
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-Mode": "no-cors",
    "Sec-Fetch-Dest": "image",
}
KEY = "a-key-of-the-clients"
COMMAND = f"echo {PNG} | base64 -d > /artifacts/plot.png; echo '<script>' > '/artifacts/a page.html'"


def plot(service: Service, user: str, **more: Any) -> str:
    """The answer to a request for a plot, from the pieces of its stream."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}", "X-OpenWebUI-User-Id": user}
    body = {"model": MODEL, "stream": True, "messages": [{"role": "user", "content": "Plot."}]} | more
    request = urllib.request.Request(f"{service.url}/v1/chat/completions", json.dumps(body).encode(), headers)
    text = ""
    with urllib.request.urlopen(request, timeout=120) as answer:
        for line in answer:
            if line.startswith(b"data: {"):
                for choice in json.loads(line[6:])["choices"]:
                    text += choice["delta"].get("content") or ""
    return text


def fetch(url: str, method: str = "GET", **headers: str) -> tuple[int, Any, bytes]:
    request = urllib.request.Request(url, method=method, headers=BROWSER | headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers, answer.read()


@pytest.fixture
def service(serve: Serve) -> Service:
    return serve(script(calls(bash(COMMAND)), says("Here it is.")), AGENT_API_KEYS=KEY)


def test_a_plot_is_shown_in_a_page(service: Service, user: str) -> None:
    text = plot(service, user)
    links = dict(re.findall(r"^!?\[([^]]+)\]\(([^)]+)\)$", text, re.M))
    assert text.startswith("Here it is.\n\n") and set(links) == {"plot.png", "a page.html"}
    assert f"![plot.png]({service.url}/v1/artifacts/" in text and "![a page" not in text
    status, headers, content = fetch(links["plot.png"])
    assert (status, headers["Content-Type"]) == (200, "image/png") and content.startswith(b"\x89PNG")
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert headers["X-Content-Type-Options"] == "nosniff" and "sandbox" in headers["Content-Security-Policy"]
    status, headers, content = fetch(links["a page.html"])
    assert (status, headers["Content-Type"], content) == (200, "application/octet-stream", b"<script>\n")
    assert headers["Content-Disposition"].startswith("attachment")
    assert fetch(links["plot.png"], "HEAD")[0] == 200 and fetch(links["plot.png"], "POST")[0] == 403


def test_files_of_any_name_open(serve: Serve, user: str) -> None:
    names = ["a\nb.txt", "back\\slash.txt", "\x1b[31m.txt", "%41.txt", "a?b#c.txt", "日本.txt", "x" * 251 + ".txt"]
    files = "; ".join(f"printf %s {shlex.quote(name)} > {shlex.quote('/artifacts/' + name)}" for name in names)
    service = serve(script(calls(bash(files)), says("Here they are.")), AGENT_API_KEYS=KEY)
    links = re.findall(r"\]\((http[^)]+)\)", plot(service, user))
    assert len(links) == len(names)
    contents = []
    for link in links:
        status, headers, content = fetch(link)
        assert status == 200, link
        contents.append(content.decode())
        status, told, content = fetch(link, "HEAD")
        assert (status, told["Content-Length"], content) == (200, headers["Content-Length"], b"")
    assert sorted(contents) == sorted(names)


def test_a_link_opens_nothing_else(service: Service, user: str) -> None:
    link = re.search(r"\((http[^)]+plot.png[^)]+)\)", plot(service, user))[1]
    query = link.split("?")[1]
    for other in (
        link.replace("plot.png", "a%20page.html"),
        link.replace("expires=1", "expires=3"),
        link.replace(f"/{user}/", f"/{user}x/"),
        link.replace("/plot.png", "/../plot.png"),
        link[:-1],
        f"{service.url}/{user}/artifacts/plot.png?{query}",
        f"{service.url}/v1/models?{query}",
    ):
        assert fetch(other)[0] in (401, 403, 404), other
    assert fetch(link, Host="evil.example")[0] == 403
    assert fetch(link)[0] == 200


def test_the_model_gets_no_links_back(service: Service, user: str) -> None:
    text = plot(service, user)
    history = [
        {"role": "user", "content": "Plot."},
        {"role": "assistant", "content": text},
        {"role": "user", "content": "Thanks."},
    ]
    plot(service, user, messages=history)
    sent = [text_of(message) for message in service.model.bodies()[-1]["messages"]]
    assert not any("signature=" in text for text in sent) and "Here it is." in sent


def test_links_begin_with_the_public_address(serve: Serve, user: str) -> None:
    service = serve(
        script(calls(bash(COMMAND)), says("Done.")), "--public-url", "https://agent.example/x", AGENT_API_KEYS=KEY
    )
    assert "](https://agent.example/x/v1/artifacts/" in plot(service, user)


def test_links_can_be_turned_off(serve: Serve, user: str) -> None:
    service = serve(script(calls(bash(COMMAND)), says("Done.")), "--artifact-links", "none", AGENT_API_KEYS=KEY)
    assert plot(service, user) == "Done."
