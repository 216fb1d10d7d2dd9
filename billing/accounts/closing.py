"""Closing a month: in order, once it is over and everything in it is explained; then for ever."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone

from billing import figures
from billing.accounts import chart, months, pack
from billing.accounts.months import BookMonth
from billing.accounts.pack import Pack
from billing.models import LedgerLine, Payment, Period, StripeEvent, Walk
from billing.models.stripe import EventState
from billing.money import format_amount
from billing.states import PaymentState

log = structlog.get_logger(__name__)
# The nightly comparison with Stripe, as billing.balance notes it.
_PROOF = "balance"
# Who closes what nobody closed in five years.
CLOCK = "the clock"


class NotYet(Exception):
    """The month cannot be closed. `reasons` are sentences for the page."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class Readiness:
    """What stands against closing a month, and what must be said aloud to close it all the same."""

    reasons: list[str]
    strays: int

    @property
    def ready(self) -> bool:
        return not self.reasons


def readiness(month: BookMonth, told: Pack) -> Readiness:
    """What stands between this open month and its closing. Writes nothing."""
    return Readiness([*_order(month), *_proof(month), *_news(month), *_fees(month), *_paid(told)],
                     told.strays)  # fmt: skip


def close(*, month: date, by: str, strays_known: bool = False) -> Period:
    """Freeze the month's pack and mark what it counted, in one transaction.

    `by` is the id of a member of staff; `strays_known` says that lines which match no payment of
    ours are known to them. Raises NotYet. What is committed before the marking is counted,
    also if it came after the look; what comes later counts in the next month, as late.
    """
    wanted = next((each for each in months.open_months() if each.first == month), None)
    if wanted is None:
        raise NotYet(["It is closed already, or has not begun."])
    found = readiness(wanted, pack.live(wanted))
    reasons = list(found.reasons)
    if found.strays and not strays_known:
        reasons.append("Say that you know of the lines that match no payment of ours.")
    if reasons:
        raise NotYet(reasons)
    try:
        with transaction.atomic():
            period = _freeze(wanted, by, strays=found.strays)
    except IntegrityError:
        raise NotYet(["A colleague closed it at this moment."]) from None
    log.info("month closed", month=str(period), by=by)
    return period


def close_as_they_stand(*, before: date) -> int:
    """Close every open month before this one, ready or not; how many there were.

    For what the law has deleted: its months are kept as they were counted, and the balance that
    they left is carried on.
    """
    closed = 0
    for month in months.open_months():
        if month.first >= before:
            break
        with transaction.atomic():
            _freeze(BookMonth(month.first, gathers_late=True), CLOCK, strays=None)
        log.info("month closed as it stands", month=month.name)
        closed += 1
    return closed


def _freeze(month: BookMonth, by: str, *, strays: int | None) -> Period:
    """Mark first and count what is marked, so that nothing can come in between.

    Raises NotYet where a line came since the month was looked at that has to be explained first;
    with `strays=None` nobody looked.
    """
    LedgerLine.objects.filter(month.counts("booked_at")).update(closed_month=month.first)
    Payment.objects.filter(outside_stripe=True, state=PaymentState.SUCCEEDED).filter(
        month.counts("paid_at")
    ).update(closed_month=month.first)
    told = pack.counted(month)
    if strays is not None and (told.strays > strays or told.unbanked):
        raise NotYet(["Something was booked at this moment: look at the month again."])
    period = Period.objects.create(
        month=month.first,
        closed_by=by,
        opening_cents=told.opening,
        closing_cents=told.closing,
        deferred_cents=sum(told.deferred_after.values()),
        figures={"pack": told.frozen(), "accounts": chart.current().frozen()},
    )
    figures.settle_closing(month.first)
    return period


def _order(month: BookMonth) -> Iterator[str]:
    if not month.gathers_late:
        yield f"{months.first_open():%B %Y} comes first: months are closed in order."
    if timezone.now() < month.ends:
        yield f"It runs until the end of {month.last_day:%-d %B %Y}, Dublin time."


def _proof(month: BookMonth) -> Iterator[str]:
    """The nightly comparison with Stripe must have found nothing, after the month was over."""
    proof = Walk.objects.filter(pk=_PROOF).first()
    if proof is None or proof.started_at is None or proof.started_at < month.ends:
        yield "The books were not compared with Stripe since it ended; each night they are."
    elif proof.remaining:
        yield f"The books differ from Stripe {proof.remaining} times: manage.py balance names each."


def _news(month: BookMonth) -> Iterator[str]:
    done = (EventState.DONE, EventState.FOREIGN, EventState.IGNORED)
    waiting = StripeEvent.objects.exclude(state__in=done).filter(created__lt=month.ends).count()
    if waiting:
        yield f"News of Stripe from before its end is not taken in yet: {waiting} in the inbox."


def _fees(month: BookMonth) -> Iterator[str]:
    unknown = Payment.objects.filter(
        state=PaymentState.SUCCEEDED,
        outside_stripe=False,
        fee_cents=None,
        paid_at__gte=month.begins,
        paid_at__lt=month.ends,
    ).count()
    if unknown:
        yield f"Stripe has not yet booked {unknown} of its payments."


def _paid(told: Pack) -> Iterator[str]:
    for each in told.unbanked:
        missing = format_amount(each.missing_cents, told.currency)
        yield f"The payout of {each.day} and the lines in it differ by {missing} ({each.id})."
