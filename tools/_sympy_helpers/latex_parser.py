"""LaTeX to SymPy: ANTLR's parser reads it, and what it leaves unevaluated is rebuilt within the limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import sympy
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.core.function import AppliedUndef, FunctionClass
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from .latex_spelling import UNDERSTOOD, normalized, without_delimiters
from .limits import MAX_LATEX, ExpressionError, build, matrix
from .vocabulary import FUNCTIONS, GREEK

CONSTANTS = {"pi": sympy.pi, "e": sympy.E, "i": sympy.I}
MATRIX = re.compile(
    r"(?:\\left\s*[\[(])?\s*\\begin\{([pbB]?matrix|array)\}(?:\{[lcr| ]*\})?(.*)\\end\{\1\}\s*(?:\\right\s*[\])])?",
    re.DOTALL,
)


class LatexParser:
    """Reads one formula; `names` and `assumptions` say what its letters are."""

    def __init__(self, names: Mapping[str, Any], assumptions: Mapping[str, Any], exact: bool) -> None:
        self._names = names
        self._functions = {name: value for name, value in names.items() if isinstance(value, FunctionClass)}
        self._assumptions = assumptions
        self._exact = exact

    def parse(self, latex: str) -> Any:
        if len(latex) > MAX_LATEX:
            raise ExpressionError(f"the LaTeX has {len(latex)} characters, over the limit of {MAX_LATEX}")
        text = without_delimiters(latex)
        if not text:
            raise ExpressionError("the LaTeX is empty")
        as_matrix = MATRIX.fullmatch(text)
        return self._matrix(as_matrix[2]) if as_matrix else self._formula(text)

    def _matrix(self, body: str) -> Any:
        rows = [row.split("&") for row in re.split(r"\\\\", body) if row.strip()]
        return build(matrix, [[self._formula(cell) for cell in row] for row in rows])

    def _formula(self, text: str) -> Any:
        parsed = _read(normalized(text, self._functions))
        bound = {symbol.name for node in sympy.preorder_traversal(parsed) for symbol in _bound_symbols(node)}
        return self._rebuilt(parsed, bound)

    def _rebuilt(self, node: Any, bound: set[str]) -> Any:
        """The same expression, evaluated as SymPy's constructors do, with constants and assumptions in place."""
        if isinstance(node, sympy.Symbol):
            return self._symbol(node.name, bound)
        if isinstance(node, sympy.Float) and self._exact:
            return sympy.Rational(str(node))
        if not node.args:
            return node
        if isinstance(node, sympy.Limit):
            *arguments, direction = node.args
            return build(sympy.Limit, *(self._rebuilt(argument, bound) for argument in arguments), str(direction))
        arguments = [self._rebuilt(argument, bound) for argument in node.args]
        if isinstance(node, AppliedUndef):
            return build(self._function(node.func.__name__), *arguments)
        if not isinstance(node, (sympy.Expr, sympy.Tuple, Boolean)) or "quantum" in type(node).__module__:
            raise ExpressionError(f"{type(node).__name__} is not understood: {UNDERSTOOD}")
        if isinstance(node, Relational) and any(isinstance(argument, Relational) for argument in arguments):
            raise ExpressionError("one relation at a time: parse a < x and x < b each by itself")
        return build(node.func, *arguments)

    def _function(self, latex_name: str) -> Any:
        name = _plain(latex_name)
        if "'" in name:
            raise ExpressionError(r"f'(x) is not understood: write \frac{d}{dx} f(x)")
        return self._functions.get(name) or FUNCTIONS.get(name.replace("Gamma", "gamma")) or sympy.Function(name)

    def _symbol(self, latex_name: str, bound: set[str]) -> Any:
        name = _plain(latex_name)
        if name in self._names:
            return self._names[name]
        if name in CONSTANTS and latex_name not in bound:
            return CONSTANTS[name]
        if re.fullmatch(r"d[a-zA-Z]+", name) and name not in GREEK:  # ANTLR's grammar takes every d for a differential
            raise ExpressionError(
                "d only means a derivative, \\frac{d}{dx} f, or the end of an integral: call a variable otherwise, "
                "and take a higher derivative with diff()"
            )
        return sympy.Symbol(name, **self._assumptions)


def _read(text: str) -> Any:
    """What SymPy's ANTLR parser makes of the text: an expression that is mostly unevaluated."""
    from sympy.parsing.latex import LaTeXParsingError, parse_latex  # here, because it takes a third of a second

    try:
        parsed = parse_latex(text, strict=True, backend="antlr")
    except LaTeXParsingError as error:
        detail = str(error)
        if detail == "Invalid LaTeX":
            detail = f"{text.strip()!r} ends too early, or something is left over after a formula"
        raise ExpressionError(f"cannot read the LaTeX: {detail}") from None
    except ImportError:
        raise
    except RecursionError:
        raise ExpressionError("the LaTeX is nested too deeply") from None
    except Exception as error:
        raise ExpressionError(f"cannot read the LaTeX {text.strip()!r}: {error}") from error
    if not isinstance(parsed, sympy.Basic):
        raise ExpressionError(f"the LaTeX {text.strip()!r} is not a whole formula")
    return parsed


def _bound_symbols(node: Any) -> set[Any]:
    """The index of a sum, the variable of an integral: letters that are no constants here."""
    if isinstance(node, ExprWithLimits):
        return set(node.bound_symbols)
    return {node.args[1]} if isinstance(node, sympy.Limit) else set()


def _plain(name: str) -> str:
    """`x_{1}` as `x_1`, the way SymPy's own symbols are called."""
    return re.sub(r"_\{(\w+)\}", r"_\1", name)
