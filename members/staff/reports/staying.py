"""Do people stay, and how long? Cohorts by the month of joining, and the length of membership."""

from typing import Final

from members.reports.amounts import share as share_of
from members.reports.cohorts import Cohort, cohorts, retention
from members.reports.small import hidden, shown, tells
from members.reports.tenure import tenure
from members.staff.reports.asked import Asked
from members.staff.reports.charts import NONE, Chart, Series
from members.staff.reports.columns import columns
from members.staff.reports.lying import lying
from members.staff.reports.told import Cell, Column, Key, Row, Table, Told, count, thousands

_SHADES: Final = 10
# From so many months of membership on; the last has no end.
_STRETCHES: Final = (
    (0, "Under 1 month"),
    (1, "1 to 2 months"),
    (3, "3 to 5 months"),
    (6, "6 to 11 months"),
    (12, "1 year"),
    (24, "2 years"),
    (36, "3 years or more"),
)


def stay(asked: Asked) -> Told:
    """The cohorts, each month a row; a cell is the part of them that are members then."""
    found = _begun(cohorts(now=asked.until, count=asked.count))
    gone = _small_cohorts(found)
    curve = _curve(asked)
    rows = [
        Row(
            each.month.first,
            [
                count(each.starters, hidden=each.starters is None),
                *(_heat(each, place, k, gone, asked) for k in range(len(each.cells))),
            ],
        )
        for place, each in enumerate(found)
    ]
    heads = [Column("Joined"), *(Column(f"{k}", "share") for k in range(len(found)))]
    return Told(
        answer=_stay_in_words(curve),
        charts=[_curve_chart(curve)] if curve else [],
        tables=[
            Table(
                "cohorts",
                "By the month of joining",
                "Joined in",
                heads,
                rows,
                None,
                "Each column is so many months later. Darker is more; the last cell of each row is "
                "not over.",
                heat=True,
            )
        ],
    )


def _begun(found: list[Cohort]) -> list[Cohort]:
    """From the first cohort that is large enough to be told of: before it nothing is seen."""
    first = next((i for i, each in enumerate(found) if each.starters is not None), 0)
    return found[first:]


def _small_cohorts(found: list[Cohort]) -> set[tuple[int, int]]:
    """All members at the end of a month are told, and all cohorts together k months on.

    So one cell of either is never hidden alone.
    """
    active = {
        (place, k): cell.active
        for place, each in enumerate(found)
        for k, cell in enumerate(each.cells)
    }
    places = range(len(found))
    ends = [[(place, end - place) for place in range(end + 1)] for end in places]
    over = [[(place, k) for place in places if k < len(found) - 1 - place] for k in places]
    return hidden(active, [*ends, *over])


def _heat(each: Cohort, place: int, k: int, gone: set[tuple[int, int]], asked: Asked) -> Cell:
    part = each.cells[k].share
    if part is None or (place, k) in gone:
        return Cell("share", part, hidden=(place, k) in gone, heat="h")
    shade = min(_SHADES - 1, part * _SHADES // 10_000)
    runs = " open" if asked.period.runs and k == len(each.cells) - 1 else ""
    return Cell("share", part, heat=f"h h{shade}{runs}")


def _curve(asked: Asked) -> list[int]:
    """The part that is a member k months after joining, of all cohorts together."""
    parts: list[int] = []
    for active, starters in retention(now=asked.until, count=asked.count):
        part = share_of(active, starters)
        if part is None or tells(active) or not shown(starters):
            break
        parts.append(part)
    return parts


def _curve_chart(curve: list[int]) -> Chart:
    return columns(
        "curve",
        "Still a member, months after joining",
        labels=[str(k) for k in range(len(curve))],
        series=[Series("main", "", curve)],
        write=lambda value: f"{value / 100:.0f}%",
        top=10_000,
    )


def _stay_in_words(curve: list[int]) -> str:
    told = [(k, curve[k]) for k in (3, 6, 12) if k < len(curve)]
    if not told:
        return "It is too early to say, or too few have joined to be told of."
    (first, part), *later = told
    more = "".join(f", {part / 100:.0f}% after {_months(k)}" for k, part in later)
    return f"Of those who join, {part / 100:.0f}% are still members after {_months(first)}{more}."


def _months(k: int) -> str:
    return "a year" if k == 12 else f"{k} months"


def long(asked: Asked) -> Told:
    """How long those who are members have been, and those who left were."""
    told = tenure(now=asked.now)
    now, left = _stretched(told.now), _stretched(told.left)
    places = range(len(_STRETCHES))
    gone_now = hidden(dict(enumerate(now)), [places])
    gone_left = hidden(dict(enumerate(left)), [places])
    rows = [
        Row(name, [count(now[i], hidden=i in gone_now), count(left[i], hidden=i in gone_left)])
        for i, (_, name) in enumerate(_STRETCHES)
    ]
    total = Row("All", [count(sum(now)), count(sum(left), hidden=tells(sum(left)))], tone="total")
    middle = told.median_now if shown(sum(now)) else None
    middle_left = told.median_left if shown(sum(left)) else None
    heads = [Column("Members now"), Column("Left in the last 12 months")]
    return Told(
        answer=_long_in_words(middle, middle_left),
        keys=[
            Key("Members now", _tenths(middle), "half of them less, half of them more"),
            Key("Left in a year", _tenths(middle_left), "how long they had been members"),
        ],
        charts=[_lengths(now, gone_now)],
        tables=[Table("tenure-table", "How long", "Member for", heads, rows, total)],
    )


def _lengths(now: list[int], gone: set[int]) -> Chart:
    return lying(
        "tenure",
        "Members by how long they have been",
        lines=[
            (name, None if i in gone else now[i], "main") for i, (_, name) in enumerate(_STRETCHES)
        ],
        write=thousands,
    )


def _stretched(of: dict[int, int]) -> list[int]:
    found = [0] * len(_STRETCHES)
    for months, number in of.items():
        found[max(i for i, (first, _) in enumerate(_STRETCHES) if months >= first)] += number
    return found


def _tenths(value: int | None) -> str:
    return NONE if value is None else f"{value / 10:g} month{'' if value == 10 else 's'}"


def _long_in_words(now: int | None, left: int | None) -> str:
    if now is None:
        return "There are too few members to tell."
    words = f"Half of the members have been with us for {_tenths(now)} or longer"
    return (
        f"{words}; those who left had stayed {_tenths(left)}." if left is not None else f"{words}."
    )
