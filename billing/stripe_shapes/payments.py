"""What is paid: the invoice, the payment intent with its charges, the mandate of a debit."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from billing.snapshots import InvoiceSnapshot, MandateSnapshot, PaymentSnapshot
from billing.states import Recovery
from billing.stripe_shapes.fields import Shape, id_of, moment, ref_of, when
from billing.stripe_shapes.movements import movements


def invoice(shape: Shape) -> InvoiceSnapshot:
    parent = (shape.get("parent") or {}).get("subscription_details") or {}
    lines = (shape.get("lines") or {}).get("data") or []
    # The line of the period itself; before it may stand prorations of the past.
    own = _own(lines)
    period = (own or lines)[-1]["period"] if lines else {}
    tries = (shape.get("payments") or {}).get("data") or []
    intents = (id_of(each["payment"].get("payment_intent")) for each in tries)
    return InvoiceSnapshot(
        id=shape["id"],
        subscription_id=id_of(parent.get("subscription")),
        customer_id=id_of(shape.get("customer")),
        status=shape.get("status") or "",
        billing_reason=shape.get("billing_reason") or "",
        attempt_count=shape.get("attempt_count") or 0,
        next_attempt=moment(shape.get("next_payment_attempt")),
        period_start=moment(period.get("start")),
        period_end=moment(period.get("end")),
        period_cents=_period_cents(shape, own) if lines else None,
        has_period=bool(own),
        payment_intent_ids=tuple(dict.fromkeys(intent for intent in intents if intent)),
        created=when(shape["created"]),
        livemode=shape["livemode"],
        currency=shape["currency"],
        paid_cents=shape.get("amount_paid") or 0,
        paid_outside_cents=shape.get("amount_paid_off_stripe") or 0,
        paid_at=moment((shape.get("status_transitions") or {}).get("paid_at")),
        hosted_url=shape.get("hosted_invoice_url") or "",
    )


def _own(lines: Iterable[Shape]) -> list[Shape]:
    """The lines that bill a whole period; not prorations, nor what was added by hand.

    https://docs.stripe.com/api/invoice-line-item/object
    """
    items = [((each.get("parent") or {}).get("subscription_item_details"), each) for each in lines]
    return [each for item, each in items if item and not item.get("proration")]


def _period_cents(shape: Shape, own: Iterable[Shape]) -> int | None:
    """What the period itself costs, less discounts and what a credit note took off it.

    None where all that is due is for it, and is paid once.
    """
    cents: int = sum(
        line["amount"] - sum(each["amount"] for each in line.get("discount_amounts") or [])
        for line in own
    )
    ordinary = shape.get("total") == shape.get("amount_due") == cents
    if ordinary and not shape.get("amount_overpaid"):
        return None
    return max(cents - (shape.get("pre_payment_credit_notes_amount") or 0), 0)


def paid_by(tries: Iterable[Shape]) -> Shape | None:
    """The first of these charges by which the money arrived, even if a bank took it back since."""
    arrived = [each for each in tries if each["status"] == "succeeded" or _came_back(each)]
    return min(arrived, key=lambda each: each["created"], default=None)


def first_failure(charges: Iterable[Shape]) -> datetime | None:
    """When the first of these charges failed that did; one that came back had not failed."""
    failed = (c["created"] for c in charges if c["status"] == "failed" and not _came_back(c))
    return moment(min(failed, default=None))


def _came_back(charge: Shape) -> bool:
    """Whether a debit had arrived before it failed: it was booked as it cleared, and booked back.

    Stripe may book one as it is made, while it is still on its way, and books it back if it fails
    there (https://docs.stripe.com/reports/balance-transaction-types). Of that one nobody can tell
    afterwards whether it had arrived; who heard of it knows.
    """
    came, went = charge.get("balance_transaction"), charge.get("failure_balance_transaction")
    if charge["status"] != "failed" or not isinstance(came, dict) or not isinstance(went, dict):
        return False
    return bool(came["created"] > charge["created"])


def payment(
    shape: Shape,
    paid_by: Shape | None,
    first_failed_at: datetime | None,
    tries: Iterable[Shape] = (),
) -> PaymentSnapshot:
    """A payment intent, the charge that paid it, and when its first try failed.

    `paid_by` carries its balance transaction expanded; fee and net stay None while Stripe has none
    (SEPA, asynchronous capture).
    """
    charge, tries = paid_by or {}, list(tries)
    booked = _booked(charge, shape["currency"])
    method, last4 = _method(charge.get("payment_method_details") or {})
    return PaymentSnapshot(
        id=shape["id"],
        status=shape["status"],
        ref=ref_of(shape),
        customer_id=id_of(shape.get("customer")),
        amount_cents=shape.get("amount_received") or shape["amount"],
        currency=shape["currency"],
        charge_id=charge.get("id") or "",
        # A direct debit is money when it clears, days after the charge was made.
        paid_at=moment(booked.get("created") or charge.get("created")),
        first_failed_at=first_failed_at,
        fee_cents=booked.get("fee"),
        net_cents=booked.get("net"),
        method=method,
        last4=last4,
        created=when(shape["created"]),
        livemode=shape["livemode"],
        booked=movements(
            *(
                each.get(name)
                # Of tries that failed only a debit that came back late has moved money.
                for each in (tries or [charge])
                for name in ("balance_transaction", "failure_balance_transaction")
            )
        ),
        recovered_by=_recovered_by(charge, tries),
        failure=_failure(shape, tries),
        came_back=shape["status"] != "succeeded" and _came_back(charge) if charge else False,
    )


def _recovered_by(paid_by: Shape, tries: Iterable[Shape]) -> str:
    """Whether what failed first was charged again, or a means that was given since; "" if neither.

    A card that its bank replaced on its own keeps its id at Stripe: the same means.
    """
    failed = [each for each in tries if each["status"] == "failed"]
    if not paid_by or not failed:
        return ""
    first = min(failed, key=lambda each: each["created"])
    same = first.get("payment_method") == paid_by.get("payment_method")
    return Recovery.RETRY if same else Recovery.NEW_MEANS


def _failure(shape: Shape, tries: Iterable[Shape]) -> str:
    """Why the last try failed, in the narrowest of Stripe's words."""
    error = shape.get("last_payment_error") or {}
    failed = next((each for each in tries if each["id"] == id_of(error.get("charge"))), {})
    if shape["status"] in {"succeeded", "processing"}:
        return ""
    # Of a direct debit the charge alone may tell; of a card its code only says "declined".
    told = (error.get("decline_code"), failed.get("failure_code"), error.get("code"))
    return next((str(each) for each in told if each), "")


def mandate_id(charge: Shape) -> str:
    """The id of the mandate that this charge was debited under, or ""."""
    details = charge.get("payment_method_details") or {}
    return id_of((details.get("sepa_debit") or {}).get("mandate"))


def mandate(shape: Shape) -> MandateSnapshot:
    details = shape["payment_method_details"].get("sepa_debit") or {}
    return MandateSnapshot(
        id=shape["id"],
        reference=details.get("reference") or "",
        accepted_at=moment((shape.get("customer_acceptance") or {}).get("accepted_at")),
    )


def _booked(charge: Shape, currency: str) -> Shape:
    """The balance transaction of a charge, if Stripe has booked it in the charge's currency."""
    books = charge.get("balance_transaction")
    return books if isinstance(books, dict) and books["currency"] == currency else {}


_BRANDS: Final = {"visa": "Visa", "mastercard": "Mastercard", "amex": "American Express"}


def _method(details: Shape) -> tuple[str, str]:
    """How a receipt names the means of payment: brand and last four, never more."""
    kind = details.get("type") or ""
    part = details.get(kind) or {}
    if kind == "card":
        brand = part.get("brand") or "card"
        return _BRANDS.get(brand, brand.replace("_", " ").capitalize()), part.get("last4") or ""
    if kind == "sepa_debit":
        return "SEPA direct debit", part.get("last4") or ""
    return kind.replace("_", " ").capitalize(), ""
