"""The local Stripe at the till: cards, debits, gifts and what is refused."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import stripe

from tests.stand_in.desk import (
    DECLINED,
    OK,
    Desk,
)


def test_a_membership_is_paid_at_checkout_and_charged_the_standard_fee(desk: Desk) -> None:
    paid = desk.join()
    session = desk.api.v1.checkout.sessions.retrieve(
        paid["session"], {"expand": ["subscription.latest_invoice.payments", "line_items"]}
    )
    sub: Any = session.subscription
    assert (session.status, session.payment_status, session.payment_intent) == (
        "complete",
        "paid",
        None,
    )
    assert sub.status == "active"
    assert sub.metadata["ref"] == "m1"
    invoice = sub.latest_invoice
    assert invoice.parent.subscription_details.subscription == sub.id
    assert invoice.parent.subscription_details.metadata["ref"] == "m1"
    intent = desk.api.v1.payment_intents.retrieve(
        invoice.payments.data[0].payment.payment_intent,
        {"expand": ["latest_charge.balance_transaction"]},
    )
    charge: Any = intent.latest_charge
    assert charge.balance_transaction.fee == 28
    assert charge.balance_transaction.net == 171
    assert "ref" not in session.customer_details.to_dict() if session.customer_details else True


def test_an_intent_leads_back_to_its_invoice(desk: Desk) -> None:
    paid = desk.join()
    invoice = desk.api.v1.invoices.retrieve(paid["invoice"], {"expand": ["payments"]})
    assert invoice.payments is not None
    intent = str(invoice.payments.data[0].payment.payment_intent)
    query: Any = {"payment": {"type": "payment_intent", "payment_intent": intent}}
    assert desk.api.v1.invoice_payments.list(query).data[0].invoice == paid["invoice"]
    gift = desk.give()
    query["payment"]["payment_intent"] = gift["payment_intent"]
    assert desk.api.v1.invoice_payments.list(query).data == []


def test_a_gift_leaves_no_customer(desk: Desk) -> None:
    paid = desk.give()
    intent = desk.api.v1.payment_intents.retrieve(
        paid["payment_intent"], {"expand": ["latest_charge"]}
    )
    charge: Any = intent.latest_charge
    assert (paid["customer"], intent.customer, charge.customer) == (None, None, None)
    assert charge.metadata["ref"] == "g1"
    assert charge.billing_details.email == "bob@example.org"


def test_an_address_typed_twice_makes_two_customers(desk: Desk) -> None:
    assert desk.join()["customer"] != desk.join()["customer"]


def test_a_known_customer_is_reused_when_named(desk: Desk) -> None:
    first = desk.join()
    session = desk.open_membership(customer=first["customer"])
    again = desk.control(f"checkout/{session.id}/pay", {"card": OK})
    assert again["customer"] == first["customer"]


def test_a_declined_card_is_said_on_the_page_and_leaves_the_session_open(desk: Desk) -> None:
    session = desk.open_membership()
    status, body, _ = desk.page(session.url, {"card": DECLINED, "name": "Alice"})
    assert status == 402
    assert "Your card was declined." in body
    assert desk.api.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert desk.api.v1.subscriptions.list({"status": "all"}).data == []


def test_the_page_sends_the_payer_back_with_the_session_filled_in(desk: Desk) -> None:
    session = desk.open_membership()
    status, body, _ = desk.page(session.url)
    assert status == 200
    assert "not Stripe" in body
    status, _, location = desk.page(session.url, {"card": "4242 4242 4242 4242"})
    assert (status, location) == (303, f"http://127.0.0.1:1/thanks?cs={session.id}")
    assert "already been made" in desk.page(session.url)[1]


def test_terms_must_be_accepted_where_they_are_asked_for(desk: Desk) -> None:
    session = desk.open_membership(consent_collection={"terms_of_service": "required"})
    assert desk.page(session.url, {"card": OK})[0] == 400
    assert desk.page(session.url, {"card": OK, "terms": "yes"})[0] == 303
    consent = desk.api.v1.checkout.sessions.retrieve(session.id).consent
    assert consent is not None
    assert consent.terms_of_service == "accepted"


def test_a_bank_that_asks_is_answered_on_a_page_of_its_own(desk: Desk) -> None:
    session = desk.open_membership()
    _, _, asked = desk.page(session.url, {"card": "4000002500003155"})
    assert "/3ds/" in asked
    assert desk.page(asked, {"do": "fail"})[0] == 402
    _, _, asked = desk.page(session.url, {"card": "4000002500003155"})
    assert desk.page(asked, {"do": "complete"})[0] == 303
    assert desk.api.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_an_open_session_expires_by_the_clock(desk: Desk) -> None:
    session = desk.open_membership(expires_at=int(time.time()) + 3600)
    desk.control("advance", {"seconds": 3700})
    found = desk.api.v1.checkout.sessions.retrieve(session.id)
    assert (found.status, found.url) == ("expired", None)
    assert desk.types()[-1] == "checkout.session.expired"
    assert "expired" in desk.page(session.url)[1]


def test_a_caller_with_the_real_time_can_open_a_session_after_an_advance(desk: Desk) -> None:
    desk.control("advance", {"days": 400})
    session = desk.open_membership(expires_at=int(time.time()) + 3600)
    assert desk.page(session.url)[0] == 200
    desk.control("advance", {"seconds": 3700})
    assert desk.api.v1.checkout.sessions.retrieve(session.id).status == "expired"


def test_a_debit_completes_unpaid_and_is_paid_five_days_later(desk: Desk) -> None:
    paid = desk.join(iban="DE89370400440532013000")
    assert paid["payment_status"] == "unpaid"
    assert desk.subscription(paid["subscription"]).status == "active"
    charge = desk.api.v1.charges.list({"customer": paid["customer"]}).data[0]
    assert charge.id.startswith("py_")
    assert (charge.status, charge.balance_transaction) == ("pending", None)
    desk.control("advance", {"days": 5})
    session = desk.api.v1.checkout.sessions.retrieve(paid["session"])
    assert session.payment_status == "paid"
    assert desk.invoices(paid["subscription"])[0].status == "paid"
    assert "checkout.session.async_payment_succeeded" in desk.types()


def test_a_debit_can_come_back_unpaid(desk: Desk) -> None:
    paid = desk.join(iban="DE62370400440532013001")
    desk.control("advance", {"days": 5})
    assert desk.api.v1.checkout.sessions.retrieve(paid["session"]).payment_status == "unpaid"
    assert desk.subscription(paid["subscription"]).status == "past_due"
    assert {"checkout.session.async_payment_failed", "invoice.payment_failed"} <= set(desk.types())


def test_a_gift_by_debit_is_told_by_the_session_too(desk: Desk) -> None:
    paid = desk.give(iban="DE89370400440532013000")
    intent = desk.api.v1.payment_intents.retrieve(paid["payment_intent"])
    assert intent.status == "processing"
    with pytest.raises(stripe.InvalidRequestError):
        desk.api.v1.refunds.create({"payment_intent": intent.id})
    desk.control("advance", {"days": 5})
    assert "checkout.session.async_payment_succeeded" in desk.types()


def refused(call: Callable[[], Any]) -> Any:
    """Return the 400 that the call ends in."""
    with pytest.raises(stripe.InvalidRequestError) as gone:
        call()
    assert gone.value.http_status == 400
    return gone.value


def test_two_tabs_that_pay_at_once_pay_once(desk: Desk) -> None:
    session = desk.open_gift()
    with ThreadPoolExecutor(8) as tabs:
        answers = list(tabs.map(lambda _: desk.page(session.url, {"card": OK}), range(8)))
    assert sorted(status for status, _, _ in answers) == [200] * 7 + [303]
    assert all("already been made" in body for status, body, _ in answers if status == 200)
    assert len(desk.api.v1.charges.list().data) == 1


def test_a_declined_gift_is_tried_again_with_the_same_intent(desk: Desk) -> None:
    session = desk.open_gift()
    assert desk.page(session.url, {"card": DECLINED})[0] == 402
    intent = desk.api.v1.checkout.sessions.retrieve(session.id).payment_intent
    assert desk.page(session.url, {"card": OK})[0] == 303
    found = desk.api.v1.payment_intents.retrieve(str(intent))
    assert (found.status, found.amount_received) == ("succeeded", 500)
    assert len(desk.api.v1.charges.list({"payment_intent": str(intent)}).data) == 2


def test_a_gift_refused_at_the_bank_stays_open_and_leaves_no_charge(desk: Desk) -> None:
    session = desk.open_gift()
    _, _, asked = desk.page(session.url, {"card": "4000000000003220"})
    intent = str(desk.api.v1.checkout.sessions.retrieve(session.id).payment_intent)
    assert desk.api.v1.payment_intents.retrieve(intent).status == "requires_action"
    status, body, _ = desk.page(asked, {"do": "fail"})
    assert (status, 'data-testid="error"' in body, 'data-testid="pay"' in body) == (402, True, True)
    found = desk.api.v1.payment_intents.retrieve(intent)
    assert found.last_payment_error is not None
    assert found.last_payment_error.code == "payment_intent_authentication_failure"
    assert desk.api.v1.charges.list().data == []
    assert desk.api.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_whoever_leaves_the_bank_unanswered_comes_back_to_the_open_session(desk: Desk) -> None:
    session = desk.open_gift()
    _, _, asked = desk.page(session.url, {"card": "4000000000003220"})
    assert desk.page(asked, {"do": "abandon"})[2] == session.url
    assert desk.page(asked, {"do": "complete"})[0] == 303
    assert desk.api.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_a_bank_is_not_asked_for_a_session_that_another_tab_has_paid(desk: Desk) -> None:
    session = desk.open_gift()
    _, _, asked = desk.page(session.url, {"card": "4000000000003220"})
    assert desk.page(session.url, {"card": OK})[0] == 303
    assert "already been made" in desk.page(asked, {"do": "complete"})[1]
    assert [c.status for c in desk.api.v1.charges.list().data] == ["succeeded"]


def test_an_expired_session_is_gone_and_cancels_what_it_had_begun(desk: Desk) -> None:
    session = desk.open_gift(cancel_url="http://127.0.0.1:1/join")
    desk.page(session.url, {"card": DECLINED})
    desk.api.v1.checkout.sessions.expire(session.id)
    status, body, _ = desk.page(session.url)
    assert (status, 'href="http://127.0.0.1:1/join"' in body) == (410, True)
    assert desk.page(session.url, {"card": OK})[0] == 410
    intent = str(desk.api.v1.checkout.sessions.retrieve(session.id).payment_intent)
    assert desk.api.v1.payment_intents.retrieve(intent).status == "canceled"
    refused(lambda: desk.api.v1.checkout.sessions.expire(session.id))


def test_the_way_back_leaves_the_session_open(desk: Desk) -> None:
    session = desk.open_membership()
    body = desk.page(session.url)[1]
    assert 'href="http://127.0.0.1:1/join" data-testid="cancel"' in body
    assert desk.api.v1.checkout.sessions.retrieve(session.id).status == "open"
