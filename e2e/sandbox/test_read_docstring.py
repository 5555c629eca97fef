"""`read_docstring`: a function's documentation, by parsing alone."""

import re

import pytest
from support.stdio_client import text_of

MODULE = '''"""The module itself."""
import no_such_module_anywhere
open("/workspace/executed", "w").close()


def plain(a, b=1):
    """Adds.

        Indented detail.

    Returns:
        A sum.
    """
    def nested():
        """Inside plain."""
    return a + b


async def later():
    """Waits, then returns."""


@decorated(by="something")
def wrapped(): "One line."


def silent():
    pass


class Shape:
    """A shape."""

    def area(self):
        """The area of the shape."""

    @staticmethod
    async def load():
        """Loads it."""

    class Inner:
        """Within."""

        def deep(self):
            """Deep down."""


if True:
    def conditional():
        """Only if true."""


def größe():
    """Wie groß: 🚀."""
'''


@pytest.fixture(scope="module", autouse=True)
def module(client):
    client.call_tool("write_file", file_path="module.py", content=MODULE)


@pytest.mark.parametrize(
    ("name", "docstring"),
    [
        ("plain", "Adds.\n\n    Indented detail.\n\nReturns:\n    A sum."),
        ("later", "Waits, then returns."),
        ("wrapped", "One line."),
        ("Shape", "A shape."),
        ("Shape.area", "The area of the shape."),
        ("Shape.load", "Loads it."),
        ("Shape.Inner", "Within."),
        ("Shape.Inner.deep", "Deep down."),
        ("conditional", "Only if true."),
        ("größe", "Wie groß: 🚀."),
    ],
)
def test_a_docstring_is_returned_without_its_indentation(client, name, docstring):
    result = client.call_tool("read_docstring", file_path="module.py", function_name=name)
    assert not result.get("isError"), text_of(result)
    assert docstring in text_of(result)
    assert all(not line.startswith("     ") for line in text_of(result).splitlines())


def test_the_file_is_never_run(client):
    client.bash("rm -f executed")
    client.call_tool("read_docstring", file_path="module.py", function_name="plain")
    assert client.bash("ls executed; ls -d __pycache__")["exit_code"] != 0


@pytest.mark.parametrize(
    "name", ["absent", "Shape.absent", "plain.absent", "", ".", "plain()", "plain.nested.x", "a b"]
)
def test_an_unknown_name_lists_the_names_there_are(client, name):
    result = client.call_tool("read_docstring", file_path="module.py", function_name=name)
    assert result["isError"] is True
    for known in ("plain", "later", "Shape", "Shape.area"):
        assert known in text_of(result)


def test_a_function_without_docstring_says_so(client):
    result = client.call_tool("read_docstring", file_path="module.py", function_name="silent")
    assert "docstring" in text_of(result)
    assert "silent" in text_of(result)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def broken(:\n    pass\n", "1"),
        ("x = 1\ny = (\n", "2"),
        ("print 'python 2'\n", "1"),
        ("def f():\n\tpass\n        pass\n", "3"),
    ],
)
def test_a_syntax_error_names_its_line(client, source, expected):
    client.call_tool("write_file", file_path="broken.py", content=source)
    result = client.call_tool("read_docstring", file_path="broken.py", function_name="broken")
    assert result["isError"] is True
    assert re.search(rf"line {expected}\b", text_of(result))


@pytest.mark.parametrize(
    "source",
    ["(" * 100_000, "-" * 200_000 + "1", "x" + ".a" * 100_000, "1" + "+1" * 100_000, "[" * 90 + "]" * 90, "a\0b"],
)
def test_a_hostile_file_does_no_harm(client, source):
    client.call_tool("write_file", file_path="hostile.py", content=source)
    result = client.call_tool("read_docstring", file_path="hostile.py", function_name="f")
    assert result["isError"] is True
    assert client.bash("echo fine")["stdout"] == "fine\n"


@pytest.mark.parametrize("path", ["missing.py", "/workspace", "/dev/zero", "", "/bin/ls"])
def test_what_is_no_python_file_is_an_error(client, path):
    result = client.call_tool("read_docstring", file_path=path, function_name="f", wait=60)
    assert result["isError"] is True
    assert text_of(result)


def test_an_encoding_cookie_is_honoured(client):
    client.bash(r"printf '# coding: latin-1\ndef f(): \"\xe9t\xe9\"\n' > latin.py")
    assert "été" in text_of(client.call_tool("read_docstring", file_path="latin.py", function_name="f"))


@pytest.mark.parametrize(
    ("path", "function"),
    [("/tools/sympy_helpers.py", "parse_expression"), ("/tools/artifact_validation.py", "validate_artifact")],
)
def test_the_shipped_helpers_document_themselves(client, path, function):
    result = client.call_tool("read_docstring", file_path=path, function_name=function)
    assert not result.get("isError")
    assert len(text_of(result)) > 100
