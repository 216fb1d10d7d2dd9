"""Which payments failed, and came in after all? By the month of the first failure."""

from dataclasses import dataclass
from typing import Final

from billing.states import Recovery
from members.reports.amounts import share as share_of
from members.reports.failures import FailureMonth, failures
from members.reports.small import hidden
from members.staff.reports.asked import Asked
from members.staff.reports.charts import Chart, Series, columns
from members.staff.reports.told import (
    Cell,
    Column,
    Row,
    Table,
    Told,
    cents,
    count,
    month_row,
    share,
)

TOTAL: Final = -1

Place = tuple[int, str]


@dataclass(frozen=True, slots=True)
class _Tries:
    """Payments that were tried, those that failed first, and those of them that came in.

    Of these, how many with the same card or account, and how many with a new one.
    """

    tried: int
    failed: int
    failed_cents: int
    back: int
    back_cents: int
    retried: int
    renewed: int

    @classmethod
    def of(cls, month: FailureMonth) -> "_Tries":
        failed, back = month.failed, month.recovered
        return cls(
            tried=month.attempted.number,
            failed=failed.number,
            failed_cents=failed.value,
            back=back.number,
            back_cents=back.value,
            retried=month.by[Recovery.RETRY].number,
            renewed=month.by[Recovery.NEW_MEANS].number,
        )

    @classmethod
    def together(cls, parts: list["_Tries"]) -> "_Tries":
        return cls(*(sum(getattr(each, name) for each in parts) for name in cls.__slots__))


def failures_report(asked: Asked) -> Told:
    """Membership payments whose first try failed, and those that came in after all."""
    months = failures(now=asked.until, count=asked.count)
    parts = [_Tries.of(each) for each in months]
    whole = _Tries.together(parts)
    gone = _small(parts, whole)
    rows = [
        month_row(month.month.first, _cells(part, i, gone), runs=asked.runs(i))
        for i, (month, part) in enumerate(zip(months, parts, strict=True))
    ]
    total = Row("All of it", _cells(whole, TOTAL, gone), tone="total")
    still = any(each.open and each.month.ends <= asked.now for each in months)
    return Told(
        answer=_in_words(asked, whole, gone),
        charts=[_chart(asked, months, parts, gone)],
        tables=[
            Table(
                "failures-table", "By the month of the first failure", "Month", _HEADS, rows, total
            )
        ],
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
_MAY_GAIN: Final = (
    "A payment counts as come in if it did within 30 days: the last two months may still gain."
)


def _cells(of: _Tries, place: int, gone: set[Place]) -> list[Cell]:
    failed, back = (place, "failed") in gone, (place, "back") in gone
    return [
        count(of.tried),
        count(of.failed, hidden=failed),
        cents(of.failed_cents, hidden=failed),
        share(share_of(of.failed, of.tried), hidden=failed),
        count(of.back, hidden=back),
        cents(of.back_cents, hidden=back),
        share(share_of(of.back, of.failed), hidden=failed or back),
        count(of.retried, hidden=(place, "retried") in gone),
        count(of.renewed, hidden=(place, "renewed") in gone),
    ]


def _chart(
    asked: Asked, months: list[FailureMonth], parts: list[_Tries], gone: set[Place]
) -> Chart:
    failed = [None if (i, "failed") in gone else each.failed for i, each in enumerate(parts)]
    back = [None if (i, "back") in gone else each.back for i, each in enumerate(parts)]
    return columns(
        "failures",
        "Failed first, and came in after all",
        labels=[f"{each.month.first:%b %y}" for each in months],
        series=[Series("pale", "Failed first", failed), Series("main", "Came in after all", back)],
        write=lambda value: f"{value:,}",
        runs=asked.period.runs,
    )


def _small(parts: list[_Tries], whole: _Tries) -> set[Place]:
    """Failed is come in and lost, what came in did so by one of three ways, and the months add up
    to all: no part is told by the others."""
    fates, ways = ("failed", "back", "lost"), ("back", "retried", "renewed", "untold")
    at: dict[Place, int | None] = {}
    places = {**dict(enumerate(parts)), TOTAL: whole}
    for place, each in places.items():
        at |= {
            (place, "failed"): each.failed,
            (place, "back"): each.back,
            (place, "lost"): each.failed - each.back,
            (place, "retried"): each.retried,
            (place, "renewed"): each.renewed,
            (place, "untold"): each.back - each.retried - each.renewed,
        }
    rows = [[(place, kind) for kind in kinds] for place in places for kinds in (fates, ways)]
    kinds = dict.fromkeys((*fates, *ways))
    return hidden(at, [*rows, *([(place, kind) for place in places] for kind in kinds)])


def _in_words(asked: Asked, whole: _Tries, gone: set[Place]) -> str:
    then = asked.period.words
    if not whole.failed:
        return f"No membership payment failed {then}."
    if (TOTAL, "failed") in gone:
        return f"Fewer than five of {whole.tried:,} membership payments failed at first {then}."
    start = f"{whole.failed:,} of {whole.tried:,} membership payments failed at first {then}"
    if (TOTAL, "back") in gone:
        return f"{start}."
    part = share_of(whole.back, whole.failed) or 0
    return f"{start}; {whole.back:,} of them ({part / 100:.0f}%) came in within 30 days."
