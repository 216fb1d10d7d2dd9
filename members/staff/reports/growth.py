"""Are we growing? The movements of MRR and of members, month by month."""

from collections.abc import Callable

from billing.figures.names import Move
from billing.money import format_amount
from members.reports.movement import Moved, MovementMonth, movement
from members.reports.small import tells
from members.staff.reports.asked import Asked
from members.staff.reports.charts import Chart, Series
from members.staff.reports.columns import columns
from members.staff.reports.lying import waterfall
from members.staff.reports.moves import NAMES, Place, small
from members.staff.reports.told import (
    TOTAL,
    Cell,
    Column,
    Key,
    Row,
    Table,
    Told,
    cents,
    count,
    month_labels,
    month_row,
    thousands,
)


def growing(asked: Asked) -> Told:
    """Where MRR came from and where it went: each month adds up to the cent."""
    months = movement(now=asked.until, count=asked.count)
    gone = small(months)
    first, last = months[0], months[-1]
    on_top = [_on_top(asked, months)] if any(each.on_top for each in months) else []
    return Told(
        answer=_growth_in_words(asked, first, last),
        keys=[
            Key("Members", f"{last.active_end:,}", f"{last.active_end - first.active_start:+,}"),
            Key("MRR", format_amount(last.end_cents), _signed(last.end_cents - first.start_cents)),
            Key("MRR a year", format_amount(last.end_cents * 12), "twelve times the MRR"),
        ],
        charts=[_fall(months, gone), _members(asked, months)],
        tables=[_mrr(asked, months, gone), _persons(asked, months, gone), *on_top],
    )


def _mrr(asked: Asked, months: list[MovementMonth], gone: set[Place]) -> Table:
    heads = [Column(NAMES[move], "cents") for move in Move]
    ends = [(each.start_cents, each.end_cents) for each in months]
    rows, total = _lines(asked, months, ends, gone, write=cents, of=lambda moved: moved.cents)
    return Table(
        "movement",
        "MRR, month by month",
        "Month",
        [Column("Start", "cents"), *heads, Column("End", "cents")],
        rows,
        total,
        "Start and what moved add up to the end, to the cent.",
    )


def _persons(asked: Asked, months: list[MovementMonth], gone: set[Place]) -> Table:
    heads = [Column(NAMES[move]) for move in Move]
    ends = [(each.active_start, each.active_end) for each in months]
    rows, total = _lines(asked, months, ends, gone, write=count, of=lambda moved: moved.people)
    return Table(
        "members",
        "Members, month by month",
        "Month",
        [Column("Start"), *heads, Column("End")],
        rows,
        total,
        "Who gives more or less was a member before and after.",
    )


def _lines(
    asked: Asked,
    months: list[MovementMonth],
    ends: list[tuple[int, int]],
    gone: set[Place],
    *,
    write: Callable[..., Cell],
    of: Callable[[Moved], int],
) -> tuple[list[Row], Row]:
    """A row for each month, from its start to its end, and one of all of them."""

    def cells(start: int, numbers: dict[Move, int], end: int, place: int) -> list[Cell]:
        moved = (write(numbers[move], hidden=(place, move) in gone) for move in Move)
        return [write(start), *moved, write(end)]

    found = [{move: of(each.moves[move]) for move in Move} for each in months]
    whole = {move: sum(each[move] for each in found) for move in Move}
    rows = [
        month_row(each.month.first, cells(ends[i][0], found[i], ends[i][1], i), runs=asked.runs(i))
        for i, each in enumerate(months)
    ]
    total = cells(ends[0][0], whole, ends[-1][1], TOTAL)
    return rows, Row("All of it", total, tone="total")


def _on_top(asked: Asked, months: list[MovementMonth]) -> Table:
    rows = [
        month_row(
            each.month.first,
            [cents(each.end_cents), cents(each.on_top_cents, hidden=tells(each.on_top))],
            runs=asked.runs(i),
        )
        for i, each in enumerate(months)
    ]
    heads = [Column("MRR at the end", "cents"), Column("Of it on top", "cents")]
    return Table("on-top", "What is given on top, so that more arrives", "Month", heads, rows)


def _fall(months: list[MovementMonth], gone: set[Place]) -> Chart:
    changes = {move: sum(each.moves[move].cents for each in months) for move in Move}
    steps = [
        (NAMES[move], changes[move]) for move in Move if changes[move] and (TOTAL, move) not in gone
    ]
    rest = sum(changes[move] for move in Move if (TOTAL, move) in gone)
    if rest:
        steps.append(("The rest", rest))
    return waterfall(
        "fall",
        "From the first MRR to the last",
        start=("At the start", months[0].start_cents),
        steps=steps,
        end=("At the end", months[-1].end_cents),
        write=format_amount,
    )


def _members(asked: Asked, months: list[MovementMonth]) -> Chart:
    return columns(
        "active",
        "Members at the end of each month",
        labels=month_labels(months),
        series=[Series("main", "", [each.active_end for each in months])],
        write=thousands,
        runs=asked.period.runs,
    )


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


def _signed(value: int) -> str:
    return f"{'+' if value >= 0 else ''}{format_amount(value)}"
