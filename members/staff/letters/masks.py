"""What staff see in place of an address, a name and a link that would open something."""

import re
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import Resolver404, resolve

from billing import charity
from billing.letters.links import Purpose

VEIL: Final = "•••"
_CUT: Final = "…"
_URL: Final = re.compile(r"https?://[^\s<>\"')\]]+")


def address(email: str) -> str:
    """An address that its owner would know again, and nobody else: a•••@e•••.org."""
    local, at, domain = email.rpartition("@")
    if not at:
        return VEIL
    host, dot, top = domain.rpartition(".")
    # Of a short name the first letter would be half of it.
    shown = local[0] if len(local) > 1 else ""
    return f"{shown}{VEIL}@{host[:1] if len(host) > 1 else ''}{VEIL}{dot}{top}"


def dead_links(text: str) -> str:
    """The text with nothing secret in any link: of ours the token is cut out, of others the path.

    A page of a payment service opens to whoever has its address, so none is shown whole.
    """
    return _URL.sub(lambda found: _dead(found[0]), text)


def _dead(url: str) -> str:
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    if url.rstrip("/") == charity.current().website.rstrip("/"):
        return url
    return origin + (_path(parts.path) if origin == settings.SITE_URL else f"/{_CUT}")


def _path(path: str) -> str:
    """A path of ours: what it is for stays readable. One that leads nowhere is not shown."""
    try:
        captured = resolve(path).kwargs.values()
    except Resolver404:
        return "/" if path in {"", "/"} else f"/{_CUT}"
    # Ids and purposes are no secrets; every other text in an address may be one.
    for secret in captured:
        if isinstance(secret, str) and secret not in set(Purpose):
            path = path.replace(secret, _CUT)
    return path
