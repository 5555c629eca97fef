"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Findings:
    """Errors make an artifact invalid; warnings are worth a look."""

    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def error(self, message: str) -> None:
        self.errors.append(printable(message))

    def warn(self, message: str) -> None:
        self.warnings.append(printable(message))


def printable(text: str) -> str:
    """The text without lone surrogates (bytes of a file name that are no UTF-8), which strict JSON parsers refuse."""
    return text.encode("utf-8", "replace").decode("utf-8")
