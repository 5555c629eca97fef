"""Makes front matter of every shape that people write, at random and the same for the same seed.

What it means is for the oracle to say: this only has to write YAML, nearly always valid, with no anchors or tags.
"""

from __future__ import annotations

import random

PLAIN_WORDS = ["sheep", "Führer", "日本語", "a-b_c", "C#", "x:y", "it's", "100%", "e.g.", "(see)", "-n", "🚀", "R&D"]
WORDS = [*PLAIN_WORDS, '"no"', "#tag", "&co"]
TYPED = [
    *["true", "True", "TRUE", "false", "TrUe", "yes", "no", "on", "off", "y", "n", "null", "Null", "~", ""],
    *["0", "-0", "7", "+7", "-12", "007", "010", "0o17", "0x1F", "0b101", "1_000", "0x", "0o8"],
    *["9223372036854775807", "-9223372036854775808"],
    *["1.0", "-1.5", ".5", "5.", "1e3", "1.5E-3", "1e", "0.1", "-.5", "+.5", "1.2.3", "1:30", "12:30:45"],
    *["2024-01-01", "2024-01-01T10:00:00Z", "=", "<", ">=1", "v1.0", "3 sheep", ".", ".."],
]
ESCAPES = [
    *[r"\n", r"\t", r"\\", r"\"", r"\/", r"\_", r"\N", r"\e", r"\0", r"\ ", r"\a"],
    *[r"\x41", r"\u00e9", r"\U0001F680"],
]
FLOW_SCALARS = ["word", "7", "true", "null", "~", "1.5", "two words", "é", "a/b", "x:y", "yes"]
KEYS = ["alpha", "beta-2", "gamma_3", "Delta", "é", "key with spaces", "a.b", "x:y", "10", "true", "null"]


