"""The movements of members and MRR: what they are called, and what of them is of too few."""

from collections.abc import Sequence
from typing import Final

from billing.figures.names import CHURN, Move
from members.reports.movement import MovementMonth
from members.reports.small import hidden
from members.staff.reports.told import TOTAL

NAMES: Final = {
    Move.NEW: "New",
    Move.REACTIVATION: "Returned",
    Move.RESUMED: "Resumed",
    Move.EXPANSION: "Give more",
    Move.CONTRACTION: "Give less",
    Move.PAUSED: "Paused",
    Move.WITHDRAWN: "Withdrawn",
    Move.VOLUNTARY: "Left",
    Move.INVOLUNTARY: "Payments failed",
    Move.DISPUTE: "Disputed",
}
# Of the same members: they move money and nobody.
_SAME_PEOPLE: Final = frozenset({Move.EXPANSION, Move.CONTRACTION})
CHURNED: Final = "churned"
# Of these: who had joined in the same month, and who had not.
BRIEF: Final = "brief"
LONGER: Final = "longer"
FROM_PAUSE: Final = "from_pause"
LEFT: Final = "left"

Place = tuple[int, str]


def small(months: Sequence[MovementMonth], *, total: bool = True) -> set[Place]:
    """What of these months is not told, by place (TOTAL is all of them) and Move, or CHURNED ...

    Each month adds up to what is told: the change of MRR, of members, and all who left.
    """
    people_at: dict[Place, int | None] = {}
    for place, month in enumerate(months):
        people_at |= {(place, move): month.moves[move].people for move in Move}
        people_at[place, CHURNED] = month.churned
        people_at[place, BRIEF] = month.brief
        people_at[place, LONGER] = month.churned - month.brief
        people_at[place, FROM_PAUSE] = sum(month.from_pause.values())
        people_at[place, LEFT] = month.left
    kinds: list[str] = [*Move, CHURNED, BRIEF, LONGER, FROM_PAUSE, LEFT]
    places = [*range(len(months))]
    sums: list[list[Place]] = []
    if total:
        for kind in kinds:
            people_at[TOTAL, kind] = sum(people_at[place, kind] or 0 for place in places)
        places.append(TOTAL)
        sums += [[(place, kind) for place in places] for kind in kinds]
    for place in places:
        sums.append([(place, move) for move in Move])
        sums.append([(place, move) for move in Move if move not in _SAME_PEOPLE])
        sums.append([(place, kind) for kind in (*CHURN, CHURNED)])
        sums.append([(place, kind) for kind in (BRIEF, LONGER)])
        sums.append([(place, kind) for kind in (CHURNED, Move.WITHDRAWN, FROM_PAUSE, LEFT)])
    return hidden(people_at, sums)
