"""The bank that asks: what waits for an answer at /3ds/{id}, and what follows it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from ..store import Obj
from ..wire.errors import StripeError, card_error, invalid, missing
from ..world import World
from . import checkout, hosted_invoices, intents, portal, setups
from .checkout import Outcome

_KINDS = ("checkout.session", "payment_intent", "setup_intent", "invoice")


@dataclass(frozen=True)
class Question:
    """What the bank asks about: the object, an amount in cents (0 to save a card), a way back."""

    subject: Obj
    amount: int
    currency: str
    back: str


def question(world: World, ident: str) -> Question | None:
    """Return what waits for an answer under this id, None when nothing does (any more)."""
    subject = _subject(world, ident)
    kind = subject["object"]
    if kind == "checkout.session":
        waits = subject["status"] == "open" and "asked" in world.store.peek(subject["id"])
        amount, currency = subject["amount_total"] or 0, subject["currency"] or "eur"
    elif kind == "invoice":
        intent = hosted_invoices.intent_of(world, subject)
        waits = intent is not None and intent["status"] == "requires_action"
        amount, currency = subject["amount_remaining"], subject["currency"]
    else:
        waits = subject["status"] == "requires_action"
        amount, currency = subject.get("amount", 0), subject.get("currency", "eur")
    return Question(subject, amount, currency, way_back(world, subject)) if waits else None


def answer(world: World, ident: str, *, ok: bool) -> Outcome:
    """Tell the bank yes or no; raises 402 when the payment fails for it."""
    subject = _subject(world, ident)
    kind = subject["object"]
    if kind == "checkout.session":
        return checkout.resume(world, subject, ok=ok)
    if kind == "invoice":
        back = way_back(world, subject, outcome="succeeded" if ok else "failed")
        return Outcome(hosted_invoices.resume(world, subject, ok=ok).status, back)
    if kind == "setup_intent":
        return _set_up(world, subject, ok)
    return _charge(world, subject, ok)


def way_back(world: World, subject: Obj, *, outcome: str = "") -> str:
    """Return where the payer goes from the bank's page, "" where nobody said."""
    kind = subject["object"]
    if kind == "checkout.session":
        return str(subject["url"] or "")
    if kind == "invoice":
        intent = hosted_invoices.intent_of(world, subject) or {}
        asked = (intent.get("next_action") or {}).get("redirect_to_url")
        if not asked:
            return str(subject["hosted_invoice_url"] or "")
        return _told(asked["return_url"], intent, outcome)
    note = world.store.peek(subject["id"])
    if note.get("portal"):
        return f"{world.base}/p/session/{note['portal']}"
    action = (subject["next_action"] or {}).get("redirect_to_url") or {}
    url = action.get("return_url") or note.get("return_url") or ""
    return _told(url, subject, outcome) if url else ""


def _told(url: str, subject: Obj, outcome: str) -> str:
    """Add what Stripe adds to a return_url."""
    kind = subject["object"]
    said = {kind: subject["id"], f"{kind}_client_secret": subject["client_secret"]}
    if outcome:
        said["redirect_status"] = outcome
    join = "&" if urlsplit(url).query else "?"
    return f"{url}{join}{urlencode(said)}"


def _subject(world: World, ident: str) -> Obj:
    subject = world.store.find(ident)
    if subject is None or subject["object"] not in _KINDS:
        raise missing("authentication", ident)
    # A payment of an invoice or session is answered for by these.
    note = world.store.peek(ident)
    for owner in (note.get("invoice"), note.get("session")):
        found = world.store.find(owner)
        if found is not None and found["object"] in _KINDS and _waits(world, found):
            return found
    return subject


def _waits(world: World, owner: Obj) -> bool:
    if owner["object"] == "invoice":
        return True
    return owner["status"] == "open" and "asked" in world.store.peek(owner["id"])


def _set_up(world: World, intent: Obj, ok: bool) -> Outcome:
    if intent["status"] != "requires_action":
        raise invalid("There is nothing to confirm any more.", None, "session_closed")
    back = way_back(world, intent, outcome="succeeded" if ok else "failed")
    if not ok:
        setups.fail(world, intent, setups.UNAUTHENTICATED)
        raise _refused(setups.UNAUTHENTICATED["message"])
    method = world.store.get("payment_method", intent["payment_method"])
    status = setups.confirm(world, intent, method, shown=True)
    if status != "succeeded":
        raise card_error(intent["last_setup_error"])
    session = world.store.find(world.store.peek(intent["id"]).get("portal"))
    if session is not None:
        back = portal.use(world, session, method)
    return Outcome("complete", back)


def _charge(world: World, intent: Obj, ok: bool) -> Outcome:
    if intent["status"] != "requires_action":
        raise invalid("There is nothing to confirm any more.", None, "session_closed")
    back = way_back(world, intent, outcome="succeeded" if ok else "failed")
    status = intents.authenticated(world, intent, ok=ok)
    if status == "requires_payment_method":
        raise card_error(intent["last_payment_error"])
    return Outcome("complete", back)


def _refused(message: object) -> StripeError:
    return card_error({"code": "setup_intent_authentication_failure", "message": str(message)})
