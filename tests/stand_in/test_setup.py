"""The local Stripe saving means of payment: setup intents, and Checkout in setup mode."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.stand_in.desk import DECLINED, FAILS_LATER, OK, Desk

ASKS = "pm_card_threeDSecure2Required"


@pytest.fixture
def alice(desk: Desk) -> str:
    return desk.api.v1.customers.create({"email": "alice@example.org"}).id


def intent(desk: Desk, ident: str) -> Any:
    return desk.api.v1.setup_intents.retrieve(ident)


def open_setup(desk: Desk, **asked: Any) -> Any:
    params: Any = {
        "mode": "setup",
        "currency": "eur",
        "success_url": "http://127.0.0.1:1/saved?cs={CHECKOUT_SESSION_ID}",
        **asked,
    }
    return desk.api.v1.checkout.sessions.create(params)


def test_a_card_is_prepared_and_belongs_to_the_customer(desk: Desk, alice: str) -> None:
    made = desk.api.v1.setup_intents.create({"customer": alice, "metadata": {"ref": "s1"}})
    assert (made.status, made.usage) == ("requires_payment_method", "off_session")
    done = desk.api.v1.setup_intents.confirm(made.id, {"payment_method": "pm_card_visa"})
    assert done.status == "succeeded"
    kept = desk.api.v1.payment_methods.list({"customer": alice}).data
    assert [method.id for method in kept] == [done.payment_method]
    assert desk.types()[-3:] == [
        "setup_intent.created",
        "payment_method.attached",
        "setup_intent.succeeded",
    ]
    assert desk.api.v1.charges.list().data == []


def test_it_can_be_confirmed_while_it_is_made(desk: Desk, alice: str) -> None:
    asked: Any = {"customer": alice, "confirm": True, "payment_method": "pm_card_visa"}
    assert desk.api.v1.setup_intents.create(asked).status == "succeeded"
    guest: Any = {"confirm": True, "payment_method": "pm_card_visa"}
    made = desk.api.v1.setup_intents.create(guest)
    method = desk.api.v1.payment_methods.retrieve(str(made.payment_method))
    assert (made.status, method.customer) == ("succeeded", None)


def test_a_card_that_its_bank_refuses_is_told_with_the_reason(desk: Desk, alice: str) -> None:
    made = desk.api.v1.setup_intents.create({"customer": alice})
    with pytest.raises(stripe.CardError) as declined:
        desk.api.v1.setup_intents.confirm(made.id, {"payment_method": "pm_card_chargeDeclined"})
    assert (declined.value.http_status, declined.value.code) == (402, "card_declined")
    found = intent(desk, made.id)
    assert (found.status, found.last_setup_error.code) == (
        "requires_payment_method",
        "card_declined",
    )
    assert desk.types()[-1] == "setup_intent.setup_failed"


@pytest.mark.parametrize(
    ("press", "told", "status"),
    [("complete", "succeeded", "succeeded"), ("fail", "failed", "requires_payment_method")],
)
def test_a_bank_that_asks_sends_the_payer_back_with_its_answer(
    desk: Desk, alice: str, press: str, told: str, status: str
) -> None:
    asked: Any = {
        "customer": alice,
        "confirm": True,
        "payment_method": ASKS,
        "return_url": "http://127.0.0.1:1/back?a=1",
    }
    made = desk.api.v1.setup_intents.create(asked)
    assert made.status == "requires_action"
    assert made.next_action is not None
    assert made.next_action.redirect_to_url is not None
    page = str(made.next_action.redirect_to_url.url)
    assert "Is this you?" in desk.page(page)[1]
    left = desk.page(page, {"do": "abandon"})
    assert (left[0], intent(desk, made.id).status) == (303, "requires_action")
    _, _, back = desk.page(page, {"do": press})
    assert back.startswith(f"http://127.0.0.1:1/back?a=1&setup_intent={made.id}&")
    assert back.endswith(f"&redirect_status={told}")
    assert intent(desk, made.id).status == status
    assert "Nothing to confirm" in desk.page(page, {"do": press})[1]


def test_a_card_that_was_set_up_is_not_asked_about_off_session(desk: Desk, alice: str) -> None:
    asked: Any = {"customer": alice, "confirm": True, "payment_method": ASKS}
    made = desk.api.v1.setup_intents.create(asked)
    desk.control(f"3ds/{made.id}", {"ok": True})
    method = str(intent(desk, made.id).payment_method)
    price: Any = {
        "currency": "eur",
        "unit_amount": 199,
        "product": desk.product,
        "recurring": {"interval": "month"},
    }
    sub = desk.api.v1.subscriptions.create(
        {"customer": alice, "default_payment_method": method, "items": [{"price_data": price}]}
    )
    assert sub.status == "active"


def test_an_account_is_prepared_with_a_mandate(desk: Desk, alice: str) -> None:
    asked: Any = {
        "customer": alice,
        "confirm": True,
        "payment_method_data": {
            "type": "sepa_debit",
            "sepa_debit": {"iban": "DE89370400440532013000"},
            "billing_details": {"name": "Alice", "email": "alice@example.org"},
        },
    }
    made = desk.api.v1.setup_intents.create(asked)
    assert made.status == "succeeded"
    assert desk.api.v1.mandates.retrieve(str(made.mandate)).status == "active"


def test_an_intent_can_be_changed_and_canceled_until_it_is_over(desk: Desk, alice: str) -> None:
    service = desk.api.v1.setup_intents
    made = service.create({"description": "one"})
    changed = service.update(
        made.id, {"customer": alice, "description": "two", "payment_method": "pm_card_visa"}
    )
    assert (changed.description, changed.status) == ("two", "requires_confirmation")
    over = service.cancel(made.id, {"cancellation_reason": "abandoned"})
    assert (over.status, over.cancellation_reason) == ("canceled", "abandoned")
    for verb in (service.cancel, service.confirm, service.update):
        with pytest.raises(stripe.InvalidRequestError) as wrong:
            verb(made.id)
        assert wrong.value.code == "setup_intent_unexpected_state"


def test_intents_are_listed_by_customer_and_method(desk: Desk, alice: str) -> None:
    asked: Any = {"customer": alice, "confirm": True, "payment_method": "pm_card_visa"}
    made = desk.api.v1.setup_intents.create(asked)
    desk.api.v1.setup_intents.create()
    for query in ({"customer": alice}, {"payment_method": str(made.payment_method)}):
        narrowed: Any = query
        assert [i.id for i in desk.api.v1.setup_intents.list(narrowed).data] == [made.id]
    assert len(desk.api.v1.setup_intents.list().data) == 2


def test_a_method_of_somebody_else_cannot_be_set_up(desk: Desk, alice: str) -> None:
    paid = desk.join()
    theirs = desk.api.v1.payment_methods.list({"customer": paid["customer"]}).data[0].id
    made = desk.api.v1.setup_intents.create({"customer": alice})
    with pytest.raises(stripe.InvalidRequestError):
        desk.api.v1.setup_intents.confirm(made.id, {"payment_method": theirs})
    with pytest.raises(stripe.InvalidRequestError):
        desk.api.v1.setup_intents.confirm(made.id)


@pytest.mark.parametrize(
    "asked",
    [
        {"flow_directions": ["inbound"]},
        {"attach_to_self": True},
        {"single_use": {"amount": 100, "currency": "eur"}},
        {"payment_method_data": {"type": "klarna"}},
    ],
)
def test_what_is_not_modelled_is_refused_loudly(desk: Desk, asked: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError) as wrong:
        desk.api.v1.setup_intents.create(asked)
    assert wrong.value.code == "sandbox_not_modelled"


def test_checkout_saves_a_card_and_changes_no_default(desk: Desk, alice: str) -> None:
    session = open_setup(desk, customer=alice, setup_intent_data={"metadata": {"ref": "s1"}})
    assert (session.payment_status, session.amount_total) == ("no_payment_required", None)
    assert intent(desk, session.setup_intent).customer == alice
    body = desk.page(session.url)[1]
    assert "Nothing is charged now" in body
    status, _, location = desk.page(session.url, {"card": OK})
    assert (status, location) == (303, f"http://127.0.0.1:1/saved?cs={session.id}")
    found = intent(desk, session.setup_intent)
    assert (found.status, found.metadata["ref"]) == ("succeeded", "s1")
    method = desk.api.v1.payment_methods.retrieve(found.payment_method)
    assert (method.customer, method.allow_redisplay) == (alice, "limited")
    settings = desk.api.v1.customers.retrieve(alice).invoice_settings
    assert settings is not None
    assert settings.default_payment_method is None
    assert desk.types()[-2:] == ["setup_intent.succeeded", "checkout.session.completed"]
    assert "already been saved" in desk.page(session.url)[1]


def test_checkout_saves_a_card_that_fails_only_when_it_is_charged(desk: Desk, alice: str) -> None:
    session = open_setup(desk, customer=alice)
    assert desk.page(session.url, {"card": DECLINED})[0] == 402
    assert intent(desk, session.setup_intent).status == "requires_payment_method"
    assert desk.page(session.url, {"card": FAILS_LATER})[0] == 303


def test_checkout_lets_the_bank_ask_before_it_saves(desk: Desk, alice: str) -> None:
    session = open_setup(desk, customer=alice)
    _, _, asked = desk.page(session.url, {"card": "4000000000003220"})
    assert "saving these payment details" in desk.page(asked)[1]
    assert desk.page(asked, {"do": "fail"})[0] == 402
    assert intent(desk, session.setup_intent).status == "requires_payment_method"
    told = desk.control(f"checkout/{session.id}/pay", {"card": "4000000000003220"})
    assert told["status"] == "requires_action"
    assert desk.control(f"3ds/{session.id}", {"ok": True})["status"] == "complete"
    assert intent(desk, session.setup_intent).status == "succeeded"


def test_a_setup_session_makes_a_customer_only_when_asked_to(desk: Desk) -> None:
    for asked, count in (({}, 0), ({"customer_creation": "always"}, 1)):
        session = open_setup(desk, customer_email="bob@example.org", **asked)
        desk.control(f"checkout/{session.id}/pay", {"card": OK})
        assert len(desk.api.v1.customers.list().data) == count


def test_an_expired_setup_session_cancels_its_intent(desk: Desk) -> None:
    session = open_setup(desk)
    for verb in (desk.api.v1.setup_intents.cancel, desk.api.v1.setup_intents.confirm):
        with pytest.raises(stripe.InvalidRequestError, match="Checkout Session"):
            verb(session.setup_intent)
    desk.control(f"checkout/{session.id}/expire", {})
    assert intent(desk, session.setup_intent).status == "canceled"


@pytest.mark.parametrize(
    "asked",
    [
        {"currency": ""},
        {"submit_type": "pay"},
        {"line_items": [{"price": "price_1", "quantity": 1}]},
        {"saved_payment_method_options": {"payment_method_save": "enabled"}},
        {"payment_intent_data": {"description": "x"}},
    ],
)
def test_setup_mode_refuses_what_belongs_to_other_modes(desk: Desk, asked: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        open_setup(desk, **asked)
