"""/v1/billing_portal."""

from __future__ import annotations

from ..shapes import shaped
from ..store import Obj, new_id
from ..wire.errors import invalid, unmodelled
from ..wire.params import choice, flag, known, metadata, needed, table, text
from ..wire.routes import Call, listing, retrieval, route
from ..world import World

_FEATURES = "customer_update invoice_history payment_method_update subscription_cancel " + (
    "subscription_pause subscription_update"
)
_FLOWS = ("payment_method_update", "subscription_cancel")


_WORDS: dict[str, bool | None] = {"true": True, "false": False, "": None}


def _typed(value: object) -> object:
    """Turn the strings of a form into booleans and numbers, deeply."""
    if isinstance(value, dict):
        return {key: _typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item) for item in value]
    return _WORDS.get(value, value) if isinstance(value, str) else value


def _no_features() -> Obj:
    return {
        "customer_update": {"allowed_updates": [], "enabled": False},
        "invoice_history": {"enabled": False},
        "payment_method_update": {"enabled": False, "payment_method_configuration": None},
        "subscription_cancel": {
            "cancellation_reason": {"enabled": False, "feedback_options": None, "options": []},
            "enabled": False,
            "mode": "at_period_end",
            "proration_behavior": "none",
        },
        "subscription_pause": {
            "duration": {"interval_options": [], "type": "indefinite"},
            "enabled": False,
        },
        "subscription_update": {
            "billing_cycle_anchor": None,
            "default_allowed_updates": [],
            "enabled": False,
            "products": None,
            "proration_behavior": "none",
            "schedule_at_period_end": {"conditions": []},
            "trial_update_behavior": "end_trial",
        },
    }


def _merged(old: Obj, new: Obj) -> Obj:
    out = dict(old)
    for key, value in new.items():
        both = isinstance(value, dict) and isinstance(out.get(key), dict)
        out[key] = _merged(out[key], value) if both else _typed(value)
    return out


def _apply(call: Call, configuration: Obj) -> None:
    params = call.params
    features = table(params, "features")
    known(features, _FEATURES.split(), "features")
    configuration["features"] = _merged(configuration["features"], features)
    profile = table(params, "business_profile")
    names = ("headline", "privacy_policy_url", "terms_of_service_url")
    known(profile, names, "business_profile")
    configuration["business_profile"] |= {n: v or None for n, v in profile.items()}
    for name in ("default_return_url", "name"):
        if name in params:
            configuration[name] = text(params, name)
    configuration["metadata"] = metadata(params, configuration["metadata"])
    configuration["updated"] = call.world.now()


def _blank(world: World, *, default: bool) -> Obj:
    moment = world.now()
    names = ("headline", "privacy_policy_url", "terms_of_service_url")
    return shaped(
        "billing_portal.configuration",
        id=new_id("bpc_1"),
        active=True,
        business_profile=dict.fromkeys(names),
        created=moment,
        features=_no_features(),
        is_default=default,
        login_page={"enabled": False, "url": None},
        metadata={},
        updated=moment,
    )


def create_configuration(call: Call) -> Obj:
    """Keep a portal configuration."""
    first = call.world.store.count("billing_portal.configuration") == 0
    configuration = _blank(call.world, default=first)
    _apply(call, configuration)
    call.world.store.add(configuration)
    call.world.emit("billing_portal.configuration.created", configuration)
    return configuration


def update_configuration(call: Call) -> Obj:
    """Change a portal configuration."""
    configuration = call.world.store.get("billing_portal.configuration", call.id)
    _apply(call, configuration)
    if "active" in call.params:
        configuration["active"] = bool(flag(call.params, "active"))
    call.world.emit("billing_portal.configuration.updated", configuration, {})
    return configuration


def _flow(world: World, params: Obj, customer: str) -> Obj | None:
    asked = table(params, "flow_data")
    if not asked:
        return None
    names = "after_completion customer_update subscription_cancel subscription_pause type " + (
        "subscription_update subscription_update_confirm"
    )
    known(asked, names.split(), "flow_data")
    kind = text(asked, "type")
    if kind not in _FLOWS:
        raise unmodelled(f"the portal flow {kind}")
    flow: Obj = dict.fromkeys(names.split())
    after = table(asked, "after_completion")
    flow["type"] = kind
    flow["after_completion"] = {
        "hosted_confirmation": None,
        "redirect": table(after, "redirect") or None,
        "type": choice(
            after,
            "type",
            ("hosted_confirmation", "portal_homepage", "redirect"),
            "portal_homepage",
        ),
    }
    if kind == "subscription_cancel":
        ident = needed(table(asked, "subscription_cancel"), "subscription")
        sub = world.store.get("subscription", ident, "flow_data[subscription_cancel][subscription]")
        if sub["customer"] != customer:
            raise invalid("The subscription belongs to another customer.", "flow_data")
        flow["subscription_cancel"] = {"subscription": ident, "retention": None}
    return flow


def _configuration(world: World, params: Obj) -> str:
    kind = "billing_portal.configuration"
    asked = text(params, "configuration")
    if asked:
        return str(world.store.get(kind, asked, "configuration")["id"])
    default = next((c for c in world.store.newest(kind) if c["is_default"]), None)
    if default is None:
        message = "No configuration provided and your test mode default configuration has not \
been created."
        raise invalid(message)
    return str(default["id"])


def create_session(call: Call) -> Obj:
    """Open a portal page for one customer; its URL is a key, shown to nobody else."""
    world, params = call.world, call.params
    customer = world.store.get("customer", needed(params, "customer"), "customer")
    ident = new_id("bps_1")
    session = shaped(
        "billing_portal.session",
        id=ident,
        configuration=_configuration(world, params),
        created=world.now(),
        customer=customer["id"],
        flow=_flow(world, params, customer["id"]),
        locale=text(params, "locale"),
        return_url=text(params, "return_url"),
        url=f"{world.base}/p/session/{ident}",
    )
    world.emit("billing_portal.session.created", session)
    return world.store.add(session)


_ROOT = "/v1/billing_portal"
_SET = "business_profile default_return_url features login_page metadata name"
ROUTES = [
    route("POST", f"{_ROOT}/configurations", create_configuration, _SET),
    route("POST", f"{_ROOT}/configurations/{{}}", update_configuration, f"active {_SET}"),
    retrieval(f"{_ROOT}/configurations/{{}}", "billing_portal.configuration"),
    listing(f"{_ROOT}/configurations", "billing_portal.configuration", "", "active is_default"),
    route(
        "POST",
        f"{_ROOT}/sessions",
        create_session,
        "after_expiration configuration customer customer_account flow_data locale on_behalf_of "
        "return_url",
    ),
]
