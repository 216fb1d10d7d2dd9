"""/v1/invoices and /v1/invoice_payments."""

from __future__ import annotations

from ..engine import collecting, invoices, methods
from ..store import Obj
from ..wire.errors import card_error, invalid, unmodelled
from ..wire.params import flag, metadata, table, text
from ..wire.routes import Call, Keep, listing, retrieval, route


def pay(call: Call) -> Obj:
    """Try to collect an open invoice now; raises 402 with the bank's reason."""
    world = call.world
    invoice = world.store.get("invoice", call.id)
    if invoice["status"] == "draft":
        invoices.finalize(world, invoice)
    if invoice["status"] == "paid":
        raise invalid("Invoice is already paid", None, "invoice_already_paid")
    if invoice["status"] != "open":
        raise invalid(f"Invoice is {invoice['status']} and can no longer be paid.")
    if flag(call.params, "paid_out_of_band"):
        raise unmodelled("paid_out_of_band")
    token = text(call.params, "payment_method")
    method = methods.from_token(world, token, "payment_method") if token else None
    sub = invoices.subscription_of(world, invoice)
    if method is None and collecting.method_for(world, sub) is None:
        raise invalid("Cannot charge a customer that has no active card", None, "missing")
    present = flag(call.params, "off_session") is False
    status = collecting.collect(world, invoice, method=method, present=present, automatic=False)
    if status in ("requires_payment_method", "requires_action"):
        _refuse(call, invoice, status)
    return invoice


def _refuse(call: Call, invoice: Obj, status: str) -> None:
    paying = invoices.payment_of(call.world, invoice)
    intent = paying[1] if paying else {}
    failure = intent.get("last_payment_error") or {
        "code": "invoice_payment_intent_requires_action",
        "message": "This payment requires additional user action before it can be completed.",
    }
    raise card_error(failure, payment_intent=intent, charge=intent.get("latest_charge"))


def finalize(call: Call) -> Obj:
    """Finalise a draft; it is collected at once."""
    invoice = call.world.store.get("invoice", call.id)
    if invoice["status"] != "draft":
        raise invalid("This invoice is already finalized.", None, "invoice_not_editable")
    invoices.finalize(call.world, invoice)
    collecting.collect(call.world, invoice)
    return invoice


def void(call: Call) -> Obj:
    """Void an open invoice."""
    invoice = call.world.store.get("invoice", call.id)
    if invoice["status"] != "open":
        raise invalid("You can only void open invoices.")
    invoices.void(call.world, invoice)
    return invoice


def update(call: Call) -> Obj:
    """Change metadata or auto_advance."""
    invoice = call.world.store.get("invoice", call.id)
    invoice["metadata"] = metadata(call.params, invoice["metadata"])
    if "auto_advance" in call.params:
        invoice["auto_advance"] = bool(flag(call.params, "auto_advance"))
    call.world.emit("invoice.updated", invoice, {})
    return invoice


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
    route("POST", "/v1/invoices/{}", update, "metadata auto_advance description footer"),
    route(
        "POST",
        "/v1/invoices/{}/pay",
        pay,
        "forgive mandate off_session paid_out_of_band payment_method source",
    ),
    route("POST", "/v1/invoices/{}/finalize", finalize, "auto_advance"),
    route("POST", "/v1/invoices/{}/void", void),
    listing(
        "/v1/invoices",
        "invoice",
        "customer status collection_method",
        "subscription due_date customer_account",
        _of_subscription,
    ),
    retrieval("/v1/invoice_payments/{}", "invoice_payment"),
    listing("/v1/invoice_payments", "invoice_payment", "invoice status", "payment", _of_payment),
]
