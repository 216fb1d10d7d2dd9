"""Are we growing, who leaves and why? The movements of MRR and of members, month by month."""

from collections.abc import Sequence
from typing import Final

from billing.figures.names import CHURN, Move
from billing.money import format_amount
from members.reports.amounts import share as share_of
from members.reports.movement import MovementMonth, movement
from members.reports.small import hidden
from members.staff.reports.asked import Asked
from members.staff.reports.charts import NONE, Chart, Series, columns, waterfall
from members.staff.reports.told import (
    Cell,
    Column,
    Key,
    Row,
    Table,
    Told,
    cents,
    count,
    month_row,
    people,
    share,
)

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
_GAINS: Final = (Move.NEW, Move.REACTIVATION, Move.RESUMED, Move.EXPANSION)
TOTAL: Final = -1
CHURNED: Final = "churned"
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
        people_at[place, FROM_PAUSE] = sum(month.from_pause.values())
        people_at[place, LEFT] = month.left
    kinds: list[str] = [*Move, CHURNED, FROM_PAUSE, LEFT]
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
        sums.append([(place, kind) for kind in (CHURNED, Move.WITHDRAWN, FROM_PAUSE, LEFT)])
    return hidden(people_at, sums)


def growing(asked: Asked) -> Told:
    """Where MRR came from and where it went: each month adds up to the cent."""
    months = movement(now=asked.until, count=asked.count)
    gone = small(months)
    first, last = months[0], months[-1]
    changes = {move: sum(each.moves[move].cents for each in months) for move in Move}
    rows = [
        month_row(
            each.month.first,
            [
                cents(each.start_cents),
                *(cents(each.moves[move].cents, hidden=(i, move) in gone) for move in Move),
                cents(each.end_cents),
            ],
            runs=asked.runs(i),
        )
        for i, each in enumerate(months)
    ]
    total = Row(
        "All of it",
        [
            cents(first.start_cents),
            *(cents(changes[move], hidden=(TOTAL, move) in gone) for move in Move),
            cents(last.end_cents),
        ],
        tone="total",
    )
    heads = [Column(NAMES[move], "cents") for move in Move]
    return Told(
        answer=_growth_in_words(asked, first, last),
        keys=[
            Key("Members", f"{last.active_end:,}", f"{last.active_end - first.active_start:+,}"),
            Key("MRR", format_amount(last.end_cents), _signed(last.end_cents - first.start_cents)),
            Key("MRR a year", format_amount(last.end_cents * 12), "twelve times the MRR"),
        ],
        charts=[_fall(first, last, changes, gone), _members(asked, months)],
        tables=[
            Table(
                "movement",
                "MRR, month by month",
                "Month",
                [Column("Start", "cents"), *heads, Column("End", "cents")],
                rows,
                total,
                "Start and what moved add up to the end, to the cent.",
            ),
            _persons(asked, months, gone),
        ],
    )


def leaving(asked: Asked) -> Told:
    """Active members who left, by reason, and the rates of churn."""
    months = movement(now=asked.until, count=asked.count)
    gone = small(months)
    rows = [
        month_row(each.month.first, _churn_cells(each, i, gone), runs=asked.runs(i))
        for i, each in enumerate(months)
    ]
    over = months[:-1] if asked.period.runs and len(months) > 1 else months
    churned, base = sum(each.churned for each in over), sum(each.active_start for each in over)
    rate = None if (TOTAL, CHURNED) in gone else share_of(churned, base)
    return Told(
        answer=_leaving_in_words(asked, months, gone),
        keys=[
            Key("Churn a month", NONE if rate is None else f"{rate / 100:.1f}%",
                "on average, of months that are over"),
            Key("Left", people(sum(each.churned for each in months), "member", "members"),
                asked.period.words),
        ],
        charts=[_reasons(asked, months, gone)],
        tables=[
            Table("churn", "Who left, month by month", "Month", _CHURN_HEADS, rows,
                  _churn_total(months, gone)),
        ],
        notes=["Withdrawn within 14 days is not churn, and stands apart."],
    )  # fmt: skip


_CHURN_HEADS: Final = [
    Column("Members at the start"),
    Column("Left"),
    Column("Payments failed"),
    Column("Disputed"),
    Column("Churned"),
    Column("Churn", "share"),
    Column("Gross MRR churn", "share"),
    Column("Net MRR churn", "share"),
    Column("Withdrawn"),
    Column("Left while paused"),
]


def _churn_cells(each: MovementMonth, i: int, gone: set[Place]) -> list[Cell]:
    lost = (i, CHURNED) in gone or (i, Move.CONTRACTION) in gone
    gained = (i, Move.EXPANSION) in gone or (i, Move.REACTIVATION) in gone
    return [
        count(each.active_start),
        *(count(each.moves[move].people, hidden=(i, move) in gone) for move in CHURN),
        count(each.churned, hidden=(i, CHURNED) in gone),
        share(each.churn_share, hidden=(i, CHURNED) in gone),
        share(each.gross_churn_share, hidden=lost),
        share(each.net_churn_share, hidden=lost or gained),
        count(each.moves[Move.WITHDRAWN].people, hidden=(i, Move.WITHDRAWN) in gone),
        count(sum(each.from_pause.values()), hidden=(i, FROM_PAUSE) in gone),
    ]


