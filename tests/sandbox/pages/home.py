"""The start page: what there is, what was delivered, and buttons that move the clock."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from itertools import islice

from ..engine import portal
from ..engine.timers import advance
from ..periods import DAY, add_months, day_text
from ..store import Obj
from ..webhooks.log import rendered
from ..wire.message import Reply, Request, page, see_other
from ..world import World
from .html import action, frame, link, money, per, table, tag

SHOWN = 25
MANY = 200
_STEPS = {"hour": 3600, "day": DAY, "week": 7 * DAY}
_MONTHS = {"month": 1, "year": 12}
_COUNTED = {
    "customer": "customers",
    "subscription": "subscriptions",
    "invoice": "invoices",
    "charge": "charges",
    "refund": "refunds",
    "dispute": "disputes",
}
_TAGS = {
    "active": "ok",
    "trialing": "ok",
    "complete": "ok",
    "paid": "ok",
    "delivered": "ok",
    "open": "so",
    "past_due": "no",
    "unpaid": "so",
    "paused": "so",
    "incomplete": "so",
    "failed": "no",
}


def show(world: World, request: Request, ident: str) -> Reply:
    """Show the latest of everything."""
    inner = (
        f"<h1>Local Stripe</h1>{_clock(world)}{_counts(world)}"
        f"<h2>Checkout sessions</h2>{_sessions(world)}<h2>Subscriptions</h2>{_subs(world)}"
        f"<h2>Customers</h2>{_customers(world)}<h2>Invoices</h2>{_invoices(world)}"
        f"<h2>{link('/deliveries', 'Deliveries', 'deliveries-link')}</h2>{_deliveries(world)}"
    )
    return page(frame("Local Stripe", inner, wide=True))


def show_events(world: World, request: Request, ident: str) -> Reply:
    """Show the latest events."""
    rows = [
        [
            _moment(event["created"]),
            escape(event["type"]),
            _code(str(event["data"]["object"].get("id") or "")),
            _code(event["id"]),
        ]
        for event in map(rendered, islice(world.log.newest(), MANY))
    ]
    inner = f"<p>{link('/', 'Overview', 'home')}</p><h1>Events</h1>" + table(
        ["Created", "Type", "About", "Event"], rows, "events"
    )
    return page(frame("Events", inner, wide=True))


def _clock(world: World) -> str:
    line = world.lines[""]
    steps = "".join(
        action(
            "/clock",
            f"Advance {'an' if name == 'hour' else 'a'} {name}",
            f"advance-{name}",
            value=name,
            kind="plain small",
        )
        for name in (*_STEPS, *_MONTHS)
    )
    return (
        f'<div class="card"><p>Clock: <strong data-testid="clock">{day_text(world.now())}</strong> '
        f'<span class="soft">{_moment(world.now())} UTC, {len(line.heap)} timers wait</span></p>'
        f'<div class="row">{steps}</div></div>'
    )


def _counts(world: World) -> str:
    items = "".join(
        f'<li data-testid="count-{kind}"><strong>{world.store.count(kind)}</strong>{words}</li>'
        for kind, words in _COUNTED.items()
    )
    events = link("/events", "events", "events-link")
    items += f'<li data-testid="count-event"><strong>{len(world.log)}</strong>{events}</li>'
    return f'<ul class="counts">{items}</ul>'


def _latest(world: World, kind: str) -> list[Obj]:
    return list(islice(world.store.newest(kind), SHOWN))


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _state(text: str) -> str:
    return tag(text.replace("_", " "), _TAGS.get(text, ""))


def _sessions(world: World) -> str:
    rows = [
        [
            link(s["url"], s["id"][:20] + "…", "open-session") if s["url"] else _code(s["id"][:20]),
            s["mode"],
            money(s["amount_total"] or 0, s["currency"] or "eur"),
            _state(s["status"]),
            s["payment_status"].replace("_", " "),
        ]
        for s in _latest(world, "checkout.session")
    ]
    return table(["Session", "Mode", "Amount", "State", "Payment"], rows, "sessions")


def _subs(world: World) -> str:
    rows = []
    for sub in _latest(world, "subscription"):
        item = sub["items"]["data"][0]
        amount = money(item["price"]["unit_amount"] * item["quantity"], sub["currency"])
        ends = day_text(sub["cancel_at"]) if sub["cancel_at"] else ""
        rhythm = per(item["price"]["recurring"])
        until = day_text(item["current_period_end"])
        rows.append([_code(sub["id"]), f"{amount}{rhythm}", _state(sub["status"]), until, ends])
    return table(["Subscription", "Amount", "State", "Period ends", "Cancels"], rows, "subs")


def _customers(world: World) -> str:
    rows = [
        [
            _code(c["id"]),
            escape(c["email"] or ""),
            day_text(c["created"]),
            action(f"/customers/{c['id']}/portal", "Portal", "open-portal", kind="plain small"),
        ]
        for c in _latest(world, "customer")
    ]
    return table(["Customer", "E-mail", "Since", ""], rows, "customers")


def _invoices(world: World) -> str:
    rows = [
        [
            link(f"/i/{i['id']}", i["number"], "open-invoice") if i["number"] else "draft",
            escape(i["customer_email"] or ""),
            money(i["total"], i["currency"]),
            _state(i["status"]),
            day_text(i["created"]),
        ]
        for i in _latest(world, "invoice")
    ]
    return table(["Invoice", "To", "Amount", "State", "Made"], rows, "invoices")


def _deliveries(world: World) -> str:
    rows = []
    for delivery in islice(reversed(world.outbox.deliveries.values()), 2 * SHOWN):
        last = delivery["attempts"][-1] if delivery["attempts"] else {}
        told = f"{last.get('status') or ''} {escape(last.get('error') or '')}"
        again = action(f"/deliveries/{delivery['id']}", "resend", "resend", kind="plain small")
        rows.append(
            [
                escape(delivery["type"]),
                _code(delivery["event"]),
                _state(delivery["state"]),
                str(len(delivery["attempts"])),
                told,
                again,
            ]
        )
    return table(["Type", "Event", "State", "Tries", "Answer", ""], rows, "deliveries")


def move_clock(world: World, request: Request, ident: str) -> Reply:
    """Advance the global clock by the step of the button."""
    step = request.fields().get("do", "")
    now = world.now()
    months = _MONTHS.get(step, 0)
    advance(world, add_months(now, months) if months else now + _STEPS.get(step, 0))
    return see_other("/")


def open_portal(world: World, request: Request, ident: str) -> Reply:
    """Open the portal of a customer, as staff would to see what they see."""
    customer = world.store.get("customer", ident)
    return see_other(portal.open_session(world, customer, {"return_url": f"{world.base}/"})["url"])
