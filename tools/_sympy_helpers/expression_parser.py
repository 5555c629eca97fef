"""A parser of mathematical text that builds SymPy objects itself: nothing of the text is ever evaluated as Python."""

from __future__ import annotations

import difflib
import functools
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import sympy
from sympy.core.function import FunctionClass
from sympy.matrices import MatrixBase

from .limits import MAX_DEPTH, MAX_DIGITS, MAX_TEXT, ExpressionError, build, check_digits
from .vocabulary import CONSTANTS, FUNCTIONS, GREEK, RESERVED, TAKES_CONTAINERS, TAKES_MATRICES

Operation = Callable[..., Any]

RELATIONS: dict[str, Operation] = {
    "=": sympy.Eq,
    "==": sympy.Eq,
    "!=": sympy.Ne,
    "<": sympy.Lt,
    "<=": sympy.Le,
    ">": sympy.Gt,
    ">=": sympy.Ge,
}
LOOK_ALIKES = {"×": "*", "·": "*", "⋅": "*", "÷": "/", "−": "-", "–": "-", "≤": "<=", "≥": ">=", "≠": "!=", "**": "^"}

TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | (?P<name>∞|[^\W\d]\w*)
      | (?P<operator>\*\*|==|!=|<=|>=|[-+*/^()\[\],<>=!×·⋅÷−–≤≥≠])
      | (?P<end>\Z)
      | (?P<other>.)
    )""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    kind: str  # "number", "name", "operator" or "end"
    text: str
    position: int


