"""Which payments failed, and came in after all? By the month of the first failure."""

from typing import Final, NamedTuple

from billing.figures import names
from billing.states import Recovery
from members.reports import rollups
from members.reports.amounts import share as share_of
from members.reports.failures import FailureMonth, failures
from members.reports.rollups import Number
from members.reports.small import hidden
from members.staff.reports.asked import Asked
from members.staff.reports.charts import Chart, Series
from members.staff.reports.columns import columns
from members.staff.reports.lying import lying
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
    share,
    thousands,
)

Place = tuple[int, str]


class Tries(NamedTuple):
    """Payments that were tried, those that failed first, and those of them that came in.

    Of these, those with the same card or account, and those with a new one.
    """

    tried: Number
    failed: Number
    back: Number
    retried: Number
    renewed: Number

    @classmethod
    def of(cls, month: FailureMonth) -> "Tries":
        return cls(
            tried=month.attempted,
            failed=month.failed,
            back=month.recovered,
            retried=month.by[Recovery.RETRY],
            renewed=month.by[Recovery.NEW_MEANS],
        )


def failures_report(asked: Asked) -> Told:
    """Membership payments whose first try failed, and those that came in after all."""
    months = failures(now=asked.until, count=asked.count)
    parts = [Tries.of(each) for each in months]
    whole = Tries(*(rollups.total(numbers) for numbers in zip(*parts, strict=True)))
    gone = _small(parts, whole)
    rows = [
        month_row(month.month.first, _cells(part, i, gone), runs=asked.runs(i))
        for i, (month, part) in enumerate(zip(months, parts, strict=True))
    ]
    total = Row("All of it", _cells(whole, TOTAL, gone), tone="total")
    still = any(each.open and each.month.ends <= asked.now for each in months)
    return Told(
        answer=_in_words(asked, whole, gone),
        charts=[_chart(asked, months, parts, gone), _in_all(whole, gone)],
        tables=[Table("failures-table", _BY, "Month", _HEADS, rows, total)],
        notes=[_WITH_WHAT, *([_MAY_GAIN] if still or asked.period.runs else [])],
    )


_BY: Final = "By the month of the first failure"
_HEADS: Final = [
    Column("Tried"),
    Column("Failed first"),
    Column("Failed, worth", "cents"),
    Column("Failed of tried", "share"),
    Column("Came in"),
    Column("Came in, worth", "cents"),
    Column("Came in of failed", "share"),
    Column("By a retry"),
    Column("With a new card"),
]
_WITH_WHAT: Final = (
    "By a retry: with the card or account that had failed. With a new card: with one, or an "
    "account, that was given since. Of older payments nobody told."
)
_IN_TIME: Final = f"within {names.RECOVERY_DAYS} days"
_MAY_GAIN: Final = (
    f"A payment counts as come in if it did {_IN_TIME}: the last two months may still gain."
)


def _cells(of: Tries, place: int, gone: set[Place]) -> list[Cell]:
    failed, back = (place, "failed") in gone, (place, "back") in gone
    return [
        count(of.tried.number),
        count(of.failed.number, hidden=failed),
        cents(of.failed.value, hidden=failed),
        share(share_of(of.failed.number, of.tried.number), hidden=failed),
        count(of.back.number, hidden=back),
        cents(of.back.value, hidden=back),
        share(share_of(of.back.number, of.failed.number), hidden=failed or back),
        count(of.retried.number, hidden=(place, "retried") in gone),
        count(of.renewed.number, hidden=(place, "renewed") in gone),
    ]


def _chart(asked: Asked, months: list[FailureMonth], parts: list[Tries], gone: set[Place]) -> Chart:
    failed = [None if (i, "failed") in gone else x.failed.number for i, x in enumerate(parts)]
    back = [None if (i, "back") in gone else x.back.number for i, x in enumerate(parts)]
    return columns(
        "failures",
        "Failed first, and came in after all",
        labels=month_labels(months),
        series=[Series("pale", "Failed first", failed), Series("main", "Came in after all", back)],
        write=thousands,
        runs=asked.period.runs,
    )


def _in_all(whole: Tries, gone: set[Place]) -> Chart:
    """All months together: what is too little to be drawn month by month can be seen here."""
    failed, back = whole.failed.number, whole.back.number
    return lying(
        "failures-all",
        "Failed payments, in all these months",
        lines=[
            ("Failed first", None if (TOTAL, "failed") in gone else failed, "pale"),
            ("Came in after all", None if (TOTAL, "back") in gone else back, "main"),
        ],
        write=thousands,
    )


def _small(parts: list[Tries], whole: Tries) -> set[Place]:
    """Failed is come in and lost, what came in did so by one of three ways, and the months add up
    to all: no part is told by the others.
    """
    fates, ways = ("failed", "back", "lost"), ("back", "retried", "renewed", "untold")
    at: dict[Place, int | None] = {}
    places = {**dict(enumerate(parts)), TOTAL: whole}
    for place, each in places.items():
        at |= {
            (place, "failed"): each.failed.number,
            (place, "back"): each.back.number,
            (place, "lost"): each.failed.number - each.back.number,
            (place, "retried"): each.retried.number,
            (place, "renewed"): each.renewed.number,
            (place, "untold"): each.back.number - each.retried.number - each.renewed.number,
        }
    rows = [[(place, kind) for kind in kinds] for place in places for kinds in (fates, ways)]
    kinds = dict.fromkeys((*fates, *ways))
    return hidden(at, [*rows, *([(place, kind) for place in places] for kind in kinds)])


def _in_words(asked: Asked, whole: Tries, gone: set[Place]) -> str:
    then = asked.period.words
    tried, failed, back = whole.tried.number, whole.failed.number, whole.back.number
    if not failed:
        return f"No membership payment failed {then}."
    if (TOTAL, "failed") in gone:
        return f"Fewer than five of {tried:,} membership payments failed at first {then}."
    start = f"{failed:,} of {tried:,} membership payments failed at first {then}"
    if (TOTAL, "back") in gone:
        return f"{start}."
    part = share_of(back, failed) or 0
    came = f"{back:,} of them ({part / 100:.0f}%)" if back else "none of them"
    return f"{start}; {came} came in {_IN_TIME}."
