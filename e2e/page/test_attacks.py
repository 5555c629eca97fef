"""What models, tools, files and servers say is shown, never obeyed: nothing runs, no other host is asked."""

from __future__ import annotations

from collections.abc import Callable

from page.conftest import Canary
from page.mock_server import PAGE_POLICY, Mock
from page.samples import ended, finished, started, stream, text
from page.sinks import Sinks, stealing
from playwright.sync_api import BrowserContext, Page, expect

Visit = Callable[..., Page]


def vectors(host: str) -> list[str]:
    """Texts that have harmed pages of other agents."""
    call = "alert(1)"
    return [
        f"<script>{call}</script>",
        f"<img src=x onerror={call}>",
        f"<svg onload={call}>",
        f"<iframe src='javascript:{call}'>",
        f'"><img src=x onerror={call}>',
        f"<a href='javascript:{call}'>x</a>",
        f"[x](javascript:{call})",
        f"[x](JaVaScRiPt:{call})",
        f"[x](data:text/html,<script>{call}</script>)",
        "[x](vbscript:x)",
        f"[x](  javascript:{call})",
        f"[x](&#106;avascript:{call})",
        f"![x](http://{host}/md)",
        f"![x][r]\n\n[r]: http://{host}/ref",
        f"<img src='http://{host}/img'>",
        f"![x](//{host}/scheme)",
        f"<link rel=stylesheet href=http://{host}/css>",
        f"<style>@import 'http://{host}/import'</style>",
        f"<base href=http://{host}/>",
        f"<meta http-equiv=refresh content='0;url=http://{host}/meta'>",
        f"<video src=http://{host}/video autoplay>",
        f"<object data=http://{host}/o>",
        f"<form action=http://{host}/form><input autofocus onfocus={call}>",
        f"<math><mi href='javascript:{call}'>x</mi></math>",
        "<template><script>x</script></template>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
        f"`<b onmouseover={call}>`",
        f"```html\n<script>{call}</script>\n```",
        f"```<img src=x onerror={call}>\nx\n```",
        f"$\\href{{javascript:{call}}}{{x}}$",
        f"$$\\text{{<img src=x onerror={call}>}}$$",
        f"| <img src=x onerror={call}> |\n|---|\n| [x](javascript:{call}) |",
        f"- [ ] <script>{call}</script>",
        f"> <svg/onload={call}>",
        f"# <img src=x onerror={call}>",
        f"<http://{host}/auto>",
        f"http://{host}/bare",
        f"[http://good.example](http://{host}/other)",
        f"[x](http://user:pass@{host}/)",
        f"<x:script xmlns:x='http://www.w3.org/1999/xhtml'>{call}</x:script>",
        "\u202egnp.exe\u202c \u200b \x00 \x1b]8;;http://x\x07",
        f"sandbox:/artifacts/../../{host}",
        "[x](sandbox:/artifacts/a.png)",
        "![x](file:///etc/passwd)",
        "![x](blob:null/1)",
        "{{constructor.constructor('alert(1)')()}}",
        "__proto__",
        "x.constructor",
        "$\\constructor$ $\\toString{x}$ &toString; &valueOf;",
        "```constructor\nx\n```",
        "${alert(1)}",
        "<!--",
        "]]>",
        "<![CDATA[",
        "%3Cscript%3E",
    ]


def still(page: Page) -> None:
    """Waits until the page has done what it was going to do."""
    page.evaluate("new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 300)))")
    foreign = page.evaluate(
        """() => [...document.querySelectorAll('main *, aside *, nav *, dialog *')].filter((one) =>
      /^(script|link|style|object|embed|form|base|meta|video|audio|template|noscript)$/i.test(one.localName)
          && !one.closest('#composer, .question, .sheet form')
        || [...one.attributes].some((two) => /^on/i.test(two.name)
          || /^\\s*(javascript|data|vbscript):/i.test(two.value)))
          .map((one) => one.outerHTML)"""
    )
    assert not foreign, foreign


def test_no_text_of_a_turn_is_obeyed(mock: Mock, visit: Visit, sinks: Sinks) -> None:
    for vector in vectors(sinks.host):
        events = [
            text(vector),
            text("\n\n" + vector),
            started(vector, vector, vector, **{"command": vector, vector: vector}),
            ended(
                vector,
                vector,
                text=stream(vector),
                stdout=stream(vector),
                stderr=stream(vector),
                output_path=vector,
                artifacts=[{"name": vector, "size": 1, "type": vector, "change": "new"}],
                calls=[{"server": vector, "tool": vector, "seconds": 1, "ok": True}],
            ),
            started("write_file", "w", file_path=vector, content=vector),
            ended("write_file", "w", text=vector),
            {"type": "retrying", "reason": vector, "seconds": 1},
            {"type": "notice", "message": vector},
            finished("failed", error={"message": vector}),
        ]
        mock.converse(
            vector, {"text": vector, "attachments": [{"name": vector, "path": vector, "size": 1}], "events": events}
        )
    mock.artifacts = {vector: b"x" for vector in vectors(sinks.host) if "\x00" not in vector}
    page = visit()
    for name in list(mock.conversations):
        page.evaluate("(name) => { location.hash = `#/c/${name}`; }", name)
        expect(page.locator("details.card")).to_have_count(2)
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    still(page)


