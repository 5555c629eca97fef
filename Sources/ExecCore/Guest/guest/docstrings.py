"""read_docstring: finds a docstring by parsing the file, without importing or running any of it."""

from guest import files, frames, paths

_MAX_SOURCE = 1024 * 1024
_MAX_NAMES = 200
_DEFINITIONS = ("FunctionDef", "AsyncFunctionDef", "ClassDef")


def read_docstring(params, _, sink):
    """Writes the docstring of a function, class or method to `sink`."""
    # Lazy imports: at the top they would slow down the start of every sandbox, and few need them.
    import ast
    import inspect

    path = paths.absolute(params["file_path"])
    name = params["function_name"]
    try:
        definitions = dict(_named(_parse(ast, path).body, ""))
    except RecursionError:
        raise files.OperationError(f"{path} is nested too deeply to be parsed.") from None
    if name not in definitions:
        raise files.OperationError(_unknown(path, name, definitions), "not_found")
    docstring = ast.get_docstring(definitions[name], clean=False)
    if docstring is None:
        raise files.OperationError(f"{name} in {path} has no docstring.", "not_found")
    data = inspect.cleandoc(docstring).encode("utf-8", "replace")
    frames.write_all(sink, data[: params["limit"]])
    return {"path": path, "cut": len(data) > params["limit"]}


def _parse(ast, path):
    with files.open_regular(path) as file:
        size = files.size_of(file)
        if size > _MAX_SOURCE:
            raise files.OperationError(
                f"{path} has {size} bytes, more than the {_MAX_SOURCE} that can be parsed.", "too_large"
            )
        source = b""
        while len(source) <= _MAX_SOURCE and (piece := file.read(_MAX_SOURCE)):
            source += piece
    try:
        # Bytes, so that the file's encoding declaration applies.
        return ast.parse(source, path)
    except SyntaxError as error:
        place = f"line {error.lineno}: " if error.lineno else ""
        raise files.OperationError(f"{path} is not valid Python: {place}{error.msg}") from None
    except (ValueError, RecursionError) as error:
        raise files.OperationError(f"{path} is not valid Python: {error}") from None


def _named(body, prefix):
    """Yields (dotted name, definition) for each function and class in `body`, including nested ones."""
    for statement in body:
        if type(statement).__name__ in _DEFINITIONS:
            name = prefix + statement.name
            yield name, statement
            yield from _named(statement.body, name + ".")
        else:
            # Definitions inside if, try, with and the like belong to the enclosing scope.
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
