"""A sign: one thing that is well or not, as plain data."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR


class Level(IntEnum):
    """How well: the higher, the worse."""

    GOOD = 0
    LOOK = 1
    RED = 2

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Sign:
    """One line of the board. `value` is short, for the eye; `note` says more, in a few words.

    `since` is the moment from which it has been so (UTC), where that is known. What is `early` has
    only not had its turn yet: nothing is to be done about it.
    """

    name: str
    level: Level
    value: str
    since: datetime | None = None
    note: str = ""
    early: bool = False

    @property
    def red(self) -> bool:
        return self.level == Level.RED


def age(length: timedelta) -> str:
    """A length of time in its two largest useful words: "40 s", "12 min", "3 h", "5 days"."""
    seconds = max(0, round(length.total_seconds()))
    if seconds < 2 * _MINUTE:
        return f"{seconds} s"
    if seconds < 2 * _HOUR:
        return f"{seconds // _MINUTE} min"
    if seconds < 2 * _DAY:
        return f"{seconds // _HOUR} h"
    return f"{seconds // _DAY} days"


def worse(waits: timedelta, *, look: timedelta, red: timedelta) -> Level:
    """The level of something that waits for so long."""
    if waits >= red:
        return Level.RED
    return Level.LOOK if waits >= look else Level.GOOD
