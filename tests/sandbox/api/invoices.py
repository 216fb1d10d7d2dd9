"""/v1/invoices and /v1/invoice_payments; previews have their own module."""

from __future__ import annotations

from ..engine import collecting, invoice_items, invoices, lines, methods
from ..store import Obj
from ..wire.errors import card_error, invalid, unmodelled
from ..wire.lists import page
from ..wire.params import flag, metadata, needed, table, text
from ..wire.routes import Call, Keep, listing, retrieval, route
from . import terms

_PLAIN = "description footer statement_descriptor"
_UPDATE = f"auto_advance collection_method default_payment_method metadata {_PLAIN}"
_CREATE = f"currency customer pending_invoice_items_behavior {_UPDATE}"


def _refuse(params: Obj) -> None:
    if text(params, "collection_method") == "send_invoice":
        raise unmodelled("`collection_method=send_invoice`")


def create(call: Call) -> Obj:
    """Keep a draft made by hand, empty or with the items that wait; it waits to be finalised."""
    world, params = call.world, call.params
    _refuse(params)
    customer = world.store.get("customer", needed(params, "customer"), "customer")
    currency = text(params, "currency") or customer["currency"] or "eur"
    rows: list[Obj] = []
    if text(params, "pending_invoice_items_behavior") == "include":
        waiting = invoice_items.pending(world, customer["id"])
        rows = [lines.for_item(item) for item in waiting if item["currency"] == currency]
    advance = bool(flag(params, "auto_advance"))
    invoice = invoices.draft(
        world,
        customer,
        "manual",
        rows,
        currency=currency,
        auto_advance=advance,
        default_payment_method=terms.method_id(world, params, customer["id"]),
        metadata=metadata(params),
    )
    invoice |= {name: text(params, name) for name in _PLAIN.split()}
    if advance:
        due = world.now(customer["id"]) + invoices.HOUR
        world.schedule(due, "finalize", invoice["id"], customer["id"])
    else:
        invoice |= {"automatically_finalizes_at": None, "next_payment_attempt": None}
    return invoice


def pay(call: Call) -> Obj:
    """Try to collect an open invoice now; raises 402 with the bank's reason."""
    world, params = call.world, call.params
    invoice = world.store.get("invoice", call.id)
    if invoice["status"] == "draft":
        invoices.finalize(world, invoice)
    if invoice["status"] == "paid":
        raise invalid("Invoice is already paid")
    if invoice["status"] not in ("open", "uncollectible"):
        raise invalid(f"Invoice is {invoice['status']} and can no longer be paid.")
    if flag(params, "forgive"):
        raise unmodelled("`forgive`")
    if flag(params, "paid_out_of_band"):
        collecting.paid_elsewhere(world, invoice)
        return invoice
    token = text(params, "payment_method")
    method = methods.from_token(world, token, "payment_method") if token else None
    if invoice["amount_due"] and method is None and collecting.payer_of(world, invoice) is None:
        raise invalid("Cannot charge a customer that has no active card", None, "missing")
    present = flag(params, "off_session") is False
    status = collecting.collect(world, invoice, method=method, present=present, automatic=False)
    if status in ("requires_payment_method", "requires_action"):
        _refuse_payment(call, invoice)
    return invoice


def _refuse_payment(call: Call, invoice: Obj) -> None:
    paying = invoices.payment_of(call.world, invoice)
    intent = paying[1] if paying else {}
    failure = intent.get("last_payment_error") or {
        "code": "invoice_payment_intent_requires_action",
        "message": "This payment requires additional user action before it can be completed.",
    }
    raise card_error(failure, payment_intent=intent, charge=intent.get("latest_charge"))


def finalize(call: Call) -> Obj:
    """Finalise a draft; it is collected at once unless it does not advance by itself."""
    world = call.world
    invoice = world.store.get("invoice", call.id)
    if invoice["status"] != "draft":
        raise invalid("This invoice is already finalized.", None, "invoice_not_editable")
    asked = flag(call.params, "auto_advance")
    if asked is not None:
        invoice["auto_advance"] = asked
    invoices.finalize(world, invoice)
    if invoice["auto_advance"] or not invoice["amount_due"]:
        collecting.collect(world, invoice)
    return invoice


def void(call: Call) -> Obj:
    """Void an open or uncollectible invoice."""
    invoice = call.world.store.get("invoice", call.id)
    if invoice["status"] not in ("open", "uncollectible"):
        raise invalid("You can only pass in open or uncollectible invoices to be voided.")
    invoices.void(call.world, invoice)
    return invoice


