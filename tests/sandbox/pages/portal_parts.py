"""The parts of the customer portal: memberships, payment, details, invoices, questions."""

from __future__ import annotations

from html import escape
from itertools import islice

from ..engine import portal
from ..periods import day_text
from ..store import Obj
from ..world import World
from . import means
from .html import action, button, field, link, money, per, press, table, tag

SHOWN = 24
_REASONS = {
    "too_expensive": "It is too expensive",
    "missing_features": "Something is missing",
    "switched_service": "I found something else",
    "unused": "I do not use it",
    "customer_service": "I was not treated well",
    "too_complex": "It is too complicated",
    "low_quality": "The quality is too low",
    "other": "Another reason",
}
_STATES = {"active": "ok", "trialing": "ok", "past_due": "no", "unpaid": "no", "paused": "so"}
_TAGS = {"paid": "ok", "open": "so", "uncollectible": "no"}
_LABELS = {"email": "E-mail", "name": "Name", "phone": "Phone"}
_ADDRESS = {
    "line1": "Address",
    "line2": "Address, second line",
    "postal_code": "Postal code",
    "city": "City",
    "state": "State or county",
    "country": "Country",
}


def home(world: World, session: Obj) -> str:
    """Return the start of the portal: all that the configuration allows."""
    subs = portal.shown_subscriptions(world, session)
    told = "".join(membership(world, session, sub) for sub in subs)
    inner = f"<h1>Your membership</h1>{told or '<p>You have no membership at the moment.</p>'}"
    here = f"/p/session/{session['id']}"
    now = means.described(portal.current_method(world, session))
    if portal.enabled(world, session, "payment_method_update"):
        change = link(f"{here}?view=card", "Change", "change-card", kind="plain small")
        inner += (
            '<h2>How you pay</h2><div class="card row"><span data-testid="current-card">'
            f"{escape(now)}</span>{change}</div>"
        )
    if portal.enabled(world, session, "customer_update"):
        inner += _known(world, session, here)
    if portal.enabled(world, session, "invoice_history"):
        inner += _history(world, session)
    return inner


def membership(world: World, session: Obj, sub: Obj) -> str:
    """Return one subscription with what can be done about it."""
    here = f"/p/session/{session['id']}"
    state = tag(sub["status"].replace("_", " "), _STATES.get(sub["status"], ""))
    told = f'<p data-testid="state-{sub["status"]}">{state} {_until(sub)}</p>'
    doing = ""
    if portal.enabled(world, session, "subscription_cancel"):
        if portal.ending(sub):
            doing = action(here, "Keep my membership", "keep", value=f"keep {sub['id']}")
        else:
            way = f"{here}?view=cancel&sub={sub['id']}"
            doing = link(way, "Cancel membership", "cancel", kind="plain")
    if portal.enabled(world, session, "subscription_pause") and not portal.ending(sub):
        if sub["status"] == "paused":
            doing += action(here, "Resume", "resume", value=f"resume {sub['id']}")
        elif sub["status"] == "active":
            way = f"{here}?view=pause&sub={sub['id']}"
            doing += link(way, "Pause", "pause", kind="plain")
    words = f'<p class="soft">{escape(sub["description"])}</p>' if sub["description"] else ""
    return (
        f'<section class="card" data-testid="{sub["id"]}"><h2>{price(world, sub)}</h2>{words}'
        f'{told}<div class="row">{doing}</div></section>'
    )


def price(world: World, sub: Obj) -> str:
    """Return what a subscription costs and how often, with the name of what it buys."""
    item = sub["items"]["data"][0]
    product = world.store.find(item["price"]["product"]) or {}
    amount = money(item["price"]["unit_amount"] * item["quantity"], sub["currency"])
    return f"{escape(product.get('name') or '')} {amount}{per(item['price']['recurring'])}"


def _until(sub: Obj) -> str:
    end = sub["items"]["data"][0]["current_period_end"]
    if portal.ending(sub):
        return f'<span data-testid="ends-on">Ends on {day_text(sub["cancel_at"] or end)}</span>'
    if sub["status"] == "paused":
        return "Nothing is charged."
    if sub["status"] in ("past_due", "unpaid"):
        return "The last payment failed. Please change how you pay."
    return f"Paid until {day_text(end)}"


