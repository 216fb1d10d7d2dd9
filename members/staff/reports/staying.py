"""Do people stay? Cohorts, how long, yearly renewals, and who gave again."""

from typing import Final

from billing.figures import names
from members.reports.amounts import share as share_of
from members.reports.cohorts import Cohort, cohorts, retention
from members.reports.givers import GivingYear, years
from members.reports.renewals import RenewalMonth, renewal_rate
from members.reports.small import hidden, shown, tells
from members.reports.tenure import tenure
from members.staff.reports.asked import Asked
from members.staff.reports.charts import NONE, Chart, Series, columns, lying
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

TOTAL: Final = -1
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
        return Cell("share", part, hidden=True, heat="h")
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
    return Told(
        answer=_long_in_words(middle, middle_left),
        keys=[
            Key("Members now", _tenths(middle), "half of them less, half of them more"),
            Key("Left in a year", _tenths(middle_left), "how long they had been members"),
        ],
        charts=[
            lying(
                "tenure",
                "Members by how long they have been",
                lines=[
                    (name, None if i in gone_now else now[i], "main")
                    for i, (_, name) in enumerate(_STRETCHES)
                ],
                write=lambda value: f"{value:,}",
            )
        ],
        tables=[
            Table("tenure-table", "How long", "Member for", [
                Column("Members now"), Column("Left in the last 12 months")], rows, total),
        ],
    )  # fmt: skip


def _stretched(of: dict[int, int]) -> list[int]:
    found = [0] * len(_STRETCHES)
    for months, number in of.items():
        found[max(i for i, (first, _) in enumerate(_STRETCHES) if months >= first)] += number
    return found


def _tenths(value: int | None) -> str:
    return NONE if value is None else f"{value / 10:.1f} months"


def _long_in_words(now: int | None, left: int | None) -> str:
    if now is None:
        return "There are too few members to tell."
    words = f"Half of the members have been with us for {now / 10:.1f} months or longer"
    return (
        f"{words}; those who left had stayed {left / 10:.1f}." if left is not None else f"{words}."
    )


def renew(asked: Asked) -> Told:
    """Yearly memberships that were due, and those that were paid again."""
    months = renewal_rate(now=asked.until, count=asked.count)
    gone = _small_renewals(months)
    rows = [
        month_row(each.month.first, _renewal_cells(each, i, gone), runs=asked.runs(i))
        for i, each in enumerate(months)
    ]
    due, renewed = (sum(n.number for n in part) for part in zip(
        *((each.due, each.renewed) for each in months), strict=True))  # fmt: skip
    worth = [sum(part) for part in zip(
        *((each.due.value, each.renewed.value) for each in months), strict=True)]  # fmt: skip
    hide = [(TOTAL, kind) in gone for kind in ("due", "renewed")]
    total = Row("All of it", [
        count(due, hidden=hide[0]), cents(worth[0], hidden=hide[0]),
        count(renewed, hidden=hide[1]), cents(worth[1], hidden=hide[1]),
        share(share_of(renewed, due), hidden=any(hide)),
    ], tone="total")  # fmt: skip
    return Told(
        answer=_renew_in_words(asked, due, renewed, hide=any(hide)),
        charts=[
            columns(
                "renewals", "Due, and renewed", labels=[f"{x.month.first:%b %y}" for x in months],
                series=[
                    Series("pale", "Due", [_told(x.due.number, (i, "due"), gone)
                                           for i, x in enumerate(months)]),
                    Series("main", "Renewed", [_told(x.renewed.number, (i, "renewed"), gone)
                                               for i, x in enumerate(months)]),
                ],
                write=lambda value: f"{value:,}", runs=asked.period.runs,
            )
        ],
        tables=[Table("renewals-table", "By the month in which the paid year ran out", "Month", [
            Column("Due"), Column("Due, worth", "cents"), Column("Renewed"),
            Column("Renewed, worth", "cents"), Column("Rate", "share")], rows, total)],
    )  # fmt: skip


def _small_renewals(months: list[RenewalMonth]) -> set[tuple[int, str]]:
    """Due is renewed and not renewed: neither part of a month is told if one is small."""
    kinds = ("due", "renewed", "not")
    at: dict[tuple[int, str], int | None] = {}
    for i, each in enumerate(months):
        due, renewed = each.due.number, each.renewed.number
        at |= {(i, "due"): due, (i, "renewed"): renewed, (i, "not"): due - renewed}
    places = [*range(len(months)), TOTAL]
    for kind in kinds:
        at[TOTAL, kind] = sum(at[place, kind] or 0 for place in places[:-1])
    rows = [[(place, kind) for kind in kinds] for place in places]
    return hidden(at, [*rows, *([(place, kind) for place in places] for kind in kinds)])


