"""/receipts/{charge}: what Stripe would mail after a payment."""

from __future__ import annotations

from html import escape

from ..periods import day_text
from ..wire.errors import missing
from ..wire.message import Reply, Request, page
from ..world import World
from . import means
from .html import frame, lines, money, notice


def show(world: World, request: Request, ident: str) -> Reply:
    """Show the receipt of a charge that was paid."""
    charge = world.store.get("charge", ident)
    if charge["status"] != "succeeded":
        raise missing("receipt", ident)
    currency = charge["currency"]
    amount = money(charge["amount"], currency)
    rows = [(charge["description"] or "Payment", amount)]
    if charge["amount_refunded"]:
        rows.append(("Refunded", money(-charge["amount_refunded"], currency)))
    left = money(charge["amount"] - charge["amount_refunded"], currency)
    paid_with = means.described(world.store.find(charge["payment_method"]))
    facts = [
        ("Paid with", paid_with),
        ("To", charge["receipt_email"] or charge["billing_details"]["email"]),
        ("On the statement", charge["calculated_statement_descriptor"]),
    ]
    listed = "".join(f"<dt>{a}</dt><dd>{escape(str(b))}</dd>" for a, b in facts if b)
    back = notice("This payment was refunded.", "refunded", kind="warm")
    inner = (
        f'<p class="from">{means.ACCOUNT}</p><h1>Receipt</h1>'
        f'<p class="sum" data-testid="amount">{amount}</p>'
        f'<p class="soft">Paid on {day_text(charge["created"])}</p>'
        f"{back if charge['refunded'] else ''}{lines(rows, ('Amount paid', left))}"
        f"<dl>{listed}</dl>"
    )
    return page(frame("Receipt", inner))
