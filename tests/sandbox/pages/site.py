"""Which page answers which path."""

from __future__ import annotations

from collections.abc import Callable

from ..wire.errors import StripeError
from ..wire.message import Reply, Request, page
from ..world import World
from . import checkout, home, portal
from .html import frame

Page = Callable[[World, Request, str], Reply]
PAGES: dict[tuple[str, str], Page] = {
    ("GET", "/c/pay/"): checkout.show,
    ("POST", "/c/pay/"): checkout.press,
    ("GET", "/3ds/"): checkout.show_3ds,
    ("POST", "/3ds/"): checkout.press_3ds,
    ("GET", "/p/session/"): portal.show,
    ("POST", "/p/session/"): portal.press,
    ("GET", "/i/"): portal.show_invoice,
    ("POST", "/i/"): portal.press_invoice,
}


def answer(world: World, request: Request) -> Reply:
    """Answer one request for a page."""
    if request.path == "/" and request.method == "GET":
        with world.lock:
            return home.show(world, request)
    if request.path == "/clock" and request.method == "POST":
        return home.move_clock(world, request)
    folder, _, ident = request.path.rpartition("/")
    if folder == "/deliveries" and request.method == "POST":
        return home.resend(world, request, ident)
    found = PAGES.get((request.method, f"{folder}/"))
    if found is None:
        return page(frame("Not found", "<h1>No such page</h1>"), 404)
    with world.lock:
        world.changed.set()
        try:
            return found(world, request, ident)
        except StripeError as error:
            inner = "<h1>This page does not exist (any more)</h1>"
            return page(frame("Not found", inner), error.status)
