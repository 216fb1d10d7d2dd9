"""What supporters pay with: made ready, and taken away. Nobody else's row is touched for it."""

from typing import Any

import pytest

from billing import collection, outlook, reconcile
from billing.cause import Cause
from billing.handlers import take_setup
from billing.models import Intent, Membership, StripeEvent
from billing.models.stripe import EventState, IntentKind
from billing.states import MembershipState
from members.staff.events import words
from tests import rows
from tests.cases.acts import at_stripes_time, dashboard, everything, paid, settle
from tests.doors.conftest import Desk
from tests.doors.test_grace import FAILS_LATER, customer_of
from tests.postman import Event

pytestmark = [pytest.mark.django_db, pytest.mark.once]

DETACHED = "payment_method.detached"
READY = "setup_intent.succeeded"


def only(desk: Desk, name: str) -> list[Event]:
    """The events of this type that are on their way; all others are lost."""
    events = desk.postman.fetch()
    desk.postman.carried |= {each["id"] for each in events}
    return [each for each in events if each["type"] == name]


def the_event(name: str) -> StripeEvent:
    return StripeEvent.objects.get(type=name)


def stranger(desk: Desk) -> tuple[str, Any]:
    """A customer of another product on the account, and what they pay with."""
    api = dashboard(desk)
    customer = api.customers.create({})
    return customer.id, api.payment_methods.attach("pm_card_visa", {"customer": customer.id})


