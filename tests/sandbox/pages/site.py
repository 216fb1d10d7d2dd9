"""Which page answers which path, and what is the same for all of them."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from ..wire.errors import StripeError
from ..wire.message import Reply, Request, page, see_other
from ..world import World
from . import authentication, checkout, deliveries, home, invoice, mandate, portal, receipt
from .html import HEADERS, frame

Page = Callable[[World, Request, str], Reply]
# A star stands for an id.
PAGES: dict[tuple[str, str], Page] = {
    ("GET", "/"): home.show,
    ("GET", "/events"): home.show_events,
    ("POST", "/customers/*/portal"): home.open_portal,
    ("GET", "/c/pay/*"): checkout.show,
    ("POST", "/c/pay/*"): checkout.submit,
    ("GET", "/3ds/*"): authentication.show,
    ("POST", "/3ds/*"): authentication.submit,
    ("GET", "/p/session/*"): portal.show,
    ("POST", "/p/session/*"): portal.submit,
    ("GET", "/i/*"): invoice.show,
    ("POST", "/i/*"): invoice.submit,
    ("GET", "/i/*/pdf"): invoice.show_print,
    ("GET", "/mandates/*"): mandate.show,
    ("GET", "/receipts/*"): receipt.show,
    ("GET", "/deliveries"): deliveries.show,
    ("POST", "/deliveries"): deliveries.resend_failed,
    ("POST", "/deliveries/*"): deliveries.resend,
    ("GET", "/events/*"): deliveries.show_event,
    ("POST", "/events/*"): deliveries.resend_event,
}
# These run long and take the lock by themselves.
UNLOCKED: dict[tuple[str, str], Page] = {("POST", "/clock"): home.move_clock}
_REMEMBERED = 20


def answer(world: World, request: Request) -> Reply:
    """Answer one request for a page."""
    reply = _guarded(world, request)
    reply.headers = HEADERS | reply.headers
    return reply


def _guarded(world: World, request: Request) -> Reply:
    found, ident = _find(request)
    if found is None:
        return _lost("There is no such page", 404)
    if request.method == "POST" and not _ours(request):
        return _lost("This form was sent from somewhere else", 403)
    if found in UNLOCKED.values():
        return found(world, request, ident)
    with world.lock:
        world.changed.set()
        try:
            return _once(world, request, found, ident)
        except StripeError as error:
            if error.status in (404, 400):
                return _lost("This page does not exist (any more)", 404)
            return _lost(str(error), error.status)


def _find(request: Request) -> tuple[Page | None, str]:
    pages = PAGES | UNLOCKED
    parts = request.path.split("/")
    literal = pages.get((request.method, request.path))
    if literal is not None:
        return literal, ""
    for at in range(len(parts) - 1, 0, -1):
        starred = "/".join([*parts[:at], "*", *parts[at + 1 :]])
        found = pages.get((request.method, starred))
        if found is not None:
            return found, parts[at]
    return None, ""


def _ours(request: Request) -> bool:
    """Whether a form comes from one of these pages, as far as the browser tells."""
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def _once(world: World, request: Request, found: Page, ident: str) -> Reply:
    """Answer a form that was sent twice as it was answered the first time."""
    mark = request.fields().get("press") if request.method == "POST" else None
    if not mark or world.store.find(ident) is None:
        return found(world, request, ident)
    pressed = world.store.note(ident).setdefault("pressed", {})
    if mark in pressed:
        return see_other(pressed[mark])
    reply = found(world, request, ident)
    if reply.status == 303:
        pressed[mark] = reply.headers["Location"]
        while len(pressed) > _REMEMBERED:
            del pressed[next(iter(pressed))]
    return reply


def _lost(head: str, status: int) -> Reply:
    return page(frame("Not found", f'<h1 data-testid="status-{status}">{head}</h1>'), status)
