"""Parses the Python files of a draft, without running them, and finds which tool servers its files name.

Arguments: the names in the package `servers` that are no servers, as JSON; the draft's directory; the paths of its
files. Prints JSON.
"""

import ast
import json
import os
import re
import sys

sys.dont_write_bytecode = True
# An isolated interpreter doesn't look next to the program.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from draft_findings import UNKNOWN, Findings, parts_of, text_of  # noqa: E402

MAX_FINDINGS = 50
MAX_TOOLS = 500
HELPERS = set(json.loads(sys.argv[1]))

# Functions of the package `servers` that take a server's name: with a tool's, with both in one word, or alone.
CALLERS = {"call_tool", "tool_details"}
WORD_CALLERS = {"callMCPTool", "call_mcp_tool", "get_mcp_tool_details"}
READERS = {"list_tools", "list_mcp_tools", "read_resource", "list_resources", "get_prompt", "list_prompts"}
NAMED = CALLERS | WORD_CALLERS | READERS | {"together"}

# What runs text that is computed, or gets at things by computed names.
EVALUATORS = {"exec", "eval", "compile", "__import__", "__builtins__"}
LOADERS = {"import_module", "exec_module", "load_module", "__import__"}
OPAQUE_MODULES = {
    "_pickle", "_posixsubprocess", "_socket", "bdb", "builtins", "cProfile", "cffi", "code", "codeop", "ctypes", "dill",
    "gc", "imp", "marshal", "pdb", "pickle", "posix", "profile", "pty", "runpy", "shelve", "timeit", "trace",
    "zipimport",
}  # fmt: skip
# Attributes by which code gets at what it doesn't name.
OPAQUE_ATTRIBUTES = {
    "__bases__", "__code__", "__globals__", "__mro__", "__subclasses__", "CodeType", "FunctionType",
    "run_docstring_examples", "testfile",
}  # fmt: skip
# What starts programs: names that say so by themselves, and those of modules.
STARTERS = {
    "Popen", "check_call", "check_output", "create_subprocess_exec", "create_subprocess_shell", "getoutput",
    "getstatusoutput", "popen", "posix_spawn", "posix_spawnp",
}  # fmt: skip
STARTERS |= {f"exec{ending}" for ending in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")}
STARTERS |= {f"spawn{ending}" for ending in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")}
OTHER_STARTERS = STARTERS | {"call", "run", "startfile", "system"}
STARTERS_OF = {"os": OTHER_STARTERS, "subprocess": OTHER_STARTERS, "asyncio": STARTERS}
SHELL_STARTERS = {"system", "popen", "getoutput", "getstatusoutput", "create_subprocess_shell"}
WORD_STARTERS = SHELL_STARTERS | {"run", "call", "check_call", "check_output", "Popen", "create_subprocess_exec"}
# Programs that run other programs, or code among their arguments.
INTERPRETER = re.compile(
    r"(?:ba|c|da|fi|k|z)?sh|python[\d.]*|pypy[\d.]*|perl|node|ruby|awk|busybox|env|eval|exec|find|nice|nohup|parallel|"
    r"setsid|source|stdbuf|sudo|time|timeout|watch|xargs|\."
)
SHELL_SYNTAX = re.compile(r"[$`'\"\\{}*?\[~]")

ENCODING = re.compile(r"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
PLAIN_ENCODINGS = {"utf-8", "utf8", "utf_8", "ascii", "us-ascii", "latin-1", "iso-8859-1"}


def root_of(node):
    """The name at the start of a chain of attributes; None if it starts with anything else."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


class Code(ast.NodeVisitor):
    """Finds the tools that code uses, and what its text doesn't show. Knows the file's imports before its uses."""

    def __init__(self, found, tree):
        self.found = found
        # By their names here: modules of `servers` (None for the package itself), functions of `servers`, modules that
        # start programs, and their functions.
        self.servers, self.named, self.hosts, self.starters = {}, {}, {}, {}
        self.functions, self.called = set(), set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                self.bind_modules(node)
            elif isinstance(node, ast.ImportFrom):
                self.bind_names(node)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                self.functions.add(node.name)
        self.visit(tree)

    def unclear(self, node, text):
        self.found.note_unclear(getattr(node, "lineno", 1), text)

    # Imports

    def bind_modules(self, node):
        for name in node.names:
            root, *rest = name.name.split(".")
            here = name.asname or root
            if root in OPAQUE_MODULES:
                self.unclear(node, root)
            elif root in STARTERS_OF and (not name.asname or not rest or rest == ["subprocess"]):
                self.hosts[here] = root
            elif root == "servers":
                if rest:
                    self.found.name(rest[0])
                self.servers[here] = rest[0] if rest and name.asname else None

    def bind_names(self, node):
        root, *rest = (node.module or "").split(".")
        if node.level:
            return
        for name in node.names:
            here = name.asname or name.name
            is_opaque = root in OPAQUE_MODULES or name.name in LOADERS | OPAQUE_ATTRIBUTES
            if is_opaque or (root, name.name) == ("sys", "modules"):
                self.unclear(node, name.name)
            elif root in STARTERS_OF:
                if name.name in STARTERS_OF[root] or name.name == "*":
                    self.starters[here] = name.name
                elif name.name == "subprocess":
                    self.hosts[here] = "subprocess"
                if name.name == "*" and root != "asyncio":
                    self.unclear(node, f"everything of {root}")
            elif root in ("servers", "tools") and rest:
                self.found.use(rest[0], None if name.name == "*" else name.name)
                self.functions.add(here)
            elif root in ("servers", "tools") and name.name in NAMED:
                self.named[here] = name.name
            elif root == "servers" and name.name not in HELPERS:
                self.found.name(name.name)
                self.servers[here] = name.name

    # Uses

    def visit_Attribute(self, node):
        chain, value = [node.attr], node.value
        while isinstance(value, ast.Attribute):
            chain.append(value.attr)
            value = value.value
        chain.reverse()
        base = value.id if isinstance(value, ast.Name) else None
        is_called = id(node) in self.called
        if base in self.servers:
            module = self.servers[base]
            if module is None:
                module, chain = chain[0], chain[1:]
            if module in HELPERS and self.servers[base] is None:
                if module in NAMED and not is_called:
                    self.unclear(node, f"{module} is used as a value")
            else:
                self.found.use(module, chain[0] if chain else None)
            return
        if not is_called and (node.attr in NAMED or node.attr in STARTERS or self.is_starter(base, node.attr)):
            self.unclear(node, f"{node.attr} is used as a value")
        is_space = node.attr == "__dict__" and (base in self.hosts or base == "sys")
        is_evaluator = node.attr in EVALUATORS and not self.is_pattern(base, node.attr)
        if is_space or is_evaluator or node.attr in LOADERS | OPAQUE_ATTRIBUTES:
            self.unclear(node, node.attr)
        if (
            (base, node.attr) == ("sys", "modules")
            and not is_called
            or node.attr in ("AF_UNIX", "open_unix_connection")
        ):
            self.unclear(node, node.attr)
        if base not in self.hosts:
            self.generic_visit(node)

    @staticmethod
    def is_pattern(base, attribute):
        return attribute == "compile" and base in ("re", "regex")

    def is_starter(self, base, attribute):
        return base in self.hosts and attribute in STARTERS_OF[self.hosts[base]]

    def visit_Subscript(self, node):
        # Replaces a module, as tests do, but gets none.
        if not isinstance(node.ctx, ast.Load) and isinstance(node.slice, ast.Constant):
            self.called.add(id(node.value))
        self.generic_visit(node)

    def visit_Name(self, node):
        self.note(node.id, node)
        if not isinstance(node.ctx, ast.Load):
            return
        name = node.id
        if name in EVALUATORS:
            self.unclear(node, name)
        if name in self.servers:
            # Passed on as a value: any of its functions may be used.
            if self.servers[name] is None:
                self.unclear(node, "servers is used as a value")
            else:
                self.found.use(self.servers[name])
        elif name in self.hosts or (id(node) not in self.called and (name in self.starters or name in self.named)):
            self.unclear(node, f"{name} is used as a value")

    def visit_Call(self, node):
        function = node.func
        self.called.add(id(function))
        if getattr(function, "attr", "") in ("dict", "setitem", "delitem"):
            # So do `mock.patch.dict` and `monkeypatch.setitem`.
            self.called.update(
                id(part) for part in node.args if isinstance(part, ast.Attribute) and part.attr == "modules"
            )
        if isinstance(function, ast.Name):
            name = self.named.get(function.id, function.id)
            starter = self.starters.get(function.id)
        else:
            name = getattr(function, "attr", "")
            starter = name if name in STARTERS or self.is_starter(root_of(function), name) else None
        if name in NAMED and name != "together" or name == "together" and node.args:
            self.note_call(name, node)
        self.scan_words(node.args, node)
        if starter and not self.shows_command(starter, node):
            self.unclear(node, f"{starter}, whose command its text does not show")
        families = node.args[:1] + [keyword.value for keyword in node.keywords if keyword.arg in (None, "family")]
        if name == "socket" and families:
            family = getattr(families[0], "attr", getattr(families[0], "id", ""))
            if family not in ("AF_INET", "AF_INET6"):
                self.unclear(node, "a socket of a family that its text does not show")
        self.generic_visit(node)

    def note_call(self, name, node):
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        places = [None if isinstance(value, ast.Starred) else value for value in node.args]
        first = places[0] if places else keywords.get("server", keywords.get("name"))
        second = places[1] if len(places) > 1 else keywords.get("tool")
        server = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None
        tool = second.value if isinstance(second, ast.Constant) and isinstance(second.value, str) else None
        if name == "together" and server is None:
            is_function = isinstance(first, (ast.Attribute, ast.Lambda))
            if not is_function and getattr(first, "id", None) not in self.functions:
                self.unclear(node, "together with a name that is computed")
        elif server is None:
            self.unclear(node, f"{name} with a name that is computed")
        elif name in READERS:
            self.found.name(server)
        elif name in CALLERS and tool is not None:
            self.found.use(server, tool)
        else:
            self.found.use_words(server)
            if name in CALLERS and len(node.args) > 2:
                self.unclear(node, f"{name} with a name that is computed")

    def shows_command(self, starter, node):
        """Whether a call starts nothing but programs that are named in its text and run no code of their arguments."""
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        if starter not in WORD_STARTERS or {None, "executable"} & set(keywords):
            return False
        shell = keywords.get("shell", ast.Constant(False))
        if not isinstance(shell, ast.Constant):
            return False
        command = node.args[0] if node.args else keywords.get("args", keywords.get("cmd"))
        if starter == "create_subprocess_exec":
            parts = node.args
        elif isinstance(command, (ast.List, ast.Tuple)) and not shell.value and starter not in SHELL_STARTERS:
            parts = command.elts
        else:
            text = text_of(command)
            if text is None or SHELL_SYNTAX.search(text):
                return False
            parts = [ast.Constant(word) for word in re.split(r"[\s;|&()<>]+", text) if word]
        words = [text_of(part) for part in parts]
        if not words or any(word is None or UNKNOWN in word for word in words):
            return False
        return not any(INTERPRETER.fullmatch(word.rpartition("/")[2]) for word in words)

    # Texts

    def visit_Constant(self, node):
        if text := text_of(node):
            self.found.scan(text, node.lineno)

    def visit_JoinedStr(self, node):
        self.scan_text(node)

    def visit_BinOp(self, node):
        self.scan_text(node)

    def scan_text(self, node):
        text = text_of(node)
        if text is not None:
            self.found.scan(text, node.lineno)
        # What was scanned as part of the whole isn't scanned by itself.
        for part in parts_of(node):
            if isinstance(part, ast.JoinedStr):
                for value in part.values:
                    if isinstance(value, ast.FormattedValue):
                        self.generic_visit(value)
            elif part is node:
                self.generic_visit(part)
            elif not isinstance(part, ast.Constant):
                self.visit(part)

    def visit_List(self, node):
        self.scan_words(node.elts, node)
        self.generic_visit(node)

    visit_Tuple = visit_List

    def scan_words(self, parts, node):
        """Scans the words of a command line, each of them a value by itself."""
        words = [text_of(part) for part in parts]
        if any(word is not None and word.rpartition("/")[2] == "mcp" for word in words):
            self.found.scan(" ".join(UNKNOWN if word is None else word for word in words), node.lineno)
            if isinstance(node, ast.List) and len(words) == 1:
                self.unclear(node, "mcp with a command that is computed")

    # Names

    def visit_arg(self, node):
        self.note(node.arg, node)
        self.generic_visit(node)

    def visit_FunctionDef(self, node):
        self.note(node.name, node)
        self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef
    visit_ClassDef = visit_FunctionDef

    def note(self, name, node):
        if not name.isascii():
            self.found.foreign.add((node.lineno, name))


def does_something(node):
    """Whether a node makes the difference to words and data, which may be Python as well."""
    return isinstance(node, (ast.Import, ast.ImportFrom, ast.Call)) or bool(getattr(node, "decorator_list", None))


def look(path, text, found):
    """Looks at a file. Returns why it isn't the Python that it should be; None if it is, or needn't be."""
    first_lines = text.split("\n", 2)[:2]
    interpreter = first_lines[0] if text.startswith("#!") else ""
    is_python = path.endswith((".py", ".pyw")) or "python" in interpreter
    if not is_python:
        is_shell = path.endswith((".sh", ".bash")) or re.search(r"\b(?:ba|da|k|z)?sh\b", interpreter)
        found.scan(text, is_code=is_shell)
        for match in re.finditer(r"\beval\b", text) if is_shell else ():
            found.note_unclear(1 + text.count("\n", 0, match.start()), "eval")
    try:
        tree = ast.parse(text, path)
        if is_python or any(map(does_something, ast.walk(tree))):
            for number, line in enumerate(first_lines, 1):
                encoding = ENCODING.match(line)
                if encoding and encoding[1].lower() not in PLAIN_ENCODINGS:
                    found.note_unclear(number, f"the encoding {encoding[1]}")
            Code(found, tree)
    except RecursionError:
        return "it is nested too deeply to be looked at"
    except (SyntaxError, ValueError, MemoryError) as error:
        return f"{type(error).__name__}: {error}" if is_python else None
    return None


def limited(findings):
    if len(findings) <= MAX_FINDINGS:
        return findings
    return [[f"{len(findings)} places, of which {MAX_FINDINGS} are listed"], *findings[:MAX_FINDINGS]]


def main(directory, paths):
    broken, unclear, foreign, found = [], [], [], Findings(HELPERS)
    for path in paths:
        with open(f"{directory}/{path}", encoding="utf-8") as file:
            text = file.read()
        found.unclear, found.foreign = {}, set()
        if defect := look(path, text, found):
            broken.append([path, defect])
        unclear += [[path, one] for one in found.unclear]
        foreign += [[path, f"line {line}: {name}"] for line, name in sorted(found.foreign)]
    modules = {name: None if not used else sorted(used) for name, used in sorted(found.modules.items())}
    for name, used in modules.items():
        if used and len(used) > MAX_TOOLS:
            modules[name] = None
            unclear.insert(0, [f"{len(used)} tools of {name} are named, which are taken for all of its tools"])
    if len(modules) > MAX_FINDINGS:
        unclear.insert(0, [f"{len(modules)} servers are named, of which {MAX_FINDINGS} are looked at"])
    print(
        json.dumps(
            {
                "broken": limited(broken),
                "modules": dict(list(modules.items())[:MAX_FINDINGS]),
                "unclear": limited(unclear),
                "foreign": limited(foreign),
            }
        )
    )


main(sys.argv[2], sys.argv[3:])
