"""Withdrawing on the public page: a statement is stored, whoever's it is, and a worker finds out.

The page does the same work for every statement (DESIGN 9). What belongs to a contract is ended and
given back within the fourteen days; after them the membership ends with its paid period. It counts
from the moment at which the page received it, however late the worker comes.
"""

from typing import Final
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone

from billing import doorbell, intents, refunds, stripe_api, wishes, withdrawal
from billing.dates import dublin_date
from billing.models import Membership, Payment, Receipt
from billing.states import EndReason, MembershipState
from members import standing
from members.models import Withdrawal
from members.models.withdrawal import Outcome

log = structlog.get_logger(__name__)

_RUNG: Final = "members.tasks.settle_withdrawal"
_BATCH: Final = 50


def state(*, email: str, reference: UUID, name: str, press: str) -> Withdrawal:
    """Store the statement and ring for a worker; the same press finds the same row.

    Directive 2011/83, Art. 11a(3). Writes the same rows for what is known and what is not.
    """
    # Sealed at every press, also where the row is there already: a reload takes as long.
    fresh = Withdrawal(press=press, reference=reference)
    fresh.email, fresh.name = email, name
    with transaction.atomic():
        row, made = Withdrawal.objects.get_or_create(
            press=press,
            defaults={
                "id": fresh.id,
                "reference": reference,
                "email_sealed": fresh.email_sealed,
                "email_hash": fresh.email_hash,
                "name_sealed": fresh.name_sealed,
            },
        )
        if made:
            doorbell.ring(_RUNG, str(row.pk))
    return row


def settle(statement_id: UUID) -> None:
    """Do what the statement calls for, once; may be called any number of times.

    Waits on where a first payment is still with the bank: it is decided when that has arrived.
    """
    statement = Withdrawal.objects.filter(pk=statement_id, outcome=Outcome.WAITING).first()
    if statement is None:
        return
    found = _find(statement)
    try:
        outcome = _do(statement, found)
    except stripe_api.Refused as error:
        log.error("withdrawal stuck", withdrawal=str(statement.pk), error=str(error)[:100])
        outcome = Outcome.STUCK
    if outcome == Outcome.WAITING:
        return
    Withdrawal.objects.filter(pk=statement.pk, outcome=Outcome.WAITING).update(
        outcome=outcome,
        supporter=found.supporter_id if found else None,
        settled_at=timezone.now(),
    )
    log.info("withdrawal settled", withdrawal=str(statement.pk), outcome=outcome.value)


def settle_all() -> None:
    """Settle what waits: its ring was lost, or its first payment had not arrived.

    One that fails stops no other.
    """
    waiting = Withdrawal.objects.filter(outcome=Outcome.WAITING).order_by("received_at")
    for pk in list(waiting.values_list("pk", flat=True)[:_BATCH]):
        try:
            settle(pk)
        except Exception as trouble:  # noqa: BLE001 - whatever it is, the others are waiting
            log.error("withdrawal waits on", withdrawal=str(pk), error=type(trouble).__name__)


def stuck() -> list[Withdrawal]:
    """Those that Stripe refused, which a person has to carry out; the newest first."""
    return list(Withdrawal.objects.filter(outcome=Outcome.STUCK).order_by("-received_at")[:_BATCH])


def _find(statement: Withdrawal) -> Membership | Payment | None:
    """What the statement names, if both address and reference are right: a membership, a gift."""
    theirs = {"supporter__email_hash": statement.email_hash}
    member = Membership.objects.filter(pk=statement.reference, **theirs).first()
    if member is not None:
        return member
    receipt = (
        Receipt.objects.select_related("payment__membership")
        .filter(pk=statement.reference, payment__supporter__email_hash=statement.email_hash)
        .first()
    )
    return (receipt.payment.membership or receipt.payment) if receipt else None


def _do(statement: Withdrawal, found: Membership | Payment | None) -> Outcome:
    """Raises stripe_api.Refused."""
    if found is None:
        return Outcome.UNKNOWN
    if isinstance(found, Payment):
        return _give_back(statement, found)
    if found.state == MembershipState.PENDING:
        return Outcome.WAITING
    return _end(statement, found)


def _end(statement: Withdrawal, membership: Membership) -> Outcome:
    stands = standing.of(membership)
    if not membership.live or stands.closing:
        # Two statements about it are one withdrawal; and a worker may have died after its first.
        ours = intents.promised_back(membership.pk) == EndReason.WITHDRAWN
        return Outcome.WITHDRAWN if ours else Outcome.OVER
    if dublin_date(statement.received_at) <= stands.last_day:
        wishes.end_now(
            membership=membership,
            reason=EndReason.WITHDRAWN,
            press=f"withdrawn:{membership.pk}",
            received_at=statement.received_at,
        )
        return Outcome.WITHDRAWN
    if not stands.ending:
        wishes.cancel_at_period_end(membership=membership, press=f"withdrawal:{statement.pk}")
    return Outcome.CANCELLED


def _give_back(statement: Withdrawal, gift: Payment) -> Outcome:
    """A gift has no contract to end, but the join page promises the fourteen days for it too."""
    given = gift.paid_at or gift.created_at
    if dublin_date(statement.received_at) > withdrawal.deadline(dublin_date(given)):
        return Outcome.LATE_GIFT
    try:
        refunds.request(payment=gift, amount_cents=None, press=f"withdrawn:{gift.pk}")
    except refunds.NothingLeft:
        return Outcome.OVER
    return Outcome.GIFT
