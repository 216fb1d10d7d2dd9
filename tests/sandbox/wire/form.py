"""Stripe's form encoding: `a[b][0][c]=v` and `types[]=v` to nested dictionaries and lists."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

_PART = re.compile(r"\[([^\]]*)\]")


def decode(encoded: str) -> dict[str, Any]:
    """Return the nested parameters of a query string or form body; leaves are strings."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        head, _, tail = name.partition("[")
        path = [head, *(_PART.findall("[" + tail) if tail else [])]
        _plant(tree, path, value)
    return {key: _lists(key, value) for key, value in tree.items()}


def _plant(tree: dict[str, Any], path: list[str], value: str) -> None:
    for part in path[:-1]:
        key = part or str(len(tree))
        inner = tree.get(key)
        if not isinstance(inner, dict):
            inner = tree[key] = {}
        tree = inner
    tree[path[-1] or str(len(tree))] = value


def _lists(name: str, value: object) -> object:
    if not isinstance(value, dict):
        return value
    inner = {key: _lists(key, item) for key, item in value.items()}
    # Metadata may have keys that are numbers and is never a list.
    if name != "metadata" and inner and all(key.isdigit() for key in inner):
        return [inner[key] for key in sorted(inner, key=int)]
    return inner
