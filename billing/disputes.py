"""Disputes: a payer's bank takes money back and asks us why (PEERS E12, DOMAIN 3.3 and 3.7)."""

from collections.abc import Iterator
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction

from billing import figures, intents, ledger, receipts, refunds
from billing.cause import Cause
from billing.intents import Wanted
from billing.models import Dispute, Payment
from billing.models.stripe import IntentKind
from billing.snapshots import DisputeSnapshot
from billing.states import GIVEN_BACK, HOLDS, DisputeState, EndReason, dispute_state_of

log = structlog.get_logger(__name__)


def record(snapshot: DisputeSnapshot, *, payment: Payment, ticket: int, cause: Cause) -> Dispute:
    """Write down a dispute of this payment and have done what it calls for.

    An open one ends its membership, so that nobody is charged who says they never agreed, and no
    letter goes out about it; a lost one is a loss of income, documented by a credit note, which is
    taken back if an appeal wins it after all.
    """
    columns = _columns(snapshot) | {"applied_ticket": ticket}
    fixed = {"payment": payment, "currency": snapshot.currency, "opened_at": snapshot.created}
    with transaction.atomic():
        was = figures.before([payment.pk])
        dispute, new = Dispute.objects.select_for_update().get_or_create(
            stripe_dispute_id=snapshot.id, defaults=columns | fixed
        )
        if not new and dispute.applied_ticket < ticket:
            Dispute.objects.filter(pk=dispute.pk).update(**columns)
            dispute.refresh_from_db()
        ledger.post(snapshot.booked, payment=payment)
        _act(dispute, cause)
        figures.settle([payment.pk], was=was)
    log.warning("dispute recorded", dispute=str(dispute.pk), state=dispute.state)
    return dispute


def changes(dispute: Dispute, snapshot: DisputeSnapshot) -> dict[str, Any]:
    """The columns that applying this snapshot would change, with their new values. Writes nothing.

    Raises UnknownStatus.
    """
    wanted = _columns(snapshot)
    return {name: new for name, new in wanted.items() if getattr(dispute, name) != new}


def differs(dispute: Dispute, snapshot: DisputeSnapshot) -> bool:
    """Whether applying this snapshot would change anything. Raises UnknownStatus."""
    return bool(changes(dispute, snapshot)) or bool(ledger.lacking(snapshot.booked))


def _columns(snapshot: DisputeSnapshot) -> dict[str, Any]:
    return {
        "state": dispute_state_of(snapshot.status),
        "reason": snapshot.reason[:64],
        "amount_cents": snapshot.amount_cents,
        "respond_by": snapshot.respond_by,
    }


def _act(dispute: Dispute, cause: Cause) -> None:
    for each in wanted(dispute):
        intents.call_for(**each)
    if dispute.state == DisputeState.LOST:
        receipts.credit_dispute(dispute, cause=cause)
    elif dispute.state == DisputeState.WON:
        receipts.take_back_dispute(dispute)


def wanted(dispute: Dispute) -> Iterator[Wanted]:
    """What a dispute in this state calls for at Stripe."""
    membership = dispute.payment.membership
    if membership is None:
        return
    if dispute.state not in HOLDS and membership.end_reason in GIVEN_BACK:
        # The bank has let go of what was promised back.
        yield from refunds.wanted_back(dispute.payment, reason=membership.end_reason)
    if dispute.state not in HOLDS or not membership.live:
        return
    if settings.DISPUTE_ENDS_MEMBERSHIP:
        yield {
            "kind": IntentKind.END_NOW,
            "press": f"disputed:{membership.pk}",
            "subject": membership.pk,
            "params": {
                "subscription": membership.stripe_subscription_id,
                "reason": EndReason.DISPUTED,
            },
        }