def cancel(world: World, session: Obj, sub: Obj) -> str:
    """Return the question before a cancellation, with the reasons that may be given."""
    rules = portal.features(world, session)["subscription_cancel"]
    if not portal.enabled(world, session, "subscription_cancel") or portal.ending(sub):
        return membership(world, session, sub)
    day = day_text(sub["items"]["data"][0]["current_period_end"])
    when = (
        "Your membership ends at once."
        if rules["mode"] == "immediately"
        else (f"You keep your membership until {day}. Nothing more is charged.")
    )
    verb = "Cancel now" if rules["mode"] == "immediately" else f"Cancel on {day}"
    sure = button(verb, "confirm-cancel", kind="big stop", value=f"cancel {sub['id']}")
    return (
        f"<h1>Cancel your membership?</h1><p>{price(world, sub)}</p><p>{when}</p>"
        f'<form method="post" action="/p/session/{session["id"]}">{press()}'
        f"{_reasons(rules['cancellation_reason'])}{sure}</form>"
    )


def _reasons(rule: Obj) -> str:
    if not rule["enabled"]:
        return ""
    boxes = "".join(
        f'<label class="box"><input type="radio" name="feedback" value="{option}" '
        f'data-testid="feedback-{option}"><span>{_REASONS[option]}</span></label>'
        for option in rule["options"]
        if option in _REASONS
    )
    return (
        f"<fieldset><legend>Why do you leave? (optional)</legend>{boxes}"
        '<label for="comment">Anything else?</label><textarea id="comment" name="comment" '
        'rows="3" maxlength="500" data-testid="comment"></textarea></fieldset>'
    )


def pause(world: World, session: Obj, sub: Obj) -> str:
    """Return the question before a pause, with the lengths that may be chosen."""
    if not portal.enabled(world, session, "subscription_pause"):
        return membership(world, session, sub)
    duration = portal.features(world, session)["subscription_pause"]["duration"]
    options = ""
    if duration["type"] == "interval_options":
        options = "".join(
            f'<label class="box"><input type="radio" name="length" value="{i}" '
            f'data-testid="length-{i}"{"" if i else " checked"}><span>{_length(o)}</span></label>'
            for i, o in enumerate(duration["interval_options"])
        )
        options = f"<fieldset><legend>For how long?</legend>{options}</fieldset>"
    sure = button("Pause", "confirm-pause", value=f"pause {sub['id']}")
    return (
        f"<h1>Pause your membership?</h1><p>{price(world, sub)}</p>"
        "<p>Nothing is charged while it is paused.</p>"
        f'<form method="post" action="/p/session/{session["id"]}">{press()}{options}{sure}</form>'
    )


def _length(option: Obj) -> str:
    count, unit = option["interval_count"], option["interval"]
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def details(world: World, session: Obj) -> str:
    """Return the form for what the customer may change about themselves."""
    if not portal.enabled(world, session, "customer_update"):
        return "<p>Changing your details is not enabled here.</p>"
    customer = world.store.get("customer", session["customer"])
    allowed = portal.features(world, session)["customer_update"]["allowed_updates"]
    fields = "".join(
        field(name, label, customer[name] or "")
        for name, label in _LABELS.items()
        if name in allowed
    )
    if "address" in allowed:
        address = customer["address"] or {}
        fields += "".join(field(n, text, address.get(n) or "") for n, text in _ADDRESS.items())
    return (
        f'<h1>Your details</h1><form method="post" action="/p/session/{session["id"]}">{press()}'
        f"{fields}{button('Save', 'save-details', value='details')}</form>"
    )


def _known(world: World, session: Obj, here: str) -> str:
    customer = world.store.get("customer", session["customer"])
    known = [customer["name"], customer["email"], customer["phone"]]
    words = ", ".join(escape(text) for text in known if text) or "Nothing yet"
    change = link(f"{here}?view=details", "Change", "change-details", kind="plain small")
    return f'<h2>Your details</h2><div class="card row"><span>{words}</span>{change}</div>'


def _history(world: World, session: Obj) -> str:
    mine = (
        invoice
        for invoice in world.store.newest("invoice")
        if invoice["customer"] == session["customer"] and invoice["hosted_invoice_url"]
    )
    rows = [
        [
            day_text(invoice["created"]),
            link(f"/i/{invoice['id']}", invoice["number"] or "", "invoice"),
            money(invoice["total"], invoice["currency"]),
            tag(invoice["status"], _TAGS.get(invoice["status"], "")),
        ]
        for invoice in islice(mine, SHOWN)
    ]
    return "<h2>Invoices</h2>" + table(["Date", "Number", "Amount", "State"], rows, "invoices")


def profile(world: World, session: Obj) -> str:
    """Return the merchant's words and links."""
    kept = world.store.get("billing_portal.configuration", session["configuration"])
    about = kept["business_profile"]
    words = escape(about["headline"] or "")
    ways = [
        link(about[name], text, name)
        for name, text in (
            ("terms_of_service_url", "Terms"),
            ("privacy_policy_url", "Privacy"),
        )
        if about[name]
    ]
    told = " · ".join([words] * bool(words) + ways)
    return f'<p class="foot">{told}</p>' if told else ""
