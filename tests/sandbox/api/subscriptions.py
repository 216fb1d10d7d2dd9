"""/v1/subscriptions."""

from __future__ import annotations

from ..engine import collecting, methods, subscriptions
from ..engine.prices import from_row, plan_of
from ..store import Obj
from ..wire.errors import invalid, missing, required, unmodelled
from ..wire.params import flag, known, metadata, needed, rows, table, text, whole
from ..wire.routes import Call, Keep, listing, retrieval, route
from ..world import World

_CREATE = """add_invoice_items application_fee_percent automatic_tax backdate_start_date
billing_cycle_anchor billing_cycle_anchor_config billing_mode billing_schedules
billing_thresholds cancel_at cancel_at_period_end collection_method currency customer
customer_account days_until_due default_payment_method default_source default_tax_rates
description discounts invoice_settings items metadata off_session on_behalf_of payment_behavior
payment_settings pending_invoice_item_interval proration_behavior transfer_data trial_end
trial_from_plan trial_period_days trial_settings"""
_UPDATE = """add_invoice_items application_fee_percent automatic_tax billing_cycle_anchor
billing_schedules billing_thresholds cancel_at cancel_at_period_end cancellation_details
collection_method days_until_due default_payment_method default_source default_tax_rates
description discounts invoice_settings items metadata off_session on_behalf_of pause_collection
payment_behavior payment_settings pending_invoice_item_interval proration_behavior
proration_date transfer_data trial_end trial_from_plan trial_settings"""
_ITEM = """billing_thresholds clear_usage deleted discounts id metadata price price_data quantity
tax_rates"""
_ABSENT = """add_invoice_items backdate_start_date billing_cycle_anchor discounts
pause_collection trial_end trial_from_plan trial_period_days"""


def _refuse(params: Obj) -> None:
    for name in _ABSENT.split():
        if params.get(name):
            raise unmodelled(f"`{name}` on subscriptions")


def create(call: Call) -> Obj:
    """Start a subscription and try its first payment without the payer."""
    world, params = call.world, call.params
    _refuse(params)
    customer = world.store.get("customer", needed(params, "customer"), "customer")
    asked = rows(params, "items")
    if not asked:
        raise required("items")
    lines = []
    for index, row in enumerate(asked):
        price = from_row(world, row, f"items[{index}]", inline_product=False)
        known(row, _ITEM, f"items[{index}]")
        lines.append((price, whole(row, "quantity") or 1))
    method = _method(world, params, customer["id"])
    order = subscriptions.Order(lines, method, metadata(params), text(params, "description"))
    sub = subscriptions.make(world, customer, order)
    if collecting.method_for(world, sub) is None:
        world.store.bury(sub)
        message = "This customer has no attached payment source or default payment method."
        raise invalid(message, None, "resource_missing")
    invoice = subscriptions.open_first_invoice(world, sub)
    collecting.collect(world, invoice, present=False)
    _plan_end(call, sub)
    return sub


def _method(world: World, params: Obj, customer: str) -> str | None:
    ident = text(params, "default_payment_method")
    if ident is None:
        return None
    method = methods.from_token(world, ident, "default_payment_method")
    if method["customer"] != customer:
        message = f"The customer does not have a payment method with the ID {ident}."
        raise invalid(message, "default_payment_method", "resource_missing")
    return str(method["id"])


def update(call: Call) -> Obj:
    """Change amount, card, metadata or planned end; amounts change without proration only."""
    world, params = call.world, call.params
    _refuse(params)
    sub = world.store.get("subscription", call.id)
    if sub["status"] in subscriptions.FINAL:
        known(params, ("cancellation_details", "metadata", "expand"))
    changes: Obj = {"metadata": metadata(params, sub["metadata"])}
    if "default_payment_method" in params:
        changes["default_payment_method"] = _method(world, params, sub["customer"])
    if "description" in params:
        changes["description"] = text(params, "description")
    if "items" in params:
        changes["items"] = _items(call, sub)
    subscriptions.amend(world, sub, **changes)
    if sub["status"] not in subscriptions.FINAL:
        _plan_end(call, sub)
    return sub


