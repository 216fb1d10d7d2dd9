"""Typed readers of request parameters; each raises Stripe's 400 for a value it cannot read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .errors import invalid, required, unmodelled

Params = dict[str, Any]


def text(params: Params, name: str) -> str | None:
    """Return a string, or None when absent or empty (which unsets)."""
    value = params.get(name)
    if isinstance(value, dict | list):
        raise invalid(f"Invalid string: {name}", name)
    return value or None


def needed(params: Params, name: str) -> str:
    """Return a string that must be there."""
    value = text(params, name)
    if value is None:
        raise required(name)
    return value


def whole(params: Params, name: str, where: str = "") -> int | None:
    """Return an integer, or None when absent or empty."""
    value = params.get(name)
    if value is None or value == "":
        return None
    try:
        return int(value)
    except (TypeError, ValueError):
        message = f"Invalid integer: {value}"
        raise invalid(message, where or name, "parameter_invalid_integer") from None


def flag(params: Params, name: str) -> bool | None:
    """Return a boolean written `true` or `false`, or None when absent."""
    value = params.get(name)
    if value is None or value == "":
        return None
    if value not in ("true", "false"):
        raise invalid(f"Invalid boolean: {value}", name)
    return bool(value == "true")


def table(params: Params, name: str) -> Params:
    """Return a nested hash, empty when absent."""
    value = params.get(name)
    if value is None or value == "":
        return {}
    if not isinstance(value, dict):
        raise invalid("Invalid object", name)
    return value


def rows(params: Params, name: str) -> list[Any]:
    """Return an array, empty when absent."""
    value = params.get(name)
    if value is None or value == "":
        return []
    if not isinstance(value, list):
        raise invalid("Invalid array", name)
    return value


def choice(params: Params, name: str, options: Iterable[str], default: str | None = None) -> str:
    """Return one of the options; without default it must be there."""
    value = text(params, name) or default
    if value is None:
        raise required(name)
    if value not in options:
        raise invalid(f"Invalid {name}: must be one of {', '.join(options)}", name)
    return value


def known(params: Params, names: Iterable[str] | str, where: str = "") -> None:
    """Refuse as not modelled every name but these (blank separated or iterable).

    Names that Stripe does not know were refused before, by the check of the request.
    """
    allowed = set(names.split() if isinstance(names, str) else names)
    for name in params:
        # What the stand-in does not understand was never set, so that unsetting it is harmless.
        if name not in allowed and params[name] != "":
            full = f"{where}[{name}]" if where else name
            raise unmodelled(f"the parameter `{full}`", full)


def metadata(params: Params, old: dict[str, str] | None = None) -> dict[str, str]:
    """Return the metadata after merging; an empty value removes its key, empty all of it."""
    if params.get("metadata") == "":
        return {}
    merged = dict(old or {})
    for key, value in table(params, "metadata").items():
        if not isinstance(value, str) or len(value) > 500 or len(key) > 40:
            raise invalid("Metadata keys have at most 40, values 500 characters", "metadata")
        merged[key] = value
    kept = {key: value for key, value in merged.items() if value != ""}
    if len(kept) > 50:
        raise invalid("Metadata can have at most 50 keys", "metadata")
    return kept
