"""The delivery log: what was posted where, what came back, and buttons that send it again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from html import escape
from itertools import islice
from urllib.parse import urlencode

from ..store import Obj
from ..webhooks.log import rendered
from ..wire.errors import missing
from ..wire.message import Reply, Request, page, see_other
from ..world import World
from .html import action, frame, link, table, tag

SHOWN = 100
STATES = ("pending", "held", "succeeded", "failed", "dropped")
_TAGS = {"succeeded": "ok", "pending": "so", "held": "so", "failed": "no", "dropped": "no"}
_HEAD = ["Made", "Type", "Event", "Endpoint", "State", "Tries", ""]


def show(world: World, request: Request, ident: str) -> Reply:
    """Show the latest deliveries, of one `state` or `type` if the address says so."""
    asked = request.asked()
    chosen = {name: asked[name] for name in ("state", "type") if asked.get(name)}
    found = (
        row
        for row in reversed(world.outbox.deliveries.values())
        if all(row[name] == value for name, value in chosen.items())
    )
    rows = [_row(world, row) for row in islice(found, SHOWN)]
    inner = (
        f"<p>{link('/', 'Overview', 'home')}</p><h1>Deliveries</h1>{_summary(world)}"
        f"{_filters(chosen)}{table(_HEAD, rows, 'deliveries')}"
    )
    return page(frame("Deliveries", inner, wide=True))


def show_event(world: World, request: Request, ident: str) -> Reply:
    """Show one event: its deliveries, and its JSON as it was rendered."""
    event = world.log.find(ident)
    if event is None:
        raise missing("event", ident)
    own = (row for row in world.outbox.deliveries.values() if row["event"] == ident)
    rows = [_row(world, row) for row in own]
    text = json.dumps(rendered(event), indent=2, ensure_ascii=False)
    again = action(f"/events/{ident}", "Send to every endpoint again", "resend-event")
    inner = (
        f"<p>{link('/deliveries', 'Deliveries', 'deliveries-link')}</p>"
        f'<h1 data-testid="event-type">{escape(event["type"])}</h1>'
        f'<p><code data-testid="event-id">{escape(ident)}</code> '
        f'<span class="soft">{_moment(event["created"])} UTC</span></p>{again}'
        f"<h2>Deliveries</h2>{table(_HEAD, rows, 'deliveries')}"
        f'<h2>Event</h2><pre class="across" data-testid="event-json"><code>{escape(text)}</code>'
        "</pre>"
    )
    return page(frame(event["type"], inner, wide=True))


def resend(world: World, request: Request, ident: str) -> Reply:
    """Send one delivery again."""
    delivery = world.outbox.deliveries.get(ident)
    if delivery is None or world.outbox.resend(delivery) is None:
        raise missing("delivery", ident)
    return see_other("/deliveries")


def resend_event(world: World, request: Request, ident: str) -> Reply:
    """Send an event again to every endpoint that wants it."""
    event = world.log.find(ident)
    if event is None:
        raise missing("event", ident)
    world.outbox.send(event)
    return see_other(f"/events/{ident}")


def resend_failed(world: World, request: Request, ident: str) -> Reply:
    """Send again everything that has not arrived and is not tried any more."""
    for delivery in list(world.outbox.undelivered()):
        world.outbox.resend(delivery)
    return see_other("/deliveries")


def _summary(world: World) -> str:
    counts = world.outbox.counts
    items = "".join(
        f'<li data-testid="count-{state}"><strong>{counts[state]}</strong>{state}</li>'
        for state in STATES
    )
    chaos = world.chaos
    note = ""
    if chaos.on:
        note = f'<p class="warm" data-testid="chaos">Chaos is on, seed {chaos.seed}.</p>'
    if world.outbox.holding:
        note += '<p class="warm" data-testid="holding">Deliveries are held back.</p>'
    again = action("/deliveries", "Send all failed ones again", "resend-failed")
    return f'{note}<ul class="counts">{items}</ul>{again}'


def _filters(chosen: dict[str, str]) -> str:
    def to(name: str, state: str | None) -> str:
        kept = {k: v for k, v in chosen.items() if k != "state"}
        query = urlencode(kept | ({"state": state} if state else {}))
        if state == chosen.get("state"):
            return f"<strong>{name}</strong>"
        return link(f"/deliveries?{query}", name, f"filter-{name}")

    states = " · ".join([to("all", None), *(to(state, state) for state in STATES)])
    if "type" in chosen:
        every = link("/deliveries", "any type", "any-type")
        states += f" of <code>{escape(chosen['type'])}</code>, {every}"
    return f"<p>Show {states}</p>"


def _row(world: World, delivery: Obj) -> list[str]:
    endpoint = world.store.find(delivery["endpoint"])
    event = delivery["event"]
    return [
        _moment(delivery["created"]),
        link(f"/deliveries?{urlencode({'type': delivery['type']})}", delivery["type"], "type"),
        link(f"/events/{event}", f"{event[:16]}…", "event"),
        escape(endpoint["url"] if endpoint else "deleted"),
        tag(delivery["state"], _TAGS.get(delivery["state"], "")),
        "<br>".join(_try(attempt) for attempt in delivery["attempts"]) or "none yet",
        action(f"/deliveries/{delivery['id']}", "resend", "resend", kind="plain small"),
    ]


def _try(attempt: Obj) -> str:
    what = attempt["error"] if attempt["status"] is None else str(attempt["status"])
    faults = f" ({', '.join(attempt['faults'])})" if attempt["faults"] else ""
    time = datetime.fromtimestamp(attempt["at"], UTC).strftime("%H:%M:%S")
    return f'<span data-testid="attempt">{time} {escape(what + faults)}</span>'


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
