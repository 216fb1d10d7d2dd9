"""What keeping the rollups up adds to the transaction of an event. Nothing of it stays."""

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef

from billing import figures
from billing.ids import new_id
from billing.models import LedgerLine, Membership, Payment
from billing.models.ledger import LineKind
from billing.states import MembershipState, PaymentState
from tests.bench.watch import watched

EVENTS: Final = 100
FEE_CENTS: Final = 28


@dataclass(slots=True)
class Share:
    """Milliseconds and statements of the facts themselves, and of the rollups beside them."""

    what: str
    facts_ms: list[float] = field(default_factory=list)
    rollups_ms: list[float] = field(default_factory=list)
    statements: int = 0

    def __str__(self) -> str:
        facts, rollups = statistics.median(self.facts_ms), statistics.median(self.rollups_ms)
        added = f"{rollups:5.1f} ms in {self.statements} statements"
        return f"{self.what:22} facts {facts:5.1f} ms, rollups {added}"


def shares(*, now: datetime, events: int = EVENTS) -> list[Share]:
    """Renewals, gifts' refunds and changes of a membership, each in a transaction taken back."""
    paid = Payment.objects.filter(membership=OuterRef("pk"), state=PaymentState.SUCCEEDED)
    rows = Membership.objects.filter(Exists(paid), state=MembershipState.ACTIVE).order_by("-pk")
    chosen = [*rows[: 50 * events : 50]]
    renewal, refund, change = Share("a renewal"), Share("a refund"), Share("a membership")
    for member in chosen:
        with _taken_back():
            _renewal(renewal, member, now)
        with _taken_back():
            _refund(refund, member, now)
        with _taken_back():
            _change(change, member, now)
    return [renewal, refund, change]


def _renewal(share: Share, member: Membership, now: datetime) -> None:
    begun = time.perf_counter()
    paid = Payment.objects.create(
        supporter_id=member.supporter_id,
        plan_id=member.plan_id,
        membership=member,
        state=PaymentState.SUCCEEDED,
        amount_cents=member.amount_cents,
        stripe_payment_intent_id=f"pi_bench_{new_id().hex}",
        paid_at=now,
        fee_cents=FEE_CENTS,
        net_cents=member.amount_cents - FEE_CENTS,
        period_start=member.period_end,
    )
    _line(paid, LineKind.PAYMENT, paid.amount_cents, FEE_CENTS, now)
    share.facts_ms.append(_ms(begun))
    begun = time.perf_counter()
    with watched() as seen:
        figures.settle([paid.pk], was={})
    share.rollups_ms.append(_ms(begun))
    share.statements = max(share.statements, seen.statements)


def _refund(share: Share, member: Membership, now: datetime) -> None:
    paid = member.payments.filter(state=PaymentState.SUCCEEDED).latest("paid_at")
    begun = time.perf_counter()
    with watched() as seen:
        was = figures.before([paid.pk])
    spent = _ms(begun)
    begun = time.perf_counter()
    _line(paid, LineKind.REFUND, -paid.amount_cents, 0, now)
    share.facts_ms.append(_ms(begun))
    begun = time.perf_counter()
    with watched() as after:
        figures.settle([paid.pk], was=was)
    share.rollups_ms.append(spent + _ms(begun))
    share.statements = max(share.statements, seen.statements + after.statements)


def _change(share: Share, member: Membership, now: datetime) -> None:
    begun = time.perf_counter()
    Membership.objects.filter(pk=member.pk).update(
        state=MembershipState.ENDED, ended_at=now, end_reason="requested"
    )
    share.facts_ms.append(_ms(begun))
    begun = time.perf_counter()
    with watched() as seen:
        figures.recount(member.supporter_id)
    share.rollups_ms.append(_ms(begun))
    share.statements = max(share.statements, seen.statements)


def _line(paid: Payment, kind: LineKind, cents: int, fee: int, now: datetime) -> None:
    LedgerLine.objects.create(
        id=f"txn_bench_{new_id().hex}",
        kind=kind,
        payment=paid,
        amount_cents=cents,
        fee_cents=fee,
        net_cents=cents - fee,
        currency="eur",
        booked_at=now,
        available_on=now,
    )


def _ms(begun: float) -> float:
    return (time.perf_counter() - begun) * 1000


@contextmanager
def _taken_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
