"""The start page: what there is, what was delivered, and buttons that move the clock."""

from __future__ import annotations

from html import escape
from itertools import islice

from ..engine.timers import advance
from ..periods import DAY, add_months, day_text
from ..store import Obj
from ..wire.message import Reply, Request, page, see_other
from ..world import World
from .html import action, frame, link, money, table

SHOWN = 25
_STEPS = {"hour": 3600, "day": DAY, "week": 7 * DAY}


def show(world: World, request: Request) -> Reply:
    """Show the latest of everything."""
    now = world.now()
    line = world.lines[""]
    steps = "".join(
        action(
            "/clock",
            f"Advance {'an' if name == 'hour' else 'a'} {name}",
            f"advance-{name}",
            value=name,
        )
        for name in ("hour", "day", "week", "month")
    )
    inner = (
        f'<h1>Local Stripe</h1><p>Clock: <strong data-testid="clock">{day_text(now)}</strong> '
        f'<span class="soft">({len(line.heap)} timers wait)</span></p>'
        f'<div class="row">{steps}</div>'
        f"<h2>Checkout sessions</h2>{_sessions(world)}<h2>Subscriptions</h2>{_subs(world)}"
        f"<h2>Customers</h2>{_customers(world)}<h2>Deliveries</h2>{_deliveries(world)}"
    )
    return page(frame("Local Stripe", inner, wide=True))


def _latest(world: World, kind: str) -> list[Obj]:
    return list(islice(world.store.newest(kind), SHOWN))


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def _sessions(world: World) -> str:
    rows = [
        [
            link(s["url"], s["id"][:20] + "…", "open-session") if s["url"] else _code(s["id"][:20]),
            s["mode"],
            money(s["amount_total"], s["currency"]),
            s["status"],
            s["payment_status"],
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
        per = item["price"]["recurring"]["interval"]
        until = day_text(item["current_period_end"])
        rows.append([_code(sub["id"]), f"{amount} / {per}", sub["status"], until, ends])
    return table(["Subscription", "Amount", "State", "Period ends", "Cancels"], rows, "subs")


def _customers(world: World) -> str:
    rows = [
        [_code(c["id"]), escape(c["email"] or ""), day_text(c["created"])]
        for c in _latest(world, "customer")
    ]
    return table(["Customer", "E-mail", "Since"], rows, "customers")


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
                delivery["state"],
                str(len(delivery["attempts"])),
                told,
                again,
            ]
        )
    return table(["Type", "Event", "State", "Tries", "Answer", ""], rows, "deliveries")


def move_clock(world: World, request: Request) -> Reply:
    """Advance the global clock by the step of the button."""
    step = request.fields().get("do", "")
    now = world.now()
    advance(world, add_months(now, 1) if step == "month" else now + _STEPS.get(step, 0))
    return see_other("/")


def resend(world: World, request: Request, ident: str) -> Reply:
    """Send a delivery once more."""
    with world.lock:
        delivery = world.outbox.deliveries.get(ident)
        if delivery is not None:
            world.outbox.resend(delivery)
    return see_other("/")
