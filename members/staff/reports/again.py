"""Who renewed, and who gave again? Paid years that ran out, and donors by calendar year."""

from dataclasses import replace
from typing import Final

from billing.figures import names
from members.reports import rollups
from members.reports.amounts import share as share_of
from members.reports.givers import GivingYear, years
from members.reports.renewals import RenewalMonth, renewal_rate
from members.reports.rollups import Number
from members.reports.small import hidden
from members.staff.reports.asked import Asked
from members.staff.reports.charts import Chart, Series
from members.staff.reports.columns import columns
from members.staff.reports.told import (
    TOTAL,
    Cell,
    Column,
    Row,
    Table,
    Told,
    cents,
    count,
    month_labels,
    month_row,
    people,
    share,
    thousands,
)

Place = tuple[int, str]


def renew(asked: Asked) -> Told:
    """Yearly memberships that were due, and those that were paid again."""
    months = renewal_rate(now=asked.until, count=asked.count)
    gone = _small_renewals(months)
    rows = [
        month_row(each.month.first, _renewal_cells(each.due, each.renewed, i, gone),
                  runs=asked.runs(i))
        for i, each in enumerate(months)
    ]  # fmt: skip
    due = rollups.total(each.due for each in months)
    renewed = rollups.total(each.renewed for each in months)
    total = Row("All of it", _renewal_cells(due, renewed, TOTAL, gone), tone="total")
    return Told(
        answer=_renew_in_words(asked, due.number, renewed.number, gone),
        charts=[_renewal_chart(asked, months, gone)],
        tables=[Table("renewals-table", "By the month in which the paid year ran out", "Month",
                      _RENEWAL_HEADS, rows, total)],
    )  # fmt: skip


_RENEWAL_HEADS: Final = [
    Column("Due"),
    Column("Due, worth", "cents"),
    Column("Renewed"),
    Column("Renewed, worth", "cents"),
    Column("Rate", "share"),
]


def _renewal_chart(asked: Asked, months: list[RenewalMonth], gone: set[Place]) -> Chart:
    due = [_told(each.due.number, (i, "due"), gone) for i, each in enumerate(months)]
    renewed = [_told(each.renewed.number, (i, "renewed"), gone) for i, each in enumerate(months)]
    return columns(
        "renewals",
        "Due, and renewed",
        labels=month_labels(months),
        series=[Series("pale", "Due", due), Series("main", "Renewed", renewed)],
        write=thousands,
        runs=asked.period.runs,
    )


def _small_renewals(months: list[RenewalMonth]) -> set[Place]:
    """Due is renewed and not renewed: neither part of a month is told if one is small."""
    kinds = ("due", "renewed", "not")
    at: dict[Place, int | None] = {}
    for i, each in enumerate(months):
        due, renewed = each.due.number, each.renewed.number
        at |= {(i, "due"): due, (i, "renewed"): renewed, (i, "not"): due - renewed}
    places = [*range(len(months)), TOTAL]
    for kind in kinds:
        at[TOTAL, kind] = sum(at[place, kind] or 0 for place in places[:-1])
    rows = [[(place, kind) for kind in kinds] for place in places]
    return hidden(at, [*rows, *([(place, kind) for place in places] for kind in kinds)])


def _renewal_cells(due: Number, renewed: Number, place: int, gone: set[Place]) -> list[Cell]:
    hide_due, hide_renewed = (place, "due") in gone, (place, "renewed") in gone
    return [
        count(due.number, hidden=hide_due),
        cents(due.value, hidden=hide_due),
        count(renewed.number, hidden=hide_renewed),
        cents(renewed.value, hidden=hide_renewed),
        share(share_of(renewed.number, due.number), hidden=hide_due or hide_renewed),
    ]


def _told(value: int, place: Place, gone: set[Place]) -> int | None:
    return None if place in gone else value


def _renew_in_words(asked: Asked, due: int, renewed: int, gone: set[Place]) -> str:
    if not due:
        return f"No paid year ran out {asked.period.words}."
    if {(TOTAL, "due"), (TOTAL, "renewed")} & gone:
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
        charts=[_donors(anything, gone)],
        tables=[
            _years_table("any", "Whoever gave anything", anything, gone),
            _years_table("gift", "Single gifts alone", gifts, _small_years(gifts)),
        ],
        notes=[f"{anything[-1].year} is not over: who has not given yet may still."],
    )


def _donors(found: list[GivingYear], gone: set[Place]) -> Chart:
    kept = [_told(each.kept, (i, "kept"), gone) for i, each in enumerate(found)]
    first = [_told(each.first, (i, "first"), gone) for i, each in enumerate(found)]
    back = [_told(_returned(each), (i, "returned"), gone) for i, each in enumerate(found)]
    return columns(
        "donors",
        "Who gave, year by year",
        labels=[str(each.year) for each in found],
        series=[
            Series("main", "Gave the year before too", kept),
            Series("pale", "First year", first),
            Series("third", "Came back", back),
        ],
        write=thousands,
        stacked=True,
        runs=True,
        summary="For each calendar year how many gave for the first time, again, and after a year "
        "without. The table has every figure.",
    )


def _returned(year: GivingYear) -> int:
    """Who gave before, not last year, and in this one."""
    return year.donors.number - year.first - year.kept


def _small_years(found: list[GivingYear]) -> set[Place]:
    at: dict[Place, int | None] = {}
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


_YEAR_HEADS: Final = [
    Column("Gave"),
    Column("Sum", "cents"),
    Column("First year"),
    Column("Gave last year too"),
    Column("Retention", "share"),
    Column("Came back"),
    Column("Last year, not this (LYBUNT)"),
    Column("Before, not since (SYBUNT)"),
]


def _years_table(slug: str, title: str, found: list[GivingYear], gone: set[Place]) -> Table:
    rows = [Row(str(each.year), _year_cells(each, i, gone)) for i, each in enumerate(found)]
    rows[-1] = replace(rows[-1], tone="running", note="so far")
    return Table(f"years-{slug}", title, "Year", _YEAR_HEADS, rows)


def _year_cells(each: GivingYear, i: int, gone: set[Place]) -> list[Cell]:
    def of(kind: str, number: int) -> Cell:
        return count(number, hidden=(i, kind) in gone)

    return [
        of("donors", each.donors.number),
        cents(each.donors.value, hidden=(i, "donors") in gone),
        of("first", each.first),
        of("kept", each.kept),
        share(each.retention, hidden=(i, "kept") in gone or (i, "lybunt") in gone),
        of("returned", _returned(each)),
        of("lybunt", each.last_year_not_this),
        of("sybunt", each.some_year_not_this),
    ]


def _again_in_words(found: list[GivingYear], gone: set[Place]) -> str:
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
