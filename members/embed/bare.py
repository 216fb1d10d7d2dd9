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
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(ROUTES):
            return self.get_response(request)
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
