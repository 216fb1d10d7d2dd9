"""/v1/payment_intents: payments that a program makes by itself, without a hosted page."""

from __future__ import annotations

from ..engine import collecting, intents, mandates, methods
from ..store import Obj
from ..wire.errors import StripeError, invalid, required, too_small, unmodelled
from ..wire.params import Params, choice, flag, known, metadata, needed, rows, table, text, whole
from ..wire.routes import Call, listing, retrieval, route
from . import payment_methods

ENABLED = ("card", "sepa_debit")
_PLAIN = ["description", "receipt_email", "statement_descriptor", "statement_descriptor_suffix"]
_OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
_REASONS = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")
_MOST = 99_999_999


def create(call: Call) -> Obj:
    """Keep an intent, and try it at once with `confirm`."""
    world, params = call.world, call.params
    amount = _amount(params)
    if amount is None:
        raise required("amount")
    currency = _currency(params)
    customer = text(params, "customer")
    if customer:
        world.store.get("customer", customer, "customer")
    if not flag(params, "confirm"):
        for name in ("off_session", "return_url", "mandate_data", "error_on_requires_action"):
            if params.get(name) not in (None, "", "false"):
                message = f"`{name}` can only be provided when `confirm` is true."
                raise invalid(message, name)
    fields = _fields(params) | {"metadata": metadata(params)}
    fields["automatic_payment_methods"] = _automatic(params)
    # Read before anything is kept: a refused request leaves nothing behind.
    method = _named_method(call)
    intent = intents.make(
        world,
        amount=amount,
        currency=currency,
        customer=customer,
        types=_types(params),
        fields=fields,
    )
    if method:
        _use(intent, method)
    return _confirm(call, intent) if flag(params, "confirm") else intent


def _amount(params: Params) -> int | None:
    amount = whole(params, "amount")
    if amount is not None and amount < 50:
        raise too_small(amount, "amount")
    if amount is not None and amount > _MOST:
        raise invalid("Amount must be no more than €999,999.99", "amount", "amount_too_large")
    return amount


def _currency(params: Params) -> str:
    currency = needed(params, "currency").lower()
    if currency != "eur":
        raise unmodelled(f"payments in {currency}", "currency")
    return currency


def _automatic(params: Params) -> Obj:
    given = table(params, "automatic_payment_methods")
    known(given, "allow_redirects enabled", "automatic_payment_methods")
    redirects = choice(given, "allow_redirects", ("always", "never"), "always")
    return {"allow_redirects": redirects, "enabled": flag(given, "enabled") is not False}


def _types(params: Params) -> list[str]:
    """Return what may be paid with; a type that is not enabled here is dropped silently."""
    allowed = rows(params, "allowed_payment_method_types") or list(ENABLED)
    excluded = rows(params, "excluded_payment_method_types")
    if not _automatic(params)["enabled"]:
        allowed = ["card"]
    types = [kind for kind in ENABLED if kind in allowed and kind not in excluded]
    if not types:
        message = "No valid payment method types for this Payment Intent."
        raise invalid(message, "allowed_payment_method_types")
    return types


def _fields(params: Params) -> Obj:
    fields: Obj = {name: text(params, name) for name in _PLAIN if name in params}
    for name in ("capture_method", "confirmation_method"):
        if text(params, name) == "manual":
            raise unmodelled(f"{name}=manual", name)
    if "setup_future_usage" in params:
        future = choice(params, "setup_future_usage", ("off_session", "on_session"), "")
        fields["setup_future_usage"] = future or None
    for name in ("allowed_payment_method_types", "excluded_payment_method_types"):
        if rows(params, name):
            fields[name] = rows(params, name)
    return fields


def _named_method(call: Call) -> Obj | None:
    world, params = call.world, call.params
    data = table(params, "payment_method_data")
    if data:
        names = "allow_redisplay billing_details metadata sepa_debit type"
        known(data, names, "payment_method_data")
        return payment_methods.made(world, data, world.now(), "payment_method_data")
    token = text(params, "payment_method")
    return methods.from_token(world, token, "payment_method") if token else None


def _use(intent: Obj, method: Obj) -> None:
    intent["payment_method"] = method["id"]
    if intent["status"] == "requires_payment_method":
        intent["status"] = "requires_confirmation"


def update(call: Call) -> Obj:
    """Change an intent that is not paid; of one that is, the description and metadata only."""
    world, params = call.world, call.params
    intent = world.store.get("payment_intent", call.id)
    harmless = {"description", "metadata", "receipt_email", "expand"}
    if intent["status"] not in _OPEN and set(params) - harmless:
        raise intents.unexpected(intent, "update")
    amount = _amount(params)
    fields = _fields(params)
    method = _named_method(call)
    if text(params, "currency"):
        _currency(params)
    customer = text(params, "customer")
    if customer:
        fields["customer"] = world.store.get("customer", customer, "customer")["id"]
    intent |= fields | {"metadata": metadata(params, intent["metadata"])}
    if amount is not None:
        intent["amount"] = amount
    if method:
        _use(intent, method)
    return intent


def confirm(call: Call) -> Obj:
    """Try an intent with the given or its own means of payment; 402 when that is declined."""
    return _confirm(call, call.world.store.get("payment_intent", call.id))


