"""The local Stripe: SEPA debits, which take days and may come back."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.stand_in.desk import DAY, Desk

GOOD = "DE89370400440532013000"
SLOW = "DE08370400440532013003"
BAD = "DE62370400440532013001"
BAD_LATE = "DE78370400440532013004"
DISPUTED = "DE35370400440532013002"
POOR = "DE65370400440002222227"
TOO_MUCH = "DE65370400440000343434"


def intent_of(desk: Desk, paid: Any) -> Any:
    return desk.api.v1.payment_intents.retrieve(paid["payment_intent"])


def types_of(desk: Desk) -> list[str]:
    """Return what happened to the balance, oldest first."""
    rows = desk.api.v1.balance_transactions.list({"limit": 100}).data
    return [row.type for row in reversed(rows)]


def test_a_debit_is_processing_for_days_and_then_paid(desk: Desk) -> None:
    paid = desk.give(iban=GOOD)
    charge = desk.charge_of(paid["payment_intent"])
    assert (charge.status, charge.balance_transaction) == ("pending", None)
    with pytest.raises(stripe.InvalidRequestError):
        desk.api.v1.refunds.create({"payment_intent": paid["payment_intent"]})
    with pytest.raises(stripe.InvalidRequestError):
        desk.api.v1.refunds.create({"charge": charge.id})
    desk.control("advance", {"days": 4})
    assert intent_of(desk, paid).status == "processing"
    desk.control("advance", {"days": 1})
    assert intent_of(desk, paid).status == "succeeded"
    charge = desk.charge_of(paid["payment_intent"])
    row = desk.api.v1.balance_transactions.retrieve(charge.balance_transaction)
    assert charge.id.startswith("py_")
    assert (row.type, row.reporting_category, row.fee, row.net) == ("payment", "charge", 35, 465)


@pytest.mark.parametrize(
    ("iban", "seconds", "status", "code"),
    [
        (GOOD, 1, "succeeded", None),
        (SLOW, 1, "processing", None),
        (SLOW, 180, "succeeded", None),
        (BAD, 1, "requires_payment_method", "debit_not_authorized"),
        (BAD_LATE, 1, "processing", None),
        (BAD_LATE, 180, "requires_payment_method", "debit_not_authorized"),
        (POOR, 1, "requires_payment_method", "insufficient_funds"),
        (TOO_MUCH, 1, "requires_payment_method", "charge_exceeds_source_limit"),
    ],
)
def test_stripes_test_accounts_do_what_stripe_says(
    desk: Desk, iban: str, seconds: int, status: str, code: str | None
) -> None:
    desk.control("settings", {"sepa_days": 0})
    paid = desk.give(iban=iban)
    desk.control("advance", {"seconds": seconds})
    intent = intent_of(desk, paid)
    assert intent.status == status
    assert desk.charge_of(intent.id).failure_code == code
    assert (intent.last_payment_error is None) == (code is None)


def test_a_disputed_debit_is_lost_at_once(desk: Desk) -> None:
    paid = desk.give(iban=DISPUTED)
    desk.control("advance", {"days": 6})
    (dispute,) = desk.api.v1.disputes.list({"payment_intent": paid["payment_intent"]}).data
    assert (dispute.status, dispute.reason) == ("lost", "debit_not_authorized")
    assert not dispute.is_charge_refundable
    assert [name for name in desk.types() if "dispute" in name] == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.closed",
    ]
    assert types_of(desk) == ["payment", "adjustment"]
    with pytest.raises(stripe.InvalidRequestError):
        desk.api.v1.disputes.update(dispute.id, {"evidence": {"customer_name": "Bob"}})
    assert "error" in desk.control(f"disputes/{dispute.id}/close", {"status": "won"}, ok=False)


def settled(desk: Desk) -> Any:
    """Return the charge of a debit that has succeeded."""
    paid = desk.give(iban=GOOD)
    desk.control("advance", {"days": 5})
    return desk.charge_of(paid["payment_intent"])


def test_a_refunded_debit_that_comes_back_is_lost_twice(desk: Desk) -> None:
    charge = settled(desk)
    refund = desk.api.v1.refunds.create({"charge": charge.id})
    assert refund.id.startswith("pyr_")
    told = desk.control(f"debits/{charge.id}/return", {"reason": "insufficient_funds"})
    assert (told["object"], told["status"], told["amount"]) == ("dispute", "lost", 500)
    assert types_of(desk) == ["payment", "payment_refund", "adjustment"]
    rows = desk.api.v1.balance_transactions.list({"limit": 100}).data
    assert sum(row.amount for row in rows) == -500


def test_a_debit_may_fail_after_it_had_succeeded(desk: Desk) -> None:
    charge = settled(desk)
    told = desk.control(
        f"debits/{charge.id}/return", {"as_failure": True, "reason": "insufficient_funds"}
    )
    assert (told["status"], told["paid"], told["failure_code"]) == (
        "failed",
        False,
        "insufficient_funds",
    )
    row = desk.api.v1.balance_transactions.retrieve(told["failure_balance_transaction"])
    assert (row.type, row.reporting_category, row.amount) == (
        "payment_failure_refund",
        "charge_failure",
        -500,
    )
    intent = desk.api.v1.payment_intents.retrieve(charge.payment_intent)
    assert (intent.status, intent.amount_received) == ("requires_payment_method", 0)
    assert desk.types()[-2:] == ["charge.failed", "payment_intent.payment_failed"]
    again = desk.control(f"debits/{charge.id}/return", {}, ok=False)
    assert "failed" in again["error"]["message"]


@pytest.mark.parametrize(("iban", "arrives"), [(GOOD, True), (BAD, False)])
def test_a_debit_may_be_booked_as_it_is_made_and_booked_back(
    desk: Desk, iban: str, arrives: bool
) -> None:
    desk.control("settings", {"sepa_booked": "made"})
    paid = desk.give(iban=iban)
    charge = desk.charge_of(paid["payment_intent"])
    row = desk.api.v1.balance_transactions.retrieve(charge.balance_transaction)
    assert (charge.status, row.created, row.status) == ("pending", charge.created, "pending")
    desk.control("advance", {"days": 6})
    back = "" if arrives else "payment_failure_refund"
    assert types_of(desk)[:2] == ["payment", back or "payout"]
    charge = desk.charge_of(paid["payment_intent"])
    assert (charge.failure_balance_transaction is None) is arrives


def test_only_debits_come_back_so(desk: Desk) -> None:
    charge = desk.charge_of(desk.give()["payment_intent"])
    assert "SEPA" in desk.control(f"debits/{charge.id}/return", {}, ok=False)["error"]["message"]


def test_a_withdrawn_mandate_makes_the_next_debit_fail(desk: Desk) -> None:
    paid = desk.join(iban=GOOD)
    desk.control("advance", {"days": 6})
    charge = desk.api.v1.charges.list({"customer": paid["customer"]}).data[0]
    details: Any = charge.payment_method_details
    mandate = desk.api.v1.mandates.retrieve(details.sepa_debit.mandate)
    assert (mandate.status, mandate.payment_method) == ("active", charge.payment_method)
    desk.control("advance", {"months": 1})
    charges = desk.api.v1.charges.list({"customer": paid["customer"]}).data
    assert {c.payment_method_details.sepa_debit.mandate for c in charges} == {mandate.id}  # type: ignore[union-attr] # SDK types are optional
    desk.control(f"mandates/{mandate.id}/inactivate", {})
    assert desk.types()[-1] == "mandate.updated"
    desk.control("advance", {"months": 1})
    assert desk.api.v1.mandates.retrieve(mandate.id).status == "inactive"
    latest = desk.api.v1.charges.list({"customer": paid["customer"], "limit": 1}).data[0]
    assert (latest.status, latest.failure_code) == ("failed", "debit_not_authorized")
    assert desk.subscription(paid["subscription"]).status == "past_due"


def test_a_debit_over_the_api_needs_a_mandate(desk: Desk) -> None:
    customer = desk.api.v1.customers.create({"email": "bob@example.org"})
    method = desk.api.v1.payment_methods.create(
        {
            "type": "sepa_debit",
            "sepa_debit": {"iban": "DE89 3704 0044 0532 0130 00"},
            "billing_details": {"name": "Bob", "email": "bob@example.org"},
        }
    )
    asked: Any = {
        "amount": 2388,
        "currency": "eur",
        "customer": customer.id,
        "payment_method": method.id,
        "setup_future_usage": "off_session",
        "confirm": True,
    }
    with pytest.raises(stripe.InvalidRequestError) as without:
        desk.api.v1.payment_intents.create(asked)
    assert without.value.code == "payment_intent_mandate_invalid"
    online = {"type": "online", "online": {"ip_address": "127.0.0.1", "user_agent": "test"}}
    accepted: Any = asked | {"mandate_data": {"customer_acceptance": online}}
    intent = desk.api.v1.payment_intents.create(accepted)
    assert intent.status == "processing"
    desk.control("advance", {"days": 5})
    off: Any = {**asked, "off_session": True}
    del off["setup_future_usage"]
    assert desk.api.v1.payment_intents.create(off).status == "processing"


def test_a_debit_is_sent_days_before_its_money_can_be_paid_out(desk: Desk) -> None:
    charge = settled(desk)
    row = desk.api.v1.balance_transactions.retrieve(charge.balance_transaction)
    assert row.available_on % DAY == 0
    assert row.status == "pending"
    desk.control("advance", {"days": 8})
    assert desk.api.v1.balance_transactions.retrieve(row.id).status == "available"
