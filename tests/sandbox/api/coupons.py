"""/v1/coupons and /v1/promotion_codes, and the discounts that a subscription has of them."""

from __future__ import annotations

from ..engine import discounts
from ..engine.differences import announced
from ..engine.subscriptions import UPDATED
from ..shapes import shaped
from ..store import Obj, new_id
from ..wire.errors import invalid, required
from ..wire.params import choice, known, metadata, needed, rows, table, text, whole
from ..wire.routes import Call, listing, retrieval, route

_LASTING = ("forever", "once", "repeating")


def create(call: Call) -> Obj:
    """Keep a coupon: so many percent or cents off, once, for some months or for ever."""
    params, world = call.params, call.world
    percent, cents = text(params, "percent_off"), whole(params, "amount_off")
    if (percent is None) == (cents is None):
        raise invalid("You must pass either `percent_off` or `amount_off`.", "percent_off")
    duration = choice(params, "duration", _LASTING, "once")
    months = whole(params, "duration_in_months")
    if duration == "repeating" and not months:
        raise required("duration_in_months")
    coupon = shaped(
        "coupon",
        id=text(params, "id") or new_id("", 8),
        amount_off=cents,
        created=world.now(),
        currency=needed(params, "currency").lower() if cents is not None else None,
        duration=duration,
        duration_in_months=months,
        metadata=metadata(params),
        name=text(params, "name"),
        percent_off=float(percent) if percent is not None else None,
        times_redeemed=0,
        valid=True,
    )
    # Sent only where they are asked for.
    for name in ("applies_to", "currency_options"):
        coupon.pop(name, None)
    world.store.add(coupon)
    world.emit("coupon.created", coupon)
    return coupon


def delete(call: Call) -> Obj:
    """Delete a coupon: nobody gets it any more, and who has a discount of it keeps that."""
    coupon = call.world.store.get("coupon", call.id)
    coupon["valid"] = False
    call.world.emit("coupon.deleted", coupon)
    return {"id": coupon["id"], "object": "coupon", "deleted": True}


def create_code(call: Call) -> Obj:
    """Keep a code that customers can type for a coupon."""
    params, world = call.params, call.world
    asked = table(params, "promotion")
    known(asked, ("coupon", "type"), "promotion")
    coupon = world.store.get("coupon", needed(asked, "coupon"), "promotion[coupon]")
    code = shaped(
        "promotion_code",
        id=new_id("promo_1"),
        active=True,
        code=text(params, "code") or new_id("", 8).upper(),
        created=world.now(),
        metadata=metadata(params),
        promotion={"type": "coupon", "coupon": coupon["id"]},
        restrictions={
            "first_time_transaction": False,
            "minimum_amount": None,
            "minimum_amount_currency": None,
        },
        times_redeemed=0,
    )
    world.store.add(code)
    world.emit("promotion_code.created", code)
    return code


def change(call: Call, sub: Obj) -> None:
    """Put the discounts in place that a request names; an empty value takes all of them away."""
    if "discounts" not in call.params:
        return
    if call.params["discounts"] == "":
        _clear(call, sub)
        return
    wanted = [_wanted(call, sub, row) for row in rows(call.params, "discounts")]
    for ident in [each for each in sub["discounts"] if each not in wanted]:
        discounts.drop(call.world, sub, ident)
    sub["discounts"] = wanted


def _clear(call: Call, sub: Obj) -> None:
    for ident in list(sub["discounts"]):
        discounts.drop(call.world, sub, ident)


def _wanted(call: Call, sub: Obj, row: Obj) -> str:
    store = call.world.store
    known(row, ("coupon", "discount", "promotion_code"), "discounts[0]")
    if kept := text(row, "discount"):
        return str(store.get("discount", kept, "discounts[0][discount]")["id"])
    code = text(row, "promotion_code")
    typed = store.get("promotion_code", code, "discounts[0][promotion_code]") if code else None
    ident = typed["promotion"]["coupon"] if typed else needed(row, "coupon")
    coupon = store.get("coupon", ident, "discounts[0][coupon]")
    if not coupon["valid"]:
        raise invalid(f"Coupon expired: {ident}", "discounts[0][coupon]", "coupon_expired")
    if coupon["currency"] not in (None, sub["currency"]):
        raise invalid("The coupon has another currency.", "discounts[0][coupon]")
    return discounts.redeem(call.world, sub, coupon, typed)


def delete_discount(call: Call) -> Obj:
    """Take all discounts off a subscription."""
    sub = call.world.store.get("subscription", call.id)
    if not sub["discounts"]:
        raise invalid("No active discount for subscription", None, "resource_missing")
    last = call.world.store.get("discount", sub["discounts"][-1])
    with announced(call.world, UPDATED, sub):
        _clear(call, sub)
    return {**last, "deleted": True}


ROUTES = [
    route(
        "POST",
        "/v1/coupons",
        create,
        "amount_off currency duration duration_in_months id metadata name percent_off",
    ),
    route("DELETE", "/v1/coupons/{}", delete),
    retrieval("/v1/coupons/{}", "coupon"),
    listing("/v1/coupons", "coupon"),
    route("POST", "/v1/promotion_codes", create_code, "code metadata promotion"),
    retrieval("/v1/promotion_codes/{}", "promotion_code"),
    listing("/v1/promotion_codes", "promotion_code", "active code"),
    route("DELETE", "/v1/subscriptions/{}/discount", delete_discount),
]
