"""How many tokens a text has for a model."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path

VOCABULARY = "o200k_base"
# The name of its file where `tiktoken` looks for what it has downloaded before.
_FILE = "fb374d419588a4632f3f557e76b4b70aebbca790"


def counter() -> tuple[Callable[[str], int], str]:
    """A function that counts tokens, and how it counts. Downloads nothing: without a vocabulary it estimates."""
    if importlib.util.find_spec("tiktoken") and (directory := _vocabularies()):
        os.environ["TIKTOKEN_CACHE_DIR"] = str(directory)
        import tiktoken

        encoding = tiktoken.get_encoding(VOCABULARY)
        return lambda text: len(encoding.encode(text, disallowed_special=())), f"counted with {VOCABULARY}"
    return lambda text: round(len(text.encode()) / 4), "estimated: four bytes are one token"


def _vocabularies() -> Path | None:
    """A directory with the vocabulary: `tiktoken`'s own, or that of the package `litellm`, which contains it."""
    places = [Path(os.environ["TIKTOKEN_CACHE_DIR"])] if os.environ.get("TIKTOKEN_CACHE_DIR") else []
    found = importlib.util.find_spec("litellm")
    if found and found.origin:
        places.append(Path(found.origin).parent / "litellm_core_utils" / "tokenizers")
    return next((place for place in places if (place / _FILE).exists()), None)
