"""Checks of request parameters: unknown names at any depth, types, enum values, what is missing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ..wire.errors import StripeError, invalid, required
from .annotations import Type
from .library import Library, Place

Params = dict[str, Any]
# Raises StripeError; takes the value and the parameter's full name, e.g. `items[0][price]`.
Check = Callable[[Any, str], None]
_INTEGER = re.compile(r"[+-]?\d+")
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
REMOVED = "payment_method_types_no_longer_supported"


class Requests:
    """Checks the decoded parameters of any call the SDK knows."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._calls: dict[tuple[str, str], Check] = {}
        self._classes: dict[Place, Check] = {}

    def check(self, method: str, pattern: str, params: Params) -> None:
        """Raise Stripe's 400 for the first parameter that this call does not take.

        `params` are decoded, `pattern` is like `/v1/customers/{}`. A call that the SDK does not
        know takes nothing but `expand`.
        """
        key = (method, pattern)
        if key not in self._calls:
            told = self.library.call(method, pattern)
            asked = told["params"] if told else None
            self._calls[key] = self._check(asked) if asked else _hash({"expand": _any}, ())
        self._calls[key](params, "")

    def takes(self, method: str, pattern: str) -> frozenset[str]:
        """Return the names of the parameters of a call, as the SDK knows them."""
        told = self.library.call(method, pattern)
        asked = told["params"] if told else None
        return frozenset(self.library.fields((asked[1], asked[2])) if asked else ())

    def _check(self, told: Type) -> Check:
        if isinstance(told, str):
            return _PLAIN[told]
        word = told[0]
        if word in ("enum", "open"):
            # An unknown value of a growing enum is as unknown to Stripe at this version.
            return _one_of([str(value) for value in told[1]])
        if word == "class":
            return self._class((told[1], told[2]))
        if word == "list":
            return _list(self._check(told[1]))
        if word == "map":
            return _map(self._check(told[1]))
        return self._union(told[1])

    def _class(self, place: Place) -> Check:
        made: list[Check] = []

        def check(value: Any, name: str) -> None:
            if not made:
                made.append(self._made(place))
            made[0](value, name)

        return check

    def _made(self, place: Place) -> Check:
        if place not in self._classes:
            fields = self.library.fields(place)
            needed = tuple(name for name, (_, flag) in fields.items() if flag == "!")
            checks = {name: self._check(told) for name, (told, _) in fields.items()}
            self._classes[place] = _hash(checks, needed)
        return self._classes[place]

    def _union(self, choices: list[Type]) -> Check:
        hashes = [self._check(c) for c in choices if c[0] in ("class", "map")]
        lists = [self._check(c) for c in choices if c[0] == "list"]
        enums = [c for c in choices if c[0] in ("enum", "open")]
        empty = any("" in c[1] for c in enums)
        # Words such as `now` before `int` and the like, whose message is the better one.
        plain = [self._check(c) for c in enums if any(c[1])]
        plain += [self._check(c) for c in choices if isinstance(c, str)]

        def check(value: Any, name: str) -> None:
            if value == "" and empty:
                return
            same = hashes if isinstance(value, dict) else lists if _is_list(value) else plain
            _first_that_fits(same or hashes or lists or plain, value, name)

        return check


def _first_that_fits(checks: list[Check], value: Any, name: str) -> None:
    for check in checks[:-1]:
        try:
            check(value, name)
        except StripeError:
            continue
        return
    checks[-1](value, name)


def _hash(checks: dict[str, Check], needed: tuple[str, ...]) -> Check:
    def check(value: Any, name: str) -> None:
        if not isinstance(value, dict):
            raise _empty(name) if value == "" else invalid("Invalid object", name)
        for key in value:
            if key not in checks:
                raise unknown(f"{name}[{key}]" if name else key)
        for key, inner in value.items():
            checks[key](inner, f"{name}[{key}]" if name else key)
        for key in needed:
            if key not in value:
                raise required(f"{name}[{key}]" if name else key)

    return check


def _list(item: Check) -> Check:
    def check(value: Any, name: str) -> None:
        if not _is_list(value):
            raise _empty(name) if value == "" else invalid("Invalid array", name)
        for index, one in enumerate(value):
            item(one, f"{name}[{index}]")

    return check


def _map(item: Check) -> Check:
    def check(value: Any, name: str) -> None:
        if value == []:
            return
        if not isinstance(value, dict):
            raise _empty(name) if value == "" else invalid("Invalid object", name)
        for key, one in value.items():
            item(one, f"{name}[{key}]")

    return check


def _one_of(values: list[str]) -> Check:
    allowed = frozenset(values)

    def check(value: Any, name: str) -> None:
        if not isinstance(value, str):
            raise _not_text(name)
        if value not in allowed:
            if value == "":
                raise _empty(name)
            shown = [word for word in values if word] or ['""']
            told = f"{', '.join(shown[:-1])}, or {shown[-1]}" if len(shown) > 1 else shown[0]
            raise invalid(f"Invalid {name}: must be one of {told}", name)

    return check


def _text(value: Any, name: str) -> None:
    if not isinstance(value, str):
        raise _not_text(name)


def _integer(value: Any, name: str) -> None:
    _number(value, name, _INTEGER, "integer", "parameter_invalid_integer")


def _decimal(value: Any, name: str) -> None:
    _number(value, name, _DECIMAL, "decimal", None)


def _number(value: Any, name: str, form: re.Pattern[str], what: str, code: str | None) -> None:
    if not isinstance(value, str):
        raise invalid(f"Invalid {what}: {name}", name, code)
    if value == "":
        raise _empty(name)
    if not form.fullmatch(value):
        raise invalid(f"Invalid {what}: {value}", name, code)


def _boolean(value: Any, name: str) -> None:
    if value == "":
        raise _empty(name)
    if value not in ("true", "false"):
        raise invalid(f"Invalid boolean: {value}", name)


def _any(_value: Any, _name: str) -> None:
    """Take anything."""


_PLAIN: dict[str, Check] = {
    "str": _text,
    "int": _integer,
    "bool": _boolean,
    "float": _decimal,
    "decimal": _decimal,
    "any": _any,
}


def unknown(name: str) -> StripeError:
    """Return the 400 for a parameter that is not Stripe's, or not any more."""
    if name == "payment_method_types":
        return invalid(f"`{name}` is no longer supported.", name, REMOVED)
    return invalid(f"Received unknown parameter: {name}", name, "parameter_unknown")


def _not_text(name: str) -> StripeError:
    return invalid(f"Invalid string: {name}", name)


def _empty(name: str) -> StripeError:
    message = (
        f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset "
        f"a field; however '{name}' cannot be unset."
    )
    return invalid(message, name, "parameter_invalid_empty")


def _is_list(value: object) -> bool:
    return isinstance(value, list)
