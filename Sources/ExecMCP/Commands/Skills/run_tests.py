"""Runs the tests in the named files: functions called test_…, and unittest's test cases. Exits with 1 if one fails."""

import asyncio
import importlib.util
import inspect
import os
import sys
import traceback
import unittest


def load(path):
    name = path.replace("/", "_").removesuffix(".py")
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    spec.loader.exec_module(module)
    return module


def run(path):
    """Returns how many tests passed and how many failed."""
    passed = failed = 0
    module = load(path)
    cases = unittest.defaultTestLoader.loadTestsFromModule(module)
    if cases.countTestCases():
        result = unittest.TextTestRunner(stream=sys.stderr, verbosity=0).run(cases)
        bad = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
        passed, failed = result.testsRun - bad, bad
    for name, function in list(vars(module).items()):
        if not name.startswith("test_") or not inspect.isfunction(function):
            continue
        try:
            outcome = function()
            if inspect.isawaitable(outcome):
                asyncio.run(outcome)
            passed += 1
        except Exception:
            print(f"{path}: {name} failed", file=sys.stderr)
            traceback.print_exc(limit=-3)
            failed += 1
    return passed, failed


def main():
    sys.path.insert(0, os.getcwd())
    total = [0, 0]
    for path in sys.argv[1:]:
        try:
            passed, failed = run(path)
        except BaseException:
            print(f"{path} cannot be run", file=sys.stderr)
            traceback.print_exc(limit=-3)
            passed, failed = 0, 1
        total = [total[0] + passed, total[1] + failed]
    print(f"{total[0]} passed, {total[1]} failed")
    sys.exit(1 if total[1] or not total[0] else 0)


main()
