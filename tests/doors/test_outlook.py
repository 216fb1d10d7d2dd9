"""What would change, and what then does: the outlook is held to every event of whole lives."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models import Model

from billing import inbox, outlook
from billing.handlers import HANDLERS
from billing.models import (
    Dispute,
    Intent,
    LedgerLine,
    Letter,
    Membership,
    Payment,
    Payout,
    Receipt,
    Refund,
    StripeEvent,
)
from billing.models.receipt import Series
from billing.outlook.foresight import told
from billing.states import MembershipState
from tests import rows
from tests.doors.conftest import Desk
from tests.local_stripe import LocalStripe
from tests.postman import Event

pytestmark = [pytest.mark.django_db, pytest.mark.once]

MUTABLE: dict[str, type[Model]] = {
    "membership": Membership,
    "payment": Payment,
    "refund": Refund,
    "dispute": Dispute,
    "payout": Payout,
}
OF_STRIPE = {
    "payment": ("stripe_payment_intent_id", "stripe_invoice_id"),
    "refund": ("stripe_refund_id",),
    "dispute": ("stripe_dispute_id",),
    "payout": ("id",),
}
# Drawn with each look, or a moment of our own clock.
UNFORESEEN = {"applied_ticket", "past_due_since"}
WITH_A_DOCUMENT = ("receipt", "credit-note", "debit-note")
Facts = dict[tuple[str, str], dict[str, Any]]


def facts() -> Facts:
    """Every row an event can touch, by kind and id, with its columns."""
    found: Facts = {}
    for what, model in MUTABLE.items():
        for row in model._default_manager.values():
            found[what, str(row["id"])] = row
    for line in LedgerLine.objects.all():
        found["ledger line", line.pk] = {}
    for receipt in Receipt.objects.all():
        about = receipt.refund_id or receipt.dispute_id or receipt.returned_id
        about = about or receipt.payment_id
        found[Series(receipt.series).label.lower(), str(about)] = {}
    for letter in Letter.objects.exclude(kind__in=WITH_A_DOCUMENT):
        found[f"letter {letter.kind}", letter.key] = {}
    for intent in Intent.objects.all():
        found["request", intent.press] = {}
    return found


def happened(before: Facts, after: Facts) -> set[tuple[str, ...]]:
    return set(_happened(before, after))


def _happened(before: Facts, after: Facts) -> Iterator[tuple[str, ...]]:
    # What is new is foreseen by Stripe's id: ours is drawn when the row is written.
    named = {
        which: str(next(row[name] for name in OF_STRIPE[what] if row[name]))
        for (what, which), row in after.items()
        if what in OF_STRIPE and (what, which) not in before
    }
    for (what, which), row in after.items():
        old = before.get((what, which))
        if old is None:
            yield what, named.get(which, which)
        elif what in MUTABLE:
            for name, new in row.items():
                if old[name] != new:
                    yield what, which, name, told(name, new)


def foreseen(event: Event) -> set[tuple[str, ...]]:
    ahead = outlook.of_event(event["type"], event["data"]["object"]["id"], event_id=event["id"])
    assert not ahead.refusal, ahead
    return set(_foreseen(ahead))


def _foreseen(ahead: outlook.Outlook) -> Iterator[tuple[str, ...]]:
    new = {(each.what, each.which) for each in ahead.changes if not each.column}
    for each in ahead.changes:
        if each.column:
            if (each.what, each.which) not in new:
                yield each.what, each.which, each.column, each.after
        elif each.what != "letter":
            yield each.what, each.which
        elif each.after not in WITH_A_DOCUMENT:
            yield f"letter {each.after}", each.which


def columns(changes: set[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """The columns' names as the outlook says them, without those of its silence."""
    renamed = {
        (what, which, name.removeprefix("stripe_").removesuffix("_id") or name, *rest)
        for what, which, name, *rest in (each for each in changes if len(each) == 4)
    }
    kept = {each for each in renamed if each[2] not in UNFORESEEN}
    # The row of a customer is made with the change; its id of ours is not known before.
    return {each[:3] if each[2] == "customer" else each for each in kept} | {
        each for each in changes if len(each) == 2
    }


def live(desk: Desk, *, shuffled: bool = False) -> int:
    """Carry what waits, one event at a time, each foreseen; how many changes that were."""
    seen = 0
    events = desk.postman.fetch()
    for event in reversed(events) if shuffled else events:
        desk.postman.carry([event])
        before = facts()
        ahead = foreseen(event)
        assert facts() == before, "looking ahead wrote something"
        inbox.process(event["id"])
        assert StripeEvent.objects.get(pk=event["id"]).state in {"done", "foreign"}
        came = happened(before, facts())
        assert columns(ahead) == columns(came), event["type"]
        assert foreseen(event) == set(), "what was applied would not change again"
        seen += len(came)
    desk.work()
    return seen


