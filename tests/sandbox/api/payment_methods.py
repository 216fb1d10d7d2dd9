"""/v1/payment_methods, those of a customer, and /v1/mandates."""

from __future__ import annotations

from ..engine import methods, wallets
from ..engine.cards import TOKENS, iban
from ..store import Obj
from ..wire.errors import StripeError, invalid, missing, required, unmodelled
from ..wire.lists import page
from ..wire.params import Params, choice, known, metadata, needed, table, text, whole
from ..wire.routes import Call, listing, route
from ..world import World

KINDS = ("card", "sepa_debit")
_REDISPLAY = ("always", "limited", "unspecified")


def made(world: World, given: Params, moment: int, where: str = "") -> Obj:
    """Return a new means of payment from `type`, its hash and `billing_details`.

    A card needs a token such as `tok_visa`: its number must not reach a server like ours.
    """
    kind = choice(given, "type", KINDS)
    billing = _billing(given)
    if kind == "sepa_debit":
        code = iban(str(table(given, kind).get("iban") or ""))
        if code is None:
            param = f"{where}[sepa_debit][iban]" if where else "sepa_debit[iban]"
            raise invalid("The IBAN you provided is invalid.", param, "account_number_invalid")
        for name in ("email", "name"):
            if not billing.get(name):
                raise required(f"billing_details[{name}]")
        number = code
    else:
        number = _number(table(given, kind))
    method = methods.make(world, kind, number, moment=moment, details=billing)
    method["metadata"] = metadata(given)
    method["allow_redisplay"] = choice(given, "allow_redisplay", _REDISPLAY, "unspecified")
    return method


def _number(card: Params) -> str:
    token = str(card.get("token") or "")
    if not token:
        message = (
            "Sending credit card numbers directly to the Stripe API is generally unsafe. To "
            "continue processing use a token such as tok_visa, or a name such as pm_card_visa."
        )
        raise StripeError(402, message, param="card")
    name = "pm_card_" + token.removeprefix("tok_")
    if not token.startswith("tok_") or name not in TOKENS:
        raise missing("token", token, "card[token]")
    return TOKENS[name]


def _billing(given: Params) -> Obj:
    details = table(given, "billing_details")
    told: Obj = {n: text(details, n) for n in ("email", "name", "phone", "tax_id") if n in details}
    if "address" in details:
        lines = ("city", "country", "line1", "line2", "postal_code", "state")
        address = table(details, "address")
        told["address"] = {line: address.get(line) or None for line in lines}
    return told


def create(call: Call) -> Obj:
    """Keep a means of payment that belongs to nobody yet."""
    return made(call.world, call.params, call.world.now())


def retrieve(call: Call) -> Obj:
    """Return a payment method; test names such as pm_card_visa answer a fresh one."""
    return methods.from_token(call.world, call.id)


def update(call: Call) -> Obj:
    """Change what may be changed: expiry, billing details, metadata; only once it is attached."""
    world, params = call.world, call.params
    method = world.store.get("payment_method", call.id)
    if method["customer"] is None:
        raise invalid("You must save this PaymentMethod to a customer before you can update it.")
    card = table(params, "card")
    known(card, "exp_month exp_year", "card")
    changes = {n: whole(card, n, f"card[{n}]") for n in ("exp_month", "exp_year") if n in card}
    if not 1 <= (changes.get("exp_month") or 1) <= 12:
        message = "Your card's expiration month is invalid."
        raise invalid(message, "card[exp_month]", "invalid_expiry_month")
    method["billing_details"] |= _billing(params)
    method["metadata"] = metadata(params, method["metadata"])
    redisplay = method["allow_redisplay"]
    method["allow_redisplay"] = choice(params, "allow_redisplay", _REDISPLAY, redisplay)
    if changes:
        methods.update_card(world, method, by_network=False, **changes)
    else:
        world.emit("payment_method.updated", method, {})
    return method


def attach(call: Call) -> Obj:
    """Tie a payment method to a customer."""
    customer = call.world.store.get("customer", needed(call.params, "customer"), "customer")
    method = methods.from_token(call.world, call.id)
    return methods.attach(call.world, method, customer["id"])


def detach(call: Call) -> Obj:
    """Untie a payment method; it can no longer be charged."""
    method = call.world.store.get("payment_method", call.id)
    if method["customer"] is None:
        message = (
            "The payment method you provided is not attached to a customer so detachment is "
            "impossible."
        )
        raise invalid(message)
    wallets.remove(call.world, method)
    return method


def list_of_customer(call: Call) -> Obj:
    """Return the means of payment of one customer."""
    customer = call.world.store.get("customer", call.id)
    kind = text(call.params, "type")
    rows = wallets.of_customer(call.world, customer["id"])
    wanted = [row for row in rows if kind in (None, row["type"])]
    return page(call.params, wanted, call.path)


def retrieve_of_customer(call: Call) -> Obj:
    """Return a means of payment if it is this customer's."""
    customer = call.world.store.get("customer", call.ids[0])
    method = call.world.store.get("payment_method", call.ids[1])
    if method["customer"] != customer["id"]:
        raise missing("payment_method", method["id"])
    return method


def mandate(call: Call) -> Obj:
    """Return a mandate; cards have none here."""
    return call.world.store.get("mandate", call.id)


def search(call: Call) -> Obj:
    """Refuse: Stripe's search language is not spoken here."""
    raise unmodelled(f"search ({call.path}); use the list")


_PAGING = "limit starting_after ending_before"
ROUTES = [
    listing("/v1/payment_methods", "payment_method", "allow_redisplay customer type"),
    route(
        "POST",
        "/v1/payment_methods",
        create,
        "allow_redisplay billing_details card metadata sepa_debit type",
    ),
    route("GET", "/v1/payment_methods/{}", retrieve),
    route(
        "POST",
        "/v1/payment_methods/{}",
        update,
        "allow_redisplay billing_details card metadata",
    ),
    route("POST", "/v1/payment_methods/{}/attach", attach, "customer"),
    route("POST", "/v1/payment_methods/{}/detach", detach),
    route("GET", "/v1/customers/{}/payment_methods", list_of_customer, f"type {_PAGING}"),
    route("GET", "/v1/customers/{}/payment_methods/{}", retrieve_of_customer),
    route("GET", "/v1/mandates/{}", mandate),
    route("GET", "/v1/customers/search", search, "query limit page"),
    route("GET", "/v1/charges/search", search, "query limit page"),
    route("GET", "/v1/payment_intents/search", search, "query limit page"),
]
