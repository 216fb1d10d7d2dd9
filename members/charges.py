"""A charge that nobody recognises: reported on a page, looked for by a worker, given back once.

Anybody may report, so a report is a guess until its bank says otherwise. Somebody who guesses days,
amounts and four digits would sooner or later hit a payment of a stranger's. So that it does little:
the money only ever goes back to the card that paid; the membership ends with its paid period, and
its supporter is told and keeps it with one press; only one payment may fit, and none above
CHARGE_REFUND_CEILING_CENTS; no day sees more than CHARGE_REFUNDS_PER_DAY, over all workers; and the
page tells nobody whether anything was hit. The rest is for staff to look at, who see no name.
"""

from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from billing import doorbell, refunds, stripe_api, wishes
from billing.dates import DUBLIN, dublin_date
from billing.models import Payment
from billing.states import PaymentState
from members import standing
from members.models import ChargeReport
from members.models.charge import FOR_STAFF, Finding

log = structlog.get_logger(__name__)

# Banks book a card payment some days after it was made.
BOOKED_WITHIN: Final = timedelta(days=3)
# A bank takes a card payment back for a hundred and twenty days.
RECENT: Final = timedelta(days=120)
_RUNG: Final = "members.tasks.settle_charge"
_BATCH: Final = 50
_SHOWN: Final = timedelta(days=30)


def report(*, day: date, amount_cents: int, last4: str, press: str) -> ChargeReport:
    """Store the report and ring for a worker; the same press finds the same row.

    Writes the same rows whether any payment fits or not.
    """
    with transaction.atomic():
        row, made = ChargeReport.objects.get_or_create(
            press=press, defaults={"day": day, "amount_cents": amount_cents, "last4": last4}
        )
        if made:
            doorbell.ring(_RUNG, str(row.pk))
    return row


def settle(report_id: UUID) -> None:
    """Look for the payment and give it back, once; may be called any number of times."""
    row = ChargeReport.objects.filter(pk=report_id, finding=Finding.WAITING).first()
    if row is None:
        return
    fits = _fitting(row)
    payment = fits[0] if len(fits) == 1 else None
    try:
        finding = _do(row, fits)
    except stripe_api.Refused:
        finding = Finding.STUCK
    ChargeReport.objects.filter(pk=row.pk, finding=Finding.WAITING).update(
        finding=finding, payment=payment, settled_at=timezone.now()
    )
    note = log.info if finding == Finding.UNKNOWN else log.warning
    note("charge report settled", report=str(row.pk), finding=finding.value)


def settle_all() -> None:
    """Settle what waits: its ring was lost, or its worker died. One that fails stops no other."""
    waiting = ChargeReport.objects.filter(finding=Finding.WAITING).order_by("received_at")
    for pk in list(waiting.values_list("pk", flat=True)[:_BATCH]):
        try:
            settle(pk)
        except Exception as trouble:  # noqa: BLE001 - whatever it is, the others are waiting
            log.error("charge report waits on", report=str(pk), error=type(trouble).__name__)


def for_staff(*, now: datetime) -> list[ChargeReport]:
    """The reports of the last month that a person has to look at, the newest first."""
    rows = ChargeReport.objects.filter(finding__in=FOR_STAFF, received_at__gte=now - _SHOWN)
    return list(rows.order_by("-received_at")[:_BATCH])


def _fitting(row: ChargeReport) -> list[Payment]:
    """The recent payments that fit in all three."""
    noon = datetime.combine(row.day, time(12), tzinfo=DUBLIN)
    # A day more on both sides, then cut by Dublin's calendar.
    reach = BOOKED_WITHIN + timedelta(days=1)
    payments = Payment.objects.filter(
        state=PaymentState.SUCCEEDED,
        outside_stripe=False,
        amount_cents=row.amount_cents,
        last4=row.last4,
        paid_at__range=(noon - reach, noon + reach),
        paid_at__gte=row.received_at - RECENT,
    ).select_related("membership")
    return [
        each
        for each in payments
        if each.paid_at and abs(dublin_date(each.paid_at) - row.day) <= BOOKED_WITHIN
    ]


def _do(row: ChargeReport, fits: list[Payment]) -> Finding:
    """Raises stripe_api.Refused."""
    if not fits:
        return Finding.UNKNOWN
    if len(fits) > 1:
        return Finding.SEVERAL
    (payment,) = fits
    if payment.amount_cents > settings.CHARGE_REFUND_CEILING_CENTS:
        return Finding.ABOVE
    if not _take_slot(row):
        return Finding.HELD_BACK
    return _give_back(payment)


def _give_back(payment: Payment) -> Finding:
    """Refund it, and let its membership end with what is paid: its supporter may still keep it."""
    try:
        refunds.request(payment=payment, amount_cents=None, press=f"charge:{payment.pk}")
    except refunds.NothingLeft:
        return Finding.OVER
    membership = payment.membership
    if membership is not None and membership.live:
        stands = standing.of(membership)
        if not stands.ending:
            wishes.cancel_at_period_end(membership=membership, press=f"charge-end:{payment.pk}")
    return Finding.REFUNDED


def _take_slot(row: ChargeReport) -> bool:
    """Take one of today's places; the database gives each away once, whoever else asks."""
    if row.slot:
        return True
    today = dublin_date(timezone.now())
    for number in range(settings.CHARGE_REFUNDS_PER_DAY):
        try:
            with transaction.atomic():
                ChargeReport.objects.filter(pk=row.pk).update(slot=f"{today:%Y%m%d}:{number}")
        except IntegrityError:
            continue
        return True
    return False
