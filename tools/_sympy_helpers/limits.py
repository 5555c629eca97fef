"""What keeps a short text from becoming a computation without end: bounds on size, depth, digits and time."""

from __future__ import annotations

import contextlib
import math
import operator
import re
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import sympy
from sympy.matrices import MatrixBase

MAX_TEXT = 10_000  # characters
MAX_LATEX = 2_000  # ANTLR takes about 10 ms a term
MAX_DEPTH = 40  # nested parentheses, calls and powers; each level costs several of Python's stack frames
MAX_DIGITS = 4_000  # of one number: Python itself refuses to print an integer of more than 4,300
MAX_SECONDS = 10.0
MAX_MATRIX_POWER = 1_000
MAX_ARGUMENT = 10_000  # of a function whose value at an integer is a number that grows with it

GROWING_FUNCTIONS = (
    sympy.factorial,
    sympy.factorial2,
    sympy.binomial,
    sympy.gamma,
    sympy.loggamma,
    sympy.zeta,
    sympy.bernoulli,
    sympy.fibonacci,
)


class ExpressionError(ValueError):
    """The text is not an expression that these helpers accept; the message says why and where."""


class _OutOfTime(BaseException):
    """Raised by the timer. Not an Exception, because SymPy swallows those while it tries one method after another."""


@contextlib.contextmanager
def time_limit(seconds: float = MAX_SECONDS) -> Iterator[None]:
    """Ends a computation that takes too long, where the alarm signal is free to be used for it."""
    alarm_is_free = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
        and signal.getitimer(signal.ITIMER_REAL)[0] == 0
    )
    if not alarm_is_free:
        yield
        return

    def stop(_number: int, _frame: Any) -> None:
        raise _OutOfTime

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    except _OutOfTime:
        raise ExpressionError(f"gave up after {seconds:g} seconds: the expression takes too long to evaluate") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)


def build(function: Callable[..., Any], *arguments: Any) -> Any:
    """`function(*arguments)`, refused when it would make a number too large, with SymPy's complaints made plain."""
    if function in (sympy.Pow, operator.pow):
        _check_power(*arguments)
    elif function is sympy.exp and len(arguments) == 1:
        _check_exponential(arguments[0])
    elif function in GROWING_FUNCTIONS:
        _check_growing(function, arguments)
    try:
        result = function(*arguments)
    except ExpressionError:
        raise
    except RecursionError:
        raise ExpressionError("the expression is nested too deeply") from None
    except Exception as error:
        name = f"{function.__name__}: " if isinstance(function, type) else ""
        raise ExpressionError(name + re.sub(r"(\w+\.)?__new__\(\) ", "", str(error))) from error
    if isinstance(result, sympy.Expr):
        check_digits(result.as_coeff_Mul()[0])
    return result


def matrix(*arguments: Any) -> Any:
    """A matrix of rows of expressions. SymPy's own constructor takes much else, a size for example."""
    rows = arguments[0] if len(arguments) == 1 and isinstance(arguments[0], list) else [None]
    if not all(isinstance(row, list) and all(isinstance(item, sympy.Expr) for item in row) for row in rows):
        raise ExpressionError("write a matrix as a list of rows of expressions: Matrix([[1, 2], [3, x]])")
    if len({len(row) for row in rows}) > 1:
        raise ExpressionError("the rows of the matrix differ in length")
    return sympy.Matrix(rows)


def check_digits(number: Any) -> None:
    """Refuses a number with more digits than can be printed."""
    if isinstance(number, sympy.Rational) and _digits(number) >= MAX_DIGITS:
        raise ExpressionError(f"a number has more than {MAX_DIGITS} digits")


def _digits(number: sympy.Rational) -> float:
    """Decimal digits of the larger of numerator and denominator; 0 for 0, 1 and -1, which no power makes longer."""
    largest = max(abs(int(number.p)), int(number.q))
    return 0.0 if largest == 1 else math.log10(largest)


def _digits_of_product(value: Any) -> float:
    """Decimal digits that the numbers in a product contribute to a power of it."""
    total = 0.0
    for factor in sympy.Mul.make_args(value):
        base, exponent = factor.as_base_exp()
        if isinstance(base, sympy.Rational) and isinstance(exponent, sympy.Rational):
            total += _digits(base) * abs(float(min(abs(exponent), sympy.Integer(10) ** 9)))
    return total


def _check_power(base: Any, exponent: Any) -> None:
    if base == 0 and exponent.is_negative:
        raise ExpressionError("division by zero")
    if isinstance(base, MatrixBase):
        if isinstance(exponent, sympy.Rational) and abs(exponent) > MAX_MATRIX_POWER:
            raise ExpressionError(f"a matrix power of more than {MAX_MATRIX_POWER} is too large to evaluate")
        return
    if base is sympy.E:
        _check_exponential(exponent)
    if not isinstance(exponent, sympy.Rational) or abs(exponent) <= 1:
        return
    digits = _digits_of_product(base)
    if digits and abs(exponent) > MAX_DIGITS / digits:
        shown = (
            str(sympy.Pow(base, exponent, evaluate=False)) if _is_short(base) and _is_short(exponent) else "this power"
        )
        raise ExpressionError(f"{shown} is too large to evaluate: it has more than {MAX_DIGITS} digits")


def _check_exponential(exponent: Any) -> None:
    """SymPy turns exp(n*log(3)) into 3^n."""
    coefficient, rest = exponent.as_coeff_Mul() if isinstance(exponent, sympy.Expr) else (sympy.S.One, None)
    if isinstance(rest, sympy.log) and isinstance(coefficient, sympy.Rational):
        _check_power(rest.args[0], coefficient)


def _check_growing(function: Any, arguments: tuple[Any, ...]) -> None:
    for argument in arguments:
        if isinstance(argument, sympy.Number) and argument.is_finite and abs(argument) > MAX_ARGUMENT:
            raise ExpressionError(f"{function.__name__} of a number over {MAX_ARGUMENT} is too large to evaluate")


def _is_short(value: Any) -> bool:
    return isinstance(value, sympy.Rational) and _digits(value) < 20
