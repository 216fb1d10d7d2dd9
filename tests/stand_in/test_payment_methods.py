"""The local Stripe: customers and what they pay with."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.stand_in.desk import Desk


@pytest.fixture
def alice(desk: Desk) -> str:
    return desk.api.v1.customers.create({"email": "alice@example.org", "name": "Alice"}).id


def attached(desk: Desk, customer: str, name: str = "pm_card_visa") -> Any:
    return desk.api.v1.payment_methods.attach(name, {"customer": customer})


def test_methods_are_attached_listed_and_detached(desk: Desk, alice: str) -> None:
    first, second = attached(desk, alice), attached(desk, alice, "pm_card_mastercard")
    found = desk.api.v1.payment_methods.list({"customer": alice}).data
    assert [method.id for method in found] == [second.id, first.id]
    assert [method.card.brand for method in found if method.card] == ["mastercard", "visa"]
    of_alice = desk.api.v1.customers.payment_methods
    assert [m.id for m in of_alice.list(alice, {"type": "card"}).data] == [second.id, first.id]
    assert of_alice.list(alice, {"type": "sepa_debit"}).data == []
    assert of_alice.retrieve(alice, first.id).id == first.id
    assert desk.api.v1.payment_methods.detach(first.id).customer is None
    assert desk.types()[-1] == "payment_method.detached"
    with pytest.raises(stripe.InvalidRequestError):
        desk.api.v1.payment_methods.detach(first.id)
    with pytest.raises(stripe.InvalidRequestError):
        of_alice.retrieve(alice, first.id)
    with pytest.raises(stripe.InvalidRequestError):
        attached(desk, alice, first.id)
    bob = desk.api.v1.customers.create({}).id
    with pytest.raises(stripe.InvalidRequestError):
        attached(desk, bob, second.id)


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("pm_card_chargeDeclined", "card_declined"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
    ],
)
def test_a_bank_refuses_some_cards_when_they_are_saved(
    desk: Desk, alice: str, token: str, code: str
) -> None:
    with pytest.raises(stripe.CardError) as refused:
        attached(desk, alice, token)
    assert refused.value.code == code
    assert desk.api.v1.payment_methods.list({"customer": alice}).data == []


def test_the_default_is_read_back_and_goes_with_its_method(desk: Desk, alice: str) -> None:
    method = attached(desk, alice)
    other = desk.api.v1.customers.create({}).id
    default: Any = {"invoice_settings": {"default_payment_method": method.id}}
    with pytest.raises(stripe.InvalidRequestError):
        desk.api.v1.customers.update(other, default)
    desk.api.v1.customers.update(alice, default)
    found: Any = desk.api.v1.customers.retrieve(alice)
    assert found.invoice_settings.default_payment_method == method.id
    desk.api.v1.payment_methods.detach(method.id)
    found = desk.api.v1.customers.retrieve(alice)
    assert found.invoice_settings.default_payment_method is None


def test_a_membership_without_its_card_fails_at_renewal(desk: Desk) -> None:
    paid = desk.join()
    sub = desk.subscription(paid["subscription"])
    desk.api.v1.payment_methods.detach(sub.default_payment_method)
    assert desk.subscription(sub.id).default_payment_method is None
    desk.control("advance", {"months": 1, "days": 1})
    assert desk.subscription(sub.id).status == "past_due"


def test_the_network_renews_a_card(desk: Desk, alice: str) -> None:
    method = attached(desk, alice)
    told = desk.control(
        f"payment_methods/{method.id}/update", {"exp_month": 1, "exp_year": 2040, "last4": "0005"}
    )
    assert (told["card"]["exp_year"], told["card"]["last4"]) == (2040, "0005")
    event = desk.control("events?limit=5000")["data"][-1]
    assert event["type"] == "payment_method.automatically_updated"
    assert event["data"]["previous_attributes"]["card"]["exp_month"] == 12


def test_an_expired_card_fails_and_a_renewed_one_pays(desk: Desk) -> None:
    paid = desk.join()
    method = desk.subscription(paid["subscription"]).default_payment_method
    desk.control(f"payment_methods/{method}/update", {"exp_month": 1, "exp_year": 2020})
    desk.control("advance", {"months": 1, "days": 1})
    assert desk.subscription(paid["subscription"]).status == "past_due"
    charge = desk.api.v1.charges.list({"customer": paid["customer"], "limit": 1}).data[0]
    assert charge.failure_code == "expired_card"
    desk.control(f"payment_methods/{method}/update", {"exp_year": 2040})
    desk.control("advance", {"days": 3})
    assert desk.subscription(paid["subscription"]).status == "active"


def test_a_method_is_updated_only_when_saved(desk: Desk, alice: str) -> None:
    loose = desk.api.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})
    with pytest.raises(stripe.InvalidRequestError):
        desk.api.v1.payment_methods.update(loose.id, {"card": {"exp_month": 2}})
    attached(desk, alice, loose.id)
    changed = desk.api.v1.payment_methods.update(
        loose.id,
        {
            "card": {"exp_month": 2, "exp_year": 2041},
            "billing_details": {"name": "Alice"},
            "metadata": {"ref": "m"},
        },
    )
    assert changed.card is not None
    assert (changed.card.exp_month, changed.billing_details.name) == (2, "Alice")
    assert desk.types()[-1] == "payment_method.updated"
    with pytest.raises(stripe.InvalidRequestError):
        desk.api.v1.payment_methods.update(loose.id, {"card": {"exp_month": 13}})


def test_numbers_do_not_belong_in_requests(desk: Desk) -> None:
    number: Any = {"number": "4242424242424242", "exp_month": 1, "exp_year": 2040}
    with pytest.raises(stripe.StripeError, match="generally unsafe"):
        desk.api.v1.payment_methods.create({"type": "card", "card": number})
    with pytest.raises(stripe.InvalidRequestError) as wrong:
        desk.api.v1.payment_methods.create(
            {
                "type": "sepa_debit",
                "sepa_debit": {"iban": "DE00370400440532013000"},
                "billing_details": {"name": "Bob", "email": "bob@example.org"},
            }
        )
    assert wrong.value.code == "account_number_invalid"


def test_customers_are_found_by_address_and_changed(desk: Desk, alice: str) -> None:
    desk.api.v1.customers.create({"email": "bob@example.org"})
    found = desk.api.v1.customers.list({"email": "alice@example.org"}).data
    assert [customer.id for customer in found] == [alice]
    changed: Any = desk.api.v1.customers.update(
        alice,
        {"email": "alice@example.net", "metadata": {"ref": "c1"}, "preferred_locales": ["en"]},
    )
    assert (changed.email, changed.metadata["ref"]) == ("alice@example.net", "c1")
    event = desk.control("events?limit=5000")["data"][-1]
    assert event["data"]["previous_attributes"]["email"] == "alice@example.org"
    unmodelled: Any = {"cash_balance": {"settings": {"reconciliation_mode": "manual"}}}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        desk.api.v1.customers.update(alice, unmodelled)
    assert refused.value.code == "sandbox_not_modelled"


def test_a_deleted_customer_leaves_no_card_behind(desk: Desk, alice: str) -> None:
    method = attached(desk, alice)
    assert desk.api.v1.customers.delete(alice).deleted
    assert desk.api.v1.payment_methods.retrieve(method.id).customer is None
    assert desk.types()[-1] == "customer.deleted"
