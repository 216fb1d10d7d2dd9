"""Control of the settings that a Dashboard would have; names and types are checked."""

from __future__ import annotations

import typing
from typing import Any

from ..store import Obj
from ..wire.errors import invalid
from ..world import Settings, World

CHOICES = {
    "after_retries": ("cancel", "unpaid", "past_due", "pause"),
    "interval_change": ("restart", "keep"),
    "payouts": ("daily", "weekly", "off"),
    "sepa_booked": ("cleared", "made"),
    "sepa_first": ("active", "incomplete"),
}


def settings(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Read or set what the Dashboard would: retry_days, after_retries, sepa_days ...

    Nothing is set when one of the values is wrong.
    """
    types = typing.get_type_hints(Settings)
    for name, value in asked.items():
        if name not in types:
            raise invalid(f"Unknown setting: {name}", name)
        _check(name, types[name], value)
    vars(world.settings).update(asked)
    return dict(vars(world.settings))


def _check(name: str, told: Any, value: Any) -> None:
    if name in CHOICES and value not in CHOICES[name]:
        raise invalid(f"{name} is one of {', '.join(CHOICES[name])}.", name)
    if not _fits(told, value):
        shown = told.__name__ if isinstance(told, type) else str(told)
        raise invalid(f"{name} is {shown}, numbers not below 0.", name)


def _fits(told: Any, value: Any) -> bool:
    origin = typing.get_origin(told)
    if origin is list:
        return isinstance(value, list) and all(
            _fits(typing.get_args(told)[0], one) for one in value
        )
    if origin is dict:
        inner = typing.get_args(told)[1]
        return isinstance(value, dict) and all(_fits(inner, one) for one in value.values())
    if told is float:
        return type(value) in (int, float) and value >= 0
    if told is int:
        return type(value) is int and value >= 0
    return type(value) is told
