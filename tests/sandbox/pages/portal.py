"""/p/session/{bps}: the customer portal, opened by a link that is its own key."""

from __future__ import annotations

from ..engine import payers, portal
from ..store import Obj
from ..wire.errors import StripeError
from ..wire.message import Reply, Request, page, see_other
from ..world import World
from . import means, portal_parts
from .html import button, frame, link, notice, press, problem

_GONE = 410


def show(world: World, request: Request, ident: str) -> Reply:
    """Show what the flow is about, the asked-for view, or the start of the portal."""
    session = world.store.get("billing_portal.session", ident)
    if not portal.open_now(world, session):
        return _expired(session)
    return _view(world, session, request.asked())


def submit(world: World, request: Request, ident: str) -> Reply:
    """Do what the button says, then go where the flow asks."""
    session = world.store.get("billing_portal.session", ident)
    if not portal.open_now(world, session):
        return _expired(session)
    typed = request.fields()
    verb, _, subject = typed.get("do", "").partition(" ")
    try:
        return see_other(_do(world, session, verb, subject, typed))
    except StripeError as error:
        return _again(world, session, verb, subject, typed, error)


def act(world: World, session: Obj, typed: dict[str, str]) -> str:
    """Do what a form of the portal asks for and return where it leads; for scripts."""
    verb, _, subject = typed.get("do", "").partition(" ")
    return _do(world, session, verb, subject, typed)


def _do(world: World, session: Obj, verb: str, subject: str, typed: dict[str, str]) -> str:
    if verb == "card":
        return portal.change_method(world, session, payers.typed(typed)).url
    if verb == "cancel":
        said = {name: typed.get(name, "") for name in ("feedback", "comment")}
        return portal.cancel(world, session, subject, **said)
    if verb == "keep":
        return portal.keep(world, session, subject)
    if verb == "pause":
        return portal.pause(world, session, subject, typed.get("length", "0"))
    if verb == "resume":
        return portal.resume(world, session, subject)
    if verb == "details":
        return portal.update_customer(world, session, typed)
    raise StripeError(400, "This button does nothing here.")


def _again(
    world: World,
    session: Obj,
    verb: str,
    subject: str,
    typed: dict[str, str],
    error: StripeError,
) -> Reply:
    if error.status in (403, 404):
        return page(_page(world, session, problem(str(error))), error.status)
    if verb == "card":
        return card_page(world, session, typed, error)
    asked = {"view": verb, "sub": subject}
    return _view(world, session, asked, typed, error)


def _view(
    world: World,
    session: Obj,
    asked: dict[str, str],
    typed: dict[str, str] | None = None,
    error: StripeError | None = None,
) -> Reply:
    about = portal.flow(world, session)
    kind = about.get("type")
    view = asked.get("view", "")
    if view == "done":
        return page(_done(world, session))
    if kind == "payment_method_update" or (view == "card" and not kind):
        return card_page(world, session, typed or {}, error)
    status = error.status if error else 200
    told = problem(str(error or ""))
    if kind == "customer_update" or (view == "details" and not kind):
        return page(_page(world, session, told + portal_parts.details(world, session)), status)
    for verb in ("cancel", "pause"):
        if kind == f"subscription_{verb}" or (view == verb and not kind):
            ident = (about.get(kind or "") or {}).get("subscription") or asked.get("sub", "")
            return _one(world, session, verb, ident, told, status)
    return page(_page(world, session, told + portal_parts.home(world, session), start=True), status)


def _one(world: World, session: Obj, verb: str, ident: str, told: str, status: int) -> Reply:
    sub = next((s for s in portal.shown_subscriptions(world, session) if s["id"] == ident), None)
    if sub is None:
        told += notice("There is nothing (left) to do here.", "nothing", kind="warm")
        return page(_page(world, session, told), status)
    make = portal_parts.cancel if verb == "cancel" else portal_parts.pause
    return page(_page(world, session, told + make(world, session, sub)), status)


def card_page(
    world: World, session: Obj, typed: dict[str, str], error: StripeError | None = None
) -> Reply:
    """Show the form for another card or account."""
    wrong = str(error.fields.get("param") or error.fields.get("code") or "") if error else ""
    if not portal.enabled(world, session, "payment_method_update"):
        told = notice("Changing it is not enabled here.", "nothing", kind="warm")
        return page(_page(world, session, told), error.status if error else 200)
    now = means.described(portal.current_method(world, session))
    inner = (
        f"{problem(str(error or ''))}<h1>Change how you pay</h1>"
        f'<p class="soft">Now: <span data-testid="current-card">{now}</span></p>'
        f'<form method="post" action="/p/session/{session["id"]}">{press()}'
        f"{means.form(portal.USABLE, typed, wrong)}"
        f"{button('Save', 'save-card', value='card')}</form>{means.hints()}"
    )
    return page(_page(world, session, inner), error.status if error else 200)


def _page(world: World, session: Obj, inner: str, *, start: bool = False) -> str:
    """Frame a view with the ways out: to the portal's start, and back to the merchant."""
    ways = []
    if not start and not portal.flow(world, session):
        ways.append(link(f"/p/session/{session['id']}", "Back to the overview", "home"))
    if session["return_url"]:
        ways.append(link(session["return_url"], f"Return to {means.ACCOUNT}", "return"))
    foot = " · ".join(ways)
    return frame(
        "Your membership",
        f'<p class="from">{means.ACCOUNT}, customer portal</p>{inner}'
        f'<p class="foot">{foot}</p>{portal_parts.profile(world, session)}',
    )


def _done(world: World, session: Obj) -> str:
    told = (session["flow"] or {}).get("after_completion") or {}
    words = (told.get("hosted_confirmation") or {}).get("custom_message")
    return _page(world, session, "<h1>All done</h1>" + notice(words or "Thank you.", "done"))


def _expired(session: Obj) -> Reply:
    back = session["return_url"]
    way = link(back, f"Return to {means.ACCOUNT}", "return", kind="big plain") if back else ""
    inner = (
        '<h1 data-testid="status-expired">This link has expired</h1>'
        f"<p>For your safety it works for a short time only. Ask for a new one.</p><p>{way}</p>"
    )
    return page(frame("Your membership", inner), _GONE)
