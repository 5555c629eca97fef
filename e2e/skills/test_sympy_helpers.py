"""What sympy_helpers reads, writes and refuses, as it behaves in the sandbox."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from support.stdio_client import Json, StdioClient

CallFunctions = Callable[..., list[Json]]

# text, what SymPy prints for the result
EXPRESSIONS = [
    ("2x^2 + 3x - 5", "2*x**2 + 3*x - 5"),
    ("2**-x", "2**(-x)"),
    ("2^3^2", "512"),
    ("-x^2", "-x**2"),
    ("--3", "3"),
    ("(x+1)(x-1)", "(x - 1)*(x + 1)"),
    ("x(x+1)", "x*(x + 1)"),
    ("1/2x", "x/2"),
    ("2 pi r", "2*pi*r"),
    ("x y", "x*y"),
    ("xy", "xy"),
    ("x sin(x)", "x*sin(x)"),
    ("sin^2(x)", "sin(x)**2"),
    ("n! + 5!", "factorial(n) + 120"),
    ("0.1 + 0.2", "3/10"),
    ("1e-3 x", "x/1000"),
    ("1/3 + 1/6", "1/2"),
    ("e^x + E", "exp(x) + E"),
    ("I^2", "-1"),
    ("log(8, 2) + log10(1000)", "6"),
    ("arcsin(1)", "pi/2"),
    ("x = 4", "Eq(x, 4)"),
    ("x^2 <= 4", "x**2 <= 4"),
    ("x ≠ 3", "Ne(x, 3)"),
    ("2×3 − π", "6 - pi"),
    ("lambda + beta*gamma", "beta*gamma + lambda"),
    ("N + S + Q + O", "N + O + Q + S"),
    ("Piecewise((x, x > 0), (0, True))", "Piecewise((x, x > 0), (0, True))"),
    ("Integral(x^2, (x, 0, 1))", "Integral(x**2, (x, 0, 1))"),
    ("Matrix([[1, 2], [3, 4]]) Matrix([[1], [2]])", "Matrix([[5], [11]])"),
    ("Matrix([[1, 2], [3, 4]])^-1", "Matrix([[-2, 1], [3/2, -1/2]])"),
    ("x^(10^9)", "x**1000000000"),
    ("(" * 30 + "x" + ")" * 30, "x"),
]

# text, a part of the message
REFUSED = [
    ("", "empty"),
    ("2 +", "ends too early, at position 3"),
    ("(x", "expected ')', found the end"),
    ("x)", "unexpected ')', at position 1"),
    ("x + * y", "unexpected '*'"),
    ("2 3", "operator is missing"),
    ("please compute x", "operator is missing: write please*compute"),
    ("0x10", "0*"),
    ("1/(x - x)", "division by zero"),
    ("0^-1", "division by zero"),
    ("a < b < c", "one relation at a time"),
    ("|x|", "Abs(x)"),
    ("f(x)", "names={'f': Function('f')}"),
    ("sine(x)", "did you mean sin?"),
    ("sin x", "write sin(...)"),
    ("sin(1, 2)", "takes exactly 1 argument"),
    ("n!!", "factorial2"),
    ("[1, 2]", "a list is not an expression"),
    ("(x > 1) + 2", "cannot be calculated with"),
    ("Matrix([[1, 2], [3]])", "differ in length"),
    ("Matrix(1000, 1000)", "list of rows"),
    ("sin(Matrix([[1]]))", "takes no matrix"),
    (r"\frac{1}{2}", "from_latex"),
    # Python, in all the ways that would be dangerous to evaluate
    ("__import__('os').system('touch /tmp/evaluated')", "not a name"),
    ("().__class__.__base__.__subclasses__()", "attributes"),
    ("x.__class__", "attributes"),
    ("x.subs", "attributes"),
    ("a__b", "not a name"),
    ("open(1)", "unknown function open"),
    ("exec(1)", "unknown function exec"),
    ("getattr(x, y)", "unknown function getattr"),
    ("eval('1')", "strings"),
    ("lambda: 0", "unexpected ':'"),
    ("[x for x in y]", "Python keyword"),
    ("x if y else z", "Python keyword"),
    ("import os", "Python keyword"),
    ("x := 1", "unexpected ':'"),
    ("x; y", "unexpected ';'"),
    ("{1: 2}", "unexpected '{'"),
    ("f'{x}'", "strings"),
    ("x\0y", "unexpected"),
    # too much
    ("9**9**9", "too large"),
    ("9^9^9^9", "too large"),
    ("(3x)^(10^9)", "too large"),
    ("sqrt(3)^(10^9)", "too large"),
    ("exp(10^9 log(3))", "too large"),
    ("0.5^(10^9)", "too large"),
    ("(10^9)!", "too large"),
    ("binomial(10^9, 10^8)", "too large"),
    ("gamma(10^9)", "too large"),
    ("1e999999999", "more than 4000 digits"),
    ("10^3000 * 10^3000", "more than 4000 digits"),
    ("Matrix([[1, 2], [3, 4]])^100000000", "too large"),
    ("(" * 5000 + "x" + ")" * 4999, "deep"),
    ("sin(" * 200, "deep"),
    ("x^" * 200 + "x", "deep"),
    ("x" * 10_001, "over the limit"),
]

LATEX = [
    (r"\frac{1}{2}", "1/2"),
    (r"$\frac{x^2 - 1}{2}$", "x**2/2 - 1/2"),
    (r"\sqrt[3]{x} + \pi", "x**(1/3) + pi"),
    (r"e^{i x}", "exp(I*x)"),
    (r"x(y+1)^2", "x*(y + 1)**2"),
    (r"f(x) + g(x)", "f(x) + g(x)"),
    (r"\sum_{i=1}^{n} i^2", "Sum(i**2, (i, 1, n))"),
    (r"\int_0^1 x^2 \, dx", "Integral(x**2, (x, 0, 1))"),
    (r"\lim_{x \to 0^+} \frac{1}{x}", "Limit(1/x, x, 0, dir='+')"),
    (r"\frac{d}{dx} f(x)", "Derivative(f(x), x)"),
    (r"\left|x\right|", "Abs(x)"),
    (r"\log{\left(x \right)}^{2}", "log(x)**2"),
    (r"\operatorname{atan}{\left(x \right)}", "atan(x)"),
    (r"\Gamma(5)", "24"),
    (r"a \leq b", "a <= b"),
    (r"0.1 + 0.2", "3/10"),
    (r"x_{1} + x_2", "x_1 + x_2"),
    (r"\mathrm{rate} \cdot t", "rate*t"),
    (r"\begin{pmatrix} 1 & 2 \\ 3 & x \end{pmatrix}", "Matrix([[1, 2], [3, x]])"),
]

BAD_LATEX = [
    ("", "empty"),
    ("$$", "empty"),
    (r"\frac{1}{", "cannot read"),
    ("x +", "ends too early"),
    ("x)", "left over"),
    (r"\foo x", r"\foo is not understood"),
    (r"\input{/etc/passwd}", r"\input is not understood"),
    (r"x \pm y", r"\pm is not understood"),
    (r"\begin{cases} x \end{cases}", r"\begin is not understood"),
    (r"\begin{matrix} 1 & 2 \\ 3 \end{matrix}", "differ in length"),
    (r"\frac{d^2 y}{dx^2}", "derivative"),
    ("f'(x)", r"\frac{d}{dx} f(x)"),
    (r"\frac{1}{0}", "division by zero"),
    ("x = y = z", "one relation at a time"),
    (r"\langle x |", "not understood"),
    ("__import__('os').system('touch /tmp/evaluated')", "cannot read"),
    (r"9^{9^{9}}", "too large"),
    (r"(10^9)!", "too large"),
    ("{" * 400 + "x" + "}" * 400, "deep"),
    ("x" * 2001, "over the limit"),
]

# What to_latex writes, from_latex reads, and what SymPy prints, parse_expression reads: without a change.
ROUND_TRIPS = """
    x**2/2 + sqrt(y)|sin(x)**2/cos(x)|exp(-x**2)|log(x)**2/x|Abs(x)|x_1 + x_2|atan(x)|asinh(x)|x*(y + 1)|-(x + 1)**2
    Integral(x**2, (x, 0, 1))|Sum(n**(-2), (n, 1, oo))|Derivative(sin(x), x)|binomial(n, k)|factorial(n + 1)|floor(x/2)
    gamma(x)|erf(x)|alpha + beta|I*x|x**(1/3)|Eq(x, y + 1)|x <= 3|conjugate(x)|re(x)|2**x
