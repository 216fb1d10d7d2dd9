"""The local Stripe: banks that take money back, ask about it, or warn."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.stand_in.desk import DAY, Desk

FRAUD = "4000000000000259"
NOT_RECEIVED = "4000000000002685"
INQUIRY = "4000000000001976"
WARNED = "4000000000005423"


def disputes(desk: Desk, intent: str) -> Any:
    return desk.api.v1.disputes.list({"payment_intent": intent}).data


def disputed(desk: Desk, **more: Any) -> Any:
    """Return a dispute about a gift of 5.00, forced by control."""
    intent = desk.give()["payment_intent"]
    return desk.control("dispute", {"payment_intent": intent, **more})


def moved(desk: Desk, source: str) -> list[tuple[str, str, int, int]]:
    """Return what a source did to the balance: type, category, amount, fee; oldest first."""
    rows = desk.api.v1.balance_transactions.list({"source": source}).data
    return [(r.type, r.reporting_category, r.amount, r.fee) for r in reversed(rows)]


@pytest.mark.parametrize(
    ("card", "reason"), [(FRAUD, "fraudulent"), (NOT_RECEIVED, "product_not_received")]
)
def test_some_cards_dispute_right_after_the_payment(desk: Desk, card: str, reason: str) -> None:
    intent = desk.give(card=card)["payment_intent"]
    desk.control("advance", {"seconds": 1})
    (dispute,) = disputes(desk, intent)
    assert (dispute.status, dispute.reason, dispute.amount) == ("needs_response", reason, 500)
    assert desk.charge_of(intent).disputed
    assert dispute.evidence_details.due_by == dispute.created + 7 * DAY
    assert moved(desk, dispute.id) == [("adjustment", "dispute", -500, 2000)]
    assert [row.net for row in dispute.balance_transactions] == [-2500]
    told = [name for name in desk.types() if "dispute" in name]
    assert told == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]


def test_a_disputed_charge_cannot_be_refunded(desk: Desk) -> None:
    dispute = disputed(desk)
    with pytest.raises(stripe.InvalidRequestError) as locked:
        desk.api.v1.refunds.create({"charge": dispute["charge"]})
    assert locked.value.code == "charge_disputed"
    desk.control(f"disputes/{dispute['id']}/close", {"status": "lost"})
    with pytest.raises(stripe.InvalidRequestError):
        desk.api.v1.refunds.create({"payment_intent": dispute["payment_intent"]})


def test_a_won_dispute_brings_the_money_back_but_not_the_fee(desk: Desk) -> None:
    dispute = disputed(desk)
    desk.api.v1.disputes.update(
        dispute["id"], {"evidence": {"uncategorized_text": "They read us daily."}}
    )
    found = desk.api.v1.disputes.retrieve(dispute["id"])
    assert (found.status, found.evidence_details.submission_count) == ("under_review", 1)
    desk.control("advance", {"days": 60})
    assert desk.api.v1.disputes.retrieve(dispute["id"]).status == "under_review"
    desk.control(f"disputes/{dispute['id']}/close", {"status": "won"})
    assert moved(desk, dispute["id"]) == [
        ("adjustment", "dispute", -500, 2000),
        ("adjustment", "dispute_reversal", 500, 0),
    ]
    found = desk.api.v1.disputes.retrieve(dispute["id"])
    assert (found.status, len(found.balance_transactions)) == ("won", 2)
    assert [name for name in desk.types() if "dispute" in name] == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.updated",
        "charge.dispute.closed",
        "charge.dispute.funds_reinstated",
    ]
    assert desk.api.v1.refunds.create({"charge": dispute["charge"]}).amount == 500
    assert "error" in desk.control(f"disputes/{dispute['id']}/close", {"status": "lost"}, ok=False)


@pytest.mark.parametrize(
    ("words", "end"), [("winning_evidence", "won"), ("losing_evidence", "lost")]
)
def test_the_text_of_the_evidence_decides_as_in_stripes_test_mode(
    desk: Desk, words: str, end: str
) -> None:
    dispute = disputed(desk)
    evidence: Any = {"evidence": {"uncategorized_text": words}, "submit": False}
    staged = desk.api.v1.disputes.update(dispute["id"], evidence)
    assert (staged.status, staged.evidence_details.has_evidence) == ("needs_response", True)
    assert desk.api.v1.disputes.update(dispute["id"], {"submit": True}).status == "under_review"
    desk.control("advance", {"seconds": 1})
    assert desk.api.v1.disputes.retrieve(dispute["id"]).status == end
    with pytest.raises(stripe.InvalidRequestError):
        desk.api.v1.disputes.update(dispute["id"], {"evidence": {"customer_name": "Alice"}})


def test_a_dispute_without_answer_is_lost_after_a_week(desk: Desk) -> None:
    dispute = disputed(desk)
    desk.control("advance", {"to": dispute["created"] + 7 * DAY - 60})
    assert desk.api.v1.disputes.retrieve(dispute["id"]).status == "needs_response"
    desk.control("advance", {"seconds": 120})
    found = desk.api.v1.disputes.retrieve(dispute["id"])
    assert (found.status, found.evidence_details.past_due) == ("lost", True)
    assert desk.types()[-1] == "charge.dispute.closed"


def test_a_dispute_can_be_accepted(desk: Desk) -> None:
    dispute = disputed(desk, amount=200, reason="duplicate")
    assert desk.api.v1.disputes.close(dispute["id"]).status == "lost"
    assert moved(desk, dispute["id"]) == [("adjustment", "dispute", -200, 2000)]
    with pytest.raises(stripe.InvalidRequestError):
        desk.api.v1.disputes.close(dispute["id"])


def test_a_dispute_that_was_lost_may_be_won_on_appeal(desk: Desk) -> None:
    dispute = disputed(desk)
    desk.control(f"disputes/{dispute['id']}/close", {"status": "lost"})
    desk.control(f"disputes/{dispute['id']}/close", {"status": "won"})
    found = desk.api.v1.disputes.retrieve(dispute["id"])
    assert (found.status, [row.net for row in found.balance_transactions]) == ("won", [-2500, 500])
    assert desk.types()[-2:] == ["charge.dispute.closed", "charge.dispute.funds_reinstated"]
    assert "error" in desk.control(f"disputes/{dispute['id']}/close", {"status": "won"}, ok=False)


def test_a_dispute_that_was_won_may_be_lost_in_arbitration(desk: Desk) -> None:
    dispute = disputed(desk)
    for end in ("won", "lost"):
        desk.control(f"disputes/{dispute['id']}/close", {"status": end})
    assert moved(desk, dispute["id"]) == [
        ("adjustment", "dispute", -500, 2000),
        ("adjustment", "dispute_reversal", 500, 0),
        ("adjustment", "dispute", -500, 0),
    ]
    with pytest.raises(stripe.InvalidRequestError):
        desk.api.v1.refunds.create({"charge": dispute["charge"]})


def test_an_inquiry_moves_no_money_and_a_full_refund_ends_it(desk: Desk) -> None:
    intent = desk.give(card=INQUIRY)["payment_intent"]
    desk.control("advance", {"seconds": 1})
    (inquiry,) = disputes(desk, intent)
    assert (inquiry.status, inquiry.balance_transactions) == ("warning_needs_response", [])
    assert inquiry.is_charge_refundable
    assert moved(desk, inquiry.id) == []
    desk.api.v1.refunds.create({"payment_intent": intent, "amount": 100})
    assert desk.api.v1.disputes.retrieve(inquiry.id).status == "warning_needs_response"
    desk.api.v1.refunds.create({"payment_intent": intent})
    assert desk.api.v1.disputes.retrieve(inquiry.id).status == "warning_closed"


def test_an_inquiry_may_become_a_dispute_or_run_out(desk: Desk) -> None:
    first, second = disputed(desk, inquiry=True), disputed(desk, inquiry=True)
    told = desk.control(f"disputes/{first['id']}/escalate", {})
    assert (told["status"], len(told["balance_transactions"])) == ("needs_response", 1)
    assert desk.types()[-2:] == ["charge.dispute.updated", "charge.dispute.funds_withdrawn"]
    desk.control("advance", {"days": 121})
    assert desk.api.v1.disputes.retrieve(first["id"]).status == "lost"
    assert desk.api.v1.disputes.retrieve(second["id"]).status == "warning_closed"


def test_what_was_refunded_cannot_be_disputed(desk: Desk) -> None:
    intent = desk.give()["payment_intent"]
    desk.api.v1.refunds.create({"payment_intent": intent, "amount": 200})
    too_much = desk.control("dispute", {"payment_intent": intent, "amount": 301}, ok=False)
    assert too_much["error"]["param"] == "amount"
    assert desk.control("dispute", {"payment_intent": intent})["amount"] == 300
    again = desk.control("dispute", {"payment_intent": intent}, ok=False)
    assert again["error"]["param"] == "amount"


def test_the_fee_for_countering_comes_back_with_a_win(desk: Desk) -> None:
    desk.control("settings", {"dispute_fee": 1500, "dispute_countered_fee": 700})
    dispute = disputed(desk)
    assert dispute["balance_transactions"][0]["fee"] == 1500
    desk.api.v1.disputes.update(dispute["id"], {"evidence": {"customer_name": "Bob"}})
    desk.control(f"disputes/{dispute['id']}/close", {"status": "won"})
    fees = desk.api.v1.balance_transactions.list({"type": "stripe_fee"}).data
    assert [row.net for row in fees] == [700, -700]


def test_evidence_that_stripe_does_not_take_is_refused(desk: Desk) -> None:
    dispute = disputed(desk)
    unknown: Any = {"evidence": {"gossip": "?"}}
    with pytest.raises(stripe.InvalidRequestError) as wrong:
        desk.api.v1.disputes.update(dispute["id"], unknown)
    assert wrong.value.code == "parameter_unknown"
    with pytest.raises(stripe.InvalidRequestError) as missing:
        desk.api.v1.disputes.update(dispute["id"], {"evidence": {"receipt": "file_1"}})
    assert missing.value.code == "resource_missing"
    updated = desk.api.v1.disputes.update(dispute["id"], {"metadata": {"ref": "d1"}})
    assert (updated.status, updated.metadata["ref"]) == ("needs_response", "d1")


def test_a_warning_asks_for_a_refund_until_there_is_one(desk: Desk) -> None:
    intent = desk.give(card=WARNED)["payment_intent"]
    desk.control("advance", {"seconds": 1})
    (warning,) = desk.api.v1.radar.early_fraud_warnings.list({"payment_intent": intent}).data
    assert (warning.actionable, warning.charge) == (True, desk.charge_of(intent).id)
    desk.api.v1.refunds.create({"payment_intent": intent, "amount": 100})
    assert desk.api.v1.radar.early_fraud_warnings.retrieve(warning.id).actionable
    desk.api.v1.refunds.create({"payment_intent": intent})
    assert not desk.api.v1.radar.early_fraud_warnings.retrieve(warning.id).actionable
    told = [name for name in desk.types() if name.startswith("radar")]
    assert told == ["radar.early_fraud_warning.created", "radar.early_fraud_warning.updated"]


def test_a_dispute_takes_a_forced_warning_with_it(desk: Desk) -> None:
    intent = desk.give()["payment_intent"]
    warning = desk.control("fraud_warning", {"payment_intent": intent})
    desk.control("dispute", {"payment_intent": intent})
    assert not desk.api.v1.radar.early_fraud_warnings.retrieve(warning["id"]).actionable


def test_a_membership_goes_on_when_a_payment_is_disputed(desk: Desk) -> None:
    paid = desk.join(card=FRAUD)
    desk.control("advance", {"seconds": 1})
    assert desk.types().count("charge.dispute.created") == 1
    assert desk.subscription(paid["subscription"]).status == "active"
