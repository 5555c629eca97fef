"""Counts text: bytes always, tokens by the vocabularies that are installed."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

BYTES = "bytes"
# The vocabularies of OpenAI's models up to GPT-4, and from GPT-4o on.
VOCABULARIES = {"cl100k": "cl100k_base", "o200k": "o200k_base"}
# How much of a long text is counted at once: the time that a vocabulary takes grows faster than a text without breaks.
_PIECE = 100_000


class Ruler:
    """Measures texts. Remembers what it has measured."""

    def __init__(self) -> None:
        self._encodings = _encodings()
        self.units = (*self._encodings, BYTES)
        self.main = self.units[0]
        """The unit that is shown first: tokens, if they can be counted."""
        self._known: dict[str, dict[str, int]] = {}

    def size(self, text: str, unit: str) -> int:
        known = self._known.get(text)
        if known is None:
            known = {name: _count(encoding, text) for name, encoding in self._encodings.items()}
            known[BYTES] = len(text.encode())
            self._known[text] = known
        return known[unit]


def _count(encoding: Any, text: str) -> int:
    total = 0
    while text:
        # Cut behind a line, where a token ends anyway.
        end = len(text) if len(text) <= _PIECE else text.rfind("\n", 1, _PIECE) + 1 or _PIECE
        total += len(encoding.encode(text[:end], disallowed_special=()))
        text = text[end:]
    return total


def _encodings() -> dict[str, Any]:
    """The vocabularies' files are in the package `litellm`, which is not imported; nothing is downloaded."""
    litellm = importlib.util.find_spec("litellm")
    if importlib.util.find_spec("tiktoken") is None or litellm is None or not litellm.submodule_search_locations:
        return {}
    directory = Path(next(iter(litellm.submodule_search_locations))) / "litellm_core_utils" / "tokenizers"
    os.environ["TIKTOKEN_CACHE_DIR"] = str(directory)
    import tiktoken

    return {name: tiktoken.get_encoding(file) for name, file in VOCABULARIES.items()}
