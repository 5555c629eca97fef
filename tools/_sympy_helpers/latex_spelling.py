"""LaTeX rewritten into the part of it that SymPy's ANTLR grammar reads, and reads rightly."""

from __future__ import annotations

import re
from collections.abc import Container

from .limits import ExpressionError
from .vocabulary import FUNCTIONS, GREEK

_NORMAL_FUNCTIONS = """
    exp log lg ln sin cos tan csc sec cot arcsin arccos arctan arccsc arcsec arccot sinh cosh tanh arsinh arcosh artanh
"""
_OTHER_COMMANDS = """
    thinspace medspace thickspace quad qquad negthinspace negmedspace negthickspace limits
    langle rangle lfloor rfloor lceil rceil lim to rightarrow Rightarrow longrightarrow Longrightarrow
    int sum prod sqrt overline times cdot div frac dfrac tfrac binom dbinom tbinom mathit
    neq leq le leqq leqslant geq ge geqq geqslant infty partial pi
"""

_OTHER = frozenset(_OTHER_COMMANDS.split())
# Commands that stand before an argument.
FUNCTION_COMMANDS = frozenset(_NORMAL_FUNCTIONS.split()) | (FUNCTIONS.keys() - GREEK - _OTHER) | {"Gamma", "zeta"}
# The grammar takes any other command for a symbol of that name, and a typing error for a variable.
COMMANDS = FUNCTION_COMMANDS | GREEK | _OTHER
UNDERSTOOD = "only arithmetic, fractions, roots, the common functions, sums, integrals, limits and matrices are"

# Letters that are functions when parentheses follow; any other letter there is a factor.
FUNCTION_LETTERS = frozenset("fgh")

_SPELLINGS = [
    (r"\\displaystyle(?![a-zA-Z])", " "),
    (r"\\(?:left|right)\s*\.", " "),
    (r"\\(?:left|right)(?![a-zA-Z])", " "),
    (r"\\[lr]vert(?![a-zA-Z])", "|"),
    (r"\\lt(?![a-zA-Z])", "<"),
    (r"\\gt(?![a-zA-Z])", ">"),
    (r"\\ne(?![a-zA-Z])", r"\\neq "),
    (r"\\operatorname\s*\{\s*a(?:rc)?(sin|cos|tan|csc|sec|cot)\s*\}", r"\\arc\1 "),
    (r"\\operatorname\s*\{\s*a(?:rc|r)?(sinh|cosh|tanh)\s*\}", r"\\ar\1 "),
    (r"\\operatorname\s*\{\s*([a-zA-Z]{2,})\s*\}", r"\\\1 "),
    (r"\\(?:mathrm|mathit|text|operatorname)\s*\{\s*([a-zA-Z])\s*\}", r" \1"),
    (r"\\(?:mathrm|text)\s*\{\s*([a-zA-Z]+)\s*\}", r"\\mathit{\1}"),
]
_DELIMITERS = [("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]")]

_SCRIPT = r"(?:[_^]\s*(?:\{[^{}]*\}|\w)\s*)"
_BEFORE_PARENTHESIS = re.compile(rf"([_^]\s*)?(?:\\([a-zA-Z]+)|([a-zA-Z]))\s*{_SCRIPT}?(?=\s*\()")
_BRACED_ARGUMENT = re.compile(rf"(?:\\([a-zA-Z]+)|(?<![a-zA-Z\\])[a-zA-Z])\s*{_SCRIPT}*(\{{)\s*\(")


def without_delimiters(latex: str) -> str:
    """The formula without $...$ and its like around it."""
    text = latex.strip()
    for opening, closing in _DELIMITERS:
        if text.startswith(opening) and text.endswith(closing) and len(text) >= len(opening) + len(closing):
            return text[len(opening) : -len(closing)].strip()
    return text


def normalized(text: str, functions: Container[str]) -> str:
    """The formula in the grammar's own spelling; `functions` are further names that take arguments."""
    for pattern, replacement in _SPELLINGS:
        text = re.sub(pattern, replacement, text)
    for command in re.finditer(r"\\([a-zA-Z]+)", text):
        if command[1] not in COMMANDS:
            raise ExpressionError(f"\\{command[1]} is not understood: {UNDERSTOOD}")
    return _with_plain_arguments(_with_explicit_products(text, functions))


def _with_explicit_products(text: str, functions: Container[str]) -> str:
    """x(y + 1) as a product: the grammar would make a function of every letter before a parenthesis."""

    def multiply(match: re.Match[str]) -> str:
        script, command, letter = match.groups()
        name = command or letter
        is_symbol = name in GREEK or name == "pi" if command else True
        is_function = name in functions or name in FUNCTION_COMMANDS or (letter and name in FUNCTION_LETTERS)
        return match[0] if script or is_function or not is_symbol else match[0] + r" \cdot "

    return _BEFORE_PARENTHESIS.sub(multiply, text)


def _with_plain_arguments(text: str) -> str:
    r"""\log{(x)}^{2}, as SymPy prints it, without the braces: the grammar would take the square of x alone."""
    position = 0
    while match := _BRACED_ARGUMENT.search(text, position):
        position = match.end()
        if match[1] and match[1] not in FUNCTION_COMMANDS:
            continue
        opening = match.start(2)
        closing = _matching_brace(text, opening)
        if closing and text[:closing].rstrip().endswith(")"):
            text = f"{text[:opening]} {text[opening + 1 : closing]} {text[closing + 1 :]}"
            position = opening
    return text


def _matching_brace(text: str, opening: int) -> int | None:
    depth = 0
    for position in range(opening, len(text)):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if depth == 0:
            return position
    return None