def _renewal_cells(each: RenewalMonth, i: int, gone: set[tuple[int, str]]) -> list[Cell]:
    due, renewed = (i, "due") in gone, (i, "renewed") in gone
    return [
        count(each.due.number, hidden=due),
        cents(each.due.value, hidden=due),
        count(each.renewed.number, hidden=renewed),
        cents(each.renewed.value, hidden=renewed),
        share(each.renewed_share, hidden=due or renewed),
    ]


def _told(value: int, place: tuple[int, str], gone: set[tuple[int, str]]) -> int | None:
    return None if place in gone else value


def _renew_in_words(asked: Asked, due: int, renewed: int, *, hide: bool) -> str:
    if not due:
        return f"No paid year ran out {asked.period.words}."
    if hide:
        return f"Too few paid years ran out {asked.period.words} to tell how many renewed."
    part = share_of(renewed, due) or 0
    due_then = f"the {due:,} whose year ran out {asked.period.words}"
    return f"{renewed:,} of {due_then} renewed: {part / 100:.0f}%."


def again(asked: Asked) -> Told:
    """Donors by calendar year: of anything, and of single gifts."""
    anything = years(now=asked.now)
    gifts = years(now=asked.now, key=names.GIFT)
    gone = _small_years(anything)
    return Told(
        answer=_again_in_words(anything, gone),
        charts=[
            columns(
                "donors", "Who gave, year by year",
                labels=[str(each.year) for each in anything],
                series=[
                    Series("main", "Gave the year before too", [
                        _told(x.kept, (i, "kept"), gone) for i, x in enumerate(anything)]),
                    Series("pale", "First year", [
                        _told(x.first, (i, "first"), gone) for i, x in enumerate(anything)]),
                    Series("third", "Came back", [
                        _told(_returned(x), (i, "returned"), gone)
                        for i, x in enumerate(anything)]),
                ],
                write=lambda value: f"{value:,}", stacked=True, runs=True,
                summary="For each calendar year how many gave for the first time, again, and after "
                "a year without. The table has every figure.",
            )
        ],
        tables=[
            _years_table("any", "Whoever gave anything", anything, gone),
            _years_table("gift", "Single gifts alone", gifts, _small_years(gifts)),
        ],
        notes=[f"{anything[-1].year} is not over: who has not given yet may still."],
    )  # fmt: skip


def _returned(year: GivingYear) -> int:
    """Who gave before, not last year, and in this one."""
    return year.donors.number - year.first - year.kept


def _small_years(found: list[GivingYear]) -> set[tuple[int, str]]:
    at: dict[tuple[int, str], int | None] = {}
    sums = []
    for i, each in enumerate(found):
        at |= {
            (i, "donors"): each.donors.number, (i, "first"): each.first, (i, "kept"): each.kept,
            (i, "returned"): _returned(each), (i, "lybunt"): each.last_year_not_this,
            (i, "sybunt"): each.some_year_not_this,
        }  # fmt: skip
        sums.append([(i, kind) for kind in ("donors", "first", "kept", "returned")])
        sums.append([(i, "kept"), (i, "lybunt"), (i - 1, "donors")])
    return hidden(at, sums)


def _years_table(
    slug: str, title: str, found: list[GivingYear], gone: set[tuple[int, str]]
) -> Table:
    heads = [
        Column("Gave"), Column("Sum", "cents"), Column("First year"), Column("Gave last year too"),
        Column("Retention", "share"), Column("Came back"), Column("Last year, not this (LYBUNT)"),
        Column("Before, not since (SYBUNT)"),
    ]  # fmt: skip
    rows = []
    for i, each in enumerate(found):

        def of(kind: str, number: int, i: int = i) -> Cell:
            return count(number, hidden=(i, kind) in gone)

        kept = (i, "kept") in gone or (i, "lybunt") in gone
        rows.append(Row(str(each.year), [
            of("donors", each.donors.number),
            cents(each.donors.value, hidden=(i, "donors") in gone),
            of("first", each.first), of("kept", each.kept), share(each.retention, hidden=kept),
            of("returned", _returned(each)), of("lybunt", each.last_year_not_this),
            of("sybunt", each.some_year_not_this),
        ], *(("running", "so far") if each is found[-1] else ("", ""))))  # fmt: skip
    return Table(f"years-{slug}", title, "Year", heads, rows)


def _again_in_words(found: list[GivingYear], gone: set[tuple[int, str]]) -> str:
    this, i = found[-1], len(found) - 1
    if not this.last_year:
        return (
            f"{people(this.donors.number).capitalize()} gave in {this.year} so far, the first year."
        )
    if (i, "kept") in gone or (i, "lybunt") in gone or this.retention is None:
        return f"{people(this.donors.number).capitalize()} gave in {this.year} so far."
    not_yet = f"{this.last_year_not_this:,} have not yet."
    return (
        f"{this.kept:,} of the {this.last_year:,} who gave in {this.year - 1} have given in "
        f"{this.year} as well: {this.retention / 100:.0f}%. {not_yet}"
    )
