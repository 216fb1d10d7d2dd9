"""Two memberships under one address: never by accident, never a dead end (DESIGN 15, E4, E9)."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from billing import reconcile, stripe_api
from billing.models import Intent, Membership
from billing.models.membership import LIVE
from billing.models.stripe import IntentKind, IntentState
from billing.states import EndReason, MembershipState, PaymentState
from tests import rows
from tests.doors.conftest import Desk
from tests.doors.test_grace import FAILS_LATER, customer_of, fail, pay
from tests.supporter_desk import folded, press, press_in, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]

CHOICE = {
    "plan": "monthly",
    "amount_monthly": "1.99",
    "email": "alice@example.org",
    "name": "Alice",
    "consent": "on",
    "adult": "on",
}


def checkout_of(client: Client) -> str:
    """Fill in the join form and press Pay; the address of Stripe's page."""
    review = folded(client.post("/", CHOICE).content.decode())
    answer = client.post("/join/pay", {"press": press_in(review, "/join/pay")})
    assert answer.status_code == 303, answer.content
    return str(answer.headers["Location"])


def settle(desk: Desk) -> None:
    """Let everything arrive, and what the facts called for be done, as a worker would."""
    for _ in range(2):
        desk.catch_up()
        desk.work(timezone.now() + timedelta(minutes=2))


def fresh(membership: Membership) -> Membership:
    return Membership.objects.get(pk=membership.pk)


def live() -> list[Membership]:
    return list(Membership.objects.filter(state__in=LIVE).order_by("created_at"))


def open_invoices(membership: Membership) -> list[str]:
    invoices = stripe_api.invoices_of(membership.stripe_subscription_id or "")
    return [each.id for each in invoices if each.status == "open"]


def overdue(desk: Desk) -> Membership:
    """Alice's membership, whose renewal failed."""
    member = desk.join()
    fail(desk, member)
    assert open_invoices(member)
    return fresh(member)


@pytest.mark.case("E9")
def test_who_joins_again_while_overdue_has_one_membership_and_owes_nothing(desk: Desk) -> None:
    """E9, from the public form: the old one is replaced once the new one is paid."""
    old = overdue(desk)
    url = checkout_of(Client())
    assert fresh(old).state == MembershipState.PAST_DUE
    desk.stripe.pay(url)
    settle(desk)
    replaced = fresh(old)
    assert (replaced.state, replaced.end_reason) == (MembershipState.ENDED, EndReason.REPLACED)
    assert open_invoices(old) == []
    [new] = live()
    assert new.state == MembershipState.ACTIVE
    assert new.payments.filter(state=PaymentState.SUCCEEDED).count() == 1
    assert [each for each in mail.outbox if "taken the place of this one" in str(each.body)]
    desk.stripe.advance(months=1, seconds=7200)
    settle(desk)
    assert old.payments.filter(state=PaymentState.SUCCEEDED).count() == 1
    assert new.payments.filter(state=PaymentState.SUCCEEDED).count() == 2


@pytest.mark.case("E9")
def test_the_overdue_one_is_replaced_too_when_its_failure_is_heard_of_last(desk: Desk) -> None:
    """Whatever the order of events, the end is the same (DESIGN 2)."""
    old = desk.join()
    desk.stripe.tell(f"customers/{customer_of(old)}/card", card=FAILS_LATER)
    desk.stripe.advance(months=1, seconds=7200)
    late = desk.postman.fetch()
    desk.postman.carried |= {each["id"] for each in late}
    desk.stripe.pay(checkout_of(Client()))
    settle(desk)
    assert len(live()) == 2
    assert set(desk.postman.carry(late)) == {200}
    settle(desk)
    assert fresh(old).end_reason == EndReason.REPLACED
    assert len(live()) == 1


def test_an_abandoned_new_checkout_leaves_the_overdue_one_as_it_was(desk: Desk) -> None:
    old = overdue(desk)
    checkout_of(Client())
    settle(desk)
    assert fresh(old).state == MembershipState.PAST_DUE
    pay(desk, old)
    settle(desk)
    assert fresh(old).state == MembershipState.ACTIVE


@pytest.mark.case("E4", "E9")
def test_the_join_page_offers_a_signed_in_supporter_to_pay_what_is_open(desk: Desk) -> None:
    old = overdue(desk)
    alice = signed_in(rows.alice())
    text = text_of(alice, "/")
    path = f"/account/memberships/{old.id}/pay/"
    answer = alice.post(path, {"press": press_in(text, path)})
    assert answer.status_code == 303
    invoice = stripe_api.get_invoice(open_invoices(old)[0])
    assert answer.headers["Location"] == invoice.hosted_url != ""
    desk.stripe.pay(checkout_of(alice))
    settle(desk)
    assert fresh(old).end_reason == EndReason.REPLACED


