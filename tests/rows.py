"""Rows to begin a test with: Alice gives every month, Bob gave once, Charlie is the stranger.

Each function writes one plain row, as the product would have left it; keyword arguments override.
"""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from django.db import transaction

from billing import figures
from billing.models import LedgerLine, Membership, Payment, Plan, Refund
from billing.models.ledger import LineKind
from billing.states import MembershipState, PaymentState, RefundState
from members.models import Supporter
from members.models.supporter import supporter_for

# Noon on a Monday in spring, so that no test leans on a midnight or a clock change by accident.
START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NEXT_MONTH = datetime(2026, 4, 2, 11, 0, tzinfo=UTC)
NEXT_YEAR = datetime(2027, 3, 2, 12, 0, tzinfo=UTC)

_serial = count(1)


def alice() -> Supporter:
    """The supporter alice@example.org, made on first use; so are the other two."""
    return supporter_for(email="alice@example.org", name="Alice")


def bob() -> Supporter:
    return supporter_for(email="bob@example.org", name="Bob")


def charlie() -> Supporter:
    return supporter_for(email="charlie@example.org", name="Charlie")


def plan(slug: str = "monthly") -> Plan:
    """One of the plans that come with the migrations: "monthly", "yearly", "once"."""
    return Plan.objects.get(slug=slug)


def membership(
    supporter: Supporter | None = None, *, slug: str = "monthly", **more: object
) -> Membership:
    """An active membership, begun at START, at the plan's suggested amount in cents."""
    chosen = plan(slug)
    values: dict[str, Any] = {
        "supporter": supporter or alice(),
        "plan": chosen,
        "amount_cents": chosen.suggested_cents,
        "interval": chosen.interval,
        "state": MembershipState.ACTIVE,
        "stripe_subscription_id": f"sub_test{next(_serial)}",
        "started_at": START,
        "period_start": START,
        "period_end": NEXT_YEAR if slug == "yearly" else NEXT_MONTH,
        "created_at": START,
    }
    with transaction.atomic():
        made = Membership.objects.create(**values | more)
        figures.recount(made.supporter_id)
    return made


def payment(of: Membership | None = None, **more: object) -> Payment:
    """A payment that succeeded at START: of a membership, or else a gift of Bob's."""
    serial = next(_serial)
    chosen = of.plan if of else plan("once")
    values: dict[str, Any] = {
        "supporter": of.supporter if of else bob(),
        "plan": chosen,
        "membership": of,
        "state": PaymentState.SUCCEEDED,
        "amount_cents": of.amount_cents if of else chosen.suggested_cents,
        "stripe_payment_intent_id": f"pi_test{serial}",
        "stripe_charge_id": f"ch_test{serial}",
        "paid_at": START,
        "method": "Visa",
        "last4": "4242",
        "period_start": of.period_start if of else None,
        "period_end": of.period_end if of else None,
        "created_at": START,
    }
    with transaction.atomic():
        made = Payment.objects.create(**values | more)
        figures.settle([made.pk], was={})
    return made


def refund(of: Payment, **more: object) -> Refund:
    """A full refund of the payment, two days after START."""
    values: dict[str, Any] = {
        "payment": of,
        "stripe_refund_id": f"re_test{next(_serial)}",
        "state": RefundState.SUCCEEDED,
        "amount_cents": of.amount_cents,
        "refunded_at": START.replace(day=4),
    }
    return Refund.objects.create(**values | more)


def line(of: Payment, *, amount_cents: int, fee_cents: int = 0, **more: object) -> LedgerLine:
    """A movement of money about the payment, booked at START; a refund unless `kind` says more."""
    values: dict[str, Any] = {
        "id": f"txn_test{next(_serial)}",
        "kind": LineKind.REFUND,
        "payment": of,
        "amount_cents": amount_cents,
        "fee_cents": fee_cents,
        "net_cents": amount_cents - fee_cents,
        "currency": of.currency,
        "booked_at": START,
        "available_on": START,
    }
    with transaction.atomic():
        was = figures.before([of.pk])
        made = LedgerLine.objects.create(**values | more)
        figures.settle([of.pk], was=was)
    return made
