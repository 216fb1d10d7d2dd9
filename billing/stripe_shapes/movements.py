"""What moves money on the account, and what goes back: refunds, disputes, payouts."""

from typing import Any

from billing.snapshots import (
    BookedSnapshot,
    DisputeSnapshot,
    FraudWarningSnapshot,
    PayoutSnapshot,
    RefundSnapshot,
)
from billing.stripe_shapes.fields import INTENT_KEY, Shape, id_of, moment, when


def booked(shape: Shape) -> BookedSnapshot:
    return BookedSnapshot(
        id=shape["id"],
        category=shape["reporting_category"],
        amount_cents=shape["amount"],
        fee_cents=shape["fee"],
        net_cents=shape["net"],
        currency=shape["currency"],
        source_id=id_of(shape.get("source")),
        booked_at=when(shape["created"]),
        available_on=when(shape["available_on"]),
    )


def movements(*rows: Any) -> tuple[BookedSnapshot, ...]:
    """The balance transactions among these fields: each may be null, an id, or the whole."""
    return tuple(booked(row) for row in rows if isinstance(row, dict))


def refund(shape: Shape) -> RefundSnapshot:
    return RefundSnapshot(
        id=shape["id"],
        payment_intent_id=id_of(shape.get("payment_intent")),
        status=shape.get("status") or "",
        amount_cents=shape["amount"],
        currency=shape["currency"],
        created=when(shape["created"]),
        booked=movements(
            shape.get("balance_transaction"), shape.get("failure_balance_transaction")
        ),
        intent=str((shape.get("metadata") or {}).get(INTENT_KEY) or ""),
    )


def dispute(shape: Shape) -> DisputeSnapshot:
    return DisputeSnapshot(
        id=shape["id"],
        payment_intent_id=id_of(shape.get("payment_intent")),
        charge_id=id_of(shape.get("charge")),
        status=shape["status"],
        reason=shape.get("reason") or "",
        amount_cents=shape["amount"],
        currency=shape["currency"],
        respond_by=moment((shape.get("evidence_details") or {}).get("due_by")),
        created=when(shape["created"]),
        booked=movements(*(shape.get("balance_transactions") or [])),
    )


def fraud_warning(shape: Shape) -> FraudWarningSnapshot:
    return FraudWarningSnapshot(
        id=shape["id"],
        payment_intent_id=id_of(shape.get("payment_intent")),
        actionable=bool(shape.get("actionable")),
    )


def payout(shape: Shape) -> PayoutSnapshot:
    return PayoutSnapshot(
        id=shape["id"],
        status=shape["status"],
        amount_cents=shape["amount"],
        currency=shape["currency"],
        arrives_on=when(shape["arrival_date"]),
        created=when(shape["created"]),
        automatic=shape.get("automatic") is not False,
    )
