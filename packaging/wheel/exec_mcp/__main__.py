"""python -m exec_mcp: becomes the server, with the same arguments."""

from __future__ import annotations

import os
import sys

from exec_mcp import find_program


def main() -> None:
    try:
        program = find_program()
        os.execv(program, [program, *sys.argv[1:]])
    except OSError as error:
        raise SystemExit(f"error: {error}") from None


if __name__ == "__main__":
    main()
