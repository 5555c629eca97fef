"""read_docstring: finds a docstring by parsing. Nothing of the file is imported or run."""

import ast
import inspect
import os
import tokenize

from guest import files, frames

_MAX_SOURCE = 4 * 1024 * 1024
_MAX_NAMES = 200
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def read_docstring(params, _):
    """Sends the docstring of a function, class or method to standard output."""
    path = files.absolute(params["file_path"])
    name = params["function_name"]
    descriptor, status = files.open_regular(path)
    if status.st_size > _MAX_SOURCE:
        raise files.Refusal(f"{path} has {status.st_size} bytes; at most {_MAX_SOURCE} are parsed.", "too_large")
    tree = _parse(path, descriptor)
    definitions = dict(_named(tree.body, ""))
    definition = definitions.get(name)
    if definition is None:
        raise files.Refusal(_unknown(path, name, definitions), "not_found")
    docstring = ast.get_docstring(definition, clean=False)
    if docstring is None:
        raise files.Refusal(f"{name} in {path} has no docstring.", "not_found")
    data = inspect.cleandoc(docstring).encode("utf-8", "replace")
    frames.write_all(1, data[: params["limit"]])
    return {"path": path, "cut": len(data) > params["limit"]}


def _parse(path, descriptor):
    with open(descriptor, "rb") as file:
        encoding, _ = _encoding(path, file)
        file.seek(0)
        source = file.read(_MAX_SOURCE + 1)
    try:
        return ast.parse(source.decode(encoding), os.path.basename(path))
    except SyntaxError as error:
        raise files.Refusal(f"{path} is not valid Python: line {error.lineno}: {error.msg}") from None
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise files.Refusal(f"{path} is not valid Python: {error}") from None


def _encoding(path, file):
    try:
        return tokenize.detect_encoding(file.readline)
    except SyntaxError as error:
        raise files.Refusal(f"{path} is not Python source: {error.msg}") from None


def _named(body, prefix):
    """(dotted name, definition) of each function and class in `body` and in the classes and functions below it."""
    for statement in body:
        if isinstance(statement, _DEFINITIONS):
            name = prefix + statement.name
            yield name, statement
            yield from _named(statement.body, name + ".")
        else:
            # Definitions under if, try, with and the like belong to the level they stand on.
            for inner in ("body", "orelse", "finalbody"):
                yield from _named(getattr(statement, inner, None) or [], prefix)
            for branch in (getattr(statement, "handlers", None) or []) + (getattr(statement, "cases", None) or []):
                yield from _named(branch.body, prefix)


def _unknown(path, name, definitions):
    if not definitions:
        return f"{path} defines no function or class."
    names = list(definitions)
    more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
    return f"{path} has no function {name}. It has: {', '.join(names[:_MAX_NAMES])}{more}"
