"""/v1/customers/{}/balance_transactions: what a customer owes or has to their credit."""

from __future__ import annotations

from ..engine import credit
from ..store import Obj
from ..wire.errors import invalid, missing, required
from ..wire.lists import page
from ..wire.params import metadata, needed, text, whole
from ..wire.routes import Call, route

KIND = "customer_balance_transaction"


def create(call: Call) -> Obj:
    """Change the balance by an amount in cents; negative is credit for the customer."""
    customer = call.world.store.get("customer", call.id)
    amount = whole(call.params, "amount")
    if amount is None:
        raise required("amount")
    currency = needed(call.params, "currency").lower()
    if customer["currency"] not in (None, currency):
        raise invalid("The customer has another currency.", "currency")
    customer["currency"] = currency
    row = credit.move(call.world, customer, amount, "adjustment")
    row |= {"description": text(call.params, "description"), "metadata": metadata(call.params)}
    return row


def _one(call: Call) -> Obj:
    row = call.world.store.get(KIND, call.ids[1])
    if row["customer"] != call.id:
        raise missing(KIND, call.ids[1])
    return row


def update(call: Call) -> Obj:
    """Change description and metadata."""
    row = _one(call)
    row["metadata"] = metadata(call.params, row["metadata"])
    if "description" in call.params:
        row["description"] = text(call.params, "description")
    return row


def list_rows(call: Call) -> Obj:
    """Return the changes of a customer's balance, newest first."""
    call.world.store.get("customer", call.id)
    invoice = text(call.params, "invoice")
    rows = call.world.store.newest(KIND)
    return page(
        call.params,
        rows,
        call.path,
        lambda o: o["customer"] == call.id and invoice in (None, o["invoice"]),
    )


_PATH = "/v1/customers/{}/balance_transactions"
ROUTES = [
    route("POST", _PATH, create, "amount currency description metadata"),
    route("GET", _PATH, list_rows, "created invoice limit starting_after ending_before"),
    route("GET", _PATH + "/{}", _one),
    route("POST", _PATH + "/{}", update, "description metadata"),
]