def _items(call: Call, sub: Obj) -> Obj:
    by_id = {item["id"]: dict(item) for item in sub["items"]["data"]}
    for index, row in enumerate(rows(call.params, "items")):
        where = f"items[{index}]"
        known(row, _ITEM, where)
        item = by_id.get(text(row, "id") or "")
        if item is None or flag(row, "deleted"):
            raise unmodelled("adding or removing subscription items")
        if "price" in row or "price_data" in row:
            price = from_row(call.world, row, where, inline_product=False)
            _same_rhythm(call, item, price)
            item |= {"price": price, "plan": plan_of(price)}
        item["quantity"] = whole(row, "quantity") or item["quantity"]
    return {**sub["items"], "data": list(by_id.values())}


def _same_rhythm(call: Call, item: Obj, price: Obj) -> None:
    old, new = item["price"], price
    if new["recurring"] is None:
        raise invalid("The price specified is set to `type=one_time`.", "items[0][price]")
    if old["recurring"] != new["recurring"] or old["currency"] != new["currency"]:
        raise unmodelled("a change of interval or currency")
    if old["unit_amount"] == new["unit_amount"]:
        return
    if text(call.params, "proration_behavior") != "none":
        raise unmodelled("prorations (send proration_behavior=none)")


def _plan_end(call: Call, sub: Obj) -> None:
    params, world = call.params, call.world
    asked = table(params, "cancellation_details")
    known(asked, ("comment", "feedback", "feedback_option"), "cancellation_details")
    details = {name: value or None for name, value in asked.items()}
    if flag(params, "cancel_at_period_end"):
        end = subscriptions.period_end(sub)
        subscriptions.schedule_end(world, sub, end, at_period_end=True, details=details)
    elif text(params, "cancel_at"):
        moment = _moment(call, sub)
        subscriptions.schedule_end(world, sub, moment, at_period_end=False, details=details)
    elif params.get("cancel_at") == "" or flag(params, "cancel_at_period_end") is False:
        # Each of the two takes back what it set itself, and only that.
        if sub["cancel_at_period_end"] or params.get("cancel_at") == "":
            subscriptions.unschedule_end(world, sub)
    elif details:
        told = sub["cancellation_details"] | details
        subscriptions.amend(world, sub, cancellation_details=told)


def _moment(call: Call, sub: Obj) -> int:
    asked = text(call.params, "cancel_at")
    if asked in ("min_period_end", "max_period_end"):
        return subscriptions.period_end(sub)
    moment = whole(call.params, "cancel_at") or 0
    if moment <= call.world.now(sub["customer"]):
        raise invalid("`cancel_at` must be a timestamp in the future.", "cancel_at")
    return moment


def cancel(call: Call) -> Obj:
    """End a subscription now; one that has ended is gone (404), as with Stripe."""
    sub = call.world.store.get("subscription", call.id)
    if sub["status"] in subscriptions.FINAL:
        raise missing("subscription", call.id)
    if flag(call.params, "prorate") or flag(call.params, "invoice_now"):
        raise unmodelled("prorate and invoice_now on cancel")
    given = table(call.params, "cancellation_details")
    details = {name: value or None for name, value in given.items()}
    subscriptions.end(call.world, sub, reason="cancellation_requested", details=details)
    return sub


def _wanted(call: Call) -> Keep:
    asked = text(call.params, "status")
    price = text(call.params, "price")

    def keep(sub: Obj) -> bool:
        if price and all(i["price"]["id"] != price for i in sub["items"]["data"]):
            return False
        if asked == "all":
            return True
        if asked == "ended":
            return sub["status"] in subscriptions.FINAL
        return bool(sub["status"] != "canceled" if asked is None else sub["status"] == asked)

    return keep


ROUTES = [
    route("POST", "/v1/subscriptions", create, _CREATE),
    route("POST", "/v1/subscriptions/{}", update, _UPDATE),
    route("DELETE", "/v1/subscriptions/{}", cancel, "cancellation_details invoice_now prorate"),
    retrieval("/v1/subscriptions/{}", "subscription"),
    listing(
        "/v1/subscriptions",
        "subscription",
        "customer collection_method test_clock",
        "status price plan automatic_tax current_period_end current_period_start",
        _wanted,
    ),
]
