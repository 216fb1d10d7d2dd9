"""/mandates/{mandate}: the leave that somebody gave to debit their account."""

from __future__ import annotations

from html import escape

from ..periods import day_text
from ..wire.message import Reply, Request, page
from ..world import World
from . import means
from .html import frame, tag


def show(world: World, request: Request, ident: str) -> Reply:
    """Show a mandate."""
    mandate = world.store.get("mandate", ident)
    method = world.store.find(mandate["payment_method"])
    reference = mandate["payment_method_details"]["sepa_debit"]["reference"]
    holder = ((method or {}).get("billing_details") or {}).get("name") or ""
    facts = [
        ("Reference", reference),
        ("Account", means.described(method)),
        ("Holder", holder),
        ("Given on", day_text(mandate["customer_acceptance"]["accepted_at"])),
    ]
    rows = "".join(f"<dt>{a}</dt><dd>{escape(str(b))}</dd>" for a, b in facts if b)
    state = tag(mandate["status"], "ok" if mandate["status"] == "active" else "no")
    inner = (
        f'<p class="from">{means.ACCOUNT}</p><h1>SEPA mandate</h1>'
        f'<p data-testid="status-{mandate["status"]}">{state}</p><dl>{rows}</dl>'
    )
    return page(frame("SEPA mandate", inner))
