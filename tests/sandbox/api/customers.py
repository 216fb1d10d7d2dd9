"""/v1/customers."""

from __future__ import annotations

from ..engine import credit, customers, methods, wallets
from ..store import Obj
from ..wire.errors import invalid
from ..wire.params import choice, known, metadata, table, text, whole
from ..wire.routes import Call, listing, retrieval, route

_PLAIN = "description email name phone business_name individual_name"
_MORE = """address balance invoice_prefix invoice_settings metadata next_invoice_sequence
preferred_locales tax_exempt"""
_EXEMPT = ("exempt", "none", "reverse")
CLOCK_CUSTOMERS = 3


def _fields(call: Call) -> Obj:
    fields: Obj = {n: text(call.params, n) for n in _PLAIN.split() if n in call.params}
    if "address" in call.params:
        lines = ("city", "country", "line1", "line2", "postal_code", "state")
        given = table(call.params, "address")
        fields["address"] = {n: given.get(n) or None for n in lines} if given else None
    if "preferred_locales" in call.params:
        fields["preferred_locales"] = call.params["preferred_locales"] or []
    if "tax_exempt" in call.params:
        fields["tax_exempt"] = choice(call.params, "tax_exempt", _EXEMPT, "none")
    for name in ("invoice_prefix", "next_invoice_sequence"):
        value = text(call.params, name)
        if value:
            fields[name] = whole(call.params, name) if name.startswith("next") else value
    return fields


def _move_balance(call: Call, customer: Obj) -> None:
    wanted = whole(call.params, "balance")
    if wanted is not None and wanted != customer["balance"]:
        credit.move(call.world, customer, wanted - customer["balance"], "adjustment")


def _default_method(call: Call, customer: Obj) -> None:
    settings = table(call.params, "invoice_settings")
    known(settings, ("default_payment_method",), "invoice_settings")
    if "default_payment_method" not in settings:
        return
    ident = text(settings, "default_payment_method")
    if ident:
        method = call.world.store.get(
            "payment_method", ident, "invoice_settings[default_payment_method]"
        )
        if method["customer"] != customer["id"]:
            message = f"The customer does not have a payment method with the ID {ident}."
            raise invalid(message, "invoice_settings[default_payment_method]", "resource_missing")
    customer["invoice_settings"]["default_payment_method"] = ident


def create(call: Call) -> Obj:
    """Keep a customer, on a test clock if one is named."""
    clock = text(call.params, "test_clock")
    if clock:
        call.world.store.get("test_helpers.test_clock", clock, "test_clock")
        peers = [c for c in call.world.store.newest("customer") if c["test_clock"] == clock]
        if len(peers) >= CLOCK_CUSTOMERS:
            raise invalid("A test clock can have at most 3 customers.", "test_clock")
    fields = _fields(call) | {"metadata": metadata(call.params)}
    moment = call.world.lines[clock or ""].now()
    token = text(call.params, "payment_method")
    method = methods.from_token(call.world, token, "payment_method") if token else None
    customer = customers.make(call.world, fields, moment, clock)
    if method:
        methods.attach(call.world, method, customer["id"])
    _default_method(call, customer)
    _move_balance(call, customer)
    return customer


def update(call: Call) -> Obj:
    """Change the given fields of a customer."""
    customer = call.world.store.get("customer", call.id)
    changes = _fields(call)
    before = {name: customer[name] for name, v in changes.items() if customer[name] != v}
    customer |= changes
    settings = dict(customer["invoice_settings"])
    _default_method(call, customer)
    if settings != customer["invoice_settings"]:
        before["invoice_settings"] = settings
    labels = customer["metadata"]
    customer["metadata"] = metadata(call.params, labels)
    if customer["metadata"] != labels:
        before["metadata"] = labels
    _move_balance(call, customer)
    call.world.emit("customer.updated", customer, before)
    return customer


def delete(call: Call) -> Obj:
    """Delete a customer, detach what they paid with and end their subscriptions."""
    customer = call.world.store.get("customer", call.id)
    wallets.empty(call.world, customer["id"])
    return customers.delete(call.world, customer)


_ALL = f"{_PLAIN} {_MORE}"
ROUTES = [
    route("POST", "/v1/customers", create, f"{_ALL} payment_method test_clock"),
    route("POST", "/v1/customers/{}", update, _ALL),
    route("DELETE", "/v1/customers/{}", delete),
    retrieval("/v1/customers/{}", "customer"),
    listing("/v1/customers", "customer", "email test_clock"),
]
