"""The inbox with the handlers as they are: one look for many events, parked, refused, looked at."""

import json
from datetime import timedelta
from typing import Any

import pytest
import stripe as sdk
from django.test import Client
from django.utils import timezone

from billing import checkout, inbox
from billing.handlers import HANDLERS
from billing.ids import new_id
from billing.models import Intent, Membership, Payment, Plan, Receipt, StripeEvent, Tally
from billing.models.stripe import EventState, IntentKind
from billing.states import MembershipState
from tests import rows
from tests.doors.conftest import Desk
from tests.postman import Postman
from tests.staff_desk import signed_in

pytestmark = pytest.mark.django_db

GOOD, FAILS_LATER = "4242424242424242", "4000000000000341"


def api_of(desk: Desk) -> Any:
    return sdk.StripeClient("sk_test_local", base_addresses={"api": desk.stripe.url}).v1


def customer_of(membership: Membership) -> str:
    assert membership.customer is not None
    return membership.customer.stripe_customer_id


def join_again(desk: Desk, membership: Membership) -> Membership:
    """Alice, signed in, takes a second membership: both are the same customer's."""
    plan = Plan.objects.get(slug="yearly")
    started = checkout.start(
        supporter=membership.supporter,
        plan=plan,
        amount_cents=2388,
        press=new_id().hex,
        stripe_customer_id=customer_of(membership),
    )
    desk.stripe.pay(started.url)
    desk.catch_up()
    return Membership.objects.get(pk=started.subject)


def event(number: int, **more: Any) -> StripeEvent:
    values: dict[str, Any] = {
        "id": f"evt_made_up{number}",
        "type": "customer.updated",
        "livemode": False,
        "created": timezone.now(),
    }
    return StripeEvent.objects.create(**values | more)


def test_one_look_at_a_customer_answers_for_all_its_memberships_and_events(desk: Desk) -> None:
    one = desk.join()
    other = join_again(desk, one)
    customer = customer_of(one)
    api = api_of(desk)
    for card in ("pm_card_mastercard", "pm_card_visa"):
        method = api.payment_methods.attach(card, {"customer": customer})
        settings = {"default_payment_method": method.id}
        api.customers.update(customer, {"invoice_settings": settings})
        for membership in (one, other):
            subscription = str(membership.stripe_subscription_id)
            api.subscriptions.update(subscription, {"default_payment_method": method.id})
    updates = [each for each in desk.postman.fetch() if each["type"] == "customer.updated"]
    assert len(updates) >= 2
    desk.postman.carry(updates)
    assert inbox.process(updates[0]["id"]) == EventState.DONE
    assert not StripeEvent.objects.exclude(state=EventState.DONE).exists()
    assert set(Membership.objects.values_list("stripe_method_id", flat=True)) == {method.id}


def test_an_event_that_comes_while_another_is_done_gets_a_look_of_its_own(desk: Desk) -> None:
    """What happened after we asked is not in the answer, so its event must not be called done."""
    membership = desk.join()
    customer = customer_of(membership)
    first = event(1, object_id=customer, state=EventState.CLAIMED, lease_until=timezone.now())
    StripeEvent.objects.filter(pk=first.pk).update(lease_until=timezone.now() + timedelta(hours=1))
    second = event(2, object_id=customer)
    assert inbox.process(first.pk) is None
    assert inbox.process(second.pk) == EventState.DONE
    first.refresh_from_db()
    assert first.state == EventState.CLAIMED


def test_events_that_different_handlers_look_at_are_not_taken_for_one(desk: Desk) -> None:
    """An invoice that was paid says nothing of the same invoice's being stuck."""
    membership = desk.join()
    invoice = Payment.objects.get(membership=membership).stripe_invoice_id
    paid = event(1, type="invoice.paid", object_id=invoice)
    stuck = event(2, type="invoice.finalization_failed", object_id=invoice)
    assert inbox.process(paid.pk) == EventState.DONE
    stuck.refresh_from_db()
    assert stuck.state == EventState.WAITING


def test_a_new_number_of_the_same_card_is_tried_once_however_often_it_is_told(desk: Desk) -> None:
    membership = desk.join()
    customer = customer_of(membership)
    desk.stripe.tell(f"customers/{customer}/card", card=FAILS_LATER)
    desk.stripe.advance(months=1, seconds=7200)
    desk.catch_up()
    membership.refresh_from_db()
    assert membership.state == MembershipState.PAST_DUE
    method = membership.stripe_method_id
    tried = Intent.objects.filter(kind=IntentKind.PAY_INVOICE)
    before = tried.count()
    for number in (1, 2, 3):
        event(number, type="payment_method.automatically_updated", object_id=method)
    assert inbox.process("evt_made_up1") == EventState.DONE
    assert not StripeEvent.objects.exclude(state=EventState.DONE).exists()
    assert tried.count() == before + 1


def test_a_stuck_invoice_is_parked_until_a_person_has_mended_it(desk: Desk) -> None:
    membership = desk.join()
    desk.stripe.advance(to=int((membership.period_end or timezone.now()).timestamp()) + 60)
    [draft] = api_of(desk).invoices.list({"status": "draft"}).data
    event(1, type="invoice.finalization_failed", object_id=draft.id)
    assert inbox.process("evt_made_up1") == EventState.PARKED
    assert inbox.retry(["evt_made_up1"]) == 1
    assert inbox.process("evt_made_up1") == EventState.PARKED
    api_of(desk).invoices.finalize_invoice(draft.id)
    inbox.retry(["evt_made_up1"])
    assert inbox.process("evt_made_up1") == EventState.DONE
    assert StripeEvent.objects.get(pk="evt_made_up1").error == ""


