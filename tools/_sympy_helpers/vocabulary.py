"""The names that mean something in an expression. What is not here is a symbol, or an error where it is called."""

from __future__ import annotations

import keyword
from collections.abc import Callable
from typing import Any

import sympy

from .limits import matrix

CONSTANTS: dict[str, Any] = {
    "pi": sympy.pi,
    "π": sympy.pi,
    "E": sympy.E,
    "e": sympy.E,
    "I": sympy.I,
    "oo": sympy.oo,
    "inf": sympy.oo,
    "infinity": sympy.oo,
    "∞": sympy.oo,
    "zoo": sympy.zoo,
    "nan": sympy.nan,
    "GoldenRatio": sympy.GoldenRatio,
    "EulerGamma": sympy.EulerGamma,
    "Catalan": sympy.Catalan,
    "True": sympy.true,
    "False": sympy.false,
}

_SYMPY_FUNCTIONS = """
    sin cos tan cot sec csc asin acos atan acot asec acsc atan2 sinc
    sinh cosh tanh coth sech csch asinh acosh atanh acoth asech acsch
    exp log ln sqrt cbrt root Abs sign floor ceiling frac Mod Max Min gcd lcm
    re im conjugate arg
    factorial factorial2 binomial gamma loggamma digamma beta zeta bernoulli fibonacci
    erf erfc erfi Si Ci Ei li LambertW polylog besselj bessely besseli besselk airyai airybi
    Heaviside DiracDelta KroneckerDelta
    Eq Ne Lt Le Gt Ge And Or Not Piecewise
    Derivative Integral Sum Product Limit Rational
"""

FUNCTIONS: dict[str, Callable[..., Any]] = {name: getattr(sympy, name) for name in _SYMPY_FUNCTIONS.split()}
FUNCTIONS.update(
    Matrix=matrix,
    abs=sympy.Abs,
    ceil=sympy.ceiling,
    max=sympy.Max,
    min=sympy.Min,
    log2=lambda value: sympy.log(value, 2),
    log10=lambda value: sympy.log(value, 10),
    arcsin=sympy.asin,
    arccos=sympy.acos,
    arctan=sympy.atan,
    arccot=sympy.acot,
    arcsinh=sympy.asinh,
    arccosh=sympy.acosh,
    arctanh=sympy.atanh,
    diff=sympy.Derivative,
    integrate=sympy.Integral,
)

# The functions among whose arguments a list or a tuple may be.
TAKES_CONTAINERS = frozenset(
    FUNCTIONS[name] for name in ("Matrix", "Piecewise", "Derivative", "Integral", "Sum", "Product")
)
TAKES_MATRICES = frozenset(FUNCTIONS[name] for name in ("Eq", "Ne"))

_GREEK_LETTERS = """
    alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi omicron rho sigma tau
    upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega
"""

GREEK = frozenset(_GREEK_LETTERS.split())

# `lambda` is a keyword of Python only, and a common symbol.
RESERVED = frozenset(keyword.kwlist) - {"lambda", "True", "False"}
