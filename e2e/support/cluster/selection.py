"""Which items a request selects, and the error of one that fails."""

from __future__ import annotations

import re
from typing import Any

Json = dict[str, Any]


class StatusError(Exception):
    def __init__(self, code: int, reason: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.code = code
        self.body = {
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
            "reason": reason, "details": details, "code": code,
        }  # fmt: skip


def is_selected(item: Json, query: Any) -> bool:
    """Whether an item is what the selectors of a request ask for: a label, its value, or that it is none of a set."""
    labels = item["metadata"].get("labels", {})
    for term in filter(None, re.split(r",(?![^(]*\))", query.get("labelSelector", ""))):
        name, is_set, values = term.partition(" notin ")
        if is_set:
            if labels.get(name) in values.strip("()").split(","):
                return False
            continue
        name, equals, value = term.partition("=")
        if name not in labels or (equals and labels[name] != value):
            return False
    for term in filter(None, query.get("fieldSelector", "").split(",")):
        path, _, value = term.partition("=")
        found: Any = item
        for part in path.split("."):
            found = found.get(part, {})
        if found != value:
            return False
    return True


def merge(item: Json, patch: Json) -> None:
    """Changes an item as a merge patch says."""
    for name, value in patch.items():
        if isinstance(value, dict) and isinstance(item.get(name), dict):
            merge(item[name], value)
        elif value is None:
            item.pop(name, None)
        else:
            item[name] = value
