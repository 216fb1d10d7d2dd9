"""Alice joins for 1.99 a month and pays: the first journey, and the house's own proof."""

import io

import pypdf
from django.db.models import QuerySet

from billing.models import Letter, Membership, Payment, Receipt, StripeEvent
from billing.models.letter import LetterState
from billing.models.stripe import EventState
from billing.states import MembershipState, PaymentState
from tests.house import House
from tests.visitor import Visitor

ALICE = "alice@example.org"


def receipts_sent() -> "QuerySet[Letter]":
    return Letter.objects.filter(kind="receipt", state=LetterState.SENT)


def test_it_answers_to_localhost_as_well(house: House) -> None:
    page = Visitor(house.site.replace("127.0.0.1", "localhost")).get("/")
    assert page.status == 200


def test_it_makes_alice_a_member_and_sends_one_receipt(house: House) -> None:
    house.pay(house.join(plan="monthly", amount="1.99", email=ALICE))
    house.wait_for(receipts_sent().exists)

    membership = Membership.objects.get()
    assert membership.state == MembershipState.ACTIVE
    assert membership.amount_cents == 199
    assert membership.supporter.email == ALICE
    payment = Payment.objects.get()
    assert (payment.state, payment.amount_cents) == (PaymentState.SUCCEEDED, 199)
    assert payment.net_cents == 199 - (payment.fee_cents or 0)

    receipt = Receipt.objects.get()
    [letter] = [each for each in house.letters(to=ALICE) if list(each.iter_attachments())]
    [document] = letter.iter_attachments()
    assert document.get_filename() == receipt.file_name
    text = pypdf.PdfReader(io.BytesIO(document.get_content())).pages[0].extract_text()
    assert receipt.label in text
    assert "1.99" in text


def test_the_thanks_page_waits_until_the_payment_is_known_and_then_says_so(house: House) -> None:
    house.stripe.tell("webhooks/hold", hold=True)
    session = house.join(email=ALICE)
    thanks = f"/thanks/{Membership.objects.get().pk}/"
    before = house.visitor().get(thanks)
    assert before.status == 200
    assert "paid" not in before.text.lower().replace("not been paid", "")

    house.pay(session)
    house.stripe.tell("webhooks/hold", hold=False)
    house.wait_for(lambda: Membership.objects.get().state == MembershipState.ACTIVE)
    after = house.visitor().get(thanks)
    assert after.text != before.text
    assert "1.99" in after.text


def test_it_sends_one_receipt_when_every_event_arrives_ten_times(house: House) -> None:
    house.pay(house.join(email=ALICE))
    house.wait_for(receipts_sent().exists)
    for event in house.stripe.ask("events")["data"]:
        house.stripe.tell(f"events/{event['id']}/resend", times=10)
    house.stripe.flush()
    open_events = StripeEvent.objects.filter(state__in=[EventState.WAITING, EventState.CLAIMED])
    house.wait_for(lambda: not open_events.exists())

    assert Receipt.objects.count() == 1
    assert receipts_sent().count() == 1
    with_receipt = [each for each in house.letters(to=ALICE) if list(each.iter_attachments())]
    assert len(with_receipt) == 1
