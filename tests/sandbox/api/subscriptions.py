"""/v1/subscriptions."""

from __future__ import annotations

from ..engine import changes, collecting, invoice_items, prorations, subscriptions, trials
from ..engine import suspensions as breaks
from ..engine.differences import announced
from ..store import Obj
from ..wire.errors import card_error, invalid, missing, unmodelled
from ..wire.params import choice, flag, known, metadata, needed, table, text, whole
from ..wire.routes import Call, Keep, listing, retrieval, route
from . import coupons, items, terms

_BOTH = """automatic_tax billing_cycle_anchor cancel_at cancel_at_period_end collection_method
default_payment_method description discounts items metadata off_session payment_behavior
payment_settings proration_behavior trial_end trial_from_plan trial_settings"""
_CREATE = f"billing_mode currency customer trial_period_days {_BOTH}"
_UPDATE = f"cancellation_details days_until_due pause_collection proration_date {_BOTH}"


def _refuse(params: Obj) -> None:
    if table(params, "billing_mode").get("type", "flexible") != "flexible":
        raise unmodelled("the classic billing mode")
    if flag(table(params, "automatic_tax"), "enabled"):
        raise unmodelled("automatic tax")


def create(call: Call) -> Obj:
    """Start a subscription; its first payment is tried without the payer unless told otherwise."""
    world, params = call.world, call.params
    _refuse(params)
    if text(params, "collection_method") == "send_invoice":
        raise unmodelled("`collection_method=send_invoice` for a new subscription")
    customer = world.store.get("customer", needed(params, "customer"), "customer")
    order = _order(call, customer)
    behaviour = terms.payment_behaviour(params)
    _check_payable(call, customer, order, behaviour)
    sub = subscriptions.make(world, customer, order)
    coupons.change(call, sub)
    invoice = subscriptions.open_first_invoice(world, sub)
    if behaviour != "default_incomplete" or not invoice["amount_due"]:
        collecting.collect(world, invoice)
    terms.plan_end(call, sub)
    return sub


def _order(call: Call, customer: Obj) -> subscriptions.Order:
    world, params = call.world, call.params
    fields: Obj = {}
    if "trial_settings" in params:
        fields["trial_settings"] = terms.trial_settings(params)
    if "payment_settings" in params:
        fields["payment_settings"] = _payment_settings(params)
    now = world.now(customer["id"])
    return subscriptions.Order(
        items.ordered(world, params),
        terms.method_id(world, params, customer["id"]),
        metadata(params),
        text(params, "description"),
        trial_end=terms.trial_end(params, now),
        anchor=whole(params, "billing_cycle_anchor"),
        prorate=terms.proration(params) != "none",
        fields=fields,
    )


def _payment_settings(params: Obj) -> Obj:
    asked = table(params, "payment_settings")
    for name in ("payment_method_options", "payment_method_types"):
        if asked.get(name):
            raise unmodelled(f"`payment_settings[{name}]`")
    saves = choice(asked, "save_default_payment_method", ("off", "on_subscription"), "off")
    return {
        "payment_method_options": None,
        "payment_method_types": None,
        "save_default_payment_method": saves,
    }


def _check_payable(call: Call, customer: Obj, order: subscriptions.Order, behaviour: str) -> None:
    world = call.world
    free = order.trial_end is not None or (order.anchor is not None and not order.prorate)
    total = sum(prorations.worth(price, quantity) for price, quantity in order.lines)
    if free or total + customer["balance"] <= 0 or behaviour == "default_incomplete":
        return
    method = world.store.find(order.method) or collecting.default_of(world, customer["id"])
    if method is None:
        message = (
            "This customer has no attached payment source or default payment method. Please "
            "consider adding a default payment method."
        )
        raise invalid(message, None, "resource_missing")
    failure = collecting.foreseen(world, method)
    if behaviour == "error_if_incomplete" and failure:
        raise card_error(failure)


def update(call: Call) -> Obj:
    """Change price, quantity, card, metadata, trial, anchor, collection or planned end."""
    world, params = call.world, call.params
    _refuse(params)
    sub = world.store.get("subscription", call.id)
    if sub["status"] in subscriptions.FINAL:
        known(params, ("cancellation_details", "metadata", "expand"))
    with announced(world, subscriptions.UPDATED, sub):
        coupons.change(call, sub)
    fields = _plain(call, sub)
    billing = "items" in params or bool(params.get("billing_cycle_anchor"))
    if billing and sub["status"] == "incomplete":
        raise invalid("An incomplete subscription cannot be changed before it is paid.", "items")
    if billing:
        now = world.now(sub["customer"])
        rows = items.changed(world, sub, params, customer_now=now)
        changes.apply(world, sub, terms.change_of(call, sub, params, rows, fields))
    else:
        subscriptions.amend(world, sub, **fields)
    _trial(call, sub)
    if sub["status"] in subscriptions.FINAL:
        details = terms.cancellation(params)
        subscriptions.amend(world, sub, cancellation_details=sub["cancellation_details"] | details)
        return sub
    terms.hold_collection(call, sub)
    terms.plan_end(call, sub)
    return sub


