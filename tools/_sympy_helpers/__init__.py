"""Private parts of sympy_helpers: import that module instead."""
