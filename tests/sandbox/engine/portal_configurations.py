"""Portal configurations: what customers may do; the Dashboard's is made when first needed."""

from __future__ import annotations

from ..shapes import shaped
from ..store import Obj, new_id
from ..world import World

FEEDBACK = (
    "customer_service",
    "low_quality",
    "missing_features",
    "other",
    "switched_service",
    "too_complex",
    "too_expensive",
    "unused",
)


def no_features() -> Obj:
    """Return the features of a portal in which nothing can be done."""
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
            "duration": {
                "interval_options": [{"interval": "month", "interval_count": 1}],
                "type": "interval_options",
            },
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


def blank(world: World, *, is_default: bool = False) -> Obj:
    """Return a new configuration, not kept yet, in which nothing is enabled."""
    moment = world.now()
    names = ("headline", "privacy_policy_url", "terms_of_service_url")
    return shaped(
        "billing_portal.configuration",
        id=new_id("bpc_1"),
        active=True,
        business_profile=dict.fromkeys(names),
        created=moment,
        features=no_features(),
        is_default=is_default,
        login_page={"enabled": False, "url": None},
        metadata={},
        updated=moment,
    )


def default(world: World) -> Obj:
    """Return the Dashboard's configuration, made when it is first needed."""
    for found in world.store.newest("billing_portal.configuration"):
        if found["is_default"]:
            return found
    made = blank(world, is_default=True)
    features = made["features"]
    for name in ("invoice_history", "payment_method_update", "subscription_cancel"):
        features[name]["enabled"] = True
    features["subscription_cancel"]["cancellation_reason"] |= {
        "enabled": True,
        "options": list(FEEDBACK),
    }
    world.store.add(made)
    world.emit("billing_portal.configuration.created", made)
    return made