"""
FORMULAS = [formula.strip() for line in ROUND_TRIPS.strip().splitlines() for formula in line.split("|")]


def same_function(function: str, texts: list[str]) -> list[tuple[str, list[Any], dict[str, Any]]]:
    return [(function, [text], {}) for text in texts]


@pytest.fixture(scope="module")
def results(call_functions: CallFunctions, client: StdioClient) -> dict[tuple[str, str], Json]:
    """The outcome of every case above, by function and text; one process calculates them all."""
    calls = same_function("parse_expression", [text for text, _ in EXPRESSIONS + REFUSED])
    calls += same_function("from_latex", [text for text, _ in LATEX + BAD_LATEX])
    client.bash("rm -f /tmp/evaluated")
    outcomes = call_functions("sympy_helpers", calls)
    return {
        (function, arguments[0]): outcome for (function, arguments, _), outcome in zip(calls, outcomes, strict=True)
    }


def shortened(value: object) -> str:
    return ascii(value)[:40]


@pytest.mark.parametrize(("text", "printed"), EXPRESSIONS, ids=shortened)
def test_parse_expression_reads(text: str, printed: str, results: dict[tuple[str, str], Json]) -> None:
    assert results["parse_expression", text]["text"] == printed


@pytest.mark.parametrize(("text", "message"), REFUSED, ids=shortened)
def test_parse_expression_refuses(text: str, message: str, results: dict[tuple[str, str], Json]) -> None:
    outcome = results["parse_expression", text]
    assert outcome["type"] == "error", outcome
    assert outcome["kinds"][:2] == ["ExpressionError", "ValueError"]
    assert message in outcome["text"]


@pytest.mark.parametrize(("latex", "printed"), LATEX, ids=shortened)
def test_from_latex_reads(latex: str, printed: str, results: dict[tuple[str, str], Json]) -> None:
    assert results["from_latex", latex]["text"] == printed


@pytest.mark.parametrize(("latex", "message"), BAD_LATEX, ids=shortened)
def test_from_latex_refuses(latex: str, message: str, results: dict[tuple[str, str], Json]) -> None:
    outcome = results["from_latex", latex]
    assert outcome["type"] == "error", outcome
    assert outcome["kinds"][:2] == ["ExpressionError", "ValueError"]
    assert message in outcome["text"]


def test_nothing_of_a_text_is_run(results: dict[tuple[str, str], Json], client: StdioClient) -> None:
    assert results  # all the hostile texts have been parsed
    assert client.bash("ls /tmp/evaluated")["exit_code"] != 0


def test_an_error_points_at_the_place(call_functions: CallFunctions) -> None:
    [outcome] = call_functions("sympy_helpers", [("parse_expression", ["2*(x + 1))"], {})])
    assert outcome["text"].splitlines()[1:] == ["  2*(x + 1))", "           ^"]


def test_a_calculation_without_end_is_given_up(call_functions: CallFunctions) -> None:
    [outcome] = call_functions("sympy_helpers", [("parse_expression", ["floor(exp(exp(20)))"], {})])
    assert outcome["kinds"][0] == "ExpressionError"
    assert "gave up after" in outcome["text"]


def test_the_time_limit_leaves_the_programs_own_alarm_alone(run_python: Callable[..., Json]) -> None:
    ran = run_python("""
