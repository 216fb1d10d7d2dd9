"""/v1/checkout/sessions."""

from __future__ import annotations

import time
from typing import Any

from ..engine import checkout
from ..engine.prices import from_row
from ..shapes import shaped
from ..store import Obj, new_id
from ..wire.errors import invalid, required, too_small, unmodelled
from ..wire.lists import envelope
from ..wire.params import choice, flag, known, metadata, needed, rows, table, text, whole
from ..wire.routes import Call, Keep, listing, retrieval, route
from ..world import World

_NAMES = """adaptive_pricing after_expiration allow_promotion_codes allowed_payment_method_types
automatic_tax billing_address_collection branding_settings cancel_url client_reference_id
consent_collection currency custom_fields custom_text customer customer_account customer_creation
customer_email customer_update discounts excluded_payment_method_types expires_at
integration_identifier invoice_creation line_items locale managed_payments metadata mode
name_collection optional_items origin_context payment_intent_data payment_method_collection
payment_method_configuration payment_method_data payment_method_options permissions
phone_number_collection redirect_on_completion return_url saved_payment_method_options
setup_intent_data shipping_address_collection shipping_options submit_type subscription_data
success_url tax_id_collection ui_mode wallet_options"""
_INTENT_DATA = """application_fee_amount capture_method description metadata on_behalf_of
receipt_email setup_future_usage shipping statement_descriptor statement_descriptor_suffix
transfer_data transfer_group"""
_SUBSCRIPTION_DATA = """application_fee_percent billing_cycle_anchor billing_cycle_anchor_config
billing_mode default_tax_rates description invoice_settings metadata on_behalf_of
pending_invoice_item_interval proration_behavior transfer_data trial_end trial_period_days
trial_settings"""
_SUBMIT = {"payment": ("auto", "book", "donate", "pay"), "subscription": ("auto", "subscribe")}
_NOT_MODELLED = ("discounts", "shipping_options", "custom_fields", "optional_items")


def create(call: Call) -> Obj:
    """Open a hosted checkout for a membership (`subscription`) or a gift (`payment`)."""
    params, world = call.params, call.world
    mode = choice(params, "mode", ("payment", "subscription", "setup"))
    if mode == "setup":
        raise unmodelled("Checkout in setup mode")
    _refuse(params, mode)
    data = _nested(params, mode)
    customer = _customer(world, params)
    lines = _lines(world, params, mode)
    session = _build(call, mode, lines)
    session["customer"] = customer
    session["expires_at"], due = _expiry(world, params)
    world.store.add(session)
    world.store.note(session["id"]).update(data | {"line_items": lines})
    # Not on the customer's test clock: hosted pages live in the global time.
    world.schedule(due, "expire_session", session["id"], None)
    return session


def _refuse(params: Obj, mode: str) -> None:
    for name in _NOT_MODELLED:
        if params.get(name):
            raise unmodelled(f"`{name}` in Checkout")
    submit = text(params, "submit_type")
    if submit and submit not in _SUBMIT[mode]:
        message = f"You can not pass `submit_type` {submit} in `{mode}` mode."
        raise invalid(message, "submit_type")
    wrong = {
        "payment": ("subscription_data",),
        "subscription": ("payment_intent_data", "customer_creation", "invoice_creation"),
    }[mode]
    for name in wrong:
        if name in params:
            raise invalid(f"You can not pass `{name}` in `{mode}` mode.", name)
    if text(params, "ui_mode") not in (None, "hosted_page"):
        raise unmodelled("ui_mode other than hosted_page")
    needed(params, "success_url")


def _nested(params: Obj, mode: str) -> Obj:
    if mode == "payment":
        data = table(params, "payment_intent_data")
        known(data, _INTENT_DATA, "payment_intent_data")
        suffix = text(data, "statement_descriptor_suffix") or ""
        if len(suffix) > 22:
            raise invalid("The statement descriptor is too long.", "payment_intent_data")
        kept = {**data, "metadata": metadata(data)}
        return {"payment_intent_data": kept}
    data = table(params, "subscription_data")
    known(data, _SUBSCRIPTION_DATA, "subscription_data")
    for name in ("trial_end", "trial_period_days", "billing_cycle_anchor"):
        if data.get(name):
            raise unmodelled(f"subscription_data[{name}]")
    return {"subscription_data": {**data, "metadata": metadata(data)}}


def _customer(world: World, params: Obj) -> str | None:
    ident = text(params, "customer")
    if ident and text(params, "customer_email"):
        message = "You may only specify one of these parameters: customer, customer_email."
        raise invalid(message, "customer_email")
    return world.store.get("customer", ident, "customer")["id"] if ident else None


def _lines(world: World, params: Obj, mode: str) -> list[Obj]:
    asked = rows(params, "line_items")
    if not asked:
        raise required("line_items")
    lines = []
    for index, row in enumerate(asked):
        where = f"line_items[{index}]"
        price = from_row(world, row, where, inline_product=True)
        known(row, ("adjustable_quantity", "price", "price_data", "quantity", "tax_rates"), where)
        if mode == "payment" and price["recurring"]:
            raise invalid("You specified `payment` mode but passed a recurring price.", "mode")
        if mode == "subscription" and not price["recurring"]:
            message = "You must provide at least one recurring price in `subscription` mode."
            raise invalid(message, where)
        lines.append(_line(world, price, whole(row, "quantity") or 1))
    total = sum(line["amount_total"] for line in lines)
    # A subscription over nothing is allowed, any other amount has Stripe's floor.
    if total < 50 and not (mode == "subscription" and total == 0):
        raise too_small(total, "line_items")
    return lines


