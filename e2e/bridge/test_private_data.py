"""Private data: code computes on real values, and no value leaves the server, whichever way it is printed."""

from __future__ import annotations

import base64
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import private_server
from support.bridged import OPEN, bridged_server
from support.private_server import VALUES
from support.stdio_client import StdioClient, text_of

TOKEN = re.compile(r"<(?:email|phone|ssn|card|iban|ip)-[0-9a-f]{6,}(?:\.\d+)?>")
# What no message may hold: enough of each value to know it.
SECRETS = ["lovelace", "010-4477", "4539148803436467", "müller", "stra\\u00dfe", "3704 0044 0532", "10.20.30.40"]


def leaks(text: str) -> list[str]:
    return [one for one in SECRETS if one in text]


def entry(journal: Path, pii: Any) -> dict[str, Any]:
    arguments = [private_server.__file__, str(journal)]
    return {"command": sys.executable, "args": arguments, "exec-mcp": OPEN | {"pii": pii}}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("private")


@pytest.fixture(scope="module", params=["found", "all"])
def client(request: pytest.FixtureRequest, user: str, directory: Path) -> Iterator[StdioClient]:
    """A server whose client has seen no value, ever: looked at when all tests are done."""
    place = directory / request.param
    place.mkdir()
    servers = {"people": entry(place / "sent", pii=True)}
    options = ["--pii", request.param, "--workspace", "ephemeral", "--output-limit", "4096"]
    with bridged_server(user, place, servers, *options) as client:
        yield client
        received = [line.raw.decode() for line in client.journal if line.direction == "server"]
    assert leaks("\n".join(received)) == []
    assert leaks((place / "audit.log").read_text()) == []


def test_values_leave_as_tokens_however_they_are_printed(client):
    done = client.python("""
import base64, html, json, sys, urllib.parse
from servers import people
found = people.people()["people"]
mail, phone = found[0]["email"], found[0]["phone"]
assert mail.startswith("ada."), mail
print(mail, phone, found[0]["card"], found[1])
print(json.dumps(found), json.dumps(json.dumps(found)), repr(found))
print(urllib.parse.quote(mail), urllib.parse.quote_plus(phone), html.escape(mail))
print(phone.replace("(", "").replace(") ", "-"), str(found[0]["card"])[:4], "-".join(["4539", "1488", "0343", "6467"]))
print(people.report(), file=sys.stderr)
""")
    assert done["exit_code"] == 0, done["stderr"]
    shown = done["stdout"] + done["stderr"]
    assert leaks(shown) == []
    assert len(TOKEN.findall(shown)) > 15


def test_what_an_agent_writes_back_is_byte_for_byte_the_same(client):
    client.python("""
from servers import people
text = people.report() + "\\n<em" + "ail-3f9a2c> <i" + "p--abcdef> don't \\\\ ä\\n"
open("/workspace/report.txt", "w").write(text)
""")
    shown = text_of(client.call_tool("read_file", file_path="report.txt"))
    assert leaks(shown) == []
    client.call_tool("write_file", file_path="copy.txt", content=shown)
    again = client.bash(f"cat > again.txt <<'EOF'\n{shown}EOF\ncmp report.txt copy.txt && cmp report.txt again.txt")
    assert again["exit_code"] == 0, again


def test_a_token_in_a_command_is_the_value(client):
    token = TOKEN.search(
        client.python("from servers import people\nprint(people.people()['people'][0]['email'])")["stdout"]
    )
    assert token
    done = client.bash(f"printf %s '{token[0]}' | wc -c")
    assert done["stdout"].strip() == str(len(VALUES[0]))
    named = client.bash(f"echo x > '{token[0]}.txt'; ls")
    assert leaks(named["stdout"]) == []
    assert text_of(client.call_tool("read_file", file_path=f"{token[0]}.txt")) == "x\n"


def test_a_value_that_the_shell_would_read_is_refused_and_an_unknown_token_is_named(client):
    shown = client.python("from servers import people\nprint(people.people()['people'][0]['phone'])")["stdout"].strip()
    refused = client.call_tool("execute_bash", command=f"echo {shown}")
    assert refused["isError"] and shown in text_of(refused) and "quotes" in text_of(refused)
    assert client.bash(f"echo '{shown}' | wc -c")["stdout"].strip() == str(len(VALUES[1]) + 1)
    unknown = client.call_tool("execute_bash", command="echo '<email-000000>'")
    assert unknown["isError"] and "<email-000000>" in text_of(unknown)


def test_arguments_of_tools_get_the_values(client, directory):
    token = client.python("from servers import people\nprint(people.people()['people'][0]['email'])")["stdout"].strip()
    done = client.python(f"""
from servers import people
token = "<em" + "{token[3:]}"
print(people.send(to="{token}", text="Dear {token}"), people.send(to=token))
""")
    assert done["stdout"] == "sent sent\n"
    sent = [json.loads(line) for line in next(directory.glob("*/sent")).read_text().splitlines()[-2:]]
    assert {one["to"] for one in sent} == {VALUES[0]}


def test_errors_and_receipts_hold_tokens(client):
    failed = client.python("from servers import people\npeople.fail()")
    assert failed["exit_code"] == 1 and "no mail to" in failed["stderr"]
    assert leaks(failed["stderr"]) == []
    missing = client.call_tool("read_file", file_path=f"/workspace/{VALUES[0]}/x")
    assert missing["isError"] and leaks(text_of(missing)) == []


