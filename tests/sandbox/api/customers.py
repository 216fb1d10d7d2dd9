"""/v1/customers and /v1/payment_methods."""

from __future__ import annotations

from ..engine import customers, methods
from ..store import Obj
from ..wire.errors import invalid
from ..wire.params import known, metadata, needed, table, text
from ..wire.routes import Call, listing, retrieval, route

_PLAIN = "description email name phone business_name individual_name"
_MORE = "address balance cash_balance invoice_prefix invoice_settings metadata " + (
    "next_invoice_sequence preferred_locales shipping source tax tax_exempt validate"
)
CLOCK_CUSTOMERS = 3


def _fields(call: Call) -> Obj:
    fields: Obj = {n: text(call.params, n) for n in _PLAIN.split() if n in call.params}
    if "address" in call.params:
        lines = ("city", "country", "line1", "line2", "postal_code", "state")
        given = table(call.params, "address")
        fields["address"] = {n: given.get(n) or None for n in lines} if given else None
    if "preferred_locales" in call.params:
        fields["preferred_locales"] = call.params["preferred_locales"] or []
    return fields


def _default_method(call: Call, customer: Obj) -> None:
    settings = table(call.params, "invoice_settings")
    known(
        settings,
        ("custom_fields", "default_payment_method", "footer", "rendering_options"),
        "invoice_settings",
    )
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
    customer["metadata"] = metadata(call.params, customer["metadata"])
    call.world.emit("customer.updated", customer, before)
    return customer


def delete(call: Call) -> Obj:
    """Delete a customer and end their subscriptions."""
    return customers.delete(call.world, call.world.store.get("customer", call.id))


def retrieve_method(call: Call) -> Obj:
    """Return a payment method; test names such as pm_card_visa answer a fresh one."""
    return methods.from_token(call.world, call.id)


def attach(call: Call) -> Obj:
    """Tie a payment method to a customer."""
    customer = call.world.store.get("customer", needed(call.params, "customer"), "customer")
    method = methods.from_token(call.world, call.id)
    return methods.attach(call.world, method, customer["id"])


def detach(call: Call) -> Obj:
    """Untie a payment method; it can no longer be charged."""
    method = call.world.store.get("payment_method", call.id)
    owner = call.world.store.find(method["customer"])
    method["customer"] = None
    if owner and owner["invoice_settings"]["default_payment_method"] == method["id"]:
        owner["invoice_settings"]["default_payment_method"] = None
    call.world.emit("payment_method.detached", method, {"customer": (owner or {}).get("id")})
    return method


ROUTES = [
    route(
        "POST",
        "/v1/customers",
        create,
        f"{_PLAIN} {_MORE} payment_method tax_id_data test_clock",
    ),
    route("POST", "/v1/customers/{}", update, f"{_PLAIN} {_MORE} default_source"),
    route("DELETE", "/v1/customers/{}", delete),
    retrieval("/v1/customers/{}", "customer"),
    listing("/v1/customers", "customer", "email test_clock"),
    listing("/v1/payment_methods", "payment_method", "customer type", "allow_redisplay"),
    route("GET", "/v1/payment_methods/{}", retrieve_method),
    route("POST", "/v1/payment_methods/{}/attach", attach, "customer customer_account"),
    route("POST", "/v1/payment_methods/{}/detach", detach),
]