def test_no_answer_of_the_server_is_obeyed(mock: Mock, visit: Visit, sinks: Sinks) -> None:
    page = None
    for vector in vectors(sinks.host)[:12]:
        mock.status.update(
            model=vector, version=vector, user={"name": vector, "is_bound": False}, examples=[vector], operator=True
        )
        mock.status["servers"] = [{"name": vector, "state": "failed", "tools": 1, "error": vector}]
        mock.sandboxes = [{"user": vector, "state": vector}]
        mock.files = {f"/workspace/{vector.replace('/', '_')}": b"x"}
        mock.refuse["POST /ui/runs"] = (500, {"message": vector}, {})
        page = page or visit()
        page.reload()
        page.get_by_role("tab", name="Workspace").click()
        page.get_by_label("Message to the agent").fill(vector)
        page.keyboard.press("Enter")
        expect(page.locator("#banner")).not_to_have_text("")
        page.locator("#system-button").click()
        page.get_by_role("heading", name="All sandboxes").wait_for()
        still(page)


def test_no_question_is_obeyed(mock: Mock, visit: Visit, sinks: Sinks) -> None:
    page = visit()
    page.get_by_label("Message to the agent").fill("Go")
    page.keyboard.press("Enter")
    run = mock.last_run()
    for number, vector in enumerate(vectors(sinks.host)):
        schema = {
            "properties": {
                vector: {"type": "string", "title": vector, "description": vector, "default": vector},
                "c": {"enum": [vector]},
            }
        }
        question = {"type": "question", "id": f"q{number}", "server": vector, "call_id": "c", "message": vector}
        approval = {"server": vector, "tool": vector, "arguments": [{vector: vector}], "reason": vector, "rule": vector}
        decision = {"properties": {"decision": {"enum": ["once", vector]}}}
        forms = [
            {"mode": "form", "schema": schema},
            {"mode": "url", "url": vector},
            {"mode": "form", "schema": decision, "approval": approval},
        ]
        run.add({**question, **forms[number % 3]})
        expect(page.locator("#question .question")).to_be_visible()
        still(page)
        run.add({"type": "question_closed", "id": f"q{number}", "outcome": "withdrawn"})
        expect(page.locator("#question .question")).to_have_count(0)


def test_a_link_whose_text_is_another_address_shows_where_it_leads(mock: Mock, visit: Visit) -> None:
    links = {
        "[https://good.example/bad.example](https://bad.example/)": "(bad.example)",
        "[www.good.example](https://bad.example/)": "(bad.example)",
        "[https://good.example](mailto:ann@bad.example)": "(ann@bad.example)",
        "[https://good.example/a b](https://good.example/)": "",
        "[www.good.example](https://www.good.example/)": "",
    }
    page = visit(f"#/c/{mock.converse('x', {'text': 'x', 'events': [text(chr(10) * 2 + one) for one in links]})}")
    shown = page.get_by_role("article", name="Agent").get_by_role("link")
    expect(shown).to_have_count(len(links))
    for place, host in enumerate(links.values()):
        assert "".join(shown.nth(place).locator(".host").all_text_contents()).strip() == host


def test_a_static_preview_reaches_nobody(mock: Mock, visit: Visit, sinks: Sinks, canary: Canary) -> None:
    mock.artifacts = {
        "steal.html": stealing(sinks).encode(),
        "steal.svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script><image href="http://%s/x"/></svg>'
        % sinks.host.encode(),
    }
    page = visit()
    page.get_by_role("tabpanel", name="Artifacts").get_by_role("button", name="steal.html").first.click()
    expect(page.frame_locator("iframe").get_by_text("here")).to_be_visible()
    page.wait_for_timeout(1500)
    page.keyboard.press("Escape")
    page.get_by_role("tabpanel", name="Artifacts").get_by_role("button", name="steal.svg").first.click()
    expect(page.get_by_role("dialog").get_by_role("img")).to_be_visible()
    still(page)
    # That the frame was refused what it wanted is told on the console; the page itself was refused nothing.
    canary.songs = [song for song in canary.songs if not song.startswith("console:") and "/ui/previews/" not in song]
    asked = [song for song in canary.songs if sinks.host in song]
    canary.songs = [song for song in canary.songs if song not in asked]
    assert not sinks.heard, sinks.heard


def test_the_policy_stops_what_the_page_would_never_do(mock: Mock, context: BrowserContext, sinks: Sinks) -> None:
    page = context.new_page()
    page.goto(mock.url)
    tried = page.evaluate(
        """async (host) => {
        const told = [];
        const attempt = async (name, go) => { try { await go(); told.push(name); } catch {} };
        await attempt('innerHTML', () => { document.createElement('p').innerHTML = '<b>x</b>'; });
        // What a test evaluates may evaluate too; what runs later may not.
        await new Promise((resolve) => setTimeout(() => { try { eval('1'); told.push('eval'); } catch {} resolve(); }));
        await attempt('policy', () => trustedTypes.createPolicy('default', {createHTML: (x) => x}));
        await attempt('script', () => { document.createElement('script').src = '/x.js'; });
        await attempt('fetch', () => fetch(`http://${host}/fetch`));
        await attempt('style', () => { const p = document.createElement('p'); p.setAttribute('style', 'color: red');
          document.body.append(p);
          if (getComputedStyle(p).color !== 'rgb(255, 0, 0)') throw 0; });
        return told; }""",
        sinks.host,
    )
    assert tried == []


def test_a_framed_page_shows_nothing(mock: Mock, context: BrowserContext) -> None:
    page = context.new_page()
    assert "frame-ancestors 'none'" in PAGE_POLICY
    page.set_content(f"<iframe src='{mock.url}'></iframe>")
    page.wait_for_timeout(500)
    assert page.frame_locator("iframe").locator("#composer").count() == 0
