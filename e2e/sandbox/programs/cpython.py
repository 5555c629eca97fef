"""Run inside the sandbox: runs CPython's own tests of its command line with an interpreter. Prints JSON: the outcome of
each test, and whether programs started from a snapshot.

Arguments: the interpreter, which starts all programs of the tests, and the names of modules of the package `test`.
"""

from __future__ import annotations

import importlib
import io
import json
import subprocess
import sys
import unittest

from test.support import script_helper

# What the helper adds to each command of its own accord, which would always take the real interpreter.
HABITS = (["-X", "faulthandler"], ["-I"], ["-E"])
IN_USE = "print('memfd:python-snapshot' in open('/proc/self/maps').read())"


class Programs:
    """Stands for the module `subprocess` in the helper."""

    def __getattr__(self, name: str) -> object:
        return getattr(subprocess, name)

    @staticmethod
    def Popen(command: list[str], **options: object) -> subprocess.Popen:  # noqa: N802 - the name that is replaced
        command = list(command)
        for habit in HABITS:
            if command[1 : 1 + len(habit)] == habit:
                del command[1 : 1 + len(habit)]
        return subprocess.Popen(command, **options)


class Outcomes(unittest.TextTestResult):
    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)
        self.found: dict[str, str] = {}

    def stopTest(self, test: unittest.TestCase) -> None:  # noqa: N802 - unittest's own
        super().stopTest(test)
        name = test.id()
        self.found.setdefault(name, "passed")
        for outcome, tests in {"failed": self.failures, "error": self.errors, "skipped": self.skipped}.items():
            # Those of a subtest count for its test.
            if any(one.id() == name or one.id().startswith(f"{name} ") for one, _ in tests):
                self.found[name] = outcome


def main() -> None:
    interpreter, *modules = sys.argv[1:]
    sys.executable = interpreter
    script_helper.subprocess = Programs()
    script_helper.interpreter_requires_environment = lambda: False
    in_use = subprocess.run([interpreter, "-c", IN_USE], capture_output=True, text=True).stdout.strip()
    suite = unittest.TestSuite(
        unittest.defaultTestLoader.loadTestsFromModule(importlib.import_module(f"test.{name}")) for name in modules
    )
    result = unittest.TextTestRunner(io.StringIO(), resultclass=Outcomes).run(suite)
    reports = {test.id(): text[-1500:] for test, text in [*result.failures, *result.errors]}
    print(json.dumps({"in use": in_use, "outcomes": result.found, "reports": reports}))


if __name__ == "__main__":
    main()
