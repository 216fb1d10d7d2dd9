"""What happens behind the customer portal: who may, for how long, and what each button does."""

from __future__ import annotations

import time
from typing import Any

from ..periods import DAY, add_months
from ..shapes import shaped
from ..store import Obj, new_id
from ..wire.errors import StripeError, card_error, invalid
from ..world import World
from . import collecting, customers, payers, setups, subscriptions, suspensions
from .checkout import Outcome
from .payers import Payer
from .portal_configurations import default

# Stripe's links are short-lived; these are the times its support tells, in real seconds.
UNUSED_SECONDS = 300
IDLE_SECONDS = 3600
USABLE = ["card", "sepa_debit"]
_GONE = (*subscriptions.FINAL, "incomplete")


def open_session(world: World, customer: Obj, fields: Obj) -> Obj:
    """Keep a session of the portal; `fields` may set configuration, flow, locale, return_url."""
    ident = new_id("bps_1")
    session = shaped(
        "billing_portal.session",
        id=ident,
        created=world.now(),
        customer=customer["id"],
        url=f"{world.base}/p/session/{ident}",
    )
    session |= fields
    if not session.get("configuration"):
        session["configuration"] = default(world)["id"]
    world.store.note(ident)["opened"] = time.time()
    world.store.add(session)
    world.emit("billing_portal.session.created", session)
    return session


def flow(world: World, session: Obj) -> Obj:
    """Return the one thing that the session is about, empty for the whole portal.

    A flow that ends on the portal's homepage opens the rest once it is done.
    """
    done = world.store.peek(session["id"]).get("flow_done")
    told: Obj = {} if done else session["flow"] or {}
    return told


def features(world: World, session: Obj) -> Obj:
    """Return what this session's configuration allows."""
    kept: Obj = world.store.get("billing_portal.configuration", session["configuration"])
    told: Obj = kept["features"]
    return told


def enabled(world: World, session: Obj, feature: str) -> bool:
    """Whether the session may use a feature: allowed, and part of its flow if it has one."""
    if flow(world, session).get("type") not in (None, feature):
        return False
    return bool(features(world, session)[feature]["enabled"])


def expect(world: World, session: Obj, feature: str) -> None:
    """Refuse what the configuration does not allow, however it was asked for."""
    if not enabled(world, session, feature):
        message = "This is not enabled in this portal."
        raise StripeError(403, message, code="feature_disabled")


def open_now(world: World, session: Obj) -> bool:
    """Whether the link still works; a visit keeps it alive. Counts real time, not the clock's."""
    note = world.store.note(session["id"])
    now = time.time()
    last = note.get("seen")
    alive = (
        now - note.get("opened", now) <= UNUSED_SECONDS
        if last is None
        else now - last <= IDLE_SECONDS
    )
    if not alive or note.get("closed"):
        note["closed"] = True
        return False
    note["seen"] = now
    return True


def close(world: World, session: Obj) -> None:
    """Let the link expire now."""
    world.store.note(session["id"])["closed"] = True


def shown_subscriptions(world: World, session: Obj) -> list[Obj]:
    """Return what the customer sees of their subscriptions."""
    about = flow(world, session)
    only = (about.get(about.get("type") or "") or {}).get("subscription")
    return [
        sub
        for sub in customers.live_subscriptions(world, session["customer"])
        if sub["status"] not in _GONE and (only is None or sub["id"] == only)
    ]


def subscription(world: World, session: Obj, ident: str) -> Obj:
    """Return one of the customer's own subscriptions; raises 404 for any other."""
    for sub in shown_subscriptions(world, session):
        if sub["id"] == ident:
            return sub
    raise StripeError(404, "There is no such subscription here.", code="resource_missing")


def current_method(world: World, session: Obj) -> Obj | None:
    """Return what would be charged next."""
    subs = shown_subscriptions(world, session)
    if subs:
        return collecting.method_for(world, subs[0])
    customer = world.store.get("customer", session["customer"])
    return world.store.find(customer["invoice_settings"]["default_payment_method"])


def after(world: World, session: Obj) -> str:
    """Return where a finished flow leads: the given address, a confirmation, or the start."""
    here = f"{world.base}/p/session/{session['id']}"
    told = flow(world, session).get("after_completion") or {}
    if told.get("type") == "redirect":
        return str(told["redirect"]["return_url"])
    if told.get("type") == "hosted_confirmation":
        return f"{here}?view=done"
    world.store.note(session["id"])["flow_done"] = True
    return here


def change_method(world: World, session: Obj, payer: Payer) -> Outcome:
    """Save a card or account and use it from now on; raises 402 for one that is refused."""
    expect(world, session, "payment_method_update")
    customer = world.store.get("customer", session["customer"])
    method = payers.means(
        world, payer, types=USABLE, customer=customer["id"], email=customer["email"]
    )
    if payer.saved:
        return Outcome("complete", use(world, session, method))
    intent = setups.make(world, customer=customer["id"], types=USABLE)
    world.store.note(intent["id"])["portal"] = session["id"]
    status = setups.confirm(world, intent, method, shown=payer.shown)
    if status == "requires_action":
        return Outcome(status, f"{world.base}/3ds/{intent['id']}")
    if status == "requires_payment_method":
        error = dict(intent["last_setup_error"])
        setups.cancel(world, intent, "abandoned")
        raise card_error(error)
    return Outcome("complete", use(world, session, method))


