"""What the cases have in common: acts of banks and staff at Stripe, and a look at all our rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import stripe
import time_machine
from django.db.models import Model
from django.utils import timezone

from billing.models import (
    Dispute,
    LedgerLine,
    Letter,
    Membership,
    MembershipEvent,
    Payment,
    Receipt,
    Refund,
    StripeCustomer,
)
from billing.states import PaymentState
from members.models import Consent, Supporter
from tests.doors.conftest import Desk
from tests.local_stripe import Told

_ROWS: tuple[type[Model], ...] = (
    Supporter,
    Consent,
    StripeCustomer,
    Membership,
    MembershipEvent,
    Payment,
    Refund,
    Dispute,
    Receipt,
    Letter,
)


def dashboard(desk: Desk) -> Any:
    """Stripe's own API, as somebody with another program or in the dashboard uses it."""
    return stripe.StripeClient("sk_test_local", base_addresses={"api": desk.stripe.url}).v1


def settle(desk: Desk) -> None:
    """Let everything arrive, and what the facts called for be done, as a worker would."""
    for _ in range(2):
        desk.catch_up()
        desk.work(timezone.now() + timedelta(minutes=2))


def stripes_now(desk: Desk) -> datetime:
    return datetime.fromtimestamp(desk.stripe.ask("clock")["now"], UTC)


@contextmanager
def at_stripes_time(desk: Desk) -> Iterator[datetime]:
    """Our clock shows what Stripe's does."""
    with time_machine.travel(stripes_now(desk), tick=True):
        yield timezone.now()


def let_pass(desk: Desk, membership: Membership) -> None:
    """Let the period that runs at Stripe end, and the hours in which it collects; all arrives."""
    subscription = dashboard(desk).subscriptions.retrieve(membership.stripe_subscription_id)
    end = subscription["items"].data[0].current_period_end
    desk.stripe.advance(to=end + 3 * 3600)
    with at_stripes_time(desk):
        settle(desk)
    membership.refresh_from_db()


def paid(membership: Membership) -> list[int]:
    """The amounts that were paid, in cents, first to last."""
    payments = membership.payments.filter(state=PaymentState.SUCCEEDED)
    return list(payments.order_by("paid_at").values_list("amount_cents", flat=True))


def refund_there(desk: Desk, payment: Payment, **more: object) -> Told:
    """Staff refund in the dashboard; all of it unless an amount in cents is given."""
    return desk.stripe.tell("refund", payment_intent=payment.stripe_payment_intent_id, **more)


def dispute(desk: Desk, payment: Payment, **more: object) -> str:
    """The payer's bank disputes a payment, and we hear of it; the dispute's id."""
    intent = payment.stripe_payment_intent_id
    told = desk.stripe.tell("dispute", payment_intent=intent, **more)
    settle(desk)
    return str(told["id"])


def close(desk: Desk, dispute_id: str, status: str) -> None:
    """The bank decides: won, lost or warning_closed."""
    desk.stripe.tell(f"disputes/{dispute_id}/close", status=status)
    settle(desk)


def letters() -> list[str]:
    """The kinds of the letters that were sent, sorted."""
    return sorted(Letter.objects.filter(state="sent").values_list("kind", flat=True))


def movements(payment: Payment) -> list[tuple[str, int, int]]:
    """What the ledger says of a payment, sorted: kind, amount and fee in cents, as booked."""
    lines = LedgerLine.objects.filter(payment=payment)
    return sorted(lines.values_list("kind", "amount_cents", "fee_cents"))


def everything() -> dict[str, list[dict[str, Any]]]:
    """All rows that say something of somebody, column by column, to compare before and after."""
    return {table.__name__: list(table._default_manager.order_by("pk").values()) for table in _ROWS}
