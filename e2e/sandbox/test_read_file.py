"""`read_file`: text in pages cut at line ends, whatever the size of the file."""

import re

import pytest
from support import engine
from support.stdio_client import text_of

LIMIT = 32768


def first_text(client, path: str, **arguments) -> str:
    result = client.call_tool("read_file", file_path=path, **arguments)
    assert not result.get("isError"), text_of(result)
    return result["content"][0]["text"]


@pytest.mark.parametrize(
    "content",
    [
        "one line\n",
        "no newline at the end",
        "crlf\r\nkept\r\n",
        "mixed\rreturns\r\nand\n",
        "\n",
        "\n\n\n",
        "\ufeffmark\n",
        "é 🚀 日本語 \u2028 \u0085 not line ends\n",
        "form\ffeed and \x1b[31mescape\n",
        '{"json": "\\u0041 / \\/"}\n',
    ],
    ids=ascii,
)
def test_a_text_comes_back_exactly(client, content):
    client.call_tool("write_file", file_path="exact.txt", content=content)
    result = client.call_tool("read_file", file_path="exact.txt")
    assert not result.get("isError")
    assert result["content"][0] == {"type": "text", "text": content}
    assert "structuredContent" not in result


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        ({}, range(1, 11)),
        ({"offset": 0, "line_count": 1}, [1]),
        ({"offset": 2, "line_count": 3}, [3, 4, 5]),
        ({"offset": 7}, [8, 9, 10]),
        ({"offset": 9, "line_count": 1}, [10]),
        ({"offset": 8, "line_count": 100}, [9, 10]),
        ({"line_count": 10**12}, range(1, 11)),
        ({"line_count": 0}, range(1, 11)),
        ({"offset": 8, "line_count": 0}, [9, 10]),
    ],
)
def test_offset_and_line_count_choose_lines(client, arguments, lines):
    client.bash("seq 10 > ten.txt")
    assert first_text(client, "ten.txt", **arguments) == "".join(f"{line}\n" for line in lines)


def test_lines_keep_their_ends_when_chosen(client):
    client.bash(r"printf 'a\r\nb\r\nc' > mixed.txt")
    assert first_text(client, "mixed.txt", offset=1, line_count=1) == "b\r\n"
    assert first_text(client, "mixed.txt", offset=2) == "c"


def test_a_long_file_is_read_in_pages_that_add_up(client):
    client.bash("seq -f 'this is line %g of many' 1 5000 > long.txt")
    whole, offset, pages = "", 0, 0
    while True:
        result = client.call_tool("read_file", file_path="long.txt", offset=offset)
        page = result["content"][0]["text"]
        assert len(page.encode()) <= LIMIT
        assert page.endswith("\n")
        whole += page
        pages += 1
        if len(result["content"]) == 1:
            break
        notice = result["content"][1]["text"]
        shown = whole.count("\n")
        assert re.search(rf"offset\W*{shown}\b", notice), notice
        assert re.search(rf"\b{offset + 1}\b", notice.replace(",", "")), notice
        offset = shown
    assert whole == "".join(f"this is line {number} of many\n" for number in range(1, 5001))
    assert 4 <= pages <= 8


def test_a_page_is_cut_at_a_line_end_even_between_wide_characters(client):
    client.python("open('wide.txt', 'w').write(('日本語🚀' * 10 + '\\n') * 1000)")
    page = first_text(client, "wide.txt")
    assert set(page.split("\n")[:-1]) == {"日本語🚀" * 10}


def test_a_requested_range_that_does_not_fit_says_where_to_go_on(client):
    client.bash("seq -f 'this is line %g of many' 1 5000 > long.txt")
    result = client.call_tool("read_file", file_path="long.txt", offset=100, line_count=3000)
    shown = result["content"][0]["text"].count("\n")
    assert shown < 3000
    assert re.search(rf"offset\W*{100 + shown}\b", result["content"][1]["text"])


def test_the_page_size_can_be_set(start_server):
    server = start_server("--output-limit", "1500")
    server.bash("seq 1000 > numbers.txt")
    result = server.call_tool("read_file", file_path="numbers.txt")
    assert 1400 < len(result["content"][0]["text"]) <= 1500
    assert len(result["content"]) == 2


