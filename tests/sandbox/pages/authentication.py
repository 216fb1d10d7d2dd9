"""/3ds/{id}: the bank that asks whether it is really you."""

from __future__ import annotations

from ..engine import authentication
from ..store import Obj
from ..wire.errors import StripeError
from ..wire.message import Reply, Request, page, see_other
from ..world import World
from . import checkout, invoice, portal
from .html import action, frame, link, money, problem


def show(world: World, request: Request, ident: str) -> Reply:
    """Ask, or lead on when there is nothing to ask any more."""
    asked = authentication.question(world, ident)
    if asked is None:
        return _over(world, ident)
    what = "saving these payment details"
    if asked.amount:
        what = f"the payment of <strong>{money(asked.amount, asked.currency)}</strong>"
    buttons = (
        action(request.path, "Confirm", "3ds-complete", value="complete", kind="")
        + action(request.path, "Refuse", "3ds-fail", value="fail")
        + action(request.path, "Leave without answering", "3ds-abandon", value="abandon")
    )
    inner = (
        '<p class="from">Your bank (3D Secure)</p><h1>Is this you?</h1>'
        f'<p>Confirm {what} to Local stand-in.</p><div class="row">{buttons}</div>'
    )
    return page(frame("Your bank asks", inner))


def submit(world: World, request: Request, ident: str) -> Reply:
    """Answer the bank; a refusal leads back to where the payer can try something else."""
    asked = authentication.question(world, ident)
    if asked is None:
        return _over(world, ident)
    said = request.fields().get("do")
    if said == "abandon":
        return see_other(asked.back) if asked.back else page(_told("Left unanswered", ""))
    # Read before: a failed answer leaves no trace of the way back on the intent.
    back = authentication.way_back(world, asked.subject, outcome="failed")
    try:
        outcome = authentication.answer(world, ident, ok=said == "complete")
    except StripeError as error:
        return _failed(world, asked.subject, error, back)
    return see_other(outcome.url) if outcome.url else page(_told("Confirmed", ""))


def _failed(world: World, subject: Obj, error: StripeError, back: str) -> Reply:
    kind = subject["object"]
    if kind == "checkout.session":
        return page(checkout.form(world, subject, {}, error), error.status)
    if kind == "invoice":
        return invoice.form(world, subject, {}, error)
    session = world.store.find(world.store.peek(subject["id"]).get("portal"))
    if session is not None:
        return portal.card_page(world, session, {}, error)
    return see_other(back) if back else page(_told("Not confirmed", str(error)), error.status)


def _over(world: World, ident: str) -> Reply:
    subject = world.store.find(ident) or {}
    if subject.get("object") == "checkout.session" and subject["status"] != "open":
        return checkout.closed(subject)
    if subject.get("object") in ("checkout.session", "invoice"):
        return see_other(authentication.way_back(world, subject))
    inner = "<h1>Nothing to confirm</h1><p>Your bank does not ask anything here (any more).</p>"
    back = authentication.way_back(world, subject) if subject.get("next_action") else ""
    inner += f"<p>{link(back, 'Go on', 'continue')}</p>" if back else ""
    return page(frame("Your bank", inner), 200 if subject else 404)


def _told(head: str, wrong: str) -> str:
    text = "You can close this page and go back to where you came from."
    return frame("Your bank", f'<h1 data-testid="told">{head}</h1>{problem(wrong)}<p>{text}</p>')
