"""
Name: sympy_helpers
Description: Reads mathematical text and LaTeX into SymPy, with clear errors; writes SymPy as LaTeX, text or JSON.
Version: 1.0.0
Dependencies: sympy, antlr4-python3-runtime (from_latex only)

Available Functions:
- parse_expression(text, names=None, exact=True, **assumptions): text such as "2x^2 + sin(x)/3 = 1" to a SymPy object
- to_latex(expression): a SymPy object (or text) as LaTeX
- from_latex(latex, names=None, exact=True, **assumptions): LaTeX to a SymPy object
- pretty_print_str(expression, unicode=True): a SymPy object (or text) as two-dimensional text for a terminal
- expression_to_dict(expression, max_nodes=500): a SymPy object (or text) as a dictionary for json.dumps
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import sympy
from sympy.core.function import FunctionClass
from sympy.matrices import MatrixBase

from _sympy_helpers.expression_parser import ExpressionParser
from _sympy_helpers.latex_parser import LatexParser
from _sympy_helpers.limits import ExpressionError, time_limit

__all__ = [
    "ExpressionError",
    "expression_to_dict",
    "from_latex",
    "parse_expression",
    "pretty_print_str",
    "to_latex",
]


def parse_expression(text: str, names: Mapping[str, Any] | None = None, exact: bool = True, **assumptions: bool) -> Any:
    """
    Parse mathematical text into a SymPy expression, equation, relation or matrix.

    The text is never evaluated as Python: it is read by a parser of its own, so it may come from anywhere.

    Understood: + - * / ^ (or **), ! (factorial), = (or ==) != < <= > >=, parentheses, the usual functions
    (sin, sqrt, log, Abs, Max, Piecewise, Sum, Integral, Matrix([[1, 2], [3, 4]]), ...), sin^2(x), and products
    without a sign: 2x, 3(x + 1), x sin(x). Such a product binds like *: 1/2x is x/2.

    Names: pi, e or E, I (the imaginary unit) and oo are constants. Every other name is a symbol, also one of several
    letters: xy is one symbol, x y a product. log is the natural logarithm; log10, log2 and log(x, base) exist.

    Args:
        text: The expression.
        names: What names mean, where it is not the above: {"e": Symbol("e"), "f": Function("f")}.
        exact: Read 0.1 as 1/10 (True) or as a floating point number (False).
        **assumptions: SymPy assumptions of every new symbol: real=True, positive=True, integer=True.
            Symbol("x", positive=True) and Symbol("x") are different symbols: use the same everywhere.

    Returns:
        A SymPy object. "a = b" gives Eq(a, b).

    Raises:
        ExpressionError (a ValueError): the text is no expression, or its value would be too large. The message says
            why and where.

    Example:
        >>> from sympy_helpers import parse_expression
        >>> parse_expression("2x^2 + 0.5 sin(x)")
        2*x**2 + sin(x)/2
        >>> parse_expression("sqrt(x^2)", positive=True)
        x
        >>> from sympy import solve
        >>> solve(parse_expression("x^2 = 5x - 6"))
        [2, 3]
    """
    text = _text(text)
    with time_limit():
        return ExpressionParser(text, _checked_names(names), assumptions, exact).parse()


def to_latex(expression: Any) -> str:
    """
    Write an expression as LaTeX, without delimiters such as $.

    Args:
        expression: A SymPy object, a list or dictionary of them (what solve returns), a number, or text, which is
            parsed by parse_expression.

    Returns:
        The LaTeX.

    Raises:
        ExpressionError (a ValueError): text that is no expression.

    Example:
        >>> from sympy_helpers import to_latex
        >>> print(to_latex("sqrt(x)/2 + pi"))
        \\frac{\\sqrt{x}}{2} + \\pi
    """
    return sympy.latex(_parsed(expression))


def from_latex(latex: str, names: Mapping[str, Any] | None = None, exact: bool = True, **assumptions: bool) -> Any:
    """
    Parse LaTeX into a SymPy expression, equation, relation or matrix.

    In LaTeX every letter is a symbol of its own (xy is x*y; \\mathit{rate} is one symbol), a product without a sign
    binds closer than / (1/2x is 1/(2x), other than in parse_expression), and \\pi, e and i are constants
    unless they are the index or variable of a sum, integral or limit. f, g and h before a parenthesis are unknown
    functions, other letters factors; names can say otherwise. Sums, integrals, derivatives and limits come back
    unevaluated: call .doit(). Not understood: \\pm, cases, f'(x), d as a variable, several formulas at once.

    Args:
        latex: The formula, with or without $...$, \\(...\\) or \\[...\\].
        names: What names mean, where it is not the above: {"i": Symbol("i"), "y": Function("y")}.
        exact: Read 0.1 as 1/10 (True) or as a floating point number (False).
        **assumptions: SymPy assumptions of every symbol: real=True, positive=True, integer=True.

    Returns:
        A SymPy object.

    Raises:
        ExpressionError (a ValueError): the LaTeX cannot be read, or its value would be too large.

    Example:
        >>> from sympy_helpers import from_latex
        >>> from_latex(r"\\frac{x^2 - 1}{2}")
        x**2/2 - 1/2
        >>> from_latex(r"\\int_0^1 x^2 \\, dx").doit()
        1/3
    """
    latex = _text(latex)
    with time_limit():
        return LatexParser(_checked_names(names), assumptions, exact).parse(latex)


def pretty_print_str(expression: Any, unicode: bool = True) -> str:
    """
    Draw an expression as two-dimensional text, the way a person would write it by hand.

    Args:
        expression: A SymPy object, a list or dictionary of them, a number, or text, which is parsed by
            parse_expression.
        unicode: Use characters such as √ and π (True) or plain ASCII (False).

    Returns:
        The drawing; it usually has several lines. Nothing is printed.

    Raises:
        ExpressionError (a ValueError): text that is no expression.

    Example:
        >>> from sympy_helpers import pretty_print_str
        >>> print(pretty_print_str("x/2", unicode=False))
        x
        -
        2
    """
    return sympy.pretty(_parsed(expression), use_unicode=unicode, wrap_line=False)


def expression_to_dict(expression: Any, max_nodes: int = 500) -> dict[str, Any]:
    """
    Describe an expression as a dictionary of plain values that json.dumps takes.

    Args:
        expression: A SymPy object, a number, or text, which is parsed by parse_expression.
        max_nodes: The largest tree to spell out; of a larger one "tree" is None.

    Returns:
        {"text": ..., "latex": ..., "type": ..., "free_symbols": [...], "is_number": ..., "tree": {...}}, with
        "value" (about 15 digits, as text) for a number and "shape" for a matrix. A tree's node is {"type": ...,
        "args": [...]}; a leaf is {"type": ..., "text": ...}.

    Raises:
        ExpressionError (a ValueError): text that is no expression, or a value that SymPy has no object for.

    Example:
        >>> from sympy_helpers import expression_to_dict
        >>> facts = expression_to_dict("sqrt(2) x")
        >>> facts["text"], facts["free_symbols"], facts["is_number"]
        ('sqrt(2)*x', ['x'], False)
        >>> expression_to_dict("pi/2")["value"]
        '1.57079632679490'
    """
    parsed = _parsed(expression)
    try:
        parsed = sympy.sympify(parsed, strict=True)
    except (sympy.SympifyError, TypeError, ValueError, AttributeError):
        raise ExpressionError(f"{type(expression).__name__} is not an expression") from None
    facts: dict[str, Any] = {
        "text": str(parsed),
        "latex": sympy.latex(parsed),
        "type": "Matrix" if isinstance(parsed, MatrixBase) else type(parsed).__name__,
        "free_symbols": sorted(str(symbol) for symbol in parsed.free_symbols),
        "is_number": bool(getattr(parsed, "is_number", False)),
        "tree": _tree(parsed, max_nodes),
    }
    if facts["is_number"]:
        with time_limit():
            facts["value"] = str(parsed.evalf())
    if isinstance(parsed, MatrixBase):
        facts["shape"] = list(parsed.shape)
    return facts


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ExpressionError(f"expected text, got {type(value).__name__}")
    return value


def _parsed(value: Any) -> Any:
    return parse_expression(value) if isinstance(value, str) else value


def _checked_names(names: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Only SymPy's own objects: it would evaluate a string as Python."""
    for name, value in (names or {}).items():
        if not isinstance(value, (sympy.Basic, MatrixBase, FunctionClass)):
            raise ExpressionError(f"names[{name!r}] has to be a SymPy object, not {type(value).__name__}")
    return names or {}


def _tree(expression: Any, max_nodes: int) -> dict[str, Any] | None:
    nodes = itertools.islice(sympy.preorder_traversal(expression), max_nodes + 1)
    return _node(expression) if sum(1 for _ in nodes) <= max_nodes else None


def _node(expression: Any) -> dict[str, Any]:
    if not expression.args:
        return {"type": type(expression).__name__, "text": str(expression)}
    return {"type": type(expression).__name__, "args": [_node(argument) for argument in expression.args]}
