"""/v1/checkout/sessions."""

from __future__ import annotations

from ..engine import checkout, setups
from ..engine.prices import from_row
from ..shapes import shaped
from ..store import Obj, new_id
from ..wire.errors import invalid, required, too_small, unmodelled
from ..wire.lists import page
from ..wire.params import choice, flag, known, metadata, rows, table, text, whole
from ..wire.routes import Call, Keep, listing, retrieval, route
from ..world import World
from . import checkout_rules as rules
from .checkout_fields import build

_MODES = ("payment", "setup", "subscription")


def create(call: Call) -> Obj:
    """Open a hosted checkout: a membership, a gift, or a means of payment saved for later."""
    params, world = call.params, call.world
    mode = choice(params, "mode", _MODES)
    rules.check(params, mode)
    customer = _customer(world, params, mode)
    lines = [] if mode == "setup" else _lines(world, params, mode)
    currency = lines[0]["currency"] if lines else (text(params, "currency") or "eur").lower()
    kinds = rules.types(params, currency)
    note = _note(world, params, mode, kinds)
    expires_at, due = rules.expiry(world, params)
    if rules.free_today(note.get("subscription_data", {})):
        for line in lines:
            line |= {"amount_subtotal": 0, "amount_total": 0}
    session = build(call, mode, lines)
    session |= {
        "currency": None if mode == "setup" and not text(params, "currency") else currency,
        "customer": customer,
        "customer_email": rules.email(params),
        "expires_at": expires_at,
        "payment_method_types": kinds,
    }
    world.store.add(session)
    world.store.note(session["id"]).update(note | {"line_items": lines})
    if mode == "setup":
        _prepare_setup(world, session, note["setup_intent_data"])
    # Not on the customer's test clock: hosted pages live in the global time.
    world.schedule(due, "expire_session", session["id"], None)
    return session


def _prepare_setup(world: World, session: Obj, data: Obj) -> None:
    intent = setups.make(
        world, customer=session["customer"], types=session["payment_method_types"], fields=data
    )
    world.store.note(intent["id"])["session"] = session["id"]
    session["setup_intent"] = intent["id"]


def _note(world: World, params: Obj, mode: str, kinds: list[str]) -> Obj:
    """Return what the session does not tell but needs when it is paid."""
    note: Obj = {
        "customer_update": table(params, "customer_update"),
        "allow_redisplay": text(table(params, "payment_method_data"), "allow_redisplay"),
    }
    if mode == "payment":
        note["payment_intent_data"] = rules.intent_data(params, kinds)
    elif mode == "subscription":
        note["subscription_data"] = rules.subscription_data(world, params)
    else:
        note["setup_intent_data"] = rules.setup_data(params)
    return note


def _customer(world: World, params: Obj, mode: str) -> str | None:
    ident = text(params, "customer")
    update = table(params, "customer_update")
    known(update, ("address", "name", "shipping"), "customer_update")
    for name in update:
        choice(update, name, ("auto", "never"))
    if update.get("shipping") == "auto":
        raise invalid("`customer_update[shipping]` needs `shipping_address_collection`.")
    if not ident:
        if update:
            message = "`customer_update` can only be used with `customer`."
            raise invalid(message, "customer_update")
        return None
    for other in ("customer_email", "customer_creation"):
        if text(params, other):
            message = f"You may only specify one of these parameters: customer, {other}."
            raise invalid(message, other)
    return str(world.store.get("customer", ident, "customer")["id"])


def _lines(world: World, params: Obj, mode: str) -> list[Obj]:
    asked = rows(params, "line_items")
    if not asked:
        raise required("line_items")
    lines = []
    for index, row in enumerate(asked):
        where = f"line_items[{index}]"
        price = from_row(world, row, where, inline_product=True)
        names = "adjustable_quantity metadata price price_data quantity tax_rates"
        known(row, names, where)
        if row.get("tax_rates") or flag(table(row, "adjustable_quantity"), "enabled"):
            raise unmodelled("tax rates and adjustable quantities in Checkout")
        quantity = whole(row, "quantity")
        if quantity is None:
            raise required(f"{where}[quantity]")
        if quantity < 1:
            raise invalid("Quantity must be at least 1 here.", f"{where}[quantity]")
        lines.append(_line(world, price, quantity) | {"metadata": metadata(row)})
    _expect_rhythm(lines, mode)
    if text(params, "currency") not in (None, lines[0]["currency"]):
        raise unmodelled("prices in several currencies", "currency")
    total = sum(line["amount_total"] for line in lines)
    # A subscription over nothing is allowed, any other amount has Stripe's floor.
    if total < 50 and not (mode == "subscription" and total == 0):
        raise too_small(total, "line_items")
    return lines


def _expect_rhythm(lines: list[Obj], mode: str) -> None:
    recurring = [bool(line["price"]["recurring"]) for line in lines]
    if mode == "payment" and any(recurring):
        raise invalid("You specified `payment` mode but passed a recurring price.", "mode")
    if mode == "subscription" and not any(recurring):
        message = "You must provide at least one recurring price in `subscription` mode."
        raise invalid(message, "line_items")
    if mode == "subscription" and not all(recurring):
        raise unmodelled("one-time prices beside a subscription in Checkout")
    if len({line["currency"] for line in lines}) > 1:
        raise invalid("All line items must have the same currency.", "line_items")


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
    return page(call.params, call.world.store.peek(call.id)["line_items"], call.path)


def _by_email(call: Call) -> Keep:
    asked = table(call.params, "customer_details").get("email")
    return lambda o: not asked or (o["customer_details"] or {}).get("email") == asked


_ROOT = "/v1/checkout/sessions"
ROUTES = [
    route("POST", _ROOT, create, rules.NAMES),
    retrieval(f"{_ROOT}/{{}}", "checkout.session"),
    route("POST", f"{_ROOT}/{{}}", update, "metadata"),
    route("POST", f"{_ROOT}/{{}}/expire", expire),
    route("GET", f"{_ROOT}/{{}}/line_items", line_items, "limit starting_after ending_before"),
    listing(
        _ROOT,
        "checkout.session",
        "customer payment_intent payment_link status subscription",
        "customer_details",
        _by_email,
    ),
]
