"""`py`: Python in the sandbox that keeps its variables between calls. What code sees, and what is shown of it."""

from __future__ import annotations

import itertools

import pytest
from support.py_sessions import PySession
from support.stdio_client import text_of

NUMBERS = itertools.count(1)


@pytest.fixture
def session(client):
    one = PySession(client, f"s{next(NUMBERS)}")
    yield one
    one.close()


# State


def test_variables_functions_and_imports_stay(session):
    session.value("import math\nx = 20\ndef twice(n):\n    return 2 * n")
    assert session.value("twice(x) + math.floor(2.9)") == "42"


def test_the_default_session_is_main(client):
    client.bash("py -c 'kept = 7'")
    assert client.bash("py -s main -c kept")["stdout"] == "7\n"
    client.bash("py --close")


def test_sessions_have_variables_of_their_own(client, session):
    session.value("x = 1")
    other = PySession(client, session.name + "b")
    result = other.run("x")
    other.close()
    assert result["exit_code"] == 1
    remark = f"py: session '{other.name}' has started with this call: it has no variables of earlier calls"
    assert result["stderr"].endswith(f"NameError: name 'x' is not defined\n{remark}\n")
    assert session.value("x") == "1"


def test_a_name_error_of_a_session_that_is_not_new_has_no_remark(session):
    session.value("x = 1")
    assert session.run("y")["stderr"].endswith("NameError: name 'y' is not defined\n")


def test_classes_of_a_session_can_be_pickled(session):
    session.value("import pickle\nclass Point:\n    def __init__(self, x):\n        self.x = x\npoint = Point(5)")
    assert session.value("pickle.loads(pickle.dumps(point)).x, type(point).__module__") == "(5, '__main__')"


def test_threads_go_on_between_calls(session):
    session.value("import threading\ngo = threading.Event()\nseen = []")
    session.value("thread = threading.Thread(target=lambda: (go.wait(), seen.append(1)))\nthread.start()")
    assert session.value("go.set(); thread.join(); seen") == "[1]"


def test_features_of_the_future_apply_to_later_pieces(session):
    session.value("from __future__ import annotations")
    assert session.value("def f(x: Unknown): pass\nf.__annotations__") == "{'x': 'Unknown'}"


def test_a_module_written_since_can_be_imported(client, session):
    assert session.run("import written_later")["exit_code"] == 1
    client.call_tool("write_file", file_path="written_later.py", content="VALUE = 3")
    assert session.value("import written_later; written_later.VALUE") == "3"


# Values


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("1 + 1", "2"),
        ("'naïve 東京 🎈'", "'naïve 東京 🎈'"),
        ("None", ""),
        ("x = 5", ""),
        ("2 + 3;", ""),
        ("print('a')\n'b'", "a\n'b'"),
        ("for i in range(2): i", ""),
        ("6 * 7\n_ + 1", "43"),
        ("# nothing but a comment", ""),
    ],
)
def test_the_value_of_the_last_expression_is_shown(session, code, shown):
    session.value("_ = 42")
    assert session.value(code) == shown


def test_frames_are_shown_as_wide_as_they_are(session):
    shown = session.value("import pandas\npandas.DataFrame({f'column_{i}': range(3) for i in range(14)})")
    assert len(shown.splitlines()) == 4
    assert "column_0" in shown.splitlines()[0] and "column_13" in shown.splitlines()[0]


def test_long_values_are_cut(session):
    items = session.value("list(range(5_000_000))")
    assert items.endswith("97, 98, 99]\n… the first 100 of 5,000,000 items")
    text = session.value("class Long:\n    def __repr__(self): return 'a' * 50_000 + 'z'\nLong()")
    assert text.startswith("aaa") and text.endswith("aaz") and len(text) < 21_000
    assert "characters left out; print() shows all" in text


def test_big_output_arrives_as_that_of_every_command(session):
    result = session.run("for i in range(100_000): print(i)")
    assert result["truncated"] is True
    assert result["stdout"].startswith("0\n1\n") and result["stdout"].endswith("99999\n")


def test_open_figures_are_saved_named_and_closed(client, session):
    drawing = "for i in range(2):\n    plt.figure(); plt.plot([1, i])\nplt.show()\nplt.plot([3])"
    code = f"import matplotlib.pyplot as plt\n{drawing}"
    result = client.call_tool("execute_bash", command=f"{session.command} <<'EOF'\n{code}\nEOF", timeout=120)
    outcome = result["structuredContent"]
    lines = outcome["stdout"].splitlines()
    assert (outcome["exit_code"], outcome["stderr"], len(lines)) == (0, "", 2)
    names = [line.removeprefix("Figure saved: /artifacts/") for line in lines]
    assert all(name.startswith("figure-") and name.endswith(".png") for name in names)
    linked = [block["name"] for block in result["content"] if block["type"] == "resource_link"]
    assert sorted(linked) == sorted(names)
    assert session.value("plt.get_fignums()") == "[]"
    shown = client.call_tool("read_file", file_path=f"/artifacts/{names[0]}")
    assert shown["content"][0]["type"] == "image"


