"""What is found in the files of a draft: the tools of servers that they name, and what their text doesn't show."""

import ast
import re

# A server's tool in text that isn't parsed.
IN_TEXT = re.compile(r"\bservers\.([A-Za-z_]\w*)(?:\.([A-Za-z_]\w*))?")
IMPORTED_IN_TEXT = re.compile(r"\bfrom\s+servers\s+import\s+(?:\(([\w\s,]+)|((?:[\w \t,]|\\\n)+))")
RENAMED_IN_TEXT = re.compile(r"\bimport\s+servers\s+as\b")
BRIDGE_IN_TEXT = re.compile(r"\bMCP_BRIDGE\b|\bAF_UNIX\b")
# The command `mcp` with its words, which may be quoted, or elements of a list.
COMMAND = re.compile(
    r"(?<![\w.-])mcp[\s\"'\\,]+([$%{]|(?:call|help|read|resources|prompts|prompt|list|connect)(?![\w-]))"
)
COMMAND_END = re.compile(r"[`;|&)\]]|\n\s*\n")
WORD = re.compile(r"[^\s\"'\\,]+")
SERVER = re.compile(r"[\w.-]*\w")
PLACEHOLDER = re.compile(r"<\w|[A-Z]+\W*\Z|…|\.\.\.")
UNKNOWN = "$"


class Findings:
    """What is found in all files; `unclear` and `foreign` are of the file that is looked at."""

    def __init__(self, helpers):
        self.helpers, self.modules, self.unclear, self.foreign = helpers, {}, {}, set()

    def use(self, module, function=None):
        known = self.modules.setdefault(module, set())
        if function is None or known is None:
            self.modules[module] = None
        else:
            known.add(function)

    def name(self, module):
        self.modules.setdefault(module, set())

    def use_words(self, words):
        """Uses a tool whose server's name and own are one word."""
        words = words.removeprefix("servers.")
        server, found, tool = words.partition("__" if "__" in words else ".")
        self.use(server, tool if found else None)

    def note_unclear(self, line, text):
        self.unclear[f"line {line}: {text}"] = None

    def scan(self, text, first_line=1, is_code=True):
        """Looks for calls in text that isn't parsed: instructions, scripts for shells, strings."""

        def line(match):
            return first_line + text.count("\n", 0, match.start())

        for module, function in IN_TEXT.findall(text):
            if module not in self.helpers and module != "py":
                self.use(module, function or None)
        for match in IMPORTED_IN_TEXT.finditer(text):
            for part in (match[1] or match[2]).split(","):
                # Up to `as`, or to the next word of a sentence.
                name = re.search(r"\w+", part)
                if name and name[0] not in self.helpers:
                    self.name(name[0])
        for match in RENAMED_IN_TEXT.finditer(text):
            self.note_unclear(line(match), "servers under another name")
        for match in BRIDGE_IN_TEXT.finditer(text):
            self.note_unclear(line(match), match[0])
        for match in COMMAND.finditer(text):
            self.scan_command(match[1], text[match.end() : match.end() + 500], line(match), is_code)

    def scan_command(self, command, rest, line, is_code):
        if command == "connect" or command in "$%{":
            self.note_unclear(line, "mcp connect" if command == "connect" else "mcp with a command that is computed")
            return
        if end := COMMAND_END.search(rest):
            rest = rest[: end.start()]
        words = WORD.findall(rest)
        while words and words[0].startswith("--"):
            words = words[2 if words[0] == "--timeout" else 1 :]
        if not words:
            # Instructions may speak of the command.
            if is_code and command == "call":
                self.note_unclear(line, "mcp call with a name that is computed")
            return
        server = SERVER.match(words[0])
        if not server or UNKNOWN in words[0] or "{" in words[0]:
            if is_code or not PLACEHOLDER.match(words[0]):
                self.note_unclear(line, f"mcp {command} with a name that is computed")
        elif command not in ("call", "help"):
            self.name(server[0])
        elif "__" in server[0] or "." in server[0]:
            self.use_words(server[0])
        else:
            tool = SERVER.match(words[1]) if len(words) > 1 and words[0] == server[0] else None
            is_whole = tool and not set("${%") & set(words[1])
            self.use(server[0], tool[0] if is_whole else None)


def parts_of(node):
    """The operands of a sum, which are the parts of a text that is put together; any other node by itself."""
    parts, rest = [], [node]
    while rest:
        part = rest.pop()
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Add):
            rest += [part.right, part.left]
        else:
            parts.append(part)
    return parts


def text_of(node):
    """A string, with a mark in place of each part that is computed; None for what isn't text."""
    parts = [text_of_part(part) for part in parts_of(node)]
    if all(part is None for part in parts):
        return None
    return "".join(UNKNOWN if part is None else part for part in parts)


def text_of_part(node):
    if isinstance(node, ast.Constant):
        if isinstance(node.value, bytes):
            return node.value.decode("latin-1")
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of_part(value) or UNKNOWN for value in node.values)
    return None