@pytest.mark.parametrize("lines_before", [0, 3])
def test_one_giant_line_is_shown_in_part(client, lines_before):
    client.python(f"open('giant.txt', 'w').write('short\\n' * {lines_before} + 'x' * 10_000_000 + '\\nlast\\n')")
    result = client.call_tool("read_file", file_path="giant.txt", offset=lines_before)
    assert not result.get("isError"), text_of(result)
    page = result["content"][0]["text"]
    assert 1000 < len(page) <= LIMIT + 1
    assert set(page.rstrip("\n")) == {"x"}
    notice = result["content"][1]["text"]
    assert re.search(rf"offset\W*{lines_before + 1}\b", notice), notice
    assert first_text(client, "giant.txt", offset=lines_before + 1) == "last\n"


def test_the_end_of_a_gigabyte_is_read_without_holding_the_rest(start_server, fresh_user):
    """An eighth of the file's size is all the memory there is, so reading it whole could not end well."""
    server = start_server("--user", fresh_user, "--memory", "128m")
    line = "a line of text that fills up the file, sixty-four characters " + "ab\n"
    create = f"yes '{line[:-1]}' | head -c 1G > big.txt; seq 10 >> big.txt; wc -l < big.txt"
    lines = int(server.bash(create, timeout=300, wait=400)["stdout"])
    assert lines == 2**30 // len(line) + 10
    server.bash("seq 20 > small.txt")

    def peak() -> int:
        return int(server.bash("grep VmHWM /proc/1/status")["stdout"].split()[1])

    def resident() -> int:
        with open(f"/proc/{server.process.pid}/status", encoding="ascii") as file:
            return next(int(entry.split()[1]) for entry in file if entry.startswith("VmHWM"))

    assert first_text(server, "small.txt", offset=10) == "".join(f"{n}\n" for n in range(11, 21))
    before = peak(), resident()
    assert first_text(server, "big.txt", offset=lines - 10) == "".join(f"{n}\n" for n in range(1, 11))
    after = peak(), resident()
    print(f"peak of the guest {before[0]} -> {after[0]} kB, of the server {before[1]} -> {after[1]} kB")
    assert after[0] - before[0] < 20_000
    assert after[1] - before[1] < 20_000
    assert engine.inspect(engine.only_container(fresh_user))["State"]["Running"]


@pytest.mark.parametrize(
    ("path", "prepare", "expected"),
    [
        ("missing.txt", "", "missing.txt"),
        ("/no/such/dir/file", "", "/no/such/dir/file"),
        ("", "", ""),
        ("adirectory", "mkdir -p adirectory", "directory"),
        ("/workspace", "", "directory"),
        ("pipe", "[ -p pipe ] || mkfifo pipe", "pipe"),
        ("/dev/zero", "", "/dev/zero"),
        ("/dev/null", "", "/dev/null"),
        ("/dev/tty", "", "/dev/tty"),
        ("dangling", "ln -sfn nowhere dangling", "dangling"),
        ("loop", "ln -sfn loop loop", "loop"),
        ("secret", "echo x > secret; chmod 000 secret", "secret"),
        ("/proc/1/mem", "", "/proc/1/mem"),
        ("/proc/1/environ", "", "/proc/1/environ"),
        ("a\0b", "", ""),
        ("z" * 5000, "", ""),
    ],
    ids=lambda value: ascii(value)[:24],
)
def test_what_is_no_readable_file_is_an_error_that_names_it(client, path, prepare, expected):
    if prepare:
        client.bash(prepare)
    result = client.call_tool("read_file", file_path=path, wait=60)
    assert result["isError"] is True, result
    assert expected in text_of(result)
    assert client.bash("echo fine")["stdout"] == "fine\n"


def test_a_socket_is_an_error(client):
    client.python("import socket, os; s = socket.socket(socket.AF_UNIX); s.bind('/workspace/sock')")
    assert client.call_tool("read_file", file_path="sock")["isError"] is True
    client.bash("rm -f sock")