def made_ready(desk: Desk, customer: str, card: str = "pm_card_visa") -> Any:
    """A card that its owner made ready on a page of Stripe's, confirmed at once."""
    asked = {"customer": customer, "payment_method": card, "confirm": True, "usage": "off_session"}
    redirects = {"automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}
    return dashboard(desk).setup_intents.create(asked | redirects)


def charge_from_now_on(desk: Desk, member: Membership, method: str) -> None:
    """What the portal does with the card it saved."""
    api = dashboard(desk)
    settings = {"invoice_settings": {"default_payment_method": method}}
    api.customers.update(customer_of(member), settings)
    api.subscriptions.update(member.stripe_subscription_id, {"default_payment_method": method})


def overdue(desk: Desk) -> Membership:
    """Alice, whose second payment failed; all of it has arrived."""
    member = desk.join()
    desk.stripe.tell(f"customers/{customer_of(member)}/card", card=FAILS_LATER)
    desk.stripe.advance(months=1, days=1)
    with at_stripes_time(desk):
        settle(desk)
    member.refresh_from_db()
    assert member.state == MembershipState.PAST_DUE
    return member


@pytest.mark.case("E5")
def test_a_card_taken_away_leaves_its_membership_to_a_person(desk: Desk) -> None:
    member = desk.join()
    dashboard(desk).payment_methods.detach(member.stripe_method_id)
    ahead = outlook.of_event(DETACHED, member.stripe_method_id)
    assert ahead.refusal.endswith(collection.BARE)
    desk.catch_up()
    member.refresh_from_db()
    assert (member.state, member.stripe_method_id) == (MembershipState.ACTIVE, "")
    event = the_event(DETACHED)
    assert event.state == EventState.PARKED
    assert event.error == f"{ahead.refusal}"
    advice = words.advice(event.error)
    assert advice is not None
    assert "choose another" in advice.do
    # The night says the same, so nothing is lost where the event was.
    told = f"subscription {member.stripe_subscription_id} {collection.BARE}"
    assert told in reconcile.run(apply=True).differences


@pytest.mark.case("E5")
def test_another_card_of_the_customer_takes_its_place_in_silence(desk: Desk) -> None:
    member = desk.join()
    api = dashboard(desk)
    other = api.payment_methods.attach("pm_card_mastercard", {"customer": customer_of(member)})
    settings = {"invoice_settings": {"default_payment_method": other.id}}
    api.customers.update(customer_of(member), settings)
    desk.catch_up()
    api.payment_methods.detach(member.stripe_method_id)
    desk.postman.carry(only(desk, DETACHED))
    desk.work()
    member.refresh_from_db()
    assert member.stripe_method_id == other.id
    assert the_event(DETACHED).state == EventState.DONE


@pytest.mark.case("E5")
def test_a_card_taken_away_is_nobodys_worry_where_nothing_is_to_be_charged(desk: Desk) -> None:
    member = desk.join()
    desk.stripe.tell(f"subscriptions/{member.stripe_subscription_id}/cancel", at_period_end=True)
    desk.catch_up()
    dashboard(desk).payment_methods.detach(member.stripe_method_id)
    desk.catch_up()
    assert the_event(DETACHED).state == EventState.DONE
    assert reconcile.run(apply=False).differences == []


@pytest.mark.case("E17", "F5")
def test_a_strangers_card_touches_nobody_who_has_none(desk: Desk) -> None:
    member = desk.join()
    dashboard(desk).payment_methods.detach(member.stripe_method_id)
    desk.catch_up()
    _, card = stranger(desk)
    dashboard(desk).payment_methods.detach(card.id)
    before = everything()
    desk.stripe.tell("requests/clear")
    [event] = only(desk, DETACHED)
    assert desk.postman.carry([event]) == [200]
    desk.work()
    assert StripeEvent.objects.get(pk=event["id"]).state == EventState.FOREIGN
    assert everything() == before
    # It was asked whose it is, and nothing more.
    asked = [each["path"] for each in desk.stripe.ask("requests?path=/v1/*")["data"]]
    assert asked == [f"/v1/payment_methods/{card.id}"]


@pytest.mark.case("E5")
def test_a_card_made_ready_pays_what_is_overdue_once_whoever_tells_of_it(desk: Desk) -> None:
    member = overdue(desk)
    tries = Intent.objects.filter(kind=IntentKind.PAY_INVOICE)
    before = tries.count()
    ready = made_ready(desk, customer_of(member))
    charge_from_now_on(desk, member, ready.payment_method)
    events = [each for each in desk.postman.fetch() if each["type"] == READY]
    with at_stripes_time(desk):
        # Its own news alone, then all the others, then its own once more.
        desk.postman.carry(events)
        settle(desk)
        member.refresh_from_db()
        assert member.state == MembershipState.ACTIVE
        assert take_setup(ready.id, Cause.event("evt_again"))
        settle(desk)
    assert paid(member) == [199, 199]
    assert tries.count() == before + 1


@pytest.mark.case("E5")
def test_a_card_that_its_bank_wanted_to_see_again_is_tried_again_at_once(desk: Desk) -> None:
    """The same card, confirmed anew: nothing else changed, so nothing else tells of it."""
    member = overdue(desk)
    # The bank takes it now, and the only news of that is the setup.
    method = member.stripe_method_id
    desk.stripe.tell(f"payment_methods/{method}/update", card="4242424242424242")
    only(desk, READY)
    # Stripe tells seconds only: in the same one, a try of ours would seem to be later than this.
    desk.stripe.advance(seconds=2)
    ready = made_ready(desk, customer_of(member), method)
    told = only(desk, READY)
    ahead = outlook.of_object(ready.id)
    assert [each.what for each in ahead.changes if each.what == "request"]
    with at_stripes_time(desk):
        desk.postman.carry(told)
        settle(desk)
    member.refresh_from_db()
    assert member.state == MembershipState.ACTIVE
    assert paid(member) == [199, 199]


@pytest.mark.case("E16")
def test_a_card_made_ready_for_another_product_is_not_ours(desk: Desk) -> None:
    desk.join()
    customer, card = stranger(desk)
    before = everything()
    made_ready(desk, customer, card.id)
    desk.catch_up()
    assert the_event(READY).state == EventState.FOREIGN
    assert everything() == before


@pytest.mark.case("E17")
def test_a_setup_of_nobodys_pays_for_nobody(desk: Desk) -> None:
    member = overdue(desk)
    rows.membership(rows.bob(), stripe_method_id="")
    asked = {"payment_method": "pm_card_visa", "confirm": True}
    redirects = {"automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}
    dashboard(desk).setup_intents.create(asked | redirects)
    before = everything()
    desk.catch_up()
    assert the_event(READY).state == EventState.FOREIGN
    assert everything() == before
    assert paid(member) == [199]
