"""A supporter's life with us, through the front door, in real processes."""

import re
from datetime import timedelta
from email.message import EmailMessage

import pytest

from billing.dates import dublin_date
from billing.letters import ahead
from billing.models import Letter, Membership, Payment, Receipt
from billing.models.letter import LetterState
from billing.states import MembershipState, PaymentState
from tests.house import House
from tests.visitor import Page, Visitor

ALICE, BOB, CHARLIE = "alice@example.org", "bob@example.org", "charlie@example.org"
FAILS_LATER = "4000000000000341"


def sent(kind: str) -> int:
    return Letter.objects.filter(kind=kind, state=LetterState.SENT).count()


def member(house: House, *, plan: str = "monthly", amount: str = "1.99") -> Membership:
    """Alice, who joined and paid a moment ago; her first letters are out."""
    house.pay(house.join(plan=plan, amount=amount, email=ALICE))
    house.wait_for(lambda: sent("receipt") and sent("welcome"))
    return Membership.objects.get()


def customer_of(membership: Membership) -> str:
    assert membership.customer is not None
    return membership.customer.stripe_customer_id


def sign_in(house: House, email: str) -> tuple[Visitor, Page]:
    """Ask for a link, find it in the mailbox, press its button; the account page."""
    visitor = house.visitor()
    form_page = visitor.get("/sign-in/")
    before = len(house.letters(to=email))
    visitor.submit(form_page, form_page.form_with("email"), email=email)
    letter = house.wait_for(lambda: house.letters(to=email)[before:])[0]
    page = visitor.get(link_in(letter))
    [button] = [form for form in page.forms if "csrfmiddlewaretoken" in form.names][:1]
    return visitor, visitor.submit(page, button)


def link_in(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    found = re.search(r"https?://\S+/sign-in/\S+/", body.get_content())
    assert found is not None
    return found.group()


def test_bob_gives_once_and_gets_one_receipt(house: House) -> None:
    house.pay(house.join(plan="once", amount="5", email=BOB))
    house.wait_for(lambda: sent("receipt"))
    gift = Payment.objects.get()
    assert (gift.state, gift.amount_cents, gift.membership) == (PaymentState.SUCCEEDED, 500, None)
    assert not Membership.objects.exists()


def test_a_month_later_the_membership_is_renewed_and_receipted(house: House) -> None:
    first_end = member(house).period_end
    house.advance(months=1, seconds=7200)
    house.wait_for(lambda: sent("receipt") == 2)
    membership = Membership.objects.get()
    assert membership.state == MembershipState.ACTIVE
    assert membership.period_start == first_end
    assert [each.number for each in Receipt.objects.order_by("number")] == [1, 2]


@pytest.mark.once
def test_the_yearly_reminder_is_sent_once_three_weeks_before(house: House) -> None:
    membership = member(house, plan="yearly", amount="23.88")
    assert membership.period_end is not None
    # At nine in Dublin, at whatever hour of whatever night the membership renews.
    due = ahead.morning(dublin_date(membership.period_end) - timedelta(days=21))
    house.run_due(due - timedelta(minutes=1))
    assert sent("reminder") == 0
    for _ in range(2):
        house.run_due(due)
    assert sent("reminder") == 1
    assert len(house.letters(to=ALICE, subject="renews")) == 1


def test_a_failed_card_brings_a_letter_and_a_new_card_heals(house: House) -> None:
    membership = member(house)
    customer = customer_of(membership)
    house.stripe.tell(f"customers/{customer}/card", card=FAILS_LATER)
    house.advance(months=1, seconds=7200)
    house.wait_for(lambda: sent("payment-failed"))
    membership.refresh_from_db()
    assert membership.state == MembershipState.PAST_DUE
    house.stripe.tell(f"customers/{customer}/card", card="4242424242424242", retry=True)
    house.wait_for(lambda: sent("receipt") == 2)
    house.wait_for(lambda: Membership.objects.get().state == MembershipState.ACTIVE)
    assert sent("payment-failed") == 1
    house.wait_for(lambda: sent("recovered") == 1)
    assert Payment.objects.filter(state=PaymentState.SUCCEEDED).count() == 2


def test_alice_signs_in_cancels_and_the_membership_ends_with_its_period(house: House) -> None:
    membership = member(house)
    visitor, account = sign_in(house, ALICE)
    assert "€1.99" in account.text
    page = visitor.get(f"/account/memberships/{membership.pk}/cancel/")
    after = visitor.submit(page, page.form_with("press"))
    membership.refresh_from_db()
    assert membership.ends_on == membership.period_end
    assert after.status == 200
    house.wait_for(lambda: sent("cancelled") == 1)
    house.advance(months=1, seconds=7200)
    house.wait_for(lambda: sent("ended"))
    membership.refresh_from_db()
    assert membership.state == MembershipState.ENDED
    assert Payment.objects.count() == 1


def test_a_refund_from_the_dashboard_brings_a_credit_note(house: House) -> None:
    member(house)
    payment = Payment.objects.get()
    house.stripe.tell("refund", payment_intent=payment.stripe_payment_intent_id)
    house.wait_for(lambda: sent("credit-note"))
    note = Receipt.objects.get(series="C")
    assert (note.amount_cents, note.refers_to) == (199, Receipt.objects.get(series="R"))
    assert Membership.objects.get().state == MembershipState.ACTIVE


@pytest.mark.once
def test_a_stranger_finds_nothing_of_alices(house: House) -> None:
    membership = member(house)
    house.pay(house.join(plan="once", amount="5", email=CHARLIE))
    house.wait_for(lambda: sent("receipt") == 2)
    charlie, _ = sign_in(house, CHARLIE)
    receipt = Receipt.objects.get(payment__membership=membership)
    for path in (
        f"/account/receipts/{receipt.pk}/",
        f"/account/memberships/{membership.pk}/cancel/",
        f"/account/memberships/{membership.pk}/keep/",
    ):
        assert charlie.get(path).status in {404, 405}, path


@pytest.mark.once
@pytest.mark.parametrize("email", [ALICE, "nobody@example.org"])
def test_asking_for_a_link_tells_nothing_of_who_is_known(house: House, email: str) -> None:
    member(house)
    visitor = house.visitor()
    page = visitor.get("/sign-in/")
    answer = visitor.submit(page, page.form_with("email"), email=email)
    assert answer.status == 200
    assert email not in answer.text
    house.wait_for(lambda: Letter.objects.filter(kind="sign-in").exclude(state="queued").exists())
    assert len(house.letters(to="nobody@example.org")) == 0