def test_artifacts_are_listed_and_read_by_names_with_tokens(client):
    done = client.call_tool(
        "execute_bash",
        command="""python3 - <<'EOF'
from servers import people
mail = people.people()["people"][0]["email"]
open(f"/artifacts/{mail}.csv", "w").write(f"mail\\n{mail}\\n")
open("/artifacts/raw.bin", "wb").write(mail.encode() + bytes(range(256)))
EOF""",
    )
    assert leaks(json.dumps(done)) == []
    listed = client.request("resources/list")["resources"]
    assert leaks(json.dumps(listed)) == []
    uri = next(one["uri"] for one in listed if one["uri"].endswith(".csv"))
    read = client.request("resources/read", {"uri": uri})["contents"][0]
    assert TOKEN.search(read["text"]) and leaks(json.dumps(read)) == []
    assert text_of(client.call_tool("read_file", file_path=uri)) == read["text"]
    raw = client.request("resources/read", {"uri": "artifact:///raw.bin"})["contents"][0]
    # What isn't text stays as it is.
    assert base64.b64decode(raw["blob"]) == VALUES[0].encode() + bytes(range(256))
    client.bash("rm -f /artifacts/*")


def test_a_docstring_holds_tokens(client):
    client.python("""
from servers import people
open("/workspace/tool.py", "w").write(f'def f():\\n    "Asks {people.people()["people"][0]["email"]}."\\n')
""")
    shown = text_of(client.call_tool("read_docstring", file_path="tool.py", function_name="f"))
    assert TOKEN.search(shown) and leaks(shown) == []


def test_progress_holds_tokens(client):
    client.python("from servers import people\npeople.report()")
    result = client.call_tool(
        "execute_bash",
        command="python3 -c 'from servers import people; people.slow(); print(people.report())'; sleep 0.6",
        meta={"progressToken": "t"},
    )
    assert leaks(json.dumps(result)) == []


def test_no_part_of_a_value_is_shown_where_long_output_is_cut(client):
    # The end of the part that is shown first, and the beginning of the last one, fall on each byte of a value.
    done = client.python("""
from servers import people
mail = people.people()["people"][0]["email"]
for shift in range(len(mail)):
    print("." * shift + f" {mail}" * 400)
""")
    assert done["truncated"]
    for part in re.findall(r"[a-z@.]{4,}", TOKEN.sub("", done["stdout"])):
        assert part not in VALUES[0] or part.strip(".") == "", part
    path = re.search(r"is in (/output/\S+\.txt)", done["stdout"])[1]
    assert leaks(text_of(client.call_tool("read_file", file_path=path))) == []


@pytest.mark.parametrize("shift", range(0, 28, 3))
def test_no_part_of_a_value_is_shown_at_the_end_of_a_page(client, shift):
    client.python(f"""
from servers import people
mail = people.people()["people"][0]["email"]
open("/workspace/line.txt", "w").write("." * {shift} + f" {{mail}}" * 400)
""")
    shown = client.call_tool("read_file", file_path="line.txt")["content"][0]["text"]
    assert re.findall(r"[a-z]{3,}", TOKEN.sub("", shown)) == []


def test_values_that_may_not_enter_the_sandbox_stay_outside(user, tmp_path):
    strict = entry(tmp_path / "sent", pii={"to": ["crm"]})
    servers = {"people": strict, "crm": entry(tmp_path / "crm", False), "other": entry(tmp_path / "other", False)}
    with bridged_server(user, tmp_path / "bridge", servers, "--pii", "found", "--workspace", "ephemeral") as client:
        done = client.python("""
from servers import crm, other, people
found = people.people()["people"]
print(found)
for one in found: open("/workspace/people.txt", "a").write(f"{one}")
crm.send(to=found[0]["email"], text=found[1]["ip"])
other.send(to=found[0]["email"])
try: crm.echo(to=found[0]["email"])
except Exception as error: print(error)
""")
        assert done["exit_code"] == 0, done["stderr"]
        assert leaks(done["stdout"]) == []
        assert client.bash("grep -c velace /workspace/people.txt")["stdout"] == "0\n"
        # A token that comes back in a command stays one.
        token = TOKEN.search(done["stdout"])[0]
        assert client.bash(f"printf %s '{token}' | wc -c")["stdout"].strip() == str(len(token))
    assert leaks((tmp_path / "bridge" / "audit.log").read_text()) == []
    assert json.loads((tmp_path / "crm").read_text()) == {"to": VALUES[0], "text": "10.20.30.40"}
    assert TOKEN.fullmatch(json.loads((tmp_path / "other").read_text())["to"])


def test_without_the_option_nothing_is_replaced_and_what_must_stay_outside_is_refused(user, tmp_path):
    servers = {"people": entry(tmp_path / "a", True), "strict": entry(tmp_path / "b", "strict")}
    with bridged_server(user, tmp_path / "bridge", servers, "--workspace", "ephemeral") as client:
        client.wait_for_log("exec-mcp.pii has no effect without --pii")
        client.wait_for_log("none of its tools runs")
        assert VALUES[0] in client.python("from servers import people\nprint(people.report())")["stdout"]
        assert "ToolDenied" in client.python("from servers import strict\nstrict.report()")["stderr"]
