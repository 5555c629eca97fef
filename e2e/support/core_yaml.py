"""PyYAML with the scalars of YAML 1.2's core schema: the oracle for what front matter means.

PyYAML itself reads YAML 1.1, where `yes` is true and `010` is eight. Only the resolver differs here; structure,
quoting, folding and escapes are PyYAML's own. Duplicate keys are refused, as YAML demands and PyYAML does not.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

NULL = "tag:yaml.org,2002:null"
BOOL = "tag:yaml.org,2002:bool"
INT = "tag:yaml.org,2002:int"
FLOAT = "tag:yaml.org,2002:float"


class CoreLoader(yaml.SafeLoader):
    """Loads with the core schema."""

    yaml_implicit_resolvers: dict[str, Any] = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        if any(not isinstance(key, yaml.ScalarNode) for key, _ in node.value):
            raise yaml.constructor.ConstructorError(None, None, "a key that is no scalar", node.start_mark)
        if len(set(keys)) != len(keys):
            raise yaml.constructor.ConstructorError(None, None, "a duplicate key", node.start_mark)
        # A key is the text that was written, whatever type it would have as a value.
        return {key.value: self.construct_object(value, deep=True) for key, value in node.value}


def fraction(text: str) -> float:
    """Python writes infinity and no number without the point."""
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))


def whole(text: str) -> int:
    base = {"0o": 8, "0x": 16}.get(text[:2], 10)
    return int(text[2:], base) if base != 10 else int(text)


for tag, pattern in (
    (NULL, r"|~|null|Null|NULL"),
    (BOOL, r"true|True|TRUE|false|False|FALSE"),
    (INT, r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"),
    (FLOAT, r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"),
):
    CoreLoader.add_implicit_resolver(tag, re.compile(f"^(?:{pattern})$"), None)

CoreLoader.add_constructor(NULL, lambda loader, node: None)
CoreLoader.add_constructor(BOOL, lambda loader, node: node.value.lower() == "true")
CoreLoader.add_constructor(INT, lambda loader, node: whole(node.value))
CoreLoader.add_constructor(FLOAT, lambda loader, node: fraction(node.value))


def load(text: str) -> Any:
    """What a YAML text means; `yaml.YAMLError` where it means nothing."""
    return yaml.load(text, CoreLoader)


def front_matter(content: bytes) -> Any:
    """What the front matter of a file means: the lines between the first `---` and the next."""
    text = content.decode("utf-8").removeprefix("\ufeff").replace("\r\n", "\n")
    first, _, rest = text.partition("\n")
    assert first.rstrip() == "---"
    return load(re.split(r"^---[ \t]*$", rest, maxsplit=1, flags=re.MULTILINE)[0])