def _confirm(call: Call, intent: Obj) -> Obj:
    world, params = call.world, call.params
    if intent["status"] not in _OPEN:
        raise intents.unexpected(intent, "confirm")
    note = world.store.peek(intent["id"])
    if note.get("session"):
        raise invalid("This PaymentIntent belongs to a Checkout Session: it is paid there.")
    # On creation the method has been read already.
    named = None if call.path == "/v1/payment_intents" else _named_method(call)
    method = named or world.store.find(intent["payment_method"])
    if method is None:
        raise _without_method(intent)
    _check(intent, method)
    methods.check_free(world, method)
    intent |= _fields(params)
    if method["type"] == "sepa_debit":
        _check_mandate(call, method)
    present = not (_off_session(params) or flag(params, "error_on_requires_action"))
    back = text(params, "return_url")
    status = intents.attempt(world, intent, method, present=present, back=back)
    invoice = world.store.find(note.get("invoice"))
    if invoice:
        collecting.follow(world, invoice, status, present=present)
    if intent["status"] == "requires_payment_method":
        raise _declined(intent)
    return intent


def _off_session(params: Params) -> bool:
    return text(params, "off_session") in ("true", "one_off", "recurring")


def _without_method(intent: Obj) -> StripeError:
    message = (
        "You cannot confirm this PaymentIntent because it's missing a payment method. You can "
        "either update the PaymentIntent with a payment method and then confirm it again, or "
        "confirm it again directly with a payment method."
    )
    return StripeError(
        400, message, code="payment_intent_unexpected_state", payment_intent=dict(intent)
    )


def _check(intent: Obj, method: Obj) -> None:
    if method["type"] not in intent["payment_method_types"]:
        message = (
            f"The PaymentMethod provided ({method['type']}) is not allowed for this PaymentIntent."
        )
        raise invalid(message, "payment_method", "payment_intent_invalid_parameter")
    if method["customer"] and method["customer"] != intent["customer"]:
        message = (
            "The provided PaymentMethod belongs to a Customer. Please include that Customer in "
            "the `customer` parameter on the PaymentIntent."
        )
        raise invalid(message, "payment_method")
    if intent["statement_descriptor"] and method["type"] == "card":
        message = (
            "The `statement_descriptor` parameter is not supported for the card payment method "
            "type. Use `statement_descriptor_suffix` to customize it."
        )
        raise invalid(message, "statement_descriptor")


def _check_mandate(call: Call, method: Obj) -> None:
    world = call.world
    accepted = table(table(call.params, "mandate_data"), "customer_acceptance")
    if accepted:
        mandates.renew(world, method, world.now(method["customer"]))
        return
    mandate = mandates.find(world, method)
    if mandate is None or mandate["status"] != "active":
        message = (
            "The payment method needs an active mandate: send `mandate_data` with the customer's "
            "acceptance."
        )
        raise invalid(message, "mandate_data", "payment_intent_mandate_invalid")


def _declined(intent: Obj) -> StripeError:
    error = intent["last_payment_error"]
    names = ("charge", "code", "decline_code", "doc_url", "payment_method", "type")
    told = {name: error[name] for name in names}
    status = 402 if error["type"] == "card_error" else 400
    return StripeError(status, error["message"], **told, payment_intent=dict(intent))


def cancel(call: Call) -> Obj:
    """Close an intent that is not paid."""
    world = call.world
    intent = world.store.get("payment_intent", call.id)
    note = world.store.peek(intent["id"])
    if note.get("session"):
        message = (
            "You cannot cancel the PaymentIntent of a Checkout Session: expire the session instead."
        )
        raise invalid(message)
    if note.get("invoice"):
        raise invalid(
            "You cannot cancel the PaymentIntent of an invoice: void the invoice instead."
        )
    if intent["status"] not in _OPEN:
        raise intents.unexpected(intent, "cancel")
    given = text(call.params, "cancellation_reason")
    reason = choice(call.params, "cancellation_reason", _REASONS) if given else None
    intents.cancel(world, intent, reason)
    return intent


def capture(call: Call) -> Obj:
    """Refuse: nothing is authorised here that could be captured later."""
    raise unmodelled("capturing; payments are captured at once")


_TERMS = """allowed_payment_method_types capture_method excluded_payment_method_types
payment_method payment_method_data receipt_email setup_future_usage"""
_TRYING = "error_on_requires_action mandate_data off_session return_url use_stripe_sdk"
_WORDS = "customer description metadata statement_descriptor statement_descriptor_suffix"
_PATH = "/v1/payment_intents"
ROUTES = [
    retrieval(f"{_PATH}/{{}}", "payment_intent"),
    listing(_PATH, "payment_intent", "customer"),
    route(
        "POST",
        _PATH,
        create,
        f"amount automatic_payment_methods confirm confirmation_method currency {_TERMS} "
        f"{_TRYING} {_WORDS}",
    ),
    route("POST", f"{_PATH}/{{}}", update, f"amount currency {_TERMS} {_WORDS}"),
    route("POST", f"{_PATH}/{{}}/confirm", confirm, f"{_TERMS} {_TRYING}"),
    route("POST", f"{_PATH}/{{}}/cancel", cancel, "cancellation_reason"),
    route("POST", f"{_PATH}/{{}}/capture", capture),
]