import signal
from sympy_helpers import parse_expression

def mine(*_):
    pass

before = signal.getsignal(signal.SIGALRM)
parse_expression("x + 1")
print(signal.getsignal(signal.SIGALRM) == before, signal.getitimer(signal.ITIMER_REAL))
signal.signal(signal.SIGALRM, mine)
signal.alarm(100)
parse_expression("x + 1")
print(signal.getsignal(signal.SIGALRM) == mine, signal.alarm(0) > 90)
""")
    assert ran == {"exit_code": 0, "stdout": "True (0.0, 0.0)\nTrue True\n", "stderr": ""}


def test_assumptions_names_and_floats(run_python: Callable[..., Json]) -> None:
    ran = run_python("""
from sympy import Float, Function, Symbol, symbols
from sympy_helpers import ExpressionError, from_latex, parse_expression

x = symbols("x", positive=True)
f, e, i = Function("f"), Symbol("e"), Symbol("i")
assert parse_expression("sqrt(x^2)", positive=True) == x
assert from_latex(r"\\sqrt{x^2}", positive=True) == x
assert parse_expression("x + 1") != x + 1
assert parse_expression("x + 1", names={"x": x}) == x + 1
assert parse_expression("f(x) + e", names={"f": f, "e": e}) == f(Symbol("x")) + e
assert from_latex("y(x) + i", names={"y": f, "i": i}) == f(Symbol("x")) + i
assert parse_expression("0.5", exact=False) == Float("0.5") and parse_expression("0.5", exact=False).is_Float
assert from_latex("0.5", exact=False).is_Float
for hostile in ("__import__('os')", ["x"], len):
    try:
        parse_expression("x", names={"x": hostile})
    except ExpressionError as error:
        print(error)