def mark_uncollectible(call: Call) -> Obj:
    """Give an open invoice up."""
    invoice = call.world.store.get("invoice", call.id)
    if invoice["status"] != "open":
        raise invalid("You can only mark open invoices as uncollectible.")
    collecting.write_off(call.world, invoice)
    return invoice


def send(call: Call) -> Obj:
    """Refuse: no mail is sent from here."""
    call.world.store.get("invoice", call.id)
    raise unmodelled("sending invoices by mail")


def update(call: Call) -> Obj:
    """Change metadata, texts, card or auto_advance; a draft that advances does so in an hour."""
    world, params = call.world, call.params
    _refuse(params)
    invoice = world.store.get("invoice", call.id)
    changes: Obj = {"metadata": metadata(params, invoice["metadata"])}
    changes |= {name: text(params, name) for name in _PLAIN.split() if name in params}
    if "default_payment_method" in params:
        changes["default_payment_method"] = terms.method_id(world, params, invoice["customer"])
    if "auto_advance" in params:
        changes["auto_advance"] = bool(flag(params, "auto_advance"))
        if invoice["status"] == "draft":
            changes |= _advance(call, invoice, changes["auto_advance"])
    invoices.amend(world, invoice, **changes)
    return invoice


def _advance(call: Call, invoice: Obj, on: bool) -> Obj:
    if on == invoice["auto_advance"]:
        return {}
    due = call.world.now(invoice["customer"]) + invoices.HOUR if on else None
    if due:
        call.world.schedule(due, "finalize", invoice["id"], invoice["customer"])
    return {"automatically_finalizes_at": due, "next_payment_attempt": due}


def delete(call: Call) -> Obj:
    """Delete a draft made by hand; the items on it go with it."""
    world = call.world
    invoice = world.store.get("invoice", call.id)
    if invoice["status"] != "draft" or invoice["billing_reason"] != "manual":
        raise invalid("You can only delete draft invoices that were made by hand.")
    for line in invoice["lines"]["data"]:
        item = world.store.find(lines.source_of(line)[0])
        if item is not None:
            invoice_items.drop(world, item)
    tomb = world.store.bury(invoice)
    world.emit("invoice.deleted", invoice)
    return tomb


def list_lines(call: Call) -> Obj:
    """Return the lines of an invoice, page by page."""
    invoice = call.world.store.get("invoice", call.id)
    rows = [line | {"created": invoice["created"]} for line in invoice["lines"]["data"]]
    found = page(call.params, rows, call.path)
    found["data"] = [{k: v for k, v in row.items() if k != "created"} for row in found["data"]]
    return found


def _of_subscription(call: Call) -> Keep:
    asked = text(call.params, "subscription")

    def keep(invoice: Obj) -> bool:
        details = (invoice["parent"] or {}).get("subscription_details") or {}
        return not asked or details.get("subscription") == asked

    return keep


def _of_payment(call: Call) -> Keep:
    asked = table(call.params, "payment")
    kind, intent = text(asked, "type"), text(asked, "payment_intent")
    if asked and not kind:
        raise invalid("Missing required param: payment[type].", "payment[type]")
    return lambda o: (
        (not kind or o["payment"]["type"] == kind)
        and (not intent or o["payment"]["payment_intent"] == intent)
    )


ROUTES = [
    retrieval("/v1/invoices/{}", "invoice"),
    route("POST", "/v1/invoices", create, _CREATE),
    route("POST", "/v1/invoices/{}", update, _UPDATE),
    route("DELETE", "/v1/invoices/{}", delete),
    route(
        "POST",
        "/v1/invoices/{}/pay",
        pay,
        "forgive off_session paid_out_of_band payment_method",
    ),
    route("POST", "/v1/invoices/{}/finalize", finalize, "auto_advance"),
    route("POST", "/v1/invoices/{}/void", void),
    route("POST", "/v1/invoices/{}/mark_uncollectible", mark_uncollectible),
    route("POST", "/v1/invoices/{}/send", send),
    route("GET", "/v1/invoices/{}/lines", list_lines, "limit starting_after ending_before"),
    listing(
        "/v1/invoices",
        "invoice",
        "customer status collection_method",
        "subscription",
        _of_subscription,
    ),
    retrieval("/v1/invoice_payments/{}", "invoice_payment"),
    listing("/v1/invoice_payments", "invoice_payment", "invoice status", "payment", _of_payment),
]
