"""Which tools of other servers a skill's code names, as `exec-mcp skills` finds out from its text."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.stdio_client import REPOSITORY

PROGRAM = REPOSITORY / "Sources" / "ExecMCP" / "Commands" / "Skills" / "inspect_draft.py"
HELPERS = ["call_tool", "search_tools", "together", "list_servers", "ToolError"]


# How calls can be written in a file that is parsed: as commands, under other names, and in an order of their own.
CALLS_IN_CODE = [
    'import subprocess\nsubprocess.run(["mcp", "call", "crm", "refund"])',
    'from subprocess import run as r\nr(("/usr/bin/mcp", "call", "--raw", "crm", "refund"), check=True)',
    'import os\nos.system("mcp call --timeout 5 crm refund")',
    'import asyncio\nasyncio.create_subprocess_exec("mcp", "call", "crm", "refund")',
    'COMMAND = "mcp call crm refund".split()',
    'command = "mcp " + "call crm " + "refund"',
    'command = "mcp call crm__refund"',
    'command = b"mcp call crm.refund"',
    '"""Use servers.crm.refund(order=1)."""',
    'from servers import call_tool as call\ncall("crm", "refund")',
    'from servers import call_tool\ncall_tool("crm.refund", {})',
    'from servers import together\ntogether("crm.refund", [{}])',
    "def run():\n    return s.crm.refund()\n\n\nimport servers as s",
]


def inspect(directory: Path, **files: str) -> dict:
    paths = []
    for name, text in files.items():
        path = name.replace("__", ".")
        (directory / path).write_text(text, encoding="utf-8")
        paths.append(path)
    command = [sys.executable, "-I", "-S", str(PROGRAM), json.dumps(HELPERS), str(directory), *paths]
    return json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)


@pytest.mark.parametrize(
    ("code", "modules"),
    [
        ("from servers import git\ngit.git_log(repo_path='/r')", {"git": ["git_log"]}),
        ("from servers import git as g\ng.git_log()\nawait_ = g.git_show.aio", {"git": ["git_log", "git_show"]}),
        ("import servers.git\nservers.git.git_log()", {"git": ["git_log"]}),
        ("import servers.git as g\ng.git_log()", {"git": ["git_log"]}),
        (
            "import servers\nservers.git.git_log()\nservers.call_tool('mail', 'send')",
            {"git": ["git_log"], "mail": ["send"]},
        ),
        ("from servers.git import git_log\ngit_log()", {"git": ["git_log"]}),
        ("from servers.git import *", {"git": None}),
        ("from servers import git, call_tool, ToolError", {"git": None}),
        ("from servers import git\nfor f in (git.a, git.b): f()", {"git": ["a", "b"]}),
        ("from servers import git\nrun(git)", {"git": None}),
        ("from servers import git\ngetattr(git, name)()", {"git": None}),
        ("from servers import git, together\ntogether(git.git_show, [])", {"git": ["git_show"]}),
        ("from servers import call_tool\ncall_tool('git', 'git_log', {})", {"git": ["git_log"]}),
        ("from servers import call_tool\ncall_tool('git__git_log', {})", {"git": ["git_log"]}),
        ("def f():\n    from servers import git\n    return git.git_log()", {"git": ["git_log"]}),
        ("import os, json\nprint(os.path.join('servers', 'git'))", {}),
        ("servers = {}\nservers['git'] = 1", {}),
        ("from .servers import git", {}),
    ],
)
def test_the_tools_that_code_calls_are_found(tmp_path, code, modules):
    found = inspect(tmp_path, a__py=code)
    assert found["modules"] == modules
    assert found["broken"] == [] and found["foreign"] == []


@pytest.mark.parametrize("code", CALLS_IN_CODE)
def test_calls_are_found_however_code_makes_them(tmp_path, code):
    assert inspect(tmp_path, a__py=code)["modules"] == {"crm": ["refund"]}


@pytest.mark.parametrize(
    ("text", "modules"),
    [
        ("Use `servers.git.git_log(repo_path=…)`.", {"git": ["git_log"]}),
        ("```python\nfrom servers import git, mail\n```", {"git": None, "mail": None}),
        ("Run `mcp call git git_log --max-count 3`.", {"git": ["git_log"]}),
        ("```python\nfrom servers import git as g\nlog = g.git_log()\n```", {"git": None}),
        ("```python\nfrom servers import (\n    git,\n    mail,\n)\nx = 1\n```", {"git": None, "mail": None}),
        ("mcp call --raw 'git' \\\n  \"git_log\"", {"git": ["git_log"]}),
        ('run(["mcp", "call", "git", "git_log"])', {"git": ["git_log"]}),
        ("mcp call git.git_log --json -", {"git": ["git_log"]}),
        ("mcp call git $TOOL", {"git": None}),
        ("mcp read notes note:///1", {"notes": None}),
        ("The command `mcp call` calls tools: `mcp call <server> <tool>`.", {}),
        ("The servers. They are many.", {}),
        ("An MCP server called git.", {}),
    ],
)
def test_the_tools_that_instructions_name_are_found(tmp_path, text, modules):
    assert inspect(tmp_path, SKILL__md=text)["modules"] == modules


@pytest.mark.parametrize(
    "code",
    [
        "exec(text)",
        "eval(text)",
        "import importlib\nimportlib.import_module(name)",
        "__import__(name)",
        "from servers import call_tool\ncall_tool(server, tool)",
        "import servers\nrun(servers)",
        "run = exec\nrun(text)",
        "@eval\ndef f():\n    pass",
        "from importlib import import_module as load\nload(name)",
        "import runpy\nrunpy.run_path(path)",
        "import sys\nsys.modules[name].crm.refund()",
        "import servers\ncall = servers.call_tool\ncall('crm', 'refund')",
        "from servers import call_tool\nlist(map(call_tool, names))",
        "from servers import call_tool\ncall_tool('crm', name, 'x')",
        "from servers import together\ntogether(name, [])",
        "import subprocess\nsubprocess.run(command)",
        "import subprocess as s\nrun = s.run\nrun(['ls'])",
        "from subprocess import check_output\ncheck_output(['python3', 'more.txt'])",
        "import subprocess\nsubprocess.run(['sh', '-c', 'ls'])",
        "import subprocess\nsubprocess.run('m\\'\\'cp call crm refund', shell=True)",
        "import os\nos.system('$X call crm refund')",
        "import os\nos.execvp(name, words)",
        "from os import popen\npopen(command)",
        "import asyncio\nasyncio.create_subprocess_shell(command)",
        "command = f'mcp call {server} refund'",
        "command = 'mcp call %s refund' % server",
        "command = ['mcp', 'call', server, tool]",
        "command = ['mcp'] + words",
        "command = 'mcp connect'",
        "import socket\nsocket.socket(family=1).connect(place)",
        "import os\nplace = os.environ['MCP_BRIDGE']",
        "# coding: unicode_escape\nx = 1",
        "import pickle\npickle.loads(data)",
        "from pickle import loads\nloads(data)",
        "import timeit\ntimeit.timeit(text)",
        "import cProfile\ncProfile.run(text)",
        "import pdb\npdb.run(text)",
        "import doctest\ndoctest.testfile(path)",
        "import types\ntypes.FunctionType(code, {})",
        "from types import FunctionType as F\nF(code, {})",
        "().__class__.__base__.__subclasses__()",
        "import os\nos.__dict__[name](text)",
        "import sys\nsys.__dict__[name]",
    ],
)
def test_what_the_text_does_not_show_is_pointed_out(tmp_path, code):
    assert len(inspect(tmp_path, a__py=code)["unclear"]) == 1


@pytest.mark.parametrize(
    "code",
    [
        "import subprocess\nsubprocess.run(['git', 'log', '-n', '5'], check=True)",
        "import os\nos.system('ls -l /workspace')",
        "import re, platform\nre.compile('x')\nplatform.system()",
        "import os\nprint(os.path.join(os.getcwd(), 'x'), os.environ.get('HOME'))",
        "import asyncio\nasyncio.run(main())",
        "import socket\nsocket.create_connection(('localhost', 1))\nsocket.socket(socket.AF_INET)",
        "from servers import together\ndef f(x):\n    return x\ntogether(f, [1])",
        "x = " + "'a' + f(" * 80 + "1" + ")" * 80,
        "# coding: utf-8\nx = 'exec'",
        "import sys, types\nsys.modules['servers'] = types.SimpleNamespace()\ndel sys.modules['servers']",
        "class A:\n    def f(self):\n        return self.__dict__",
        "import sys\nfrom unittest import mock\nmock.patch.dict(sys.modules, {'servers': fake})",
    ],
)
def test_ordinary_code_is_nothing_to_look_at(tmp_path, code):
    found = inspect(tmp_path, a__py=code)
    assert found["unclear"] == [] and found["modules"] == {}


@pytest.mark.parametrize("name", ["tool", "notes__txt", "tool__pyw"])
def test_python_is_looked_at_whatever_its_file_is_called(tmp_path, name):
    found = inspect(tmp_path, **{name: "from servers import crm\ncrm.refund()\nexec(text)\n"})
    assert found["modules"] == {"crm": ["refund"]}
    assert len(found["unclear"]) == 1
    assert inspect(tmp_path, **{name: "#!/usr/bin/env python3\ndef broken(:"})["broken"] != []


@pytest.mark.parametrize("text", ["Grüße\n日本語", '{"größe": [1, 2]}', "x", "1. One\n2. Two", "echo $HOME"])
def test_text_that_only_looks_like_python_is_nothing_to_look_at(tmp_path, text):
    found = inspect(tmp_path, words=text)
    assert found == {"broken": [], "modules": {}, "unclear": [], "foreign": []}


@pytest.mark.parametrize(
    "text", ['eval "$COMMAND"', "mcp $COMMAND crm refund", 'mcp call "$SERVER" refund', "mcp connect < requests"]
)
def test_scripts_for_shells_are_looked_at(tmp_path, text):
    assert len(inspect(tmp_path, run__sh=text)["unclear"]) == 1
    assert len(inspect(tmp_path, run=f"#!/bin/bash -e\n{text}")["unclear"]) == 1


def test_a_list_that_is_cut_says_so(tmp_path):
    names = [f"server_{number}" for number in range(60)]
    code = "".join(f"from servers import {name}\n{name}.f()\n" for name in names) + "exec(text)\n" * 60
    found = inspect(tmp_path, a__py=code)
    assert len(found["modules"]) == 50
    assert found["unclear"][0] == ["61 places, of which 50 are listed"]
    assert ["60 servers are named, of which 50 are looked at"] in found["unclear"]
    found = inspect(tmp_path, a__py="\n".join(f"'servers.crm.tool_{number}'" for number in range(501)))
    assert found["modules"] == {"crm": None}
    assert found["unclear"] == [["501 tools of crm are named, which are taken for all of its tools"]]


def test_several_files_count_together_and_broken_ones_are_named(tmp_path):
    found = inspect(
        tmp_path,
        a__py="from servers import git\ngit.git_log()",
        b__py="from servers import git\ngit.git_show()",
        c__py="def broken(:",
        d__py="d\u0435f = 1",
    )
    assert found["modules"] == {"git": ["git_log", "git_show"]}
    assert [path for path, _ in found["broken"]] == ["c.py"]
    assert [path for path, _ in found["foreign"]] == ["d.py"]
