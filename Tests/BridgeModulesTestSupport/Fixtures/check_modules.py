"""Reads generated modules as JSON from a file, and prints what is wrong with them as a JSON list.

Each module is {"source", "functions": [{"python", "docstring", "rest", "parameters": [[python, real, required]]}],
"tools": [real names]}. Nothing of a module runs before its syntax tree is known to contain nothing but definitions.
"""

import ast
import inspect
import json
import keyword
import sys
import types
import unicodedata

faults = []


def check(condition, text):
    if not condition and len(faults) < 50:
        faults.append(text)
    return condition


class Server:
    """Stands for the class of the runtime: returns what it would send."""

    def __init__(self, name, table):
        self.name, self.table = name, json.loads(table)

    def call(self, index, values):
        tool, renamed = self.table[index]
        rest = values.pop("arguments", {}) if isinstance(values.get("arguments"), dict) else {}
        given = {renamed.get(name, name): value for name, value in values.items() if value is not ...}
        return tool, {**given, **rest}

    def tool(self, index, function):
        return function


def is_annotation(node):
    """Whether an annotation is a string that parses as a type."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return False
    allowed = (
        ast.Expression,
        ast.Name,
        ast.Load,
        ast.Subscript,
        ast.BinOp,
        ast.BitOr,
        ast.Constant,
        ast.Tuple,
        ast.UnaryOp,
        ast.USub,
    )
    return all(isinstance(part, allowed) for part in ast.walk(ast.parse(node.value, mode="eval")))


def is_harmless(tree):
    """Whether a module only defines functions, and calls nothing but the runtime with constants."""
    head, body = tree.body[:3], tree.body[3:]
    lines = [
        isinstance(head[0], ast.Expr) and isinstance(head[0].value, ast.Constant),
        ast.unparse(head[1]) == "from servers import _runtime as _r",
        isinstance(head[2], ast.Assign) and ast.unparse(head[2].value.func) == "_r.Server",
        all(isinstance(argument, ast.Constant) for argument in head[2].value.args),
        len(body) % 2 == 0,
    ]
    for number, (function, assignment) in enumerate(zip(body[::2], body[1::2])):
        if not isinstance(function, ast.FunctionDef) or not isinstance(assignment, ast.Assign):
            return False
        arguments = function.args
        annotations = [part.annotation for part in arguments.args + arguments.kwonlyargs]
        defaults = [value for value in arguments.defaults + arguments.kw_defaults if value is not None]
        lines += [
            ast.unparse(assignment) == f"{function.name} = _server.tool({number}, {function.name})",
            len(function.body) == 2,
            ast.unparse(function.body[1]) == f"return _server.call({number}, locals())",
            not function.decorator_list,
            all(is_annotation(node) for node in annotations),
            function.returns is None or is_annotation(function.returns),
            all(isinstance(value, ast.Constant) and value.value is ... for value in defaults),
        ]
    return all(lines)


def is_identifier(name):
    normalized = unicodedata.normalize("NFKC", name) == name
    return name.isidentifier() and normalized and not keyword.iskeyword(name) and len(name) <= 64


def check_module(module, number):
    source, functions = module["source"], module["functions"]
    try:
        tree = ast.parse(source)
        code = compile(source, f"module {number}", "exec")
    except (SyntaxError, ValueError) as error:
        check(False, f"{number}: {error}")
        return
    if not check(is_harmless(tree), f"{number}: contains more than definitions"):
        return
    definitions = tree.body[3::2]
    if not check(len(definitions) == len(functions), f"{number}: {len(definitions)} functions"):
        return
    scope = {}
    exec(code, scope)
    for place, (definition, function) in enumerate(zip(definitions, functions)):
        name = function["python"]
        check(definition.name == name and is_identifier(name), f"{number}: {definition.name!r} {name!r}")
        found = ast.get_docstring(definition)
        check(found == function["docstring"], f"{number} {name}: {found!r}\n{function['docstring']!r}")
        check(inspect.getdoc(scope[name]) == function["docstring"], f"{number} {name}: documentation")
        check(len(found or "") <= 6000, f"{number} {name}: {len(found or '')} characters")
        arguments = {python: index for index, (python, _, _) in enumerate(function["parameters"])}
        check(all(map(is_identifier, arguments)), f"{number} {name}: {list(arguments)}")
        if function["rest"]:
            check(scope[name](**{"x y": 1}) == (module["tools"][place], {"x y": 1}), f"{number} {name}: arguments")
            continue
        expected = {real: index for index, (_, real, _) in enumerate(function["parameters"])}
        check(scope[name](**arguments) == (module["tools"][place], expected), f"{number} {name}: all arguments")
        required = {python: 1 for python, _, needed in function["parameters"] if needed}
        sent = {real: 1 for _, real, needed in function["parameters"] if needed}
        check(scope[name](**required) == (module["tools"][place], sent), f"{number} {name}: required arguments")
        if len(required) == 1:
            check(scope[name](1) == (module["tools"][place], sent), f"{number} {name}: by position")
    check(json.dumps(scope["_server"].name) == json.dumps(module["server"]), f"{number}: server")
    check(len({function["python"] for function in functions}) == len(functions), f"{number}: equal names")


package = types.ModuleType("servers")
package._runtime = runtime = types.ModuleType("servers._runtime")
runtime.Server = Server
sys.modules.update({"servers": package, "servers._runtime": runtime})

with open(sys.argv[1], encoding="utf-8") as file:
    for number, module in enumerate(json.load(file)):
        check_module(module, number)
print(json.dumps(faults))
