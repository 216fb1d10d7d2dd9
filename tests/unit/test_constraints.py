"""The database states each invariant: here is who tries to break them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.db.utils import DatabaseError

from billing.cause import Cause
from billing.models import (
    Letter,
    Membership,
    MembershipEvent,
    Payment,
    Plan,
    Receipt,
    Refund,
    StripeEvent,
)
from billing.models.membership import HistoryIsFinal
from billing.models.receipt import ReceiptIsFinal
from billing.receipts import issue
from members.models import Supporter
from tests import rows

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def change(**columns: Any) -> Callable[[], object]:
    return lambda: Membership.objects.filter(pk=rows.membership().pk).update(**columns)


def pay(**columns: Any) -> Callable[[], object]:
    return lambda: Payment.objects.filter(pk=rows.payment().pk).update(**columns)


BROKEN: dict[str, Callable[[], object]] = {
    "a membership in no state": change(state="dormant"),
    "a membership for nothing": change(amount_cents=0),
    "a membership that is paid once": change(interval="once"),
    "a live membership without subscription": change(stripe_subscription_id=None),
    "a live membership with an empty subscription": change(stripe_subscription_id=""),
    "an ended membership without a day": change(state="ended"),
    "a day of ending without an end": change(ended_at=NOW),
    "an overdue membership without a day": change(state="past_due"),
    "a payment in no state": pay(state="maybe"),
    "a payment of nothing": pay(amount_cents=0),
    "a paid payment without a day": pay(paid_at=None),
    "a paid payment without Stripe's id": pay(stripe_payment_intent_id=None),
    "a net that is not amount less fee": pay(fee_cents=28, net_cents=170),
    "a fee without a net": pay(fee_cents=28, net_cents=None),
    "a refund of nothing": lambda: rows.refund(rows.payment(), amount_cents=0),
    "a refund without an id": lambda: rows.refund(rows.payment(), stripe_refund_id=""),
    "a plan below its own least": lambda: Plan.objects.update(suggested_cents=1),
    "a letter about nothing": lambda: Letter.objects.create(kind="receipt", key=""),
    "a sent letter without a day": lambda: Letter.objects.create(
        kind="receipt", key="1", state="sent"
    ),
    "an event without an id": lambda: StripeEvent.objects.create(
        id="", livemode=False, created=NOW
    ),
    "a claimed event without a lease": lambda: StripeEvent.objects.create(
        id="evt_1", livemode=False, created=NOW, state="claimed"
    ),
    "a subscription twice": lambda: [
        rows.membership(stripe_subscription_id="sub_same") for _ in range(2)
    ],
    "a payment intent twice": lambda: [
        rows.payment(stripe_payment_intent_id="pi_same") for _ in range(2)
    ],
    "a refund twice": lambda: [
        rows.refund(rows.payment(), stripe_refund_id="re_same") for _ in range(2)
    ],
    "a letter twice": lambda: [Letter.objects.create(kind="receipt", key="1") for _ in range(2)],
    "an address twice": lambda: [
        Supporter.objects.create(email_sealed=b"", email_hash="same") for _ in range(2)
    ],
}


@pytest.mark.case("F4", "F7")
@pytest.mark.parametrize("what", BROKEN)
def test_the_database_refuses(what: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        BROKEN[what]()


@pytest.mark.case("E17", "F5")
def test_unknown_ids_may_stand_side_by_side() -> None:
    for _ in range(2):
        rows.membership(state="pending", stripe_subscription_id=None)
    assert Membership.objects.filter(stripe_subscription_id=None).count() == 2


def test_a_receipt_is_never_changed_or_deleted() -> None:
    receipt = issue(rows.payment(), cause=Cause.clock())
    receipt.amount_cents = 1
    with pytest.raises(ReceiptIsFinal):
        receipt.save()
    with pytest.raises(ReceiptIsFinal):
        receipt.delete()
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Receipt.objects.filter(pk=receipt.pk).update(amount_cents=1)
    with (
        pytest.raises(DatabaseError, match="never changed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE billing_receipt SET number = 7")


@pytest.mark.case("E11")
def test_money_cannot_be_deleted_from_under_its_receipt() -> None:
    payment = rows.payment()
    issue(payment, cause=Cause.clock())
    rows.refund(payment)
    for row in (payment, payment.supporter, payment.plan):
        with pytest.raises(ProtectedError):
            row.delete()
    assert Refund.objects.exists()


def told(of: Membership) -> MembershipEvent:
    """A line of the membership's history: it began."""
    return MembershipEvent.objects.create(
        membership=of, old_state="pending", new_state="active", source="stripe"
    )


@pytest.mark.case("F13")
def test_a_line_of_history_is_never_changed() -> None:
    line = told(rows.membership())
    line.source = "nobody"
    with pytest.raises(HistoryIsFinal):
        line.save()
    with pytest.raises(HistoryIsFinal):
        line.delete()
    lines = MembershipEvent.objects.filter(pk=line.pk)
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        lines.update(source="nobody")
    with (
        pytest.raises(DatabaseError, match="never changed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE billing_membershipevent SET reference = 'nothing'")
    assert lines.get().source == "stripe"


@pytest.mark.case("F13")
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite cannot be told this rule")
@pytest.mark.parametrize("state", ["pending", "active", "past_due", "paused"])
def test_a_membership_that_stands_keeps_its_history(state: str) -> None:
    told(rows.membership(state=state, past_due_since=NOW))
    with pytest.raises(DatabaseError, match="keeps its history"), transaction.atomic():
        MembershipEvent.objects.all().delete()
    assert MembershipEvent.objects.exists()


@pytest.mark.parametrize("state", ["ended", "expired"])
def test_the_history_of_a_membership_that_is_over_may_go_with_it(state: str) -> None:
    over = rows.membership(state=state, ended_at=NOW if state == "ended" else None)
    told(over)
    MembershipEvent.objects.filter(membership=over).delete()
    over.delete()
    assert not Membership.objects.exists()
