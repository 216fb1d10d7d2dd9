"""What a payer does on the hosted pages, for scripts: answering a bank, paying, using a portal."""

from __future__ import annotations

from collections.abc import Callable

from ..engine import authentication, checkout, hosted_invoices, portal
from ..engine.payers import Payer
from ..pages.portal import act
from ..store import Obj
from ..wire.errors import StripeError, invalid
from ..world import World

Verb = Callable[[World, Obj, tuple[str, ...]], Obj]
_TEXTS = "card expiry cvc iban saved email name individual_name business_name"


def payer(asked: Obj) -> Payer:
    """Return the payer that a script describes; the terms are accepted unless it says not."""
    texts = {name: str(asked.get(name, "")) for name in _TEXTS.split()}
    return Payer(
        **texts,
        terms=bool(asked.get("terms", True)),
        save=bool(asked.get("save", False)),
        shown=asked.get("authenticate") == "complete",
    )


def pay_session(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Do what the checkout page does; 402 when declined, `requires_action` for 3DS cards."""
    session = world.store.get("checkout.session", ids[0])
    outcome = checkout.pay(world, session, payer(asked))
    if outcome.status == "requires_action" and asked.get("authenticate") == "complete":
        outcome = checkout.resume(world, session, ok=True)
    return _told(session, outcome)


def _told(session: Obj, outcome: checkout.Outcome) -> Obj:
    names = "payment_status customer subscription invoice payment_intent setup_intent"
    told = {name: session[name] for name in names.split()}
    return {"session": session["id"], "status": outcome.status, "url": outcome.url, **told}


def answer_bank(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Do what the bank's page does: `ok` true or false; 402 when the payment fails for it."""
    if authentication.question(world, ids[0]) is None:
        raise invalid("Nothing waits for an answer under this id.", None, "nothing_asked")
    outcome = authentication.answer(world, ids[0], ok=bool(asked["ok"]))
    return {"id": ids[0], "status": outcome.status, "url": outcome.url}


def pay_invoice(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Do what the hosted invoice page does; 402 when declined."""
    invoice = world.store.get("invoice", ids[0])
    outcome = hosted_invoices.pay(world, invoice, payer(asked))
    if outcome.status == "requires_action" and asked.get("authenticate") == "complete":
        outcome = hosted_invoices.resume(world, invoice, ok=True)
    told = {"invoice": invoice["id"], "invoice_status": invoice["status"]}
    return told | {"status": outcome.status, "url": outcome.url}


def press_portal(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Send a form of the portal: `do` and its fields, as the page does."""
    session = world.store.get("billing_portal.session", ids[0])
    if not portal.open_now(world, session):
        raise StripeError(410, "This link has expired.", code="session_expired")
    fields = {name: str(value) for name, value in asked.items()}
    return {"session": session["id"], "url": act(world, session, fields)}


def expire_portal(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Let the link of a portal session expire now."""
    session = world.store.get("billing_portal.session", ids[0])
    portal.close(world, session)
    return {"session": session["id"]}


VERBS: dict[tuple[str, str], Verb] = {
    ("POST", "checkout/*/pay"): pay_session,
    ("POST", "3ds/*"): answer_bank,
    ("POST", "invoices/*/settle"): pay_invoice,
    ("POST", "portal/*/press"): press_portal,
    ("POST", "portal/*/expire"): expire_portal,
}
