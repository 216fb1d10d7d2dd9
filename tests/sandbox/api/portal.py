"""/v1/billing_portal."""

from __future__ import annotations

from ..engine import portal, portal_configurations
from ..store import Obj
from ..wire.errors import invalid, required, unmodelled
from ..wire.params import choice, flag, known, metadata, needed, rows, table, text, whole
from ..wire.routes import Call, Keep, listing, retrieval, route
from ..world import World
from .checkout_rules import web_address

_FEATURES = {
    "customer_update": "allowed_updates enabled",
    "invoice_history": "enabled",
    "payment_method_update": "enabled payment_method_configuration",
    "subscription_cancel": "cancellation_reason enabled mode proration_behavior",
    "subscription_pause": "duration enabled",
    "subscription_update": "billing_cycle_anchor default_allowed_updates enabled products "
    "proration_behavior schedule_at_period_end trial_update_behavior",
}
_UPDATES = ("address", "email", "name", "phone")
_NEEDS = {
    "customer_update": "customer_update",
    "payment_method_update": "payment_method_update",
    "subscription_cancel": "subscription_cancel",
    "subscription_pause": "subscription_pause",
}
_AFTER = ("hosted_confirmation", "portal_homepage", "redirect")


def _asked(features: Obj, name: str) -> Obj:
    where = f"features[{name}]"
    given = table(features, name)
    known(given, _FEATURES[name], where)
    if "enabled" not in given and name != "subscription_pause":
        raise required(f"{where}[enabled]")
    return given


def _change_feature(kept: Obj, name: str, given: Obj) -> None:
    if "enabled" in given:
        kept["enabled"] = bool(flag(given, "enabled"))
    if name == "customer_update" and "allowed_updates" in given:
        kept["allowed_updates"] = rows(given, "allowed_updates")
        for update in kept["allowed_updates"]:
            if update not in _UPDATES:
                raise unmodelled(f"the customer update `{update}` in the portal")
    if name == "payment_method_update" and given.get("payment_method_configuration"):
        raise unmodelled("payment method configurations")
    if name == "subscription_cancel":
        _change_cancel(kept, given)
    if name == "subscription_pause":
        _change_pause(kept, given)
    if name == "subscription_update" and kept["enabled"]:
        raise unmodelled("changing subscriptions in the portal")


def _change_cancel(kept: Obj, given: Obj) -> None:
    where = "features[subscription_cancel]"
    modes = ("at_period_end", "immediately")
    kept["mode"] = choice(given, "mode", modes, kept["mode"])
    proration = text(given, "proration_behavior") or kept["proration_behavior"]
    if proration not in ("none", "create_prorations"):
        message = "`proration_behavior` may be `none` or `create_prorations` here."
        raise invalid(message, f"{where}[proration_behavior]")
    if proration == "create_prorations":
        if kept["mode"] != "immediately":
            message = "`create_prorations` is only compatible with `mode=immediately`."
            raise invalid(message, f"{where}[proration_behavior]")
        raise unmodelled("prorations of a cancellation in the portal")
    reasons = table(given, "cancellation_reason")
    known(reasons, "enabled feedback_options options", f"{where}[cancellation_reason]")
    if reasons.get("feedback_options"):
        raise unmodelled("feedback options of your own")
    if "enabled" in reasons:
        kept["cancellation_reason"]["enabled"] = bool(flag(reasons, "enabled"))
    if "options" in reasons:
        options = rows(reasons, "options")
        known_options = portal_configurations.FEEDBACK
        for option in options:
            if option not in known_options:
                message = f"Invalid options: must be one of {', '.join(known_options)}"
                raise invalid(message, f"{where}[cancellation_reason][options]")
        kept["cancellation_reason"]["options"] = options


def _change_pause(kept: Obj, given: Obj) -> None:
    where = "features[subscription_pause][duration]"
    duration = table(given, "duration")
    known(duration, "interval_options type", where)
    if not duration:
        return
    kind = choice(duration, "type", ("indefinite", "interval_options"))
    options = []
    for row in rows(duration, "interval_options"):
        known(row, "interval interval_count", f"{where}[interval_options]")
        unit = choice(row, "interval", ("day", "month", "week", "year"))
        options.append({"interval": unit, "interval_count": whole(row, "interval_count") or 1})
    if kind == "interval_options" and not options:
        raise required(f"{where}[interval_options]")
    kept["duration"] = {"interval_options": options, "type": kind}


def _apply(call: Call, configuration: Obj) -> None:
    params = call.params
    asked = table(params, "features")
    known(asked, _FEATURES, "features")
    for name in asked:
        _change_feature(configuration["features"][name], name, _asked(asked, name))
    profile = table(params, "business_profile")
    known(profile, "headline privacy_policy_url terms_of_service_url", "business_profile")
    for name, value in profile.items():
        if name.endswith("_url"):
            web_address(value or None, f"business_profile[{name}]")
        configuration["business_profile"][name] = value or None
    if flag(table(params, "login_page"), "enabled"):
        raise unmodelled("the portal's login page")
    for name in ("default_return_url", "name"):
        if name in params:
            configuration[name] = text(params, name)
    web_address(configuration["default_return_url"], "default_return_url")
    configuration["metadata"] = metadata(params, configuration["metadata"])
    configuration["updated"] = call.world.now()


