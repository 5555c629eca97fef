"""Output that is drawn: what a person at a terminal would see."""

import re

import pytest

BARS = r"""
for i in $(seq 0 300); do
    printf '\r%3d%%|%-61s|' $((i / 3)) "$(printf '#%.0s' $(seq $((i / 5 + 1))))"
done
"""


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_of_a_progress_bar_the_last_state_is_shown(client, stream):
    outcome = client.bash(f"({BARS} echo; echo done)" + (" >&2" if stream == "stderr" else ""))
    bar, end, notice = outcome[stream].splitlines()
    assert (bar, end) == (f"100%|{'#' * 61}|", "done")
    assert "drawn over" in notice
    assert "truncated" not in outcome
    file = re.search(r"/output/[\w./-]*\w", notice).group()
    assert client.bash(f"tr '\\r' '\\n' < {file} | grep -c '%|'")["stdout"] == "301\n"


def test_a_bar_of_tqdm_takes_one_line(client):
    program = """
import sys, time
def bar(n): sys.stderr.write("\\r%3d%%|%s| %d/300 [00:00<00:00, 999.99it/s]" % (n // 3, "█" * (n // 30), n))
for n in range(301): bar(n)
sys.stderr.write("\\n")
"""
    outcome = client.python(program)
    assert outcome["stderr"].splitlines()[0] == "100%|██████████| 300/300 [00:00<00:00, 999.99it/s]"
    assert len(outcome["stderr"]) < 300


def test_the_limit_counts_what_is_shown(client):
    outcome = client.bash(r"for i in $(seq 20000); do printf '\rstep %d' $i; done; echo; seq 100")
    assert "truncated" not in outcome
    assert outcome["stdout"].startswith("step 20000\n1\n2\n")


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (r"printf 'a\r\nb\r\n'", "a\r\nb\r\n"),
        (r"printf 'a\r'", "a\r"),
        (r"printf '50%%\r100%%\r\n'", "100%\r\n"),
        (r"printf '\e[1;32mok\e[0m \e]0;title\abye\n'", "ok bye\n"),
        (r"printf 'a\n1%%\n'; sleep 0.2; printf '\e[1A\e[2K2%%\n'", "a\n2%\n"),
        (r"printf 'long text'; sleep 0.2; printf '\r\e[Kshort\n'", "short\n"),
        (r"printf 'x\0y\rz\n'", "x\0y\rz\n"),
        (r"printf 'bell\a\rz\n'", "bell\a\rz\n"),
    ],
)
def test_what_is_drawn_over_or_draws_nothing_is_left_out(client, command, shown):
    assert client.bash(command) == {"exit_code": 0, "stdout": shown, "stderr": ""}


@pytest.mark.parametrize("pause", ["", "; sleep 0.1; "])
def test_binary_output_is_not_drawn(client, pause):
    outcome = client.bash(rf"printf '\x89PNG\r\n'{pause or ';'}printf '\x1a\n\x1b[31m\rX'")
    assert outcome["stdout"] == "\ufffdPNG\r\n\x1a\n\x1b[31m\rX"