@pytest.mark.parametrize(
    ("create", "kind"),
    [
        ("seq 1000 | gzip > FILE", "gzip"),
        ("cp /bin/ls FILE", "ELF"),
        ("head -c 5000 /dev/zero > FILE", ""),
        (
            "python3 -c \"import sqlite3; d = sqlite3.connect('FILE'); d.execute('create table t(x)'); d.commit()\"",
            "SQLite",
        ),
        ("seq 9 > t; rm -f FILE; python3 -c \"import zipfile; zipfile.ZipFile('FILE', 'w').write('t')\"", "zip"),
        (r"printf '%%PDF-1.7\n\0\1\2\377' > FILE", "PDF"),
    ],
)
def test_a_binary_file_is_refused_with_its_size_and_type(client, create, kind):
    size = client.bash(create.replace("FILE", "binary.dat") + "; stat -c %s binary.dat")["stdout"].strip()
    result = client.call_tool("read_file", file_path="binary.dat")
    assert result["isError"] is True
    text = text_of(result)
    assert size in text.replace(",", "")
    assert kind.lower() in text.lower()
    client.bash("rm -f binary.dat")


def test_nothing_is_empty_without_saying_so(client):
    client.bash(": > empty.txt")
    client.call_tool("write_file", file_path="empty.py", content='def f():\n    """"""\n\n\ndef g():\n    """  """\n')
    for arguments in ({}, {"offset": 0, "line_count": 5}):
        result = client.call_tool("read_file", file_path="empty.txt", **arguments)
        assert result["content"] == [{"type": "text", "text": "(empty file)"}]
    assert client.call_tool("read_file", file_path="empty.txt", offset=1)["isError"] is True
    for name in ("f", "g"):
        result = client.call_tool("read_docstring", file_path="empty.py", function_name=name)
        assert result["content"] == [{"type": "text", "text": "(empty docstring)"}]
    result = client.call_tool("write_file", file_path="empty.txt", content="")
    assert text_of(result) == "Successfully wrote 0 bytes to /workspace/empty.txt"


@pytest.mark.parametrize(
    ("content", "remarks"),
    [
        (b"caf\xe9\n", ["1 byte from line 1 on", "perhaps Windows-1252", "iconv -f Windows-1252"]),
        (b"\xd6\xd0\xce\xc4\n", ["4 bytes from line 1 on", "perhaps GBK"]),
        (b"plain\n\n\xff\xfe\xfd\n", ["3 bytes from line 3 on", "iconv -f ENCODING"]),
        (b"\xef\xbb\xbfmark\n", ["byte order mark"]),
        (b"old\rline\rends", ["carriage return alone"]),
    ],
)
def test_what_an_edit_would_spoil_is_told(client, content, remarks):
    client.python(f"open('odd.txt', 'wb').write({content!r})")
    shown, remark = client.call_tool("read_file", file_path="odd.txt")["content"]
    assert shown["text"] == content.decode("utf-8", "replace")
    assert all(part in remark["text"] for part in remarks), remark
    assert ("Do not write it back" in remark["text"]) == ("\ufffd" in shown["text"])


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
def test_wide_text_is_refused_with_the_way_to_convert_it(client, codec):
    client.python(f"open('wide text', 'wb').write('Zeile ü\\n'.encode({codec!r}))")
    result = client.call_tool("read_file", file_path="wide text")
    assert result["isError"] is True
    command = text_of(result).partition("execute_bash: ")[2].replace("> NEW", "> new.txt")
    assert client.bash(command)["exit_code"] == 0
    assert first_text(client, "new.txt") == "Zeile ü\n"


def test_a_link_is_followed(client):
    client.bash("echo target > target.txt; ln -sfn target.txt link.txt")
    assert first_text(client, "link.txt") == "target\n"


def test_files_outside_the_workspace_can_be_read(client):
    assert "coderunner" in first_text(client, "/etc/passwd")
    assert first_text(client, "/skills/symbolic-computation/SKILL.md").startswith("---\n")
    assert '"""' in first_text(client, "/tools/artifact_validation.py")