def _plain(call: Call, sub: Obj) -> Obj:
    params = call.params
    fields: Obj = {"metadata": metadata(params, sub["metadata"])}
    if "default_payment_method" in params:
        fields["default_payment_method"] = terms.method_id(call.world, params, sub["customer"])
    if "description" in params:
        fields["description"] = text(params, "description")
    if way := text(params, "collection_method"):
        fields |= {"collection_method": way, "days_until_due": whole(params, "days_until_due")}
    if "trial_settings" in params:
        fields["trial_settings"] = terms.trial_settings(params)
    if "payment_settings" in params:
        fields["payment_settings"] = _payment_settings(params)
    return fields


def _trial(call: Call, sub: Obj) -> None:
    asked = text(call.params, "trial_end")
    if asked is None:
        return
    if sub["status"] != "trialing":
        moment = terms.trial_end(call.params, call.world.now(sub["customer"]))
        if moment is not None and sub["status"] != "active":
            raise unmodelled("a trial for a subscription that is overdue or paused")
        if moment is not None:
            how = terms.proration(call.params)
            trials.begin(call.world, sub, moment, behaviour=how)
        return
    if asked == "now":
        trials.finish(call.world, sub)
        return
    moment = terms.trial_end(call.params, call.world.now(sub["customer"]))
    if moment is not None:
        trials.extend(call.world, sub, moment)


def cancel(call: Call) -> Obj:
    """End a subscription now; one that has ended is gone (404), as with Stripe."""
    world = call.world
    sub = world.store.get("subscription", call.id)
    if sub["status"] in subscriptions.FINAL:
        raise missing("subscription", call.id)
    details = terms.cancellation(call.params)
    if flag(call.params, "prorate"):
        now = world.now(sub["customer"])
        for item in sub["items"]["data"]:
            if row := prorations.unused(world, item, now):
                invoice_items.of_proration(world, sub, row)
    if flag(call.params, "invoice_now"):
        invoice = changes.bill_now(world, sub, whole=False)
        if invoice is not None:
            collecting.collect(world, invoice)
    subscriptions.end(world, sub, reason="cancellation_requested", details=details)
    return sub


def pause(call: Call) -> Obj:
    """Pause a subscription now; unused time is credited unless that is not wanted."""
    params = call.params
    choice(params, "type", ("subscription",), "subscription")
    asked = table(params, "bill_for")
    known(asked, ("outstanding_usage_through", "unused_time_from"), "bill_for")
    usage = table(asked, "outstanding_usage_through")
    choice(usage, "type", ("none", "now"), "now")
    unused = table(asked, "unused_time_from")
    since = choice(unused, "type", ("item_current_period_start", "none", "now"), "now")
    ways = ("invoice", "pending_invoice_item")
    way = choice(params, "invoicing_behavior", ways, "pending_invoice_item")
    sub = call.world.store.get("subscription", call.id)
    breaks.suspend(call.world, sub, unused_from=since, invoice_now=way == "invoice")
    return sub


def resume(call: Call) -> Obj:
    """Resume a paused subscription, now or once its invoice is paid."""
    params = call.params
    sub = call.world.store.get("subscription", call.id)
    ways = ("resume_on_payment_attempt", "resume_on_payment_success")
    way = choice(params, "payment_behavior", ways, ways[0])
    now = call.world.now(sub["customer"])
    breaks.resume(
        call.world,
        sub,
        anchor=terms.anchor_type(params) or "now",
        on_success=way == ways[1],
        behaviour=terms.proration(params),
        moment=whole(params, "proration_date") or now,
    )
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
    route("POST", "/v1/subscriptions/{}/pause", pause, "bill_for invoicing_behavior type"),
    route(
        "POST",
        "/v1/subscriptions/{}/resume",
        resume,
        "billing_cycle_anchor payment_behavior proration_behavior proration_date",
    ),
    retrieval("/v1/subscriptions/{}", "subscription"),
    listing(
        "/v1/subscriptions",
        "subscription",
        "customer collection_method test_clock",
        "status price plan automatic_tax current_period_end current_period_start",
        _wanted,
    ),
]
