"""Long output: its beginning and its end come back, and the whole of it is in a file in the sandbox."""

import hashlib
import re

import pytest

LIMIT = 32768


def split_at_notice(stream: str) -> tuple[str, str, str]:
    """Head, notice and tail of a truncated stream; the notice is the one line that names a file."""
    notices = re.findall(r"^.*/\S+.*$", stream, re.MULTILINE)
    assert len(notices) == 1, f"{len(notices)} lines look like a notice"
    head, tail = stream.split(notices[0])
    return head, notices[0], tail


def named_file(notice: str) -> str:
    return re.search(r"/[\w./-]*\w", notice).group()


def digest_in_sandbox(client, path: str) -> str:
    return client.bash(f"sha256sum < '{path}'")["stdout"].split()[0]


NUMBERS = "".join(f"{number}\n" for number in range(1, 200_001))


@pytest.mark.parametrize(("stream", "redirection"), [("stdout", ""), ("stderr", " >&2")])
def test_a_long_stream_keeps_its_beginning_and_its_end(client, stream, redirection):
    outcome = client.bash("seq 200000" + redirection)
    assert outcome["exit_code"] == 0
    assert outcome["truncated"] is True
    head, notice, tail = split_at_notice(outcome[stream])
    assert NUMBERS.startswith(head.removesuffix("\n"))
    assert NUMBERS.endswith(tail.removeprefix("\n"))
    assert len(head) > LIMIT / 4
    assert len(tail) > LIMIT / 4
    assert len(head) + len(tail) <= LIMIT + 2
    assert re.search(r"\d", notice.replace(named_file(notice), "")), "the notice does not say how much was left out"
    assert digest_in_sandbox(client, named_file(notice)) == hashlib.sha256(NUMBERS.encode()).hexdigest()


def test_both_streams_are_kept_in_files_of_their_own(client):
    outcome = client.bash("seq 100000; seq 100000 | sed s/^/e/ >&2")
    files = [named_file(split_at_notice(outcome[stream])[1]) for stream in ("stdout", "stderr")]
    assert files[0] != files[1]
    assert client.bash(f"tail -n 1 {files[0]}; tail -n 1 {files[1]}")["stdout"] == "100000\ne100000\n"


def test_a_stream_that_fits_exactly_is_whole(client):
    outcome = client.bash(f"head -c {LIMIT} /dev/zero | tr '\\0' x")
    assert outcome == {"exit_code": 0, "stdout": "x" * LIMIT, "stderr": ""}


def test_one_byte_more_is_truncated(client):
    outcome = client.bash(f"head -c {LIMIT + 1} /dev/zero | tr '\\0' x")
    assert outcome["truncated"] is True
    head, notice, tail = split_at_notice(outcome["stdout"])
    assert set(head + tail) <= {"x", "\n"}
    assert client.bash(f"wc -c < {named_file(notice)}")["stdout"].strip() == str(LIMIT + 1)


def test_a_cut_never_splits_a_character(client):
    for width in range(4):
        outcome = client.python(f"print(' ' * {width} + 'é🚀日' * 20000, end='')")
        assert outcome["truncated"] is True
        assert "\ufffd" not in outcome["stdout"]


def test_binary_output_is_kept_byte_for_byte(client):
    outcome = client.bash("head -c 1000000 /dev/urandom | tee random.bin")
    notices = [line for line in outcome["stdout"].splitlines() if re.search(r"(^|\s)/\w[\w./-]+", line)]
    paths = {match for line in notices for match in re.findall(r"/[a-z][\w./-]*\w", line)}
    wanted = digest_in_sandbox(client, "/workspace/random.bin")
    existing = [path for path in paths if client.bash(f"test -f {path}")["exit_code"] == 0]
    assert any(digest_in_sandbox(client, path) == wanted for path in existing)


def test_the_file_is_read_on_with_the_same_tools(client):
    outcome = client.bash("seq 200000")
    path = named_file(split_at_notice(outcome["stdout"])[1])
    page = client.call_tool("read_file", file_path=path, offset=99_999, line_count=2)
    assert page["content"][0]["text"].splitlines() == ["100000", "100001"]
    assert client.bash(f"sed -n 150000p {path}")["stdout"] == "150000\n"


def test_a_hundred_megabytes_arrive_whole_in_the_file(client):
    program = "import sys\nfor i in range(100): sys.stdout.buffer.write(bytes([65 + i % 26]) * 999_999 + b'\\n')"
    outcome = client.python(program, timeout=120)
    assert outcome["exit_code"] == 0
    content = b"".join(bytes([65 + number % 26]) * 999_999 + b"\n" for number in range(100))
    path = named_file(split_at_notice(outcome["stdout"])[1])
    assert digest_in_sandbox(client, path) == hashlib.sha256(content).hexdigest()
    client.bash(f"rm -f {path}")


def test_files_of_different_calls_are_different(client):
    paths = {named_file(split_at_notice(client.bash("seq 20000")["stdout"])[1]) for _ in range(3)}
    assert len(paths) == 3


def test_what_a_timed_out_command_printed_is_truncated_alike(client):
    outcome = client.bash("seq 200000; seq 200000 >&2; sleep 1000", timeout=8)
    assert outcome["timed_out"] is True
    assert outcome["truncated"] is True
    assert outcome["stdout"].endswith("\n200000\n")
    assert outcome["stderr"].rstrip("\n").endswith("\n200000\nCommand timed out after 8 seconds")


def test_the_limit_can_be_set(start_server):
    server = start_server("--output-limit", "2000")
    assert "truncated" not in server.bash("head -c 2000 /dev/zero | tr '\\0' x")
    outcome = server.bash("seq 2000")
    assert outcome["truncated"] is True
    head, _, tail = split_at_notice(outcome["stdout"])
    assert 500 < len(head) + len(tail) <= 2002