def _line(world: World, price: Obj, quantity: int) -> Obj:
    amount = price["unit_amount"] * quantity
    return shaped(
        "item",
        id=new_id("li_1"),
        amount_discount=0,
        amount_subtotal=amount,
        amount_tax=0,
        amount_total=amount,
        currency=price["currency"],
        description=world.store.get("product", price["product"])["name"],
        discounts=[],
        price=price,
        quantity=quantity,
        taxes=[],
    )


def _expiry(world: World, params: Obj) -> tuple[int, int]:
    """Return `expires_at` as told and the global clock time at which it happens.

    The caller may count by the real clock while the stand-in's has been moved: a time that is
    right by either of them is taken, so that a demo can go on after an advance.
    """
    now, real = world.now(), int(time.time())
    asked = whole(params, "expires_at")
    if asked is None:
        return now + 86_400, now + 86_400
    for clock in (now, real):
        if 1800 - 60 <= asked - clock <= 86_400 + 60:
            return asked, asked - clock + now
    message = "The `expires_at` timestamp must be between 30 minutes and 24 hours from creation."
    raise invalid(message, "expires_at")


def _types(params: Obj, currency: str) -> list[str]:
    usable = ["card", "sepa_debit"] if currency == "eur" else ["card"]
    allowed = rows(params, "allowed_payment_method_types") or usable
    excluded = rows(params, "excluded_payment_method_types")
    kept = [kind for kind in usable if kind in allowed and kind not in excluded]
    if not kept:
        raise invalid("No valid payment method types for this Checkout Session.")
    return kept


def _texts(params: Obj) -> Obj:
    given = table(params, "custom_text")
    names = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
    known(given, names, "custom_text")
    return {name: given.get(name) or None for name in names}


def _consent(params: Obj) -> Obj | None:
    given = table(params, "consent_collection")
    names = ("payment_method_reuse_agreement", "promotions", "terms_of_service")
    known(given, names, "consent_collection")
    return {name: given.get(name) for name in names} if given else None


def _enabled(params: Obj, name: str) -> bool:
    return bool(flag(table(params, name), "enabled"))


def _build(call: Call, mode: str, lines: list[Obj]) -> Obj:
    params = call.params
    ident = new_id("cs_test_a1", 56)
    total = sum(line["amount_total"] for line in lines)
    session = shaped("checkout.session", id=ident, mode=mode, created=call.world.now())
    session |= _echoed(params) | _empty()
    session |= {
        "adaptive_pricing": {"enabled": _enabled(params, "adaptive_pricing")},
        "allow_promotion_codes": flag(params, "allow_promotion_codes"),
        "amount_subtotal": total,
        "amount_total": total,
        "consent_collection": _consent(params),
        "currency": lines[0]["currency"],
        "custom_text": _texts(params),
        "metadata": metadata(params),
        "payment_method_types": _types(params, lines[0]["currency"]),
        "payment_status": "unpaid",
        "phone_number_collection": {"enabled": _enabled(params, "phone_number_collection")},
        "status": "open",
        "ui_mode": "hosted_page",
        "url": f"{call.world.base}/c/pay/{ident}",
    }
    if mode == "payment":
        session["customer_creation"] = text(params, "customer_creation") or "if_required"
        session["invoice_creation"] = _no_invoice()
    else:
        session["payment_method_collection"] = "always"
    return session


def _echoed(params: Obj) -> dict[str, Any]:
    names = "cancel_url client_reference_id customer_email locale submit_type success_url"
    told: Obj = {name: text(params, name) for name in names.split()}
    told["billing_address_collection"] = text(params, "billing_address_collection") or "auto"
    told["allowed_payment_method_types"] = rows(params, "allowed_payment_method_types") or None
    told["excluded_payment_method_types"] = rows(params, "excluded_payment_method_types") or None
    return told


def _empty() -> Obj:
    return {
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "custom_fields": [],
        "discounts": [],
        "payment_method_options": {},
        "shipping_options": [],
        "total_details": {
            "amount_discount": 0,
            "amount_shipping": 0,
            "amount_tax": 0,
            "breakdown": None,
        },
    }


def _no_invoice() -> Obj:
    names = "account_tax_ids custom_fields description footer issuer metadata rendering_options"
    return {"enabled": False, "invoice_data": dict.fromkeys(names.split())}


def expire(call: Call) -> Obj:
    """Close an open session."""
    session = call.world.store.get("checkout.session", call.id)
    if session["status"] != "open":
        message = f'Only Checkout Sessions with a status in ["open"] can be expired. This \
Checkout Session has a status of `{session["status"]}`.'
        raise invalid(message)
    checkout.expire(call.world, session)
    return session


def update(call: Call) -> Obj:
    """Change the metadata of a session."""
    session = call.world.store.get("checkout.session", call.id)
    session["metadata"] = metadata(call.params, session["metadata"])
    return session


def line_items(call: Call) -> Obj:
    """Return what the session sells."""
    call.world.store.get("checkout.session", call.id)
    return envelope(call.path, call.world.store.peek(call.id)["line_items"])


def _by_email(call: Call) -> Keep:
    asked = table(call.params, "customer_details").get("email")
    return lambda o: not asked or (o["customer_details"] or {}).get("email") == asked


_ROOT = "/v1/checkout/sessions"
ROUTES = [
    route("POST", _ROOT, create, _NAMES),
    retrieval(f"{_ROOT}/{{}}", "checkout.session"),
    route("POST", f"{_ROOT}/{{}}", update, "metadata collected_information"),
    route("POST", f"{_ROOT}/{{}}/expire", expire),
    route("GET", f"{_ROOT}/{{}}/line_items", line_items, "limit starting_after ending_before"),
    listing(
        _ROOT,
        "checkout.session",
        "customer payment_intent payment_link status subscription",
        "customer_account customer_details",
        _by_email,
    ),
]
