"""The local Stripe: payments made over the API, without a hosted page."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.stand_in.desk import Desk

BACK = "http://127.0.0.1:1/back"


def pay(desk: Desk, method: str | None = "pm_card_visa", **more: Any) -> Any:
    """Create and confirm an intent of 5.00."""
    asked: Any = {"amount": 500, "currency": "eur", "confirm": True, **more}
    if method:
        asked["payment_method"] = method
    return desk.api.v1.payment_intents.create(asked)


def refused(desk: Desk, **more: Any) -> stripe.InvalidRequestError:
    """Return the error of an intent that cannot be made."""
    asked: Any = {"amount": 500, "currency": "eur", **more}
    with pytest.raises(stripe.InvalidRequestError) as wrong:
        desk.api.v1.payment_intents.create(asked)
    return wrong.value


def test_an_intent_is_made_then_confirmed(desk: Desk) -> None:
    intent = desk.api.v1.payment_intents.create({"amount": 50, "currency": "EUR"})
    assert (intent.status, intent.currency) == ("requires_payment_method", "eur")
    assert intent.payment_method_types == ["card", "sepa_debit"]
    with pytest.raises(stripe.InvalidRequestError) as without:
        desk.api.v1.payment_intents.confirm(intent.id)
    assert without.value.code == "payment_intent_unexpected_state"
    changed = desk.api.v1.payment_intents.update(
        intent.id, {"payment_method": "pm_card_visa", "amount": 75, "metadata": {"ref": "p1"}}
    )
    assert (changed.status, changed.amount) == ("requires_confirmation", 75)
    paid = desk.api.v1.payment_intents.confirm(intent.id)
    assert (paid.status, paid.amount_received, paid.metadata["ref"]) == ("succeeded", 75, "p1")
    assert desk.types() == [
        "product.created",
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
    ]
    with pytest.raises(stripe.InvalidRequestError) as again:
        desk.api.v1.payment_intents.confirm(intent.id)
    assert again.value.code == "payment_intent_unexpected_state"
    with pytest.raises(stripe.InvalidRequestError):
        desk.api.v1.payment_intents.cancel(intent.id)


def test_amounts_and_currencies_are_checked(desk: Desk) -> None:
    assert refused(desk, amount=49).code == "amount_too_small"
    assert refused(desk, amount=100_000_000).code == "amount_too_large"
    assert refused(desk, currency="usd").code == "sandbox_not_modelled"
    assert refused(desk, customer="cus_nobody").code == "resource_missing"
    assert refused(desk, payment_method="pm_nothing").code == "resource_missing"
    assert refused(desk, off_session=True).param == "off_session"
    assert refused(desk, capture_method="manual").code == "sandbox_not_modelled"
    assert refused(desk, payment_method_types=["card"]).code == (
        "payment_method_types_no_longer_supported"
    )
    assert desk.api.v1.payment_intents.list().data == []


def test_the_types_are_a_filter(desk: Desk) -> None:
    make: Any = desk.api.v1.payment_intents.create
    asked = {"amount": 500, "currency": "eur"}
    allowed = make({**asked, "allowed_payment_method_types": ["sepa_debit", "paypal"]})
    assert allowed.payment_method_types == ["sepa_debit"]
    excluded = make({**asked, "excluded_payment_method_types": ["sepa_debit"]})
    assert excluded.payment_method_types == ["card"]
    with pytest.raises(stripe.InvalidRequestError):
        desk.api.v1.payment_intents.confirm(allowed.id, {"payment_method": "pm_card_visa"})
    assert refused(desk, allowed_payment_method_types=["paypal"]).param is not None


def test_a_decline_tells_everything_and_leaves_the_intent_open(desk: Desk) -> None:
    with pytest.raises(stripe.CardError) as declined:
        pay(desk, "pm_card_visa_chargeDeclinedInsufficientFunds")
    error: Any = declined.value.error
    assert (error.code, error.decline_code) == ("card_declined", "insufficient_funds")
    intent = desk.api.v1.payment_intents.retrieve(error.payment_intent.id)
    assert (intent.status, intent.payment_method) == ("requires_payment_method", None)
    assert intent.last_payment_error is not None
    assert intent.last_payment_error.charge == error.charge == intent.latest_charge
    paid = desk.api.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert (paid.status, paid.last_payment_error) == ("succeeded", None)
    tries = desk.api.v1.charges.list({"payment_intent": intent.id}).data
    assert [charge.status for charge in tries] == ["succeeded", "failed"]


def test_a_bank_that_asks_sends_the_payer_to_a_page(desk: Desk) -> None:
    intent = pay(desk, "pm_card_authenticationRequired", return_url=BACK)
    assert (intent.status, intent.next_action.type) == ("requires_action", "redirect_to_url")
    assert intent.next_action.redirect_to_url.return_url == BACK
    assert intent.next_action.redirect_to_url.url == f"{desk.base}/3ds/{intent.id}"
    assert desk.types()[-1] == "payment_intent.requires_action"
    by_script = pay(desk, "pm_card_threeDSecure2Required")
    assert by_script.next_action.type == "use_stripe_sdk"
    assert desk.api.v1.payment_intents.cancel(intent.id).status == "canceled"


@pytest.mark.parametrize(
    ("pressed", "status", "last"),
    [
        ("complete", "succeeded", "payment_intent.succeeded"),
        ("fail", "requires_payment_method", "payment_intent.payment_failed"),
    ],
)
def test_what_the_payer_tells_their_bank_decides(
    desk: Desk, pressed: str, status: str, last: str
) -> None:
    intent = pay(desk, "pm_card_authenticationRequired", return_url=BACK)
    answer = desk.page(intent.next_action.redirect_to_url.url, {"do": pressed})
    assert pressed == "fail" or answer[2].startswith(BACK)
    found = desk.api.v1.payment_intents.retrieve(intent.id)
    assert (found.status, desk.types()[-1]) == (status, last)
    refused_by_payer = found.last_payment_error is not None
    assert refused_by_payer == (pressed == "fail")
    tries = desk.api.v1.charges.list({"payment_intent": intent.id}).data
    assert len(tries) == (1 if pressed == "complete" else 0)


def test_a_charge_can_be_labelled_afterwards(desk: Desk) -> None:
    charge = pay(desk).latest_charge
    changed = desk.api.v1.charges.update(
        charge, {"metadata": {"ref": "c"}, "fraud_details": {"user_report": "safe"}}
    )
    assert (changed.metadata["ref"], changed.amount) == ("c", 500)
    assert desk.types()[-1] == "charge.updated"


def test_off_session_a_bank_that_asks_declines(desk: Desk) -> None:
    with pytest.raises(stripe.CardError) as declined:
        pay(desk, "pm_card_authenticationRequired", off_session=True)
    assert declined.value.code == "authentication_required"
    with pytest.raises(stripe.CardError):
        pay(desk, "pm_card_authenticationRequired", error_on_requires_action=True)
    prepared = pay(desk, "pm_card_authenticationRequiredSetupForOffSession", off_session=True)
    assert prepared.status == "succeeded"


def test_a_card_can_be_saved_by_paying_and_charged_later(desk: Desk) -> None:
    customer = desk.api.v1.customers.create({"email": "bob@example.org"})
    first = pay(desk, customer=customer.id, setup_future_usage="off_session")
    methods = desk.api.v1.customers.payment_methods.list(customer.id).data
    assert [method.id for method in methods] == [first.payment_method]
    later = pay(desk, first.payment_method, customer=customer.id, off_session=True)
    assert later.status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError):
        pay(desk, first.payment_method)


def test_a_card_used_without_a_customer_is_used_up(desk: Desk) -> None:
    paid = pay(desk)
    with pytest.raises(stripe.InvalidRequestError):
        pay(desk, paid.payment_method)
    customer = desk.api.v1.customers.create({})
    with pytest.raises(stripe.InvalidRequestError):
        desk.api.v1.payment_methods.attach(paid.payment_method, {"customer": customer.id})


def test_cancelling_needs_a_reason_that_stripe_knows(desk: Desk) -> None:
    intent = desk.api.v1.payment_intents.create({"amount": 500, "currency": "eur"})
    wrong: Any = {"cancellation_reason": "bored"}
    with pytest.raises(stripe.InvalidRequestError):
        desk.api.v1.payment_intents.cancel(intent.id, wrong)
    done = desk.api.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
    assert (done.status, done.cancellation_reason) == ("canceled", "abandoned")
    assert desk.types()[-1] == "payment_intent.canceled"


def test_intents_of_pages_and_invoices_are_not_cancelled_by_hand(desk: Desk) -> None:
    desk.join_then_fail()
    desk.control("advance", {"months": 1, "days": 1})
    declined = desk.open_gift()
    desk.control(f"checkout/{declined.id}/pay", {"card": "4000000000000002"}, ok=False)
    found = desk.api.v1.payment_intents.list({"limit": 2}).data
    assert [intent.status for intent in found] == ["requires_payment_method"] * 2
    for intent in found:
        with pytest.raises(stripe.InvalidRequestError):
            desk.api.v1.payment_intents.cancel(intent.id)


def test_the_intent_of_an_invoice_can_be_paid_directly(desk: Desk) -> None:
    paid = desk.join_then_fail()
    desk.control("advance", {"months": 1, "days": 1})
    intent = desk.api.v1.payment_intents.list({"customer": paid["customer"], "limit": 1}).data[0]
    method = desk.api.v1.payment_methods.attach("pm_card_visa", {"customer": paid["customer"]})
    desk.api.v1.payment_intents.confirm(intent.id, {"payment_method": method.id})
    assert desk.invoices(paid["subscription"])[0].status == "paid"
    assert desk.subscription(paid["subscription"]).status == "active"


def test_one_key_pays_once(desk: Desk) -> None:
    asked: Any = {"amount": 500, "currency": "eur", "payment_method": "pm_card_visa"}
    asked["confirm"] = True
    key: Any = {"idempotency_key": "gift:1"}
    first = desk.api.v1.payment_intents.create(asked, key)
    assert desk.api.v1.payment_intents.create(asked, key).id == first.id
    assert len(desk.api.v1.charges.list().data) == 1


@pytest.mark.parametrize("kind", ["payment_intents", "charges", "customers"])
def test_search_is_refused_loudly(desk: Desk, kind: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as wrong:
        getattr(desk.api.v1, kind).search({"query": "metadata['ref']:'p1'"})
    assert wrong.value.code == "sandbox_not_modelled"


@pytest.mark.parametrize(
    ("token", "code", "decline"),
    [
        ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error"),
        ("pm_card_chargeCustomerFail", "card_declined", "generic_decline"),
        ("pm_card_radarBlock", "card_declined", "fraudulent"),
    ],
)
def test_test_cards_decline_as_stripe_says(desk: Desk, token: str, code: str, decline: str) -> None:
    with pytest.raises(stripe.CardError) as declined:
        pay(desk, token)
    error: Any = declined.value.error
    assert (error.code, error.decline_code) == (code, decline)


def test_a_card_that_fails_later_declines_in_checkout_too(desk: Desk) -> None:
    session = desk.open_membership()
    told = desk.control(f"checkout/{session.id}/pay", {"card": "4000000000000341"}, ok=False)
    assert told["error"]["code"] == "card_declined"
