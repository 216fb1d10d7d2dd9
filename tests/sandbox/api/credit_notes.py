"""/v1/credit_notes."""

from __future__ import annotations

from ..engine import credit_notes
from ..store import Obj
from ..wire.errors import invalid
from ..wire.params import metadata, needed, text, whole
from ..wire.routes import Call, listing, retrieval, route


def create(call: Call) -> Obj:
    """Issue a credit note over one amount; of a paid invoice it says where the money goes."""
    params = call.params
    invoice = call.world.store.get("invoice", needed(params, "invoice"), "invoice")
    parts = [whole(params, f"{name}_amount") or 0 for name in ("refund", "credit", "out_of_band")]
    amount = whole(params, "amount")
    if amount is None:
        amount = sum(parts)
    if invoice["status"] == "paid" and sum(parts) != amount:
        raise invalid("The sum of credit, refund and out of band must equal the amount.", "amount")
    fields = {name: text(params, name) for name in ("memo", "reason")}
    told = {"metadata": metadata(params), "out_of_band_amount": parts[2] or None, **fields}
    return credit_notes.issue(call.world, invoice, amount, back=parts[0], kept=parts[1], **told)


ROUTES = [
    route(
        "POST",
        "/v1/credit_notes",
        create,
        "amount credit_amount invoice memo metadata out_of_band_amount reason refund_amount",
    ),
    retrieval("/v1/credit_notes/{}", "credit_note"),
    listing("/v1/credit_notes", "credit_note", "customer invoice"),
]