@pytest.mark.parametrize(
    "shuffled",
    [
        pytest.param(False, id="in order", marks=pytest.mark.long),
        pytest.param(True, id="last first"),
    ],
)
def test_a_year_of_a_membership_comes_as_foreseen(desk: Desk, shuffled: bool) -> None:
    stripe = desk.stripe
    started = desk.open(rows.alice(), "monthly", 300)
    stripe.pay(started.url)
    assert live(desk, shuffled=shuffled) > 10
    membership = Membership.objects.get(pk=started.subject)
    assert membership.customer is not None
    customer = membership.customer.stripe_customer_id
    stripe.advance(months=1, seconds=7200)
    live(desk, shuffled=shuffled)
    stripe.tell(f"customers/{customer}/card", card="4000000000000341")
    stripe.advance(months=1)
    live(desk, shuffled=shuffled)
    membership.refresh_from_db()
    assert membership.state == MembershipState.PAST_DUE
    stripe.tell(f"customers/{customer}/card", card="4242424242424242", retry=True)
    live(desk, shuffled=shuffled)
    refunded = Payment.objects.filter(membership=membership, state="succeeded").first()
    assert refunded is not None
    stripe.tell("refund", payment_intent=refunded.stripe_payment_intent_id, amount=100)
    assert live(desk, shuffled=shuffled) >= 3
    stripe.tell(f"refunds/{Refund.objects.get().stripe_refund_id}/fail")
    assert live(desk, shuffled=shuffled) >= 2
    stripe.tell(f"subscriptions/{membership.stripe_subscription_id}/cancel", at_period_end=True)
    stripe.advance(months=1)
    live(desk, shuffled=shuffled)
    membership.refresh_from_db()
    assert membership.state == MembershipState.ENDED


def test_gifts_debits_and_checkouts_that_run_out_come_as_foreseen(desk: Desk) -> None:
    desk.stripe.pay(desk.open(rows.bob(), "once", 700).url)
    desk.stripe.pay(desk.open(rows.alice(), "yearly", 2388).url, iban="DE89370400440532013000")
    desk.open(rows.charlie(), "monthly", 199)
    live(desk)
    desk.stripe.advance(days=8)
    assert live(desk) > 10


def test_a_dispute_comes_as_foreseen(desk: Desk) -> None:
    started = desk.open(rows.alice(), "monthly", 300)
    desk.stripe.pay(started.url)
    live(desk)
    paid = Payment.objects.get()
    desk.stripe.tell("dispute", payment_intent=paid.stripe_payment_intent_id)
    assert live(desk) >= 2
    assert Intent.objects.filter(kind="end_now").exists()
    live(desk)
    disputed = Dispute.objects.get().stripe_dispute_id
    for status in ("lost", "won"):
        desk.stripe.tell(f"disputes/{disputed}/close", status=status)
        assert live(desk) >= 1
    assert Dispute.objects.get().documents.count() == 2


def test_it_says_of_what_leads_nowhere_that_a_person_has_to_look(desk: Desk) -> None:
    started = desk.open(rows.alice(), "monthly", 199)
    desk.stripe.pay(started.url)
    Membership.objects.filter(pk=started.subject).delete()
    [created] = [
        each for each in desk.postman.fetch() if each["type"] == "customer.subscription.created"
    ]
    ahead = outlook.of_object(created["data"]["object"]["id"])
    assert ahead.ours
    assert ahead.refusal.startswith("Unclaimed")
    assert not ahead.changes


def test_it_has_nothing_to_say_of_what_is_not_ours_or_not_there(stripe: LocalStripe) -> None:
    assert not outlook.of_object("sub_nowhere").differs
    with pytest.raises(outlook.NotAnObject):
        outlook.of_object("alice@example.org")


def test_every_handler_can_be_foreseen() -> None:
    assert set(HANDLERS.values()) == set(outlook.LOOKS)


def test_it_is_read_outside_of_every_transaction_and_asks_nothing_of_stripe(desk: Desk) -> None:
    desk.join()
    posts = [each for each in desk.stripe.ask("requests")["data"] if each["method"] != "GET"]
    outlook.of_object(Membership.objects.get().stripe_subscription_id or "")
    after = [each for each in desk.stripe.ask("requests")["data"] if each["method"] != "GET"]
    assert after == posts


def test_money_that_the_bank_takes_back_without_a_dispute_comes_as_foreseen(desk: Desk) -> None:
    desk.join("yearly", 2388, iban="DE89370400440532013000")
    desk.stripe.advance(days=8)
    live(desk)
    paid = Payment.objects.get()
    desk.stripe.tell(f"debits/{paid.stripe_charge_id}/return", as_failure=True)
    live(desk)
    assert Receipt.objects.filter(series="C").exists()
    assert Intent.objects.filter(kind="end_now").exists()