def _churn_total(months: list[MovementMonth], gone: set[Place]) -> Row:
    def of(kind: str, number: int) -> Cell:
        return count(number, hidden=(TOTAL, kind) in gone)

    def moved(move: Move) -> int:
        return sum(each.moves[move].people for each in months)

    return Row(
        "All of it",
        [
            count(None),
            *(of(move, moved(move)) for move in CHURN),
            of(CHURNED, sum(each.churned for each in months)),
            share(None),
            share(None),
            share(None),
            of(Move.WITHDRAWN, moved(Move.WITHDRAWN)),
            of(FROM_PAUSE, sum(sum(each.from_pause.values()) for each in months)),
        ],
        tone="total",
    )


def _persons(asked: Asked, months: list[MovementMonth], gone: set[Place]) -> Table:
    rows = [
        month_row(
            each.month.first,
            [
                count(each.active_start),
                *(count(each.moves[move].people, hidden=(i, move) in gone) for move in Move),
                count(each.active_end),
            ],
            runs=asked.runs(i),
        )
        for i, each in enumerate(months)
    ]
    total = Row(
        "All of it",
        [
            count(months[0].active_start),
            *(
                count(sum(each.moves[move].people for each in months), hidden=(TOTAL, move) in gone)
                for move in Move
            ),
            count(months[-1].active_end),
        ],
        tone="total",
    )
    heads = [Column(NAMES[move]) for move in Move]
    return Table(
        "members",
        "Members, month by month",
        "Month",
        [Column("Start"), *heads, Column("End")],
        rows,
        total,
        "Who gives more or less was a member before and after.",
    )


def _fall(
    first: MovementMonth, last: MovementMonth, changes: dict[Move, int], gone: set[Place]
) -> Chart:
    steps = [
        (NAMES[move], changes[move]) for move in Move if changes[move] and (TOTAL, move) not in gone
    ]
    rest = sum(changes[move] for move in Move if (TOTAL, move) in gone)
    if rest:
        steps.append(("The rest", rest))
    return waterfall(
        "fall",
        "From the first MRR to the last",
        start=("At the start", first.start_cents),
        steps=steps,
        end=("At the end", last.end_cents),
        write=format_amount,
    )


def _members(asked: Asked, months: list[MovementMonth]) -> Chart:
    return columns(
        "active",
        "Members at the end of each month",
        labels=labels(months),
        series=[Series("main", "", [each.active_end for each in months])],
        write=lambda value: f"{value:,}",
        runs=asked.period.runs,
    )


def _reasons(asked: Asked, months: list[MovementMonth], gone: set[Place]) -> Chart:
    series = [
        Series(kind, NAMES[move], [
            None if (i, move) in gone else each.moves[move].people for i, each in enumerate(months)
        ])
        for kind, move in zip(("main", "pale", "third"), CHURN, strict=True)
    ]  # fmt: skip
    return columns(
        "reasons",
        "Who left, by reason",
        labels=labels(months),
        series=series,
        write=lambda value: f"{value:,}",
        summary="For each month how many left by their own wish, because payments failed, and by "
        "a dispute. What is hidden is not drawn. The table has every figure.",
        stacked=True,
        runs=asked.period.runs,
    )


def labels(months: Sequence[MovementMonth]) -> list[str]:
    return [f"{each.month.first:%b %y}" for each in months]


def _growth_in_words(asked: Asked, first: MovementMonth, last: MovementMonth) -> str:
    more = last.active_end - first.active_start
    change = last.end_cents - first.start_cents
    counted = f"{last.active_end:,} member{'s' if last.active_end != 1 else ''}"
    if not more and not change:
        return f"Neither growing nor shrinking {asked.period.words}: {counted}."
    verdict = "Yes" if change > 0 else "No"
    moved = "grew" if change > 0 else "fell"
    return (
        f"{verdict}: MRR {moved} by {format_amount(abs(change))} {asked.period.words}, to "
        f"{format_amount(last.end_cents)}, given by {counted} ({more:+,})."
    )


def _leaving_in_words(asked: Asked, months: list[MovementMonth], gone: set[Place]) -> str:
    total = sum(each.churned for each in months)
    if not total:
        return f"Nobody left {asked.period.words}."
    told = {
        move: sum(each.moves[move].people for each in months)
        for move in CHURN
        if (TOTAL, move) not in gone
    }
    start = f"{people(total, 'member', 'members').capitalize()} left {asked.period.words}"
    if (TOTAL, CHURNED) in gone or len(told) < len(CHURN):
        return f"{start}. The reasons are of too few to be told one by one."
    return (
        f"{start}: {told[Move.VOLUNTARY]:,} by their own wish, {told[Move.INVOLUNTARY]:,} because "
        f"payments failed, {told[Move.DISPUTE]:,} by a dispute."
    )


def _signed(value: int) -> str:
    return f"{'+' if value >= 0 else ''}{format_amount(value)}"
