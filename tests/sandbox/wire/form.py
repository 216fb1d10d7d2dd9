"""Stripe's form encoding: `a[b][0][c]=v` and `types[]=v` to nested dictionaries and lists."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from .errors import StripeError, invalid

_PART = re.compile(r"\[([^\]]*)\]")
_PARTS = re.compile(r"(\[[^\]]*\])+")
# Rack, which reads Stripe's forms, refuses deeper names as well.
DEEPEST = 32
FORM = "application/x-www-form-urlencoded"


def decode(encoded: str) -> dict[str, Any]:
    """Return the nested parameters of a query string or form body; leaves are strings.

    Raises Stripe's 400 for bytes that are not UTF-8, for names nested too deeply, and for a name
    that is given a value and parts at once.
    """
    tree: dict[str, Any] = {}
    try:
        # Bytes that were no UTF-8 came as lone surrogates, which cannot be encoded.
        encoded.encode()
        pairs = parse_qsl(encoded, keep_blank_values=True, errors="strict")
    except UnicodeError:
        raise invalid("Invalid UTF-8 in the request's parameters.") from None
    for name, value in pairs:
        path = _path(name)
        if len(path) > DEEPEST:
            raise invalid("The request's parameters are nested too deeply.", path[0])
        _plant(tree, path, value, name)
    return {key: _lists(key, value) for key, value in tree.items()}


def _path(name: str) -> list[str]:
    at = name.find("[")
    if at < 0 or not _PARTS.fullmatch(name, at):
        return [name]
    return [name[:at], *_PART.findall(name, at)]


def unreadable(kind: str) -> StripeError:
    """Return the 400 for a body that is no form, given its Content-Type."""
    if kind.startswith("multipart/form-data"):
        message = "The local stand-in does not model multipart forms."
        return invalid(message, None, "sandbox_not_modelled")
    return invalid(
        f"Invalid request (check that your POST content type is {FORM}). If you have any "
        "questions, we can help at https://support.stripe.com/."
    )


def _plant(tree: dict[str, Any], path: list[str], value: str, name: str) -> None:
    for at, part in enumerate(path[:-1]):
        key = part or _slot(tree, path[at + 1 :])
        tree = tree.setdefault(key, {})
        if not isinstance(tree, dict):
            raise invalid(f"Invalid object: {name}", path[0])
    key = path[-1] or str(len(tree))
    if isinstance(tree.get(key), dict):
        raise invalid(f"Invalid string: {name}", path[0])
    tree[key] = value


def _slot(tree: dict[str, Any], inner: list[str]) -> str:
    """Return the place that `a[][inner]` means: the last one, until it has `inner` already."""
    last = str(len(tree) - 1)
    begun = tree.get(last)
    if isinstance(begun, dict) and inner[0] and not _holds(begun, inner):
        return last
    return str(len(tree))


def _holds(tree: object, path: list[str]) -> bool:
    for part in path:
        if not isinstance(tree, dict) or part not in tree:
            return False
        tree = tree[part]
    return True


def _lists(name: str, value: object) -> object:
    if not isinstance(value, dict):
        return value
    inner = {key: _lists(key, item) for key, item in value.items()}
    # Metadata may have keys that are numbers and is never a list.
    if name != "metadata" and inner and all(key.isdecimal() and key.isascii() for key in inner):
        return [inner[key] for key in sorted(inner, key=_number)]
    return inner


def _number(digits: str) -> tuple[int, str]:
    # As text, since Python refuses to read very long numbers.
    bare = digits.lstrip("0")
    return len(bare), bare
