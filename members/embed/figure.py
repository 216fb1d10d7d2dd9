"""What a public counter may say. Pure: no database, no clock.

Rounding alone would not do: who knows how many stand, because the count turned from 49 to 50 a
moment ago or because they made nine of them, could watch one person join. So the steps are shifted
by an amount that nobody outside knows, and the figure is one of a day that is over (meter.py).
"""

from dataclasses import dataclass
from typing import Final

# Fewer than this are not counted in public (PEERS 5.6).
LEAST: Final = 50
_STEP, _LARGE_STEP, _LARGE_GOAL = 10, 50, 1000
STEP_CENTS: Final = 100_00
# Nobody moves the sum by more than half a step, whatever they give.
MOST_CENTS: Final = STEP_CENTS // 2


@dataclass(frozen=True, slots=True)
class Figure:
    """What the meter shows. `at_least` is None while there are too few to say.

    Members, or cents a month if `in_cents`; `fewer_than` is what may be said of too few.
    """

    goal: int
    in_cents: bool
    at_least: int | None
    fewer_than: int

    @property
    def percent(self) -> int:
        """How far it is, of what is shown: 0 to 100."""
        return min(100, 100 * (self.at_least or 0) // self.goal)

    @property
    def reached(self) -> bool:
        return self.percent == 100


def members_step(goal: int) -> int:
    return _LARGE_STEP if goal > _LARGE_GOAL else _STEP


def rounded(number: int, *, step: int, shift: int) -> int:
    """The step that the number has passed by `shift`: never more than the number itself."""
    return max(0, (number - shift) // step * step)


def figure(*, members: int, cents: int, goal: int, in_cents: bool, secret: int) -> Figure:
    """What may be shown of these counts. `secret` is any large number that is not told."""
    step = members_step(0 if in_cents else goal)
    shown = rounded(members, step=step, shift=secret % step)
    at_least: int | None = shown
    if in_cents:
        at_least = rounded(cents, step=STEP_CENTS, shift=secret % STEP_CENTS)
    if shown < LEAST:
        at_least = None
    return Figure(goal, in_cents, at_least, LEAST + step)