@pytest.mark.once
def test_it_waits_longer_with_each_try_and_never_at_the_same_moment(desk: Desk) -> None:
    membership = desk.join()
    desk.stripe.tell("down", seconds=60)
    waits: dict[int, set[float]] = {}
    for number in range(3):
        event(number, object_id=f"{customer_of(membership)}{number}")
        for attempt in (1, 2, 3):
            now = timezone.now()
            StripeEvent.objects.filter(pk=f"evt_made_up{number}").update(next_try_at=now)
            assert inbox.process(f"evt_made_up{number}", now=now) == EventState.WAITING
            due = StripeEvent.objects.get(pk=f"evt_made_up{number}").next_try_at
            waits.setdefault(attempt, set()).add((due - now).total_seconds())
    desk.stripe.tell("down", seconds=0)
    for attempt, seen in waits.items():
        longest = 5 * 2**attempt
        assert len(seen) == 3
        assert all(longest / 2 <= wait <= longest for wait in seen)


def test_what_other_products_sell_is_counted_by_type_and_never_applied(desk: Desk) -> None:
    api = api_of(desk)
    customer = api.customers.create({"email": "charlie@example.org"})
    card = api.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    product = api.products.create({"name": "Something else"})
    price = {
        "currency": "eur",
        "unit_amount": 900,
        "recurring": {"interval": "month"},
        "product": product.id,
    }
    api.subscriptions.create(
        {
            "customer": customer.id,
            "default_payment_method": card.id,
            "items": [{"price_data": price}],
        }
    )
    desk.catch_up()
    foreign = signed_in().get("/staff/inbox/").context["foreign"]
    counted = {each.name: each.count for each in foreign}
    assert counted["customer.subscription.created"] == 1
    assert sum(counted.values()) == StripeEvent.objects.count()
    assert not Membership.objects.exists()
    assert not Payment.objects.exists()
    assert not Receipt.objects.exists()


@pytest.mark.parametrize(
    ("more", "told"),
    [({"livemode": True}, "other mode"), ({"account": "acct_other"}, "other account")],
)
def test_the_other_mode_and_other_accounts_are_refused_and_tallied(
    postman: Postman, more: dict[str, Any], told: str
) -> None:
    body = {
        "id": "evt_1",
        "object": "event",
        "type": "invoice.paid",
        "created": 1795300000,
        "livemode": False,
        "data": {"object": {"id": "in_1", "object": "invoice"}},
    }
    for _ in range(2):
        assert postman.post(json.dumps(body | more).encode()) == 200
    assert not StripeEvent.objects.exists()
    assert list(Tally.objects.values_list("name", "count")) == [(told, 2)]


def test_staff_see_what_would_change_before_they_press_retry(desk: Desk) -> None:
    """From the parked event to the mended row, as a member of staff goes through it."""
    started = desk.open(rows.alice(), "monthly", 199)
    desk.stripe.pay(started.url)
    lost = Membership.objects.get(pk=started.subject)
    Membership.objects.filter(pk=lost.pk).delete()
    desk.catch_up()
    staff = signed_in()
    parked = StripeEvent.objects.filter(
        type="customer.subscription.created", state=EventState.PARKED
    ).get()
    path = f"/staff/inbox/events/{parked.pk}/"
    assert "leads to no membership and no gift" in text(staff, f"{path}?ahead")
    lost.save(force_insert=True)
    ahead = text(staff, f"{path}?ahead")
    assert "Asked of Stripe just now" in ahead
    assert "<strong>active</strong>" in ahead
    assert "welcome" in ahead
    assert Membership.objects.get().state == MembershipState.PENDING
    assert not Receipt.objects.exists()
    staff.post("/staff/inbox/retry/", {"reason": "Unclaimed"})
    desk.work()
    assert not StripeEvent.objects.filter(state=EventState.PARKED).exists()
    done = text(staff, f"{path}?ahead")
    assert "Our rows are as Stripe has it" in done
    assert "Waiting for the first payment → <strong>Active</strong>" in text(staff, "/staff/inbox/")
    assert "R-20" in text(staff, f"/staff/inbox/events/{paid_event().pk}/")


def test_an_object_is_looked_up_by_its_id(desk: Desk) -> None:
    membership = desk.join()
    Membership.objects.filter(pk=membership.pk).update(amount_cents=500)
    told = text(signed_in(), f"/staff/inbox/look-up/?id={membership.stripe_subscription_id}")
    assert "5.00" in told
    assert "<strong>1.99</strong>" in told
    assert "None of ours" not in told


def test_every_event_we_handle_can_be_looked_ahead_of(desk: Desk) -> None:
    staff = signed_in()
    for number, name in enumerate(HANDLERS):
        event(number, type=name, object_id="sub_nowhere")
        told = text(staff, f"/staff/inbox/events/evt_made_up{number}/?ahead")
        assert "Stripe does not have it" in told, name


def paid_event() -> StripeEvent:
    return StripeEvent.objects.get(type="invoice.paid")


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()