for wrong in (None, 3, b"x", ["x"]):
    for function in (parse_expression, from_latex):
        try:
            function(wrong)
        except ExpressionError as error:
            print(error)
""")
    assert ran["exit_code"] == 0, ran
    lines = ran["stdout"].splitlines()
    assert len(lines) == 3 + 8
    assert all("has to be a SymPy object" in line for line in lines[:3])
    assert lines[3:5] == ["expected text, got NoneType"] * 2


def test_formulas_survive_a_round_trip(run_python: Callable[..., Json]) -> None:
    ran = run_python(f"""
from sympy_helpers import from_latex, parse_expression, to_latex

for formula in {FORMULAS!r}:
    expression = parse_expression(formula)
    latex = to_latex(expression)
    if parse_expression(str(expression)) != expression or from_latex(latex) != expression:
        print("changed:", formula, latex)
""")
    assert ran == {"exit_code": 0, "stdout": "", "stderr": ""}
    assert len(FORMULAS) > 20


def test_to_latex_takes_text_objects_and_solutions(run_python: Callable[..., Json]) -> None:
    ran = run_python("""
from sympy import Matrix, solve, sqrt, symbols
from sympy_helpers import to_latex

x = symbols("x")
for value in ("x^2/3", sqrt(x), Matrix([[1, x]]), solve(x**2 - 2, x), 3):
    print(to_latex(value))
""")
    assert ran["stderr"] == ""
    assert ran["stdout"].splitlines() == [
        r"\frac{x^{2}}{3}",
        r"\sqrt{x}",
        r"\left[\begin{matrix}1 & x\end{matrix}\right]",
        r"\left[ - \sqrt{2}, \  \sqrt{2}\right]",
        "3",
    ]


def test_pretty_print_str_draws_and_prints_nothing(call_functions: CallFunctions) -> None:
    calls = [("pretty_print_str", ["sqrt(x)/2"], {}), ("pretty_print_str", ["sqrt(x)/2"], {"unicode": False})]
    unicode, ascii_only = call_functions("sympy_helpers", calls)
    assert [line.rstrip() for line in unicode["text"].splitlines()] == ["√x", "──", "2"]
    assert ascii_only["text"].isascii()
    assert len(ascii_only["text"].splitlines()) == 4


def test_expression_to_dict_is_plain_json(call_functions: CallFunctions) -> None:
    texts = ["2^x", "pi/2", "Matrix([[1, y], [x, 2]])", "x = 1", "10^3000"]
    power, number, matrix, equation, large = [
        outcome["value"] for outcome in call_functions("sympy_helpers", same_function("expression_to_dict", texts))
    ]
    assert power == {
        "text": "2**x",
        "latex": "2^{x}",
        "type": "Pow",
        "free_symbols": ["x"],
        "is_number": False,
        "tree": {"type": "Pow", "args": [{"type": "Integer", "text": "2"}, {"type": "Symbol", "text": "x"}]},
    }
    assert (number["is_number"], number["value"]) == (True, "1.57079632679490")
    assert (matrix["type"], matrix["shape"], matrix["free_symbols"]) == ("Matrix", [2, 2], ["x", "y"])
    assert (equation["type"], equation["text"]) == ("Equality", "Eq(x, 1)")
    assert len(large["text"]) == 3001


def test_expression_to_dict_leaves_out_a_large_tree_and_refuses_what_is_no_expression(
    call_functions: CallFunctions,
) -> None:
    calls = [
        ("expression_to_dict", ["x + y"], {"max_nodes": 3}),
        ("expression_to_dict", ["x + y"], {"max_nodes": 2}),
        ("expression_to_dict", [None], {}),
        ("expression_to_dict", [["x"]], {}),
    ]
    whole, cut, nothing, items = call_functions("sympy_helpers", calls)
    assert whole["value"]["tree"] is not None
    assert cut["value"]["tree"] is None
    assert nothing["kinds"][0] == items["kinds"][0] == "ExpressionError"
    assert json.dumps(cut["value"])