def use(world: World, session: Obj, method: Obj) -> str:
    """Make a saved method the default of customer and subscriptions; return where to go.

    Stripe charges nothing now: an open invoice waits for its next retry. With the setting
    `portal_retries_open` it is tried at once, so that a demo sees it heal.
    """
    customer = world.store.get("customer", session["customer"])
    before = dict(customer["invoice_settings"])
    if before["default_payment_method"] != method["id"]:
        customer["invoice_settings"]["default_payment_method"] = method["id"]
        world.emit("customer.updated", customer, {"invoice_settings": before})
    for sub in shown_subscriptions(world, session):
        subscriptions.amend(world, sub, default_payment_method=method["id"])
    if world.settings.portal_retries_open:
        customers.retry_open(world, customer["id"])
    return after(world, session)


def cancel(world: World, session: Obj, ident: str, *, feedback: str, comment: str) -> str:
    """Cancel as the configuration says: at the period's end, or now; return where to go."""
    expect(world, session, "subscription_cancel")
    sub = subscription(world, session, ident)
    rules = features(world, session)["subscription_cancel"]
    said: dict[str, Any] = {}
    if feedback in rules["cancellation_reason"]["options"]:
        said["feedback"] = feedback
    if comment.strip():
        said["comment"] = comment.strip()[:500]
    if rules["mode"] == "immediately":
        subscriptions.end(world, sub, reason="cancellation_requested", details=said)
    elif not ending(sub):
        # Flexible billing: the portal sets cancel_at and leaves cancel_at_period_end false
        # (docs.stripe.com/billing/subscriptions/billing-mode/compare).
        classic = (sub["billing_mode"] or {}).get("type") == "classic"
        moment = subscriptions.period_end(sub)
        subscriptions.schedule_end(world, sub, moment, at_period_end=classic, details=said)
    return after(world, session)


def ending(sub: Obj) -> bool:
    """Whether the subscription will end by itself."""
    return bool(sub["cancel_at"] or sub["cancel_at_period_end"])


def keep(world: World, session: Obj, ident: str) -> str:
    """Take back a planned end; return where to go."""
    expect(world, session, "subscription_cancel")
    sub = subscription(world, session, ident)
    if ending(sub):
        subscriptions.unschedule_end(world, sub)
    return after(world, session)


def update_customer(world: World, session: Obj, fields: dict[str, str]) -> str:
    """Change the customer's details that the configuration allows; return where to go."""
    expect(world, session, "customer_update")
    customer = world.store.get("customer", session["customer"])
    allowed = features(world, session)["customer_update"]["allowed_updates"]
    changes: Obj = {}
    for name in ("email", "name", "phone"):
        if name in allowed and name in fields:
            value = fields[name].strip()
            changes[name] = payers.address(value) if name == "email" else value or None
    if "address" in allowed:
        lines = ("line1", "line2", "postal_code", "city", "state", "country")
        given = {line: fields.get(line, "").strip() or None for line in lines}
        changes["address"] = given if any(given.values()) else None
    before = {n: customer[n] for n, value in changes.items() if customer[n] != value}
    if before:
        customer |= changes
        world.emit("customer.updated", customer, before)
    return after(world, session)


def pause(world: World, session: Obj, ident: str, length: str) -> str:
    """Pause a subscription for the chosen length, an index; return where to go.

    What the portal credits is not documented: here it is as the endpoint does by default.
    """
    expect(world, session, "subscription_pause")
    sub = subscription(world, session, ident)
    rule = features(world, session)["subscription_pause"]["duration"]
    until = None
    if rule["type"] == "interval_options":
        options = rule["interval_options"]
        if not length.isdigit() or int(length) >= len(options):
            raise invalid("Please choose for how long.", "length")
        until = _moved(world.now(sub["customer"]), options[int(length)])
    suspensions.suspend(world, sub, unused_from="now", invoice_now=False)
    world.store.note(sub["id"])["paused_until"] = until
    if until:
        world.schedule(until, "end_portal_pause", sub["id"], sub["customer"])
    return after(world, session)


def resume(world: World, session: Obj, ident: str) -> str:
    """End a pause; return where to go."""
    expect(world, session, "subscription_pause")
    _resume(world, subscription(world, session, ident))
    return after(world, session)


def end_pause(world: World, ident: str, due: int) -> None:
    """Timer: the pause that was chosen in the portal is over, unless it ended before."""
    sub = world.store.get("subscription", ident)
    chosen = world.store.peek(ident).get("paused_until")
    if sub["status"] == "paused" and chosen == due:
        _resume(world, sub)


def _resume(world: World, sub: Obj) -> None:
    world.store.note(sub["id"]).pop("paused_until", None)
    moment = world.now(sub["customer"])
    suspensions.resume(
        world,
        sub,
        anchor="now",
        on_success=True,
        behaviour="create_prorations",
        moment=moment,
    )


def _moved(moment: int, option: Obj) -> int:
    unit, count = option["interval"], int(option["interval_count"])
    if unit in ("day", "week"):
        return moment + count * DAY * (7 if unit == "week" else 1)
    return add_months(moment, count * (12 if unit == "year" else 1))
