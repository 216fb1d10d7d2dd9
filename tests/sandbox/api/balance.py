"""/v1/balance, balance_transactions and payouts."""

from __future__ import annotations

from ..engine import balance, payouts
from ..store import Obj
from ..wire.errors import invalid, required, unmodelled
from ..wire.params import choice, metadata, text, whole
from ..wire.routes import Call, Keep, listing, retrieval, route


def totals(call: Call) -> Obj:
    """Return what can be paid out and what waits."""
    return balance.totals(call.world)


def _in_payout(call: Call) -> Keep:
    """Return the filter for the transactions that an automatic payout consists of."""
    ident = text(call.params, "payout")
    if ident is None:
        return lambda _: True
    payout = call.world.store.get("payout", ident, "payout")
    if not payout["automatic"]:
        message = (
            "Balance transaction history can only be filtered on automatic transfers, not manual."
        )
        raise invalid(message, "payout")
    notes = call.world.store.notes
    return lambda row: notes.get(row["id"], {}).get("payout") == ident


def create_payout(call: Call) -> Obj:
    """Pay out some cents at once; only while the schedule is off."""
    world, params = call.world, call.params
    if world.settings.payouts != "off":
        raise unmodelled("manual payouts beside automatic ones; set the setting `payouts` to off")
    amount = whole(params, "amount")
    if amount is None:
        raise required("amount")
    if amount < 1:
        raise invalid("Invalid positive integer", "amount", "parameter_invalid_integer")
    choice(params, "method", ("standard",), "standard")
    currency = choice(params, "currency", ("eur",))
    fields: Obj = {n: text(params, n) for n in ("description", "statement_descriptor")}
    fields["metadata"] = metadata(params)
    return payouts.make_manual(world, amount, currency, fields)


def update_payout(call: Call) -> Obj:
    """Change the metadata of a payout."""
    payout = call.world.store.get("payout", call.id)
    before = payout["metadata"]
    payout["metadata"] = metadata(call.params, before)
    call.world.emit("payout.updated", payout, {"metadata": before})
    return payout


def cancel_payout(call: Call) -> Obj:
    """Take back a manual payout that is still pending."""
    payout = call.world.store.get("payout", call.id)
    payouts.cancel(call.world, payout)
    return payout


_ROWS = "/v1/balance_transactions"
ROUTES = [
    route("GET", "/v1/balance", totals),
    retrieval(f"{_ROWS}/{{}}", "balance_transaction"),
    listing(_ROWS, "balance_transaction", "currency source type", "payout", _in_payout),
    retrieval("/v1/payouts/{}", "payout"),
    listing("/v1/payouts", "payout", "status destination"),
    route(
        "POST",
        "/v1/payouts",
        create_payout,
        "amount currency description metadata method statement_descriptor",
    ),
    route("POST", "/v1/payouts/{}", update_payout, "metadata"),
    route("POST", "/v1/payouts/{}/cancel", cancel_payout),
]
