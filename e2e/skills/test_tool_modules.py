"""The modules in /tools describe themselves truly, are importable from anywhere, and their examples run."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from support.stdio_client import REPOSITORY, StdioClient, text_of

TOOLS = REPOSITORY / "tools"
MODULES = sorted(TOOLS.glob("*.py"))
BULLET = re.compile(r"^- (\w+)\((.*)\): (.+)$")


def parsed(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))


def public_functions(module: Path) -> dict[str, ast.FunctionDef]:
    nodes = parsed(module).body
    return {node.name: node for node in nodes if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")}


def every_function() -> list[object]:
    return [
        pytest.param(module, name, id=f"{module.stem}-{name}")
        for module in MODULES
        for name in public_functions(module)
    ]


def test_both_modules_are_there() -> None:
    assert {module.stem for module in MODULES} == {"sympy_helpers", "artifact_validation"}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_the_docstring_has_its_fields_in_order(module: Path) -> None:
    lines = (ast.get_docstring(parsed(module)) or "").splitlines()
    fields = [line.partition(":")[0] for line in lines if re.match(r"[A-Z][\w ]*:", line)]
    assert fields == ["Name", "Description", "Version", "Dependencies", "Available Functions"]
    assert lines[0] == f"Name: {module.stem}"


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_the_docstring_lists_the_public_functions_with_their_arguments(module: Path) -> None:
    docstring = ast.get_docstring(parsed(module)) or ""
    bullets = [BULLET.match(line) for line in docstring.partition("Available Functions:\n")[2].splitlines()]
    listed = {bullet[1]: re.findall(r"\**(\w+)(?:=[^,]+)?", bullet[2]) for bullet in bullets if bullet}
    actual = {}
    for name, node in public_functions(module).items():
        arguments = [argument.arg for argument in node.args.args]
        actual[name] = arguments + ([node.args.kwarg.arg] if node.args.kwarg else [])
    assert all(bullets)
    assert listed == actual


@pytest.mark.parametrize("source", sorted(TOOLS.rglob("*.py")), ids=lambda path: str(path.relative_to(TOOLS)))
def test_the_source_is_python_3_9(source: Path) -> None:
    ast.parse(source.read_text(encoding="utf-8"), feature_version=(3, 9))


@pytest.mark.parametrize(("module", "function"), every_function())
def test_read_docstring_serves_the_whole_docstring(module: Path, function: str, client: StdioClient) -> None:
    result = client.call_tool("read_docstring", file_path=f"/tools/{module.name}", function_name=function)
    assert not result.get("isError"), text_of(result)
    served = text_of(result)
    expected = ast.get_docstring(public_functions(module)[function])
    assert expected and expected in served
    for part in ("Args:", "Returns:", "Example:", ">>> "):
        assert part in served


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_the_examples_in_the_docstrings_are_true(module: Path, client: StdioClient) -> None:
    ran = client.bash(f"python3 -m doctest -v /tools/{module.name}", timeout=120)
    assert ran["exit_code"] == 0, ran
    assert re.search(r"^[1-9]\d* passed", ran["stdout"].strip().splitlines()[-2]), ran["stdout"]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_a_module_is_importable_from_any_directory_and_says_nothing(module: Path, client: StdioClient) -> None:
    ran = client.bash(f"cd / && python3 -c 'import {module.stem}; print({module.stem}.__file__)'")
    assert ran == {"exit_code": 0, "stdout": f"/tools/{module.name}\n", "stderr": ""}


def test_artifact_validation_needs_the_standard_library_alone(client: StdioClient) -> None:
    ran = client.bash("cd /tools && python3 -S -c 'import artifact_validation'")
    assert ran == {"exit_code": 0, "stdout": "", "stderr": ""}
