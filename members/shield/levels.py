"""Which level the pressure calls for: up at once, down only after a while of quiet.

Pure: counts and thresholds in, a level out. Without the second part a level would flutter about its
threshold, and an attacker who pauses for a minute would find the door open.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from members.models.shield import Level
from members.pressure import Signal

Thresholds = Mapping[str, tuple[int, int]]
UNPAID: Final = "unpaid"


@dataclass(frozen=True, slots=True)
class Stand:
    """Where the level stands, since when, and when pressure last called for it (UTC)."""

    level: Level
    since: datetime
    pressed_at: datetime
    because: str = ""


def pressures(counts: Mapping[Signal, int], *, open_per_paid: int) -> dict[str, int]:
    """What presses, by name.

    Of payment pages only those count which outnumber the paid ones by more than `open_per_paid` to
    one: an appeal that brings a thousand supporters presses nothing.
    """
    unpaid = counts[Signal.ASKED] - open_per_paid * counts[Signal.PAID]
    pressing = (Signal.HASTY, Signal.SIGN_INS, Signal.LIMITED, Signal.REFUSED)
    return {UNPAID: max(0, unpaid)} | {each.value: counts[each] for each in pressing}


def called_for(pressing: Mapping[str, int], thresholds: Thresholds) -> tuple[Level, str]:
    """The level that these call for, and which of them does the most."""
    level, because, most = Level.CALM, "", 0.0
    for name, count in pressing.items():
        pressed, storm = thresholds[name]
        wanted = Level.STORM if count >= storm else Level.PRESSED
        if count >= pressed and (wanted.height, count / pressed) > (level.height, most):
            level, because, most = wanted, name, count / pressed
    return level, because


def after(
    stand: Stand,
    pressing: Mapping[str, int],
    *,
    thresholds: Thresholds,
    now: datetime,
    quiet: timedelta,
) -> Stand:
    """Where the level stands at `now`."""
    wanted, because = called_for(pressing, thresholds)
    if wanted.height > stand.level.height:
        return Stand(wanted, now, now, because)
    if stand.level == Level.CALM:
        return stand
    # Half of what called for a level is enough to keep it.
    half = {name: ((low + 1) // 2, (high + 1) // 2) for name, (low, high) in thresholds.items()}
    kept, _because = called_for(pressing, half)
    if kept.height >= stand.level.height:
        return replace(stand, pressed_at=now)
    if now - stand.pressed_at < quiet:
        return stand
    return Stand(kept, now, now)
