"""Do the books balance? Every movement of money at Stripe against one line of ours, to the cent.

The ledger is written from what each event told. This reads the account's balance transactions, the
only complete view of it, and compares: nothing may be missing, nothing may be too much, nothing may
differ, each payout is the sum of its lines, and each payment of ours nets to what its lines say.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils import timezone

from billing import figures, jobs, keeping, ledger, payouts, stripe_api, walks
from billing.models import Dispute, LedgerLine, Payment, Payout, Refund
from billing.models.ledger import LineKind
from billing.snapshots import BookedSnapshot
from billing.states import HOLDS, PaymentState, RefundState

NAME: Final = "balance"
Movements = dict[str, BookedSnapshot]
_COMPARED: Final = ("amount_cents", "fee_cents", "net_cents", "currency", "source_id")


@dataclass(slots=True)
class Balance:
    """What the comparison found. `by_currency` is net cents at Stripe and in our ledger."""

    lines: int = 0
    posted: int = 0
    problems: list[str] = field(default_factory=list)
    by_currency: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def balances(self) -> bool:
        return not self.problems


def prove(*, apply: bool = True) -> Balance:
    """Compare the whole account with the ledger. With `apply`, lines nobody told of are written.

    A line that differs is never changed: it is named as a problem. Raises stripe_api.Unavailable.
    """
    with jobs.noted(NAME) as run:
        found = _proven(apply)
        run.count(lines=found.lines, written=found.posted, problems=len(found.problems))
        run.left = len(found.problems)
        return found


def _proven(apply: bool) -> Balance:
    found, begun = Balance(), timezone.now()
    if apply:
        _take_payouts()
    movements = _booked()
    if apply:
        found.posted = sum(_post(each) for each in movements.values())
    rows = {row.pk: row for row in LedgerLine.objects.all()}
    found.lines = len(rows)
    found.by_currency = _totals(movements, rows)
    found.problems = [
        *_compared(movements, rows, begun),
        *_payouts(),
        *_payments(),
        *_refunds(),
        *_disputes(),
    ]
    walks.note(
        NAME,
        seen=found.lines,
        healed=found.posted,
        remaining=len(found.problems),
        started_at=begun,
    )
    return found


def _booked() -> Movements:
    """All that Stripe booked, but for what was let go with its year."""
    found = {each.id: each for page in stripe_api.booked_pages() for each in page}
    since = keeping.let_go_before()
    if since is None:
        return found
    stays = set(LedgerLine.objects.filter(booked_at__lt=since).values_list("pk", flat=True))
    return {key: each for key, each in found.items() if each.booked_at >= since or key in stays}


def _take_payouts() -> None:
    """Read what is in each payout that is new, or has moved on since."""
    known = dict(Payout.objects.values_list("pk", "status"))
    since = keeping.let_go_before()
    for page in stripe_api.payout_pages():
        for payout in page:
            bygone = payout.id not in known and since is not None and payout.created < since
            if not bygone and known.get(payout.id) != payout.status:
                payouts.take(payout.id)


def _post(booked: BookedSnapshot) -> int:
    """Write the line of a movement that nobody told of."""
    owner = ledger.owner_of(booked)
    with transaction.atomic():
        paid = [owner.pk] if owner is not None else []
        was = figures.before(paid)
        posted = ledger.post([booked], payment=owner)
        figures.settle(paid, was=was)
    return posted


def _compared(movements: Movements, rows: dict[str, LedgerLine], begun: datetime) -> Iterator[str]:
    for each in movements.values():
        row = rows.get(each.id)
        if row is None:
            yield f"{each.id} ({each.category}) has no line"
        elif any(getattr(row, name) != getattr(each, name) for name in _COMPARED):
            yield f"{each.id} ({each.category}) differs from its line"
    # What was written while the pages were read is on none of them.
    early = {each.pk for each in rows.values() if each.recorded_at < begun}
    yield from (f"{line} is not at Stripe" for line in early - movements.keys())


def _totals(movements: Movements, rows: dict[str, LedgerLine]) -> dict[str, tuple[int, int]]:
    """Net cents by currency: what Stripe booked, and what stands in the ledger."""
    theirs, ours = Counter[str](), Counter[str]()
    for each in movements.values():
        theirs[each.currency] += each.net_cents
    for row in rows.values():
        ours[row.currency] += row.net_cents
    return {name: (theirs[name], ours[name]) for name in sorted(theirs.keys() | ours.keys())}


def _payouts() -> Iterator[str]:
    """Each payout is the sum of the lines in it, its own apart."""
    own = (LineKind.PAYOUT, LineKind.PAYOUT_FAILED)
    inside = LedgerLine.objects.exclude(payout_id="").exclude(kind__in=own)
    sums = dict(inside.values_list("payout_id").annotate(cents=Sum("net_cents")))
    for payout in Payout.objects.all():
        # A payout made by hand, not by Stripe's schedule, is not told apart into its parts.
        if payout.pk in sums and sums[payout.pk] != payout.amount_cents:
            yield f"{payout.pk} is {payout.amount_cents}, its lines {sums[payout.pk]}"


def _payments() -> Iterator[str]:
    """Each payment has exactly the line that says how much of it reached us."""
    paid = Payment.objects.filter(state=PaymentState.SUCCEEDED, outside_stripe=False)
    # Beside it there may be those of other tries, that came and went on their way or paid it again.
    kind = Q(ledger_lines__kind=LineKind.PAYMENT, ledger_lines__source_id=F("stripe_charge_id"))
    told = paid.annotate(
        lines=Count("ledger_lines", filter=kind),
        amount=Sum("ledger_lines__amount_cents", filter=kind),
        fee=Sum("ledger_lines__fee_cents", filter=kind),
    )
    for payment in told.iterator():
        if payment.lines == 0 and payment.fee_cents is None:
            continue  # not booked yet: Stripe tells the fee of a direct debit days later
        if (payment.amount, payment.fee) != (payment.amount_cents, payment.fee_cents):
            yield f"payment {payment.pk} differs from its line"


def _refunds() -> Iterator[str]:
    """What was refunded went out once, and what failed came back."""
    kinds = (LineKind.REFUND, LineKind.REFUND_FAILED)
    sums = _sums(LedgerLine.objects.filter(kind__in=kinds))
    for refund in Refund.objects.exclude(state=RefundState.PENDING):
        gone = -refund.amount_cents if refund.state == RefundState.SUCCEEDED else 0
        if sums.get(refund.stripe_refund_id, 0) != gone:
            yield f"refund {refund.stripe_refund_id} differs from its lines"


def _disputes() -> Iterator[str]:
    """The bank holds what is disputed or lost, and nothing of what was won."""
    sums = _sums(LedgerLine.objects.filter(kind=LineKind.DISPUTE))
    for dispute in Dispute.objects.all():
        held = -dispute.amount_cents if dispute.state in HOLDS else 0
        if sums.get(dispute.stripe_dispute_id, 0) != held:
            yield f"dispute {dispute.stripe_dispute_id} differs from its lines"


def _sums(lines: QuerySet[LedgerLine]) -> dict[str, int]:
    return dict(lines.order_by().values_list("source_id").annotate(cents=Sum("amount_cents")))