def create_configuration(call: Call) -> Obj:
    """Keep a portal configuration."""
    configuration = portal_configurations.blank(call.world)
    if "features" not in call.params:
        raise required("features")
    _apply(call, configuration)
    call.world.store.add(configuration)
    call.world.emit("billing_portal.configuration.created", configuration)
    return configuration


def update_configuration(call: Call) -> Obj:
    """Change a portal configuration; links already given away follow it."""
    configuration = call.world.store.get("billing_portal.configuration", call.id)
    _apply(call, configuration)
    if "active" in call.params:
        active = bool(flag(call.params, "active"))
        if configuration["is_default"] and not active:
            raise invalid("You cannot deactivate the default configuration.", "active")
        configuration["active"] = active
    call.world.emit("billing_portal.configuration.updated", configuration, {})
    return configuration


def _flow(world: World, params: Obj, customer: str, features: Obj) -> Obj | None:
    asked = table(params, "flow_data")
    if not asked:
        return None
    names = """after_completion customer_update subscription_cancel subscription_pause type
    subscription_update subscription_update_confirm"""
    # `customer_update` is told, not asked for.
    known(asked, set(names.split()) - {"customer_update"}, "flow_data")
    kind = needed(asked, "type")
    if kind in ("subscription_update", "subscription_update_confirm"):
        raise unmodelled(f"the portal flow {kind}")
    if kind not in _NEEDS:
        raise invalid(f"Invalid flow_data[type]: must be one of {', '.join(_NEEDS)}", "flow_data")
    if not features[_NEEDS[kind]]["enabled"]:
        message = (
            f"The portal flow {kind} needs the feature {_NEEDS[kind]}, which is not enabled in "
            "this portal's configuration."
        )
        raise invalid(message, "flow_data[type]")
    flow: Obj = dict.fromkeys(names.split())
    flow |= {"type": kind, "after_completion": _after(table(asked, "after_completion"))}
    if kind == "customer_update":
        flow["customer_update"] = {}
    elif kind != "payment_method_update":
        flow[kind] = _target(world, asked, kind, customer)
    return flow


def _after(asked: Obj) -> Obj:
    where = "flow_data[after_completion]"
    known(asked, ("hosted_confirmation", "redirect", "type"), where)
    kind = choice(asked, "type", _AFTER, "portal_homepage")
    redirect, confirmation = table(asked, "redirect"), table(asked, "hosted_confirmation")
    if kind == "redirect":
        web_address(needed(redirect, "return_url"), f"{where}[redirect][return_url]")
    shown = {"custom_message": text(confirmation, "custom_message")}
    return {
        "hosted_confirmation": shown if kind == "hosted_confirmation" else None,
        "redirect": {"return_url": redirect["return_url"]} if kind == "redirect" else None,
        "type": kind,
    }


def _target(world: World, asked: Obj, kind: str, customer: str) -> Obj:
    where = f"flow_data[{kind}]"
    given = table(asked, kind)
    known(given, ("subscription", "retention"), where)
    if given.get("retention"):
        raise unmodelled("retention coupons in the portal")
    ident = needed(given, "subscription")
    sub = world.store.get("subscription", ident, f"{where}[subscription]")
    if sub["customer"] != customer:
        raise invalid("The subscription belongs to another customer.", f"{where}[subscription]")
    if kind == "subscription_cancel" and portal.ending(sub):
        message = f"The subscription {ident} is already set to be canceled."
        raise invalid(message, f"{where}[subscription]")
    told: Obj = {"subscription": ident}
    return told | {"retention": None} if kind == "subscription_cancel" else told


def _configuration(world: World, params: Obj) -> Obj:
    asked = text(params, "configuration")
    if not asked:
        return portal_configurations.default(world)
    found = world.store.get("billing_portal.configuration", asked, "configuration")
    if not found["active"]:
        raise invalid("This portal configuration is not active.", "configuration")
    return found


def create_session(call: Call) -> Obj:
    """Open a portal page for one customer; its URL is a key, shown to nobody else."""
    world, params = call.world, call.params
    customer = world.store.get("customer", needed(params, "customer"), "customer")
    configuration = _configuration(world, params)
    web_address(text(params, "return_url"), "return_url")
    fields = {
        "configuration": configuration["id"],
        "flow": _flow(world, params, customer["id"], configuration["features"]),
        "locale": text(params, "locale"),
        "return_url": text(params, "return_url") or configuration["default_return_url"],
    }
    return portal.open_session(world, customer, fields)


def _like(call: Call) -> Keep:
    asked = {name: flag(call.params, name) for name in ("active", "is_default")}
    return lambda o: all(want is None or o[name] == want for name, want in asked.items())


_ROOT = "/v1/billing_portal"
_SET = "business_profile default_return_url features login_page metadata name"
ROUTES = [
    route("POST", f"{_ROOT}/configurations", create_configuration, _SET),
    route("POST", f"{_ROOT}/configurations/{{}}", update_configuration, f"active {_SET}"),
    retrieval(f"{_ROOT}/configurations/{{}}", "billing_portal.configuration"),
    listing(
        f"{_ROOT}/configurations",
        "billing_portal.configuration",
        "",
        "active is_default",
        _like,
    ),
    route(
        "POST",
        f"{_ROOT}/sessions",
        create_session,
        "configuration customer flow_data locale return_url",
    ),
]