class ExpressionParser:
    """Recursive descent, from the loosest binding (a relation) to the tightest (an atom)."""

    def __init__(self, text: str, names: Mapping[str, Any], assumptions: Mapping[str, Any], exact: bool) -> None:
        if len(text) > MAX_TEXT:
            raise ExpressionError(f"the expression has {len(text)} characters, over the limit of {MAX_TEXT}")
        self._text = text
        self._names = names
        self._assumptions = assumptions
        self._exact = exact
        self._depth = 0
        self._tokens = self._tokenize()
        self._index = 0

    def parse(self) -> Any:
        if self._token.kind == "end":
            raise ExpressionError("the expression is empty")
        result = self._relation()
        if self._token.kind != "end":
            self._fail(f"unexpected {self._token.text!r}")
        if isinstance(result, (list, tuple)):
            raise ExpressionError("a list is not an expression: parse its items one by one, or write Matrix([[...]])")
        for number in result.atoms(sympy.Rational):
            check_digits(number)
        return result

    # Tokens

    def _tokenize(self) -> list[Token]:
        tokens = []
        for match in TOKEN.finditer(self._text):
            kind = match.lastgroup or "end"
            token = Token(kind, LOOK_ALIKES.get(match[kind], match[kind]), match.start(kind))
            if kind == "other":
                self._fail(_why_not(token.text), token)
            if kind == "name":
                self._check_name(token)
            tokens.append(token)
            if kind == "end":
                break
        return tokens

    def _check_name(self, token: Token) -> None:
        if token.text in RESERVED:
            self._fail(f"{token.text!r} is a Python keyword, not mathematics (And, Or, Not are functions)", token)
        if token.text.startswith("_") or "__" in token.text:
            self._fail(f"{token.text!r} is not a name: no leading and no double underscores", token)
        if token.text != "∞" and not token.text.isidentifier():
            self._fail(f"{token.text!r} is not a name: write powers as x^2", token)

    @property
    def _token(self) -> Token:
        return self._tokens[self._index]

    def _advance(self) -> Token:
        self._index += 1
        return self._tokens[self._index - 1]

    def _accept(self, *texts: str) -> Token | None:
        token = self._token
        if token.kind == "operator" and token.text in texts:
            return self._advance()
        return None

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            found = "the end" if self._token.kind == "end" else repr(self._token.text)
            self._fail(f"expected {text!r}, found {found}")

    def _fail(self, message: str, token: Token | None = None) -> NoReturn:
        position = (token or self._token).position
        start = max(0, position - 40)
        excerpt = re.sub(r"\s", " ", self._text[start : position + 40])
        raise ExpressionError(f"{message}, at position {position}:\n  {excerpt}\n  {' ' * (position - start)}^")

    # Grammar

    def _relation(self) -> Any:
        left = self._sum()
        sign = self._accept(*RELATIONS)
        if not sign:
            return left
        right = self._sum()
        if self._token.text in RELATIONS:
            self._fail("one relation at a time: write And(a < x, x < b)")
        return self._build(sign, RELATIONS[sign.text], self._operand(left, sign), self._operand(right, sign))

    def _sum(self) -> Any:
        first = self._token
        terms = [self._product()]
        while sign := self._accept("+", "-"):
            term = self._operand(self._product(), sign)
            terms.append(-term if sign.text == "-" else term)
        if len(terms) == 1:
            return terms[0]
        self._operand(terms[0], first)
        return self._combine(first, terms, sympy.Add, operator.add)

    def _product(self) -> Any:
        first = self._token
        factors = [self._unary()]
        while True:
            sign = self._accept("*", "/")
            if not sign and not self._is_implicit_product():
                break
            token = self._token
            factor = self._operand(self._unary() if sign else self._power(), token)
            if sign and sign.text == "/":
                factor = self._raised(sign, factor, sympy.S.NegativeOne)
            factors.append(factor)
        if len(factors) == 1:
            return factors[0]
        self._operand(factors[0], first)
        return self._combine(first, factors, sympy.Mul, operator.mul)

    def _is_implicit_product(self) -> bool:
        previous, following = self._tokens[self._index - 1], self._token
        if following.kind == "number":
            self._fail("an operator is missing before this number")
        if following.kind == "name" and previous.kind == "name" and not self._is_call():
            for token in (previous, following):
                if not self._is_short_name(token.text):
                    self._fail(f"an operator is missing: write {previous.text}*{following.text} for a product")
        if following.kind == "name" and previous.text == "0":
            self._fail("0 is a decimal number here: write 0*... for a product")
        return following.kind == "name" or following.text == "("

    def _unary(self) -> Any:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ExpressionError(f"the expression is nested more than {MAX_DEPTH} levels deep")
        first, negative = self._token, False
        while sign := self._accept("+", "-"):
            negative ^= sign.text == "-"
        value = self._power()
        if first.text in ("+", "-"):
            self._operand(value, first)
        self._depth -= 1
        return -value if negative else value

    def _power(self) -> Any:
        base = self._postfix()
        sign = self._accept("^")
        if not sign:
            return base
        base, exponent = self._operand(base, sign), self._operand(self._unary(), sign)
        return self._raised(sign, base, exponent)

    def _postfix(self) -> Any:
        value = self._atom()
        if sign := self._accept("!"):
            if self._token.text == "!":
                self._fail("write factorial2(n) for a double factorial")
            if isinstance(value, MatrixBase):
                self._fail("a matrix has no factorial", sign)
            value = self._build(sign, sympy.factorial, self._operand(value, sign))
        return value

    def _atom(self) -> Any:
        token = self._token
        if token.kind == "number":
            return self._number(self._advance())
        if token.kind == "name":
            return self._call() if self._is_call() else self._constant_or_symbol()
        if self._accept("("):
            items = self._items(")")
            return items[0] if len(items) == 1 else tuple(items)
        if self._accept("["):
            return self._items("]")
        self._fail("the expression ends too early" if token.kind == "end" else f"unexpected {token.text!r}")

    def _items(self, closing: str) -> list[Any]:
        items = [self._relation()]
        while self._accept(","):
            items.append(self._relation())
        self._expect(closing)
        return items

    # Names and numbers

    def _number(self, token: Token) -> Any:
        mantissa, _, exponent = token.text.lower().partition("e")
        if len(mantissa) > MAX_DIGITS or len(exponent) > 6 or abs(int(exponent or 0)) > MAX_DIGITS:
            self._fail(f"a number has more than {MAX_DIGITS} digits", token)
        if self._exact or token.text.isdecimal():
            return sympy.Rational(token.text)
        return sympy.Float(token.text)

    def _is_call(self) -> bool:
        """Whether this name is a function's, with its arguments or a power (`sin^2(x)`) after it."""
        name, following = self._token.text, self._tokens[self._index + 1].text
        if name in self._names:
            return isinstance(self._names[name], FunctionClass) and following == "("
        return name in FUNCTIONS and (following == "(" or (following == "^" and name not in GREEK))

    def _call(self) -> Any:
        token = self._advance()
        function = self._names[token.text] if token.text in self._names else FUNCTIONS[token.text]
        power = None
        if self._accept("^"):
            if not self._token.text.isdecimal():
                self._fail(
                    f"only a whole number after {token.text}^: write {token.text}(x)^n, or an inverse by its name"
                )
            power = self._number(self._advance())
        self._expect("(")
        arguments = self._items(")")
        if function not in TAKES_CONTAINERS and any(isinstance(argument, (list, tuple)) for argument in arguments):
            self._fail(f"{token.text} takes no list", token)
        if function not in TAKES_MATRICES and any(isinstance(argument, MatrixBase) for argument in arguments):
            self._fail(f"{token.text} takes no matrix", token)
        value = self._build(token, function, *arguments)
        return value if power is None else self._raised(token, value, power)

    def _constant_or_symbol(self) -> Any:
        token = self._advance()
        name = token.text
        if name in self._names:
            return self._names[name]
        if name in CONSTANTS:
            return CONSTANTS[name]
        if self._token.text == "(" and (name in ("f", "g", "h") or not self._is_short_name(name)):
            self._fail(_unknown_function(name), token)
        if name in FUNCTIONS and name not in GREEK:
            self._fail(f"{name} is a function: write {name}(...)", token)
        return sympy.Symbol(name, **self._assumptions)

    def _is_short_name(self, name: str) -> bool:
        """A name that is plainly a symbol or a constant, not a word of a sentence."""
        return len(name.split("_")[0]) == 1 or name in GREEK or name in CONSTANTS or name in self._names

    # Building

    def _build(self, token: Token, function: Operation, *arguments: Any) -> Any:
        try:
            return build(function, *arguments)
        except ExpressionError as error:
            self._fail(str(error), token)

    def _operand(self, value: Any, token: Token) -> Any:
        if not isinstance(value, (sympy.Expr, MatrixBase)):
            self._fail("a relation, a list or a truth value cannot be calculated with", token)
        return value

    def _raised(self, token: Token, base: Any, exponent: Any) -> Any:
        return self._build(token, operator.pow if isinstance(base, MatrixBase) else sympy.Pow, base, exponent)

    def _combine(self, token: Token, items: list[Any], function: Operation, pairwise: Operation) -> Any:
        """All at once, because adding a thousand terms one by one takes a thousand times as long; matrices pairwise."""
        if any(isinstance(item, MatrixBase) for item in items):
            return self._build(token, lambda: functools.reduce(pairwise, items))
        return self._build(token, function, *items)


def _unknown_function(name: str) -> str:
    close = difflib.get_close_matches(name, FUNCTIONS, n=1, cutoff=0.8)
    hint = f" (did you mean {close[0]}?)" if close else ""
    remedy = f"write {name}*(...) for a product, or pass names={{{name!r}: Function({name!r})}}"
    return f"unknown function {name}{hint}: {remedy}"


def _why_not(character: str) -> str:
    if character == ".":
        return "unexpected '.': attributes and methods are not part of an expression"
    if character in "'\"`":
        return f"unexpected {character!r}: strings are not part of an expression"
    if character == "|":
        return "unexpected '|': write Abs(x)"
    if character in "{}":
        return f"unexpected {character!r}: use parentheses; LaTeX goes to from_latex"
    if character == "\\":
        return "unexpected '\\': LaTeX goes to from_latex"
    return f"unexpected {character!r}"