def test_await_works_at_the_top_level(session):
    session.value("import asyncio\nasync def later(x):\n    await asyncio.sleep(0.01)\n    return x")
    assert session.value("first = await later(1)\nawait asyncio.gather(later(first), later(2))") == "[1, 2]"
    session.value("task = asyncio.create_task(later(3)) if False else asyncio.get_event_loop().create_task(later(3))")
    assert session.value("await task") == "3"


# Errors


def test_a_traceback_shows_the_lines_that_were_sent(session):
    session.value("def ratio(a, b):\n    return a / b  # here")
    stderr = session.run("x = 1\nratio(x, 0)")["stderr"]
    assert f'File "<py {session.name} 2>", line 2, in <module>\n    ratio(x, 0)\n' in stderr
    assert f'File "<py {session.name} 1>", line 2, in ratio\n    return a / b  # here\n' in stderr
    assert "_py_program" not in stderr and "Traceback" in stderr


def test_a_traceback_of_awaited_code_begins_with_that_code(session):
    stderr = session.run("import asyncio\nasync def fail():\n    raise ValueError('so')\nawait fail()")["stderr"]
    assert stderr.splitlines()[1] == f'  File "<py {session.name} 1>", line 4, in <module>'
    assert stderr.endswith("ValueError: so\n")


def test_a_syntax_error_points_at_its_line(session):
    session.value("x = 1")
    result = session.run("ok = 1\nfor in x:")
    assert result["exit_code"] == 1
    assert result["stderr"].startswith(f'  File "<py {session.name} 2>", line 2\n    for in x:\n')
    assert session.run("ok")["exit_code"] == 1, "nothing of it ran"


def test_a_warning_is_shown_by_every_piece_that_causes_it(session):
    for number in (1, 2):
        result = session.run("import warnings\nwarnings.warn('careful')")
        assert result["exit_code"] == 0
        assert result["stderr"] == f"<py {session.name} {number}>:2: UserWarning: careful\n  warnings.warn('careful')\n"


@pytest.mark.parametrize(
    ("code", "status", "stderr"),
    [
        ("exit(3)", 3, ""),
        ("exit()", 0, ""),
        ("import sys; sys.exit('over')", 1, "over\n"),
        ("raise SystemExit(300)", 44, ""),
    ],
)
def test_exit_ends_the_code_and_not_the_session(session, code, status, stderr):
    session.value("x = 5")
    assert session.run(code) == {"exit_code": status, "stdout": "", "stderr": stderr}
    assert session.value("x") == "5"


# Streams, arguments, surroundings


def test_code_from_standard_input_reads_nothing_more(session):
    assert session.run("input()")["stderr"].endswith("EOFError: EOF when reading a line\n")


def test_other_code_reads_the_shells_standard_input(client, session):
    command = f"echo first | {session.command} -c 'line = input()'; echo second | {session.command} -c 'line, input()'"
    assert client.bash(command)["stdout"] == "('first', 'second')\n"


def test_output_goes_where_the_shell_sends_it(client, session):
    command = f"{session.command} -c 'import sys; print(1); print(2, file=sys.stderr)' > out.txt 2> err.txt"
    assert client.bash(f"{command}; cat err.txt out.txt")["stdout"] == "2\n1\n"


def test_programs_that_the_code_starts_write_to_the_call(session):
    code = "import os, subprocess\nprint('one')\nsubprocess.run(['echo', 'two'])\nos.system('echo three >&2');"
    assert session.run(code) == {"exit_code": 0, "stdout": "one\ntwo\n", "stderr": "three\n"}


def test_a_stream_that_code_has_closed_works_in_the_next_call(session):
    session.run("import sys\nsys.stdout.close()")
    assert session.value("print('still')") == "still"


def test_output_that_nobody_read_is_gone(client, session):
    client.bash(f"{session.command} -c 'for i in range(100_000): print(i)' | head -n 1")
    assert session.value("'next'") == "'next'"


def test_a_file_runs_as_a_script_does(client, session):
    script = "import sys\nprint(sys.argv, __name__, __file__)\nimport neighbour\nleft = neighbour.VALUE\nleft"
    client.call_tool("write_file", file_path="scripts/run.py", content=script)
    client.call_tool("write_file", file_path="scripts/neighbour.py", content="VALUE = 9")
    result = client.bash(f"{session.command} scripts/run.py a 'b c'")
    assert result["stdout"] == "['scripts/run.py', 'a', 'b c'] __main__ /workspace/scripts/run.py\n"
    assert session.value("left, '__file__' in globals()") == "(9, False)"