class FrontMatterMaker:
    """A source of front matter."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def make(self, name: str) -> bytes:
        """A whole file: front matter for a skill of that name, then a body."""
        lines = [f"name: {name}", *self._field("description", 0, self._description)]
        for number in range(self._random.randint(1, 6)):
            self._maybe_comment(lines, 0)
            lines += self._field(f"x-{number}", 0, self._value)
        text = "\n".join(["---", *lines, "---", "", "# Body", "--- not: the end", ""])
        if self._random.random() < 0.2:
            text = text.replace("\n", "\r\n")
        return ("\ufeff" if self._random.random() < 0.1 else "").encode() + text.encode()

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def _field(self, key: str, indent: int, make) -> list[str]:
        """The lines of `key: value`; `make` gives what follows the colon and the lines below."""
        first, *rest = make(indent)
        space = " " * self._random.choice([1, 1, 1, 2, 5]) if first else ""
        return [f"{' ' * indent}{key}:{space}{first}", *rest]

    def _maybe_comment(self, lines: list[str], indent: int) -> None:
        if self._chance(0.15):
            lines.append(self._random.choice(["", " " * indent + "# a: comment", "   "]))

    def _description(self, indent: int) -> list[str]:
        makers = [self._plain_lines, self._single, self._double, self._block, lambda _: [f"about {self._phrase()}"]]
        return self._random.choice(makers)(indent) if self._chance(0.9) else ["Counts sheep.  # not wolves"]

    def _value(self, indent: int, depth: int = 0) -> list[str]:
        scalars = [self._typed, self._single, self._double, self._block, self._plain_lines, self._flow_value]
        containers = [self._map, self._list, self._list]
        return self._random.choice(scalars + (containers if depth < 3 else []))(indent, depth)

    def _phrase(self, words: list[str] = PLAIN_WORDS) -> str:
        chosen = [self._random.choice(words) for _ in range(self._random.randint(1, 7))]
        return " ".join(["word", *chosen])

    def _typed(self, indent: int, depth: int = 0) -> list[str]:
        comment = self._random.choice(["", "", "", "  # why"])
        return [self._random.choice(TYPED) + comment]

    def _plain_lines(self, indent: int, depth: int = 0) -> list[str]:
        """A plain scalar, folded over some lines."""
        lines = [self._phrase()]
        for _ in range(self._random.randint(0, 3)):
            if self._chance(0.3):
                lines.append("")
            lines.append(" " * (indent + self._random.randint(1, 6)) + self._phrase())
        return ["", *[" " * (indent + 2) + lines[0], *lines[1:]]] if self._chance(0.2) else lines

    def _broken(self, text: str, indent: int) -> list[str]:
        """A quoted scalar, sometimes broken between two words."""
        if self._chance(0.6) or " " not in text:
            return [text]
        place = self._random.choice([place for place, letter in enumerate(text) if letter == " "])
        blank = [""] * self._random.choice([0, 0, 1, 2])
        return [text[:place], *blank, " " * (indent + self._random.randint(1, 6)) + text[place + 1 :]]

    def _single(self, indent: int, depth: int = 0) -> list[str]:
        return self._broken("'" + self._phrase(WORDS).replace("'", "''") + "'", indent)

    def _double(self, indent: int, depth: int = 0) -> list[str]:
        words = [word.replace('"', r"\"") for word in WORDS] + ESCAPES
        return self._broken('"' + self._phrase(words) + '"', indent)

    def _block(self, indent: int, depth: int = 0) -> list[str]:
        style, chomping = self._random.choice("|>"), self._random.choice(["", "-", "+"])
        step = self._random.choice([1, 2, 4])
        lines = []
        for _ in range(self._random.randint(1, 6)):
            kind = self._random.random()
            more = " " * self._random.choice([1, 3]) if kind > 0.85 and lines else ""
            lines.append("" if kind < 0.25 else " " * (indent + step) + more + self._phrase(WORDS))
        lines.append(" " * (indent + step) + "end")
        lines += [""] * self._random.choice([0, 0, 1, 2])
        explicit = str(step) if self._chance(0.2) else ""
        header = style + "".join(self._random.sample([explicit, chomping], 2))
        return [header + self._random.choice(["", "", "  # comment"]), *lines]

    def _flow_value(self, indent: int, depth: int = 0) -> list[str]:
        text = self._flow(0)
        if self._chance(0.7) or ", " not in text:
            return [text]
        head, tail = text.split(", ", 1)
        if any(quote in head + tail for quote in "'\""):
            return [text]
        return [head + ",", " " * (indent + 2) + tail]

    def _flow(self, depth: int) -> str:
        def element() -> str:
            if depth < 2 and self._chance(0.25):
                return self._flow(depth + 1)
            scalar = self._random.choice(FLOW_SCALARS)
            return self._random.choice([scalar, scalar, f"'{scalar}, it''s'", f'"{scalar}: \\t"'])

        if self._chance(0.5):
            elements = [element() for _ in range(self._random.randint(0, 4))]
            return "[" + ", ".join(elements) + self._random.choice(["", "", ", "] if elements else [""]) + "]"
        keys = self._random.sample(["a", "b c", "'d'", '"e"', "7", "true"], self._random.randint(0, 3))
        return "{" + ", ".join(f"{key}: {element()}" for key in keys) + "}"

    def _map(self, indent: int, depth: int) -> list[str]:
        inner = indent + self._random.choice([1, 2, 2, 4])
        lines: list[str] = []
        for key in self._random.sample(KEYS, self._random.randint(1, 4)):
            self._maybe_comment(lines, inner)
            lines += self._field(key, inner, lambda below: self._value(below, depth + 1))
        return ["", *lines]

    def _list(self, indent: int, depth: int) -> list[str]:
        """A list whose dashes stand under its key or further in."""
        inner = indent + self._random.choice([0, 2, 2])
        lines: list[str] = []
        for _ in range(self._random.randint(1, 4)):
            self._maybe_comment(lines, inner)
            if depth < 2 and self._chance(0.3):
                keys = self._random.sample(KEYS, self._random.randint(1, 3))
                fields = [self._field(key, inner + 2, lambda below: self._value(below, 3)) for key in keys]
                first, *rest = [line for field in fields for line in field]
                lines += [" " * inner + "- " + first[inner + 2 :], *rest]
            else:
                first, *rest = self._value(inner, 3)
                lines += [f"{' ' * inner}- {first}".rstrip() if not first else f"{' ' * inner}- {first}", *rest]
        return ["", *lines]
