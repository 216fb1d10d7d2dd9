"""The local Stripe: the balance, its fees, and payouts with the rows they consist of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.stand_in.desk import DAY, Desk, open_desk, start, stop, unix


@pytest.fixture
def desk(running: Desk) -> Desk:
    """A desk at noon: money becomes available at midnight and leaves an hour later."""
    running.reset()
    running.control("clock", {"now": unix(2027, 3, 3)})
    return running


def rows_of(desk: Desk, payout: str) -> Any:
    return list(desk.api.v1.balance_transactions.list({"payout": payout}).auto_paging_iter())


def payouts(desk: Desk) -> Any:
    """Return all payouts, oldest first."""
    return list(reversed(desk.api.v1.payouts.list({"limit": 100}).data))


def balance(desk: Desk) -> tuple[int, int]:
    """Return what can be paid out and what waits, in cents."""
    told = desk.api.v1.balance.retrieve()
    return told.available[0].amount, told.pending[0].amount


def test_money_waits_a_week_and_then_goes_to_the_bank(desk: Desk) -> None:
    desk.give()
    desk.give()
    assert balance(desk) == (0, 934)
    desk.control("advance", {"days": 7})
    assert payouts(desk)[0].status == "in_transit"
    assert balance(desk) == (0, 0)
    desk.control("advance", {"days": 3})
    (payout,) = payouts(desk)
    assert (payout.amount, payout.status, payout.automatic) == (934, "paid", True)
    told = [name for name in desk.types() if name.startswith(("payout", "balance"))]
    assert told == [
        "balance.available",
        "payout.created",
        "payout.updated",
        "payout.reconciliation_completed",
        "payout.paid",
    ]


def test_a_payout_lists_exactly_its_rows_and_its_own(desk: Desk) -> None:
    first = desk.give()["payment_intent"]
    desk.control("advance", {"days": 10})
    second = desk.give()["payment_intent"]
    refund = desk.api.v1.refunds.create({"payment_intent": first, "amount": 100})
    desk.control("advance", {"days": 10})
    one, two = payouts(desk)
    assert [(r.type, r.source) for r in rows_of(desk, one.id)] == [
        ("payout", one.id),
        ("charge", desk.charge_of(first).id),
    ]
    assert [(r.type, r.source) for r in rows_of(desk, two.id)] == [
        ("payout", two.id),
        ("refund", refund.id),
        ("charge", desk.charge_of(second).id),
    ]
    assert (one.amount, two.amount) == (467, 367)
    for payout in (one, two):
        assert sum(row.net for row in rows_of(desk, payout.id)) == 0
    expanded: Any = desk.api.v1.balance_transactions.list(
        {"payout": two.id, "expand": ["data.source"]}
    )
    assert [row.source.object for row in expanded.data] == ["payout", "refund", "charge"]


def test_nothing_is_paid_out_of_a_negative_balance(desk: Desk) -> None:
    intent = desk.give()["payment_intent"]
    desk.control("advance", {"days": 10})
    desk.control("dispute", {"payment_intent": intent})
    desk.control("advance", {"days": 5})
    assert len(payouts(desk)) == 1
    assert balance(desk) == (-2500, 0)
    for _ in range(6):
        desk.give()
    desk.control("advance", {"days": 10})
    assert payouts(desk)[1].amount == 6 * 467 - 2500
    assert [r.type for r in rows_of(desk, payouts(desk)[1].id)].count("adjustment") == 1


def test_a_failed_payout_is_paid_out_again(desk: Desk) -> None:
    desk.give()
    desk.control("advance", {"days": 10})
    failed = desk.control(f"payouts/{payouts(desk)[0].id}/fail", {})
    assert (failed["status"], failed["failure_code"]) == ("failed", "account_closed")
    assert desk.types()[-1] == "payout.failed"
    assert balance(desk) == (467, 0)
    back = desk.api.v1.balance_transactions.retrieve(failed["failure_balance_transaction"])
    assert (back.type, back.net, back.reporting_category) == (
        "payout_failure",
        467,
        "payout_reversal",
    )
    desk.control("advance", {"days": 4})
    again = payouts(desk)[1]
    assert (again.amount, again.status) == (467, "paid")
    assert [row.type for row in rows_of(desk, again.id)] == ["payout", "payout_failure"]
    assert desk.control(f"payouts/{failed['id']}/fail", {}, ok=False)["error"]


def test_a_weekly_payout_leaves_on_mondays(desk: Desk) -> None:
    desk.control("settings", {"payouts": "weekly"})
    for _ in range(4):
        desk.give()
        desk.control("advance", {"days": 2})
    desk.control("advance", {"days": 16})
    days = {payout.created // DAY % 7 for payout in payouts(desk)}
    assert days == {4}
    assert sum(payout.amount for payout in payouts(desk)) == 4 * 467


def test_payouts_by_hand(desk: Desk) -> None:
    asked: Any = {"amount": 300, "currency": "eur"}
    with pytest.raises(stripe.InvalidRequestError) as beside:
        desk.api.v1.payouts.create(asked)
    assert beside.value.code == "sandbox_not_modelled"
    desk.control("settings", {"payouts": "off"})
    desk.give()
    desk.control("advance", {"days": 10})
    with pytest.raises(stripe.InvalidRequestError) as poor:
        desk.api.v1.payouts.create({"amount": 468, "currency": "eur"})
    assert poor.value.code == "balance_insufficient"
    made = desk.api.v1.payouts.create(asked)
    assert (made.automatic, balance(desk)) == (False, (167, 0))
    with pytest.raises(stripe.InvalidRequestError):
        desk.api.v1.balance_transactions.list({"payout": made.id})
    assert desk.api.v1.payouts.cancel(made.id).status == "canceled"
    assert balance(desk) == (467, 0)


@pytest.mark.parametrize(
    ("rate", "amount", "fee"),
    [
        ({"percent": 1.5, "fixed": 25}, 199, 28),
        ({"percent": 1.5, "fixed": 25}, 2388, 61),
        ({"percent": 3.25, "fixed": 25}, 2388, 103),
        ({"percent": 0, "fixed": 0}, 500, 0),
    ],
)
def test_fees_are_the_ones_of_the_settings(
    desk: Desk, rate: dict[str, float], amount: int, fee: int
) -> None:
    desk.control("settings", {"card_fee": rate})
    session = desk.open_gift(amount)
    paid = desk.control(f"checkout/{session.id}/pay", {"card": "4242424242424242"})
    charge = desk.charge_of(paid["payment_intent"])
    row = desk.api.v1.balance_transactions.retrieve(charge.balance_transaction)
    assert (row.fee, row.net) == (fee, amount - fee)
    assert sum(part.amount for part in row.fee_details) == fee


def test_stripe_billing_takes_its_part_in_rows_of_its_own(desk: Desk) -> None:
    desk.control("settings", {"billing_percent": 0.7})
    desk.join(2388, "year")
    desk.give()
    (row,) = desk.api.v1.balance_transactions.list({"type": "stripe_fee"}).data
    assert (row.net, row.source, row.reporting_category) == (-17, None, "fee")


def test_a_charge_may_learn_its_fee_late(desk: Desk) -> None:
    desk.control("settings", {"fees_late": 120})
    intent = desk.give()["payment_intent"]
    assert desk.charge_of(intent).balance_transaction is None
    desk.api.v1.refunds.create({"payment_intent": intent, "amount": 100})
    desk.control("advance", {"seconds": 121})
    charge: Any = desk.charge_of(intent)
    row = desk.api.v1.balance_transactions.retrieve(charge.balance_transaction)
    assert (row.type, row.fee) == ("charge", 33)
    event = desk.control("events?limit=5000")["data"][-1]
    assert event["type"] == "charge.updated"
    assert event["data"]["previous_attributes"] == {"balance_transaction": None}


def test_what_waits_survives_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "stripe.json"
    with open_desk("--state", str(file)) as desk:
        desk.give()
    process, base = start("--state", str(file))
    try:
        desk = Desk(base)
        assert balance(desk) == (0, 467)
        desk.control("advance", {"days": 12})
        assert [payout.amount for payout in payouts(desk)] == [467]
    finally:
        assert stop(process) == 0


def test_some_cards_pay_into_the_available_balance(desk: Desk) -> None:
    desk.give(card="4000000000000077")
    assert balance(desk) == (467, 0)


def test_balance_rows_are_found_by_source_type_and_time(desk: Desk) -> None:
    intent = desk.give()["payment_intent"]
    refund = desk.api.v1.refunds.create({"payment_intent": intent})
    found = desk.api.v1.balance_transactions.list
    assert [r.id for r in found({"source": refund.id}).data] == [refund.balance_transaction]
    assert [r.type for r in found({"type": "charge"}).data] == ["charge"]
    assert len(found({"currency": "eur", "created": {"gte": refund.created}}).data) >= 1
    assert found({"currency": "usd"}).data == []