def test_the_working_directory_is_the_shells(client, session):
    assert client.bash(f"cd /tmp && {session.command} -c 'import os; os.getcwd()'")["stdout"] == "'/tmp'\n"
    assert session.value("os.getcwd()") == "'/workspace'"


def test_changes_of_the_environment_apply_to_one_call_and_own_ones_stay(client, session):
    session.value("import os\nos.environ['OWN'] = 'kept'")
    command = f'SHELLS=given {session.command} -c \'os.environ.get("SHELLS"), os.environ.get("OWN")\''
    assert client.bash(command)["stdout"] == "('given', 'kept')\n"
    assert session.value("os.environ.get('SHELLS'), os.environ.get('OWN')") == "(None, 'kept')"


# Processes


def test_a_forked_child_ends_where_the_code_ends(session):
    code = "import os\npid = os.fork()\nif pid: os.waitpid(pid, 0)\nprint('parent' if pid else 'child')"
    assert session.value(code) == "child\nparent"
    assert session.value("pid > 0") == "True"


def test_a_pool_of_processes_works(session):
    code = (
        "import multiprocessing\ndef square(n):\n    return n * n\n"
        "with multiprocessing.get_context('fork').Pool(2) as pool:\n    squares = pool.map(square, [1, 2, 3])\nsquares"
    )
    assert session.value(code) == "[1, 4, 9]"


def test_a_process_that_code_leaves_goes_on(client, session):
    program = "until [ -e go ]; do sleep 0.02; done; echo out"
    session.value(f"import subprocess\nleft = subprocess.Popen({program!r}, shell=True)")
    client.bash("touch go")
    assert session.value("left.wait()") == "0"


# The command itself


def test_the_list_names_sessions_with_state_and_variables(client, session):
    session.value("a, b = 1, 2")
    rows = [line.split() for line in client.bash("py --list")["stdout"].splitlines()]
    assert rows[0] == ["NAME", "STATE", "FOR", "STARTED", "VARIABLES", "MEMORY"]
    row = next(row for row in rows if row[0] == session.name)
    assert row[1] == "idle" and row[6] == "2" and row[8] == "MB"


def test_a_reset_session_is_new_and_says_what_is_gone(client, session):
    session.value("first, second = 1, 2")
    result = client.bash(f"{session.command} --reset")
    assert result["stderr"] == f"py: session '{session.name}' is new; 2 variables (first, second) are gone\n"
    assert "has started with this call" in session.run("first")["stderr"]


def test_closing_a_session_ends_what_it_has_started(client, session):
    session.value("import subprocess\nleft = subprocess.Popen(['sleep', '54321'])")
    client.bash(f"{session.command} --close")
    assert client.bash("until ! pgrep -fx 'sleep 54321'; do sleep 0.05; done", timeout=60)["exit_code"] == 0
    assert session.name not in client.bash("py --list")["stdout"].split()


def test_a_session_that_is_closed_runs_what_it_registered_for_its_exit(client, session):
    session.value("import atexit\natexit.register(lambda: open('left.txt', 'w').write('bye'));")
    client.bash(f"{session.command} --close")
    assert client.bash("cat left.txt")["stdout"] == "bye"


@pytest.mark.parametrize("name", ["", "a/b", "-x", "ä", "x" * 33, "a b"])
def test_other_names_are_refused(client, name):
    result = client.bash(f"py -s '{name}' -c 1")
    assert (result["exit_code"], result["stdout"]) == (2, "")
    assert "a session's name has up to 32 letters" in result["stderr"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("-m json", "-m isn't an option of py"),
        ("", "there is no code"),
        ("nothing.py", "can't open file 'nothing.py': [Errno 2]"),
        ("-c", "-c needs a value"),
        ("--wait soon -c 1", "--wait takes seconds"),
        ("/dev/zero", "the code has more than 4 MB"),
    ],
)
def test_wrong_use_says_what_is_wrong(client, arguments, text):
    result = client.bash(f"py {arguments}")
    assert result["exit_code"] == 2
    assert text in result["stderr"]


def test_the_help_says_how_it_is_used(client):
    result = client.bash("py --help")
    assert (result["exit_code"], result["stderr"]) == (0, "")
    assert all(word in result["stdout"] for word in ("py <<'EOF'", "--reset", "--close", "--list", "KeyboardInterrupt"))


def test_the_prompt_teaches_it(client):
    prompt = client.request("prompts/get", {"name": "agent_system_prompt"})
    assert "`py <<'EOF'`" in text_of({"content": [prompt["messages"][0]["content"]]})
