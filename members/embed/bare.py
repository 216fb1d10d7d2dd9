"""Requests that pages of another site make bring no cookie in and take none out."""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.cache import has_vary_header

ROUTES: Final = ("/embed/", "/badge/", "/s/")


class Bare:
    """Middleware. What is answered under ROUTES depends on the address and the origin alone.

    So a cache may keep it for everybody, and a signed-in supporter's browser, which fetches our
    button on every page they read, tells us no more than anybody else's.

    Nor does any other page of ours know them when it is asked for from within a page of another
    site. The news site may be the same site to a browser, which then brings our cookies along: its
    scripts, and those of its advertisers, could tell by the time or the size of an answer who is
    signed in with us, and so who supports us.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(ROUTES):
            return self._nobodys(request) if _from_within(request) else self.get_response(request)
        for header in ("HTTP_COOKIE", "HTTP_ACCEPT_LANGUAGE"):
            request.META.pop(header, None)
        response = self.get_response(request)
        response.cookies.clear()
        by_origin = has_vary_header(response, "Origin")
        for header in ("Vary", "Content-Language"):
            del response[header]
        if by_origin:
            response["Vary"] = "Origin"
        return response

    def _nobodys(self, request: HttpRequest) -> HttpResponse:
        request.META.pop("HTTP_COOKIE", None)
        response = self.get_response(request)
        response.cookies.clear()
        return response


def _from_within(request: HttpRequest) -> bool:
    """Whether a page of another origin asks in the background or in a frame, not by being left.

    https://www.w3.org/TR/fetch-metadata/; a browser that does not say so is as before.
    """
    if request.headers.get("Sec-Fetch-Site", "") not in {"same-site", "cross-site"}:
        return False
    asked = (request.headers.get("Sec-Fetch-Mode"), request.headers.get("Sec-Fetch-Dest"))
    return asked != ("navigate", "document")
