"""Terms of a subscription in requests: trials, anchors, planned ends, held collection."""

from __future__ import annotations

from ..engine import methods, pausing, subscriptions
from ..engine.changes import Change
from ..periods import DAY
from ..store import Obj
from ..wire.errors import invalid, unmodelled
from ..wire.params import choice, flag, known, table, text, whole
from ..wire.routes import Call
from ..world import World

BEHAVIOURS = ("always_invoice", "create_prorations", "none")
PAYMENT = ("allow_incomplete", "default_incomplete", "error_if_incomplete")
_FEEDBACK = """customer_service low_quality missing_features other switched_service too_complex
too_expensive unused"""


def method_id(world: World, params: Obj, customer: str) -> str | None:
    """Return the default payment method that is asked for; it must be the customer's."""
    ident = text(params, "default_payment_method")
    if ident is None:
        return None
    method = methods.from_token(world, ident, "default_payment_method")
    if method["customer"] != customer:
        message = f"The customer does not have a payment method with the ID {ident}."
        raise invalid(message, "default_payment_method", "resource_missing")
    return str(method["id"])


def payment_behaviour(params: Obj) -> str:
    """Return `payment_behavior`; pending updates are not modelled."""
    if text(params, "payment_behavior") == "pending_if_incomplete":
        raise unmodelled("`payment_behavior=pending_if_incomplete`")
    return choice(params, "payment_behavior", PAYMENT, "allow_incomplete")


def proration(params: Obj) -> str:
    """Return `proration_behavior`."""
    return choice(params, "proration_behavior", BEHAVIOURS, "create_prorations")


def proration_date(params: Obj, sub: Obj, now: int) -> int:
    """Return the time prorations count from; it lies in the current period."""
    moment = whole(params, "proration_date")
    if moment is None:
        return now
    start, end = subscriptions.period_of(sub)
    if not start <= moment <= end:
        message = "proration_date must lie within the current billing period."
        raise invalid(message, "proration_date")
    return moment


def anchor_type(params: Obj) -> str:
    """Return the type in `billing_cycle_anchor` of an update, empty when not asked for."""
    asked = table(params, "billing_cycle_anchor")
    if not asked:
        return ""
    known(asked, ("type",), "billing_cycle_anchor")
    return choice(asked, "type", ("now", "unchanged"))


def change_of(call: Call, sub: Obj, params: Obj, items: list[Obj], fields: Obj) -> Change:
    """Return the change that an update or a preview asks for."""
    now = call.world.now(sub["customer"])
    return Change(
        items,
        proration_date(params, sub, now),
        behaviour=proration(params),
        anchor=anchor_type(params),
        payment=payment_behaviour(params),
        fields=fields,
    )


def trial_end(params: Obj, now: int) -> int | None:
    """Return when a trial that is asked for ends, None without one."""
    if flag(params, "trial_from_plan"):
        raise unmodelled("`trial_from_plan`")
    days = whole(params, "trial_period_days")
    asked = text(params, "trial_end")
    if asked and days is not None:
        raise invalid("Use either trial_end or trial_period_days.", "trial_end")
    if days is not None:
        return now + days * DAY if days > 0 else None
    if asked is None or asked == "now":
        return None
    moment = whole(params, "trial_end") or 0
    if moment <= now:
        raise invalid("trial_end must be a timestamp in the future.", "trial_end")
    if moment > now + 731 * DAY:
        raise invalid("trial_end can be at most two years from now.", "trial_end")
    return moment


def trial_settings(params: Obj) -> Obj:
    """Return what happens at the end of a trial without a means of payment."""
    asked = table(params, "trial_settings")
    known(asked, ("end_behavior",), "trial_settings")
    given = table(asked, "end_behavior")
    known(given, ("billing_cycle_anchor", "missing_payment_method"), "trial_settings[end_behavior]")
    if text(given, "billing_cycle_anchor") == "now":
        raise unmodelled("`trial_settings[end_behavior][billing_cycle_anchor]=now`")
    kinds = ("cancel", "create_invoice", "pause")
    what = choice(given, "missing_payment_method", kinds, "create_invoice")
    ending = {"billing_cycle_anchor": None, "missing_payment_method": what}
    return {"end_behavior": ending}


def hold_collection(call: Call, sub: Obj) -> None:
    """Hold collection back as asked, or take that back (an empty value)."""
    if "pause_collection" not in call.params:
        return
    asked = table(call.params, "pause_collection")
    if not asked:
        subscriptions.amend(call.world, sub, pause_collection=None)
        return
    known(asked, ("behavior", "resumes_at"), "pause_collection")
    behaviour = choice(asked, "behavior", ("keep_as_draft", "mark_uncollectible", "void"))
    resumes = whole(asked, "resumes_at")
    if resumes is not None and resumes <= call.world.now(sub["customer"]):
        raise invalid("resumes_at must be in the future.", "pause_collection[resumes_at]")
    pausing.hold_collection(call.world, sub, behaviour, resumes)


def cancellation(params: Obj) -> Obj:
    """Return the cancellation details that a request gives."""
    asked = table(params, "cancellation_details")
    known(asked, ("comment", "feedback", "feedback_option"), "cancellation_details")
    if asked.get("feedback"):
        choice(asked, "feedback", _FEEDBACK.split())
    return {name: value or None for name, value in asked.items()}


def plan_end(call: Call, sub: Obj) -> None:
    """Plan an end, take one back, or keep what a member said about leaving."""
    params, world = call.params, call.world
    details = cancellation(params)
    names = ("cancel_at", "cancel_at_period_end")
    if sub["schedule"] and any(name in params for name in names):
        message = (
            f"The subscription is managed by the subscription schedule `{sub['schedule']}`, and "
            "updating any cancelation behavior directly is not allowed."
        )
        raise invalid(message, "cancel_at")
    if flag(params, "cancel_at_period_end") and text(params, "cancel_at"):
        raise invalid("Use either cancel_at or cancel_at_period_end.", "cancel_at")
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
    if asked == "max_billed_until":
        raise unmodelled("`cancel_at=max_billed_until`")
    if asked in ("min_period_end", "max_period_end"):
        return subscriptions.period_end(sub)
    moment = whole(call.params, "cancel_at") or 0
    if moment <= call.world.now(sub["customer"]):
        raise invalid("`cancel_at` must be a timestamp in the future.", "cancel_at")
    return moment
