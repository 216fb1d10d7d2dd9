"""Who leaves, and why? Churn by reason, month by month."""

from typing import Final

from billing.figures.names import CHURN, Move
from members.reports.amounts import share as share_of
from members.reports.movement import MovementMonth, movement
from members.staff.reports.asked import Asked
from members.staff.reports.charts import NONE, Chart, Series
from members.staff.reports.columns import columns
from members.staff.reports.lying import lying
from members.staff.reports.moves import BRIEF, CHURNED, FROM_PAUSE, NAMES, Place, small
from members.staff.reports.rhythm import by_rhythm
from members.staff.reports.told import (
    TOTAL,
    Cell,
    Column,
    Key,
    Row,
    Table,
    Told,
    count,
    month_labels,
    month_row,
    people,
    share,
    thousands,
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
        charts=[_reasons(asked, months, gone), _in_all(months, gone)],
        tables=[
            Table("churn", "Who left, month by month", "Month", _CHURN_HEADS, rows,
                  _churn_total(months, gone)),
            by_rhythm(asked),
        ],
        notes=[
            "Withdrawn within 14 days is not churn, and stands apart.",
            "Who churned in the month of joining was no member at its start: both count them.",
        ],
    )  # fmt: skip


_CHURN_HEADS: Final = [
    Column("Members at the start"),
    Column("Left"),
    Column("Payments failed"),
    Column("Disputed"),
    Column("Churned"),
    Column("Joined in the month"),
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
        count(each.brief, hidden=(i, BRIEF) in gone),
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
            of(BRIEF, sum(each.brief for each in months)),
            share(None),
            share(None),
            share(None),
            of(Move.WITHDRAWN, moved(Move.WITHDRAWN)),
            of(FROM_PAUSE, sum(sum(each.from_pause.values()) for each in months)),
        ],
        tone="total",
    )


_COLOURS: Final = ("main", "pale", "third")


def _reasons(asked: Asked, months: list[MovementMonth], gone: set[Place]) -> Chart:
    series = [
        Series(kind, NAMES[move], [
            None if (i, move) in gone else each.moves[move].people for i, each in enumerate(months)
        ])
        for kind, move in zip(_COLOURS, CHURN, strict=True)
    ]  # fmt: skip
    return columns(
        "reasons",
        "Who left, by reason",
        labels=month_labels(months),
        series=series,
        write=thousands,
        summary="For each month how many left by their own wish, because payments failed, and by "
        "a dispute. What is hidden is not drawn. The table has every figure.",
        stacked=True,
        runs=asked.period.runs,
    )


def _in_all(months: list[MovementMonth], gone: set[Place]) -> Chart:
    """All months together: what is too little to be drawn month by month can be seen here."""
    numbers = {move: sum(each.moves[move].people for each in months) for move in CHURN}
    return lying(
        "reasons-all",
        "Who left, in all these months",
        lines=[
            (NAMES[move], None if (TOTAL, move) in gone else numbers[move], kind)
            for kind, move in zip(_COLOURS, CHURN, strict=True)
        ],
        write=lambda value: f"{value:,}",
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
    reasons = {
        Move.VOLUNTARY: "by their own wish",
        Move.INVOLUNTARY: "because payments failed",
        Move.DISPUTE: "by a dispute",
    }
    parts = [f"{told[each] or 'none'} {why}" for each, why in reasons.items()]
    return f"{start}: {', '.join(parts)}."
