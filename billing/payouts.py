"""Payouts: what Stripe sends to the bank, and which movements of money are in it."""

from typing import Any

from django.db import transaction

from billing import figures, ledger, stripe_api, tickets
from billing.figures.sums import Sums
from billing.models import LedgerLine, Payout
from billing.snapshots import PayoutSnapshot


def changes(payout: Payout, snapshot: PayoutSnapshot) -> dict[str, Any]:
    """The columns that applying this snapshot would change, with their new values."""
    wanted = {"status": snapshot.status, "arrives_on": snapshot.arrives_on}
    return {name: new for name, new in wanted.items() if getattr(payout, name) != new}


def take(payout_id: str) -> Payout:
    """Bring a payout and its lines to what Stripe says: each line names its payout from then on.

    Movements nobody told us of (fees of Stripe's own, other products) get their line here.
    """
    ticket = tickets.draw()
    snapshot = stripe_api.get_payout(payout_id)
    # Stripe refuses to list what is in one that was made by hand.
    listed = stripe_api.booked_pages(payout_id=payout_id) if snapshot.automatic else ()
    movements = [each for page in listed for each in page]
    with transaction.atomic():
        payout, _ = Payout.objects.select_for_update().get_or_create(
            pk=snapshot.id,
            defaults={
                "status": snapshot.status,
                "amount_cents": snapshot.amount_cents,
                "currency": snapshot.currency,
                "arrives_on": snapshot.arrives_on,
                "created": snapshot.created,
            },
        )
        owners = [ledger.owner_of(each) for each in movements]
        paid = {owner.pk for owner in owners if owner is not None}
        was = figures.before(paid)
        for each, owner in zip(movements, owners, strict=True):
            ledger.post([each], payment=owner, payout_id=payout_id)
        LedgerLine.objects.filter(pk__in=[each.id for each in movements]).update(
            payout_id=payout_id
        )
        payout.parts = figures.inside([payout.pk]).get(payout.pk, Sums()).rows()
        if payout.applied_ticket < ticket:
            payout.status, payout.arrives_on = snapshot.status, snapshot.arrives_on
            payout.applied_ticket = ticket
        payout.save()
        figures.settle(paid, was=was)
    return payout
