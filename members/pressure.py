"""How hard the public forms are pressed: counts that know no address, no network and no person.

They lie in the cache, which all processes share where there is a Redis. Where it does not answer,
nothing is counted and nothing is held back, and the cache says so in the log.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import uuid4

from django.core.cache import cache
from django.utils import timezone


class Signal(StrEnum):
    """What is counted. The last two are not counted at the door but found in rows, by looking."""

    ASKED = "asked"  # payment pages that somebody wanted opened
    HASTY = "hasty"  # forms sent faster than anybody types, or from a page that was a day old
    SIGN_INS = "sign_ins"
    LIMITED = "limited"  # askings beyond a limit, of whatever form
    PAID = "paid"
    REFUSED = "refused"  # payments that banks refused


_TEN_MINUTES: Final = timedelta(minutes=10)
_HOUR: Final = timedelta(hours=1)
_FOUND: Final = (Signal.PAID, Signal.REFUSED)
WINDOWS: Final[Mapping[Signal, timedelta]] = {
    Signal.ASKED: _HOUR,
    Signal.PAID: _HOUR,
    Signal.HASTY: _TEN_MINUTES,
    Signal.SIGN_INS: _TEN_MINUTES,
    Signal.LIMITED: _TEN_MINUTES,
    Signal.REFUSED: _TEN_MINUTES,
}
# What was found holds until the next look; if nobody looks any more, it is soon forgotten.
_FOUND_LASTS: Final = 300


def note(signal: Signal) -> None:
    """Count one. Of what a visitor does, by limits.presses: no network counts without end."""
    _count(signal.value, WINDOWS[signal])


def note_form(form: str, *, let_through: bool) -> None:
    """Count one asking of a form, and whether it was within its limits."""
    _count(f"form:{form}", _HOUR)
    if not let_through:
        _count(f"form-limited:{form}", _HOUR)


def found(signal: Signal, count: int) -> None:
    """Say how many were found in the signal's window that ends now."""
    cache.set(f"pressure:found:{signal}", count, _FOUND_LASTS)


def counts(*, now: datetime) -> dict[Signal, int]:
    """How many of each there were, in the window of each that ends at `now`."""
    counted = [signal for signal in Signal if signal not in _FOUND]
    told = _told({signal.value: WINDOWS[signal] for signal in counted}, now)
    looked = cache.get_many([f"pressure:found:{signal}" for signal in _FOUND])
    return {signal: told[signal.value] for signal in counted} | {
        signal: int(looked.get(f"pressure:found:{signal}", 0)) for signal in _FOUND
    }


def of_forms(forms: list[str], *, now: datetime) -> list[tuple[int, int]]:
    """Of each form: how often it was asked within an hour, and how often turned away."""
    names = [f"{what}:{form}" for form in forms for what in ("form", "form-limited")]
    told = _told(dict.fromkeys(names, _HOUR), now)
    return [(told[f"form:{form}"], told[f"form-limited:{form}"]) for form in forms]


def counting() -> bool:
    """Whether counts are kept at this moment."""
    probe = uuid4().hex
    cache.set("pressure:probe", probe, 10)
    return cache.get("pressure:probe") is not None


def _count(name: str, window: timedelta) -> None:
    key = _key(name, _slot(timezone.now(), window))
    cache.add(key, 0, int(window.total_seconds()) * 2 + 60)
    try:
        cache.incr(key)
    except ValueError:
        return  # dropped by a cache that was full, in the very moment: one is not missed


def _told(names: Mapping[str, timedelta], now: datetime) -> dict[str, int]:
    """Each name's count in its window: this slot's, and of the last the share that still counts."""
    keys = {
        (name, back): _key(name, _slot(now, window) - back)
        for name, window in names.items()
        for back in (0, 1)
    }
    kept = cache.get_many(list(keys.values()))
    return {
        name: int(
            kept.get(keys[name, 0], 0)
            + kept.get(keys[name, 1], 0) * (1 - (now.timestamp() / window.total_seconds()) % 1)
        )
        for name, window in names.items()
    }


def _slot(now: datetime, window: timedelta) -> int:
    return int(now.timestamp() // window.total_seconds())


def _key(name: str, slot: int) -> str:
    return f"pressure:{name}:{slot}"
