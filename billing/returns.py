"""Returns: a bank takes a direct debit back weeks after it had arrived, and calls it no dispute.

The payment stays the income of its month; what went is a fact of the month in which Stripe booked
it, with a credit note. Whoever pays the same invoice by other means afterwards takes it back.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db.models import F, QuerySet

from billing import intents, ledger, receipts
from billing.cause import Cause
from billing.intents import Wanted
from billing.models import LedgerLine, Membership, Payment
from billing.models.ledger import LineKind
from billing.models.stripe import IntentKind
from billing.snapshots import BookedSnapshot
from billing.states import EndReason, PaymentState


@dataclass(frozen=True, slots=True)
class Return:
    """A debit that came back: by which line, and by which ones it was paid after all."""

    line: LedgerLine
    again: tuple[LedgerLine, ...]

    @property
    def gone(self) -> bool:
        """Whether the money is with its payer now."""
        return not self.again


def told(booked: Iterable[BookedSnapshot]) -> bool:
    """Whether something came back, by what Stripe booked about a payment."""
    return any(ledger.kind_of(each) is LineKind.PAYMENT_RETURNED for each in booked)


def of_payment(payment: Payment, lines: Iterable[LedgerLine]) -> Return | None:
    """What came back of this payment, by these lines of it; None where nothing did.

    A try that failed on its way may have been booked and booked back: it had never arrived.
    """
    lines = list(lines)
    back = {each.source_id: each for each in lines if each.kind == LineKind.PAYMENT_RETURNED}
    own = back.get(payment.stripe_charge_id)
    if payment.state != PaymentState.SUCCEEDED or own is None:
        return None
    again = (each for each in lines if each.kind == LineKind.PAYMENT)
    return Return(own, tuple(each for each in again if each.source_id not in back))


def settle(payment: Payment, *, cause: Cause) -> None:
    """Write the documents that a return calls for, and end the membership that it leaves unpaid.

    Part of the caller's transaction.
    """
    found = of_payment(payment, ledger.lines_of(payment))
    if found is None:
        return
    if found.gone:
        receipts.credit_return(found.line, cause=cause)
    else:
        receipts.take_back_return(found.line, again=found.again[-1], cause=cause)
    for each in wanted(payment, found):
        intents.call_for(**each)


def wanted(payment: Payment, found: Return) -> Iterator[Wanted]:
    """What a return calls for at Stripe: the end of a membership whose running time it paid.

    As Stripe's own dispute of a debit would, whose reasons are the same. There is no invoice that
    could still be paid; and one that paid for time which is over has others after it.
    """
    membership = payment.membership
    if membership is None or not found.gone or not membership.live:
        return
    if settings.DISPUTE_ENDS_MEMBERSHIP and _pays_what_runs(payment, membership):
        yield {
            "kind": IntentKind.END_NOW,
            "press": f"returned:{membership.pk}",
            "subject": membership.pk,
            "params": {
                "subscription": membership.stripe_subscription_id,
                "reason": EndReason.PAYMENT_FAILED,
            },
        }


def undocumented(payment_intent_ids: Iterable[str]) -> set[str | None]:
    """Which of these payments came back by a line that has no credit note yet."""
    return set(
        _lines()
        .filter(payment__stripe_payment_intent_id__in=payment_intent_ids, documents=None)
        .values_list("payment__stripe_payment_intent_id", flat=True)
    )


def _lines() -> QuerySet[LedgerLine]:
    """The lines by which payments came back that had arrived."""
    return LedgerLine.objects.filter(
        kind=LineKind.PAYMENT_RETURNED,
        payment__state=PaymentState.SUCCEEDED,
        source_id=F("payment__stripe_charge_id"),
    )


def _pays_what_runs(payment: Payment, membership: Membership) -> bool:
    ends, runs_since = payment.period_end, membership.period_start
    return ends is None or runs_since is None or runs_since < ends