@pytest.mark.case("E4", "E9")
def test_a_checkout_that_was_left_can_be_gone_on_with(desk: Desk) -> None:
    alice = signed_in(rows.alice())
    url = checkout_of(alice)
    begun = Membership.objects.get()
    assert press(alice, begun, "pay").headers["Location"] == url
    desk.stripe.pay(url)
    settle(desk)
    assert fresh(begun).state == MembershipState.ACTIVE


@pytest.mark.case("E4", "F17")
@pytest.mark.parametrize("paid_first", [0, 1])
def test_of_two_tabs_the_one_that_was_not_paid_is_closed(paid_first: int, desk: Desk) -> None:
    urls = [checkout_of(Client()) for _ in range(2)]
    desk.stripe.pay(urls[paid_first])
    settle(desk)
    assert [each.state for each in live()] == [MembershipState.ACTIVE]
    other = urls[1 - paid_first].rstrip("/").rsplit("/", 1)[-1].split("?")[0].split("#")[0]
    assert stripe_api.get_checkout(other).status == "expired"
    assert Membership.objects.filter(state=MembershipState.EXPIRED).count() == 1


@pytest.mark.case("E4", "F18")
def test_two_tabs_paid_at_once_are_both_kept_and_both_told(desk: Desk) -> None:
    for url in [checkout_of(Client()) for _ in range(2)]:
        desk.stripe.pay(url)
    settle(desk)
    assert [each.state for each in live()] == [MembershipState.ACTIVE] * 2
    assert [each for each in mail.outbox if "/letters/undo/" in str(each.body)]
    text = text_of(signed_in(rows.alice()))
    assert "You have 2 memberships, and each of them is being paid" in text
    assert text.count("Undo it and refund me") == 1


@pytest.mark.case("E9")
def test_the_old_one_paid_at_the_same_time_as_the_new_one_is_kept(desk: Desk) -> None:
    """Its invoice was paid while our row still said overdue: money was taken, so it stands."""
    old = overdue(desk)
    url = checkout_of(Client())
    pay(desk, old)
    events = desk.postman.fetch()
    desk.stripe.pay(url)
    new = [each for each in desk.postman.fetch() if each not in events]
    assert set(desk.postman.carry(new)) == {200}
    desk.work(timezone.now() + timedelta(minutes=2))
    settle(desk)
    assert [each.state for each in live()] == [MembershipState.ACTIVE] * 2
    assert fresh(old).payments.filter(state=PaymentState.SUCCEEDED).count() == 2


def test_who_holds_two_on_purpose_keeps_both_when_one_fails_later(desk: Desk) -> None:
    """Only what was overdue when the new one was paid is replaced."""
    first, second = desk.join(), desk.join("monthly", 500)
    fail(desk, first)
    settle(desk)
    assert fresh(first).state == MembershipState.PAST_DUE
    assert fresh(second).payments.filter(state=PaymentState.SUCCEEDED).count() == 2
    assert not Intent.objects.filter(kind=IntentKind.END_NOW).exists()
    pay(desk, first)
    settle(desk)
    assert fresh(first).state == MembershipState.ACTIVE


def test_a_checkout_opened_later_stays_open(desk: Desk) -> None:
    """Somebody who gives already chooses to give twice; the first payment is looked at again."""
    desk.join()
    url = checkout_of(signed_in(rows.alice()))
    later = timezone.now() + timedelta(minutes=10)
    Membership.objects.filter(state=MembershipState.PENDING).update(created_at=later)
    reconcile.run(apply=True)
    settle(desk)
    desk.stripe.pay(url)
    settle(desk)
    assert len(live()) == 2
    assert not Intent.objects.filter(
        kind=IntentKind.CLOSE_CHECKOUT, state=IntentState.DONE
    ).exists()


def test_nobody_else_is_touched(desk: Desk) -> None:
    """Charlie's overdue membership and open page stay as they are when Alice joins again."""
    old = overdue(desk)
    charlies = rows.membership(
        rows.charlie(), state=MembershipState.PAST_DUE, past_due_since=timezone.now()
    )
    waiting = desk.open(rows.charlie(), "monthly", 199)
    desk.stripe.pay(checkout_of(Client()))
    settle(desk)
    assert fresh(old).state == MembershipState.ENDED
    assert fresh(charlies).state == MembershipState.PAST_DUE
    assert Membership.objects.get(pk=waiting.subject).state == MembershipState.PENDING


def test_the_public_form_answers_the_same_to_who_is_overdue_and_who_is_unknown(
    desk: Desk,
) -> None:
    """No oracle (DESIGN 9)."""
    overdue(desk)
    known = folded(Client().post("/", CHOICE).content.decode())
    unknown = folded(Client().post("/", CHOICE | {"email": "zoe11@example.org"}).content.decode())
    assert "waits for a payment" not in known
    assert len(known) == pytest.approx(len(unknown), abs=40)
