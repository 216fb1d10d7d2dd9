"""What statements must come to: the ledger, read without the code that makes them."""

from collections.abc import Iterator
from datetime import UTC
from uuid import UUID

from billing.documents import statement
from billing.documents.listing import total_cents
from billing.models import Dispute, LedgerLine, Payment, Receipt, Refund


def problems() -> Iterator[str]:
    """Years of supporters whose statement differs from what the ledger has of them."""
    years = {paid_at.year for paid_at in Receipt.objects.values_list("paid_at", flat=True)}
    for supporter_id in set(Payment.objects.values_list("supporter_id", flat=True)):
        for year in range(min(years, default=0), max(years, default=-1) + 1):
            stated, booked = net(supporter_id, year), of_ledger(supporter_id, year)
            if stated != booked:
                yield f"{supporter_id} gave {booked} in {year}, not {stated}"


def net(supporter_id: UUID, year: int) -> int:
    """What a statement comes to, but for what was paid to us directly: Stripe never saw it."""
    found = statement.of_year(supporter_id=supporter_id, year=year)
    through_stripe = [each for each in found if not each.payment.outside_stripe]
    return total_cents(through_stripe).get("eur", 0)


def of_ledger(supporter_id: UUID, year: int) -> int:
    """What the ledger has of a supporter in a year, but for what is not settled.

    On both ends of it Dublin has the time of UTC. A debit that came back before it was paid, a
    refund on its way or one that failed before it arrived, a dispute that is open or was won at
    once: they have not changed what was given.
    """
    disputes = Dispute.objects.filter(documents__isnull=True)
    refunds = Refund.objects.filter(documents__isnull=True)
    unsettled = set(disputes.values_list("stripe_dispute_id", flat=True))
    unsettled |= set(refunds.values_list("stripe_refund_id", flat=True))
    paid = LedgerLine.objects.filter(
        payment__supporter=supporter_id, payment__state="succeeded", currency="eur"
    )
    return sum(
        line.amount_cents
        for line in paid
        if line.booked_at.astimezone(UTC).year == year and line.source_id not in unsettled
    )
