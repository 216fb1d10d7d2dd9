"""Discounts: coupons that were redeemed for a subscription, and what they take off its invoices."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from ..periods import add_months
from ..shapes import shaped
from ..store import Obj, new_id
from ..world import World
from .differences import announced


def redeem(world: World, sub: Obj, coupon: Obj, code: Obj | None = None) -> str:
    """Keep a discount made of a coupon, announce it, and return its id."""
    now = world.now(sub["customer"])
    months = coupon["duration_in_months"]
    end = add_months(now, months) if coupon["duration"] == "repeating" else None
    discount = shaped(
        "discount",
        id=new_id("di_1"),
        customer=sub["customer"],
        end=end,
        promotion_code=code["id"] if code else None,
        source={"type": "coupon", "coupon": coupon["id"]},
        start=now,
        subscription=sub["id"],
    )
    world.store.add(discount)
    for each in (coupon, code):
        if each:
            each["times_redeemed"] += 1
    if end:
        world.schedule(end, "end_discount", discount["id"], sub["customer"])
    world.emit("customer.discount.created", discount)
    return str(discount["id"])


def drop(world: World, sub: Obj, ident: str) -> None:
    """Take a discount off its subscription and say so; the caller announces the subscription."""
    if ident in sub["discounts"]:
        sub["discounts"] = [each for each in sub["discounts"] if each != ident]
        world.emit("customer.discount.deleted", world.store.get("discount", ident))


def end_due(world: World, ident: str, due: int) -> None:
    """Timer: the months of a discount are over."""
    sub = world.store.find(world.store.get("discount", ident)["subscription"])
    if sub is not None:
        with announced(world, "customer.subscription.updated", sub):
            drop(world, sub, ident)


def apply(world: World, sub: Obj, lines: list[Obj]) -> None:
    """Write on these lines what the subscription's discounts take off; prorations are left out."""
    for ident in sub["discounts"]:
        discount = world.store.get("discount", ident)
        coupon = world.store.get("coupon", discount["source"]["coupon"])
        left = coupon["amount_off"]
        for line in lines:
            if not line["discountable"] or line["amount"] <= 0:
                continue
            off = _off(coupon, net(line), left)
            left = left - off if left is not None else None
            if off:
                _write(line, ident, off)


def spend(world: World, sub: Obj, lines: list[Obj]) -> None:
    """Drop what was good for one invoice and is on these lines."""
    used = {each["discount"] for line in lines for each in line["discount_amounts"]}
    for ident in used & set(sub["discounts"]):
        coupon = world.store.get("discount", ident)["source"]["coupon"]
        if world.store.get("coupon", coupon)["duration"] == "once":
            drop(world, sub, ident)


def net(line: Obj) -> int:
    """Return what is left of a line in cents."""
    off: int = sum(each["amount"] for each in line["discount_amounts"])
    return int(line["amount"]) - off


def totals(lines: list[Obj]) -> list[Obj]:
    """Return what each discount takes off all of these lines."""
    sums: dict[str, int] = {}
    for line in lines:
        for each in line["discount_amounts"]:
            sums[each["discount"]] = sums.get(each["discount"], 0) + each["amount"]
    return [{"amount": amount, "discount": ident} for ident, amount in sums.items()]


def as_credit(told: Obj) -> Obj:
    """Return an amount off in the form in which Stripe tells of all credits before tax."""
    return {**told, "credit_balance_transaction": None, "type": "discount"}


def _off(coupon: Obj, amount: int, left: int | None) -> int:
    if left is not None:
        return min(int(left), amount)
    part = Decimal(amount) * Decimal(str(coupon["percent_off"])) / 100
    return int(part.quantize(Decimal(1), ROUND_HALF_UP))


def _write(line: Obj, ident: str, off: int) -> None:
    told = {"amount": off, "discount": ident}
    line["discounts"] = [*line["discounts"], ident]
    line["discount_amounts"] = [*line["discount_amounts"], told]
    line["pretax_credit_amounts"] = [*line["pretax_credit_amounts"], as_credit(told)]
