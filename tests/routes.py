"""Every address of the service, from the resolver: a page that is added cannot be forgotten."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from django.urls import URLPattern, URLResolver, get_resolver

ADMIN: Final = "staff/admin/"
_PART: Final = re.compile(r"<(?:\w+:)?(\w+)>")
_REGEX_PART: Final = re.compile(r"\(\?P<(\w+)>[^)]*\)")


def routes() -> list[str]:
    """Each pattern as it is written, for example "account/receipts/<uuid:receipt_id>/"."""
    return list(dict.fromkeys(_walk(get_resolver(), "")))


def ours() -> list[str]:
    """All but Django's admin, whose pages are as many as there are tables."""
    return [route for route in routes() if not route.startswith(ADMIN)]


def _walk(resolver: URLResolver, before: str) -> Iterator[str]:
    for each in resolver.url_patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLPattern):
            yield route
        else:
            yield from _walk(each, route)


def filled(route: str, values: Mapping[str, object]) -> str:
    """The path of a route with these values in it. Raises KeyError for a part without one."""
    path = _REGEX_PART.sub(r"<\1>", route).replace("^", "").removesuffix("$")
    return "/" + _PART.sub(lambda part: str(values[part[1]]), path)


def parts_of(route: str) -> set[str]:
    """The names of what stands in a route for an id, a token or a word."""
    return set(_PART.findall(route)) | set(_REGEX_PART.findall(route))
