"""/v1/setup_intents."""

from __future__ import annotations

from ..engine import methods, payers, setups
from ..store import Obj
from ..wire.errors import card_error, invalid, unmodelled
from ..wire.params import choice, flag, known, metadata, needed, rows, table, text
from ..wire.routes import Call, listing, retrieval, route

_USABLE = ["card", "sepa_debit"]
_REASONS = ("abandoned", "duplicate", "requested_by_customer")


def create(call: Call) -> Obj:
    """Keep a setup intent, confirmed at once when asked; raises 402 for a refused card."""
    world, params = call.world, call.params
    _refuse(params)
    customer = _customer(call)
    method = _method(call, customer)
    asked = rows(params, "allowed_payment_method_types")
    excluded = rows(params, "excluded_payment_method_types")
    fields: Obj = {
        "description": text(params, "description"),
        "metadata": metadata(params),
        "allowed_payment_method_types": asked or None,
        "excluded_payment_method_types": excluded or None,
        "automatic_payment_methods": _automatic(params),
        "payment_method": method["id"] if method else None,
    }
    intent = setups.make(
        world,
        customer=customer,
        types=_types(asked, excluded),
        usage=choice(params, "usage", ("off_session", "on_session"), "off_session"),
        fields=fields,
    )
    if flag(params, "confirm"):
        return _confirmed(call, intent, method)
    if text(params, "return_url"):
        raise invalid("`return_url` may only be passed with `confirm`.", "return_url")
    return intent


def _refuse(params: Obj) -> None:
    if table(params, "payment_method_options"):
        raise unmodelled("`payment_method_options` of a SetupIntent")


def _automatic(params: Obj) -> Obj:
    given = table(params, "automatic_payment_methods")
    known(given, ("allow_redirects", "enabled"), "automatic_payment_methods")
    redirects = choice(given, "allow_redirects", ("always", "never"), "always")
    return {"allow_redirects": redirects, "enabled": flag(given, "enabled") is not False}


def _types(asked: list[str], excluded: list[str]) -> list[str]:
    kept = [k for k in _USABLE if k in (asked or _USABLE) and k not in excluded]
    if not kept:
        raise invalid("No payment method types are left for this SetupIntent.")
    return kept


def _customer(call: Call) -> str | None:
    ident = text(call.params, "customer")
    return call.world.store.get("customer", ident, "customer")["id"] if ident else None


def _method(call: Call, customer: str | None) -> Obj | None:
    token = text(call.params, "payment_method")
    data = table(call.params, "payment_method_data")
    if token and data:
        raise invalid("Pass only one of payment_method, payment_method_data.", "payment_method")
    if data:
        return _from_data(call, data, customer)
    return methods.from_token(call.world, token, "payment_method") if token else None


def _from_data(call: Call, data: Obj, customer: str | None) -> Obj:
    kind = needed(data, "type")
    if kind != "sepa_debit":
        # Card numbers may not pass through a server: Stripe refuses raw ones, too.
        raise unmodelled(f"`payment_method_data` of type {kind}")
    billing = table(data, "billing_details")
    code = needed(table(data, "sepa_debit"), "iban")
    payer = payers.Payer(iban=code, name=text(billing, "name") or "")
    email = text(billing, "email")
    return payers.means(call.world, payer, types=_USABLE, customer=customer, email=email)


def _confirmed(call: Call, intent: Obj, method: Obj | None) -> Obj:
    world = call.world
    method = method or world.store.find(intent["payment_method"])
    if method is None:
        message = "You cannot confirm this SetupIntent because it's missing a payment method."
        raise invalid(message, None, "setup_intent_unexpected_state")
    back = None if flag(call.params, "use_stripe_sdk") else text(call.params, "return_url")
    if back:
        world.store.note(intent["id"])["return_url"] = back
    if setups.confirm(world, intent, method) == "requires_payment_method":
        raise card_error(intent["last_setup_error"], setup_intent=dict(intent))
    return intent


def _own(call: Call, verb: str) -> Obj:
    """Return the intent, unless it belongs to a Checkout Session, which alone may end it."""
    intent = call.world.store.get("setup_intent", call.id)
    if call.world.store.peek(intent["id"]).get("session"):
        message = f"You cannot {verb} the SetupIntent of a Checkout Session. Expire that instead."
        raise invalid(message)
    return intent


def confirm(call: Call) -> Obj:
    """Prepare the means of payment; raises 402 when its bank refuses."""
    intent = _own(call, "confirm")
    setups.expect_open(intent, "confirm")
    _refuse(call.params)
    return _confirmed(call, intent, _method(call, intent["customer"]))


def update(call: Call) -> Obj:
    """Change what was not settled yet: customer, method, description, metadata."""
    world, params = call.world, call.params
    intent = world.store.get("setup_intent", call.id)
    setups.expect_open(intent, "update")
    _refuse(params)
    customer = _customer(call)
    if customer and intent["customer"] not in (None, customer):
        raise invalid("The customer of a SetupIntent cannot be changed.", "customer")
    method = _method(call, customer)
    intent["customer"] = customer or intent["customer"]
    if "description" in params:
        intent["description"] = text(params, "description")
    intent["metadata"] = metadata(params, intent["metadata"])
    if method:
        intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
    elif params.get("payment_method") == "":
        intent |= {"payment_method": None, "status": "requires_payment_method"}
    return intent


def cancel(call: Call) -> Obj:
    """End an open setup intent."""
    intent = _own(call, "cancel")
    name = "cancellation_reason"
    reason = choice(call.params, name, _REASONS) if text(call.params, name) else None
    setups.cancel(call.world, intent, reason)
    return intent


_ROOT = "/v1/setup_intents"
_COMMON = """allowed_payment_method_types mandate_data payment_method payment_method_data
payment_method_options"""
_SETTABLE = f"{_COMMON} customer description excluded_payment_method_types metadata"
ROUTES = [
    route(
        "POST",
        _ROOT,
        create,
        f"{_SETTABLE} automatic_payment_methods confirm return_url usage use_stripe_sdk",
    ),
    retrieval(f"{_ROOT}/{{}}", "setup_intent"),
    route("POST", f"{_ROOT}/{{}}", update, _SETTABLE.replace("mandate_data ", "")),
    route(
        "POST",
        f"{_ROOT}/{{}}/confirm",
        confirm,
        f"{_COMMON} return_url use_stripe_sdk",
    ),
    route("POST", f"{_ROOT}/{{}}/cancel", cancel, "cancellation_reason"),
    listing(_ROOT, "setup_intent", "customer payment_method"),
]
