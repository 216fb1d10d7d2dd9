"""The local Stripe: money back, and customers on clocks of their own."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.stand_in.desk import (
    Desk,
    unix,
)


def test_refunds_add_up_to_the_charge_and_no_further(desk: Desk) -> None:
    intent = desk.give()["payment_intent"]
    desk.api.v1.refunds.create({"payment_intent": intent, "amount": 200})
    desk.control("refund", {"payment_intent": intent, "amount": 100})
    with pytest.raises(stripe.InvalidRequestError):
        desk.api.v1.refunds.create({"payment_intent": intent, "amount": 201})
    desk.api.v1.refunds.create({"payment_intent": intent})
    charge = desk.api.v1.charges.list({"payment_intent": intent}).data[0]
    assert (charge.amount_refunded, charge.refunded) == (500, True)
    with pytest.raises(stripe.InvalidRequestError) as done:
        desk.api.v1.refunds.create({"payment_intent": intent})
    assert done.value.code == "charge_already_refunded"
    refunds = desk.api.v1.refunds.list({"payment_intent": intent}).data
    assert [r.amount for r in refunds] == [200, 100, 200]
    booked: Any = desk.api.v1.refunds.retrieve(refunds[0].id, {"expand": ["balance_transaction"]})
    assert (booked.balance_transaction.amount, booked.balance_transaction.type) == (-200, "refund")


@pytest.mark.parametrize(
    ("card", "first", "last"),
    [
        ("4000000000007726", "pending", "succeeded"),
        ("4000000000005126", "succeeded", "failed"),
    ],
)
def test_a_refund_may_change_its_mind(desk: Desk, card: str, first: str, last: str) -> None:
    intent = desk.give(card=card)["payment_intent"]
    refund = desk.api.v1.refunds.create({"payment_intent": intent})
    assert refund.status == first
    desk.control("advance", {"seconds": 3600})
    assert desk.api.v1.refunds.retrieve(refund.id).status == last
    charge = desk.api.v1.charges.list({"payment_intent": intent}).data[0]
    assert charge.amount_refunded == (0 if last == "failed" else 500)
    assert ("refund.failed" in desk.types()) == (last == "failed")


def test_a_failed_refund_brings_its_money_back(desk: Desk) -> None:
    intent = desk.give()["payment_intent"]
    refund = desk.api.v1.refunds.create({"payment_intent": intent, "amount": 200})
    told = desk.control(f"refunds/{refund.id}/fail", {})
    assert (told["status"], told["failure_reason"]) == ("failed", "expired_or_canceled_card")
    back = desk.api.v1.balance_transactions.retrieve(told["failure_balance_transaction"])
    assert (back.type, back.reporting_category, back.amount) == (
        "refund_failure",
        "refund_failure",
        200,
    )
    assert desk.charge_of(intent).amount_refunded == 0
    assert desk.api.v1.refunds.create({"payment_intent": intent}).amount == 500


def test_a_pending_refund_is_delivered_or_taken_back(desk: Desk) -> None:
    intent = desk.give(card="4000000000007726")["payment_intent"]
    first = desk.api.v1.refunds.create({"payment_intent": intent, "amount": 100})
    second = desk.api.v1.refunds.create({"payment_intent": intent, "amount": 150})
    with pytest.raises(stripe.InvalidRequestError):
        desk.api.v1.refunds.cancel(first.id)
    assert desk.control(f"refunds/{first.id}/succeed", {})["status"] == "succeeded"
    assert desk.control(f"refunds/{second.id}/cancel", {})["status"] == "canceled"
    for verb in ("succeed", "cancel"):
        assert desk.control(f"refunds/{second.id}/{verb}", {}, ok=False)["error"]
    assert desk.charge_of(intent).amount_refunded == 100
    desk.control("advance", {"days": 1})
    assert desk.api.v1.refunds.retrieve(second.id).status == "canceled"


def test_a_refund_carries_our_words_and_is_made_once(desk: Desk) -> None:
    charge = desk.charge_of(desk.give()["payment_intent"])
    asked: Any = {"charge": charge.id, "amount": 100, "reason": "duplicate"}
    key: Any = {"idempotency_key": "refund:1"}
    asked["metadata"] = {"ref": "r1"}
    refund = desk.api.v1.refunds.create(asked, key)
    assert desk.api.v1.refunds.create(asked, key).id == refund.id
    assert desk.charge_of(charge.payment_intent).amount_refunded == 100
    changed: Any = desk.api.v1.refunds.update(refund.id, {"metadata": {"ref": "r2"}})
    assert (changed.metadata["ref"], changed.reason) == ("r2", "duplicate")
    for wrong in ({"amount": 0}, {"amount": -5}, {"reason": "boredom"}, {"charge": "ch_none"}):
        with pytest.raises(stripe.InvalidRequestError):
            desk.api.v1.refunds.create(asked | wrong)


def test_a_declined_charge_cannot_be_refunded(desk: Desk) -> None:
    session = desk.open_gift()
    desk.control(f"checkout/{session.id}/pay", {"card": "4000000000000002"}, ok=False)
    charge = desk.api.v1.charges.list().data[0]
    assert charge.status == "failed"
    with pytest.raises(stripe.InvalidRequestError):
        desk.api.v1.refunds.create({"charge": charge.id})
    with pytest.raises(stripe.InvalidRequestError) as unpaid:
        desk.api.v1.refunds.create({"payment_intent": str(charge.payment_intent)})
    assert unpaid.value.code == "payment_intent_unexpected_state"


def test_a_customer_on_a_test_clock_lives_by_it_alone(desk: Desk) -> None:
    clock = desk.api.v1.test_helpers.test_clocks.create({"frozen_time": unix(2027, 1, 31)})
    customer = desk.api.v1.customers.create(
        {"email": "alice@example.org", "test_clock": clock.id, "payment_method": "pm_card_visa"}
    )
    methods = desk.api.v1.payment_methods.list({"customer": customer.id}).data
    price = desk.api.v1.prices.create(
        {
            "currency": "eur",
            "unit_amount": 199,
            "product": desk.product,
            "recurring": {"interval": "month"},
        }
    )
    sub = desk.api.v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": price.id}],
            "default_payment_method": methods[0].id,
        }
    )
    assert (sub.status, sub.created) == ("active", unix(2027, 1, 31))
    desk.control("advance", {"months": 3})
    assert len(desk.invoices(sub.id)) == 1
    told = desk.api.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": unix(2027, 3, 1)})
    assert told.status == "advancing"
    assert desk.api.v1.test_helpers.test_clocks.retrieve(clock.id).status == "ready"
    assert [i.status for i in desk.invoices(sub.id)] == ["paid", "paid"]
    desk.api.v1.test_helpers.test_clocks.delete(clock.id)
    assert desk.subscription(sub.id).status == "canceled"


def test_an_incomplete_membership_expires_after_23_hours(desk: Desk) -> None:
    customer = desk.api.v1.customers.create({"email": "charlie@example.org"})
    method = desk.api.v1.payment_methods.attach(
        "pm_card_chargeCustomerFail", {"customer": customer.id}
    )
    price: Any = {
        "currency": "eur",
        "unit_amount": 199,
        "product": desk.product,
        "recurring": {"interval": "month"},
    }
    sub = desk.api.v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price_data": price}],
            "default_payment_method": method.id,
        }
    )
    assert sub.status == "incomplete"
    desk.control("advance", {"seconds": 23 * 3600})
    assert desk.subscription(sub.id).status == "incomplete_expired"
    assert desk.invoices(sub.id)[0].status == "void"
    assert "customer.subscription.deleted" not in desk.types()


def test_a_card_that_is_always_declined_cannot_be_attached(desk: Desk) -> None:
    customer = desk.api.v1.customers.create({})
    with pytest.raises(stripe.CardError) as refused:
        desk.api.v1.payment_methods.attach("pm_card_chargeDeclined", {"customer": customer.id})
    assert refused.value.code == "card_declined"
