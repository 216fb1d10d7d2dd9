"""How often something may be asked: per address, per network, by everybody. None of them is kept.

Counts live in memory (one process), or in Redis where there is one, under hashes whose key is made
anew each day and forgotten: not even we can tell later who was counted. Where Redis does not
answer, the question is let through: a limit guards comfort, not safety. The log says so, and the
staff's page of the shield.
"""

import secrets
from datetime import timedelta
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, Final

import structlog
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import salted_hmac
from limits import RateLimitItem, RateLimitItemPerSecond, parse
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage, Storage
from limits.strategies import FixedWindowRateLimiter

from members import pressure
from members.pressure import Signal

log = structlog.get_logger(__name__)

SIGN_IN_PER_ADDRESS: Final = parse("5/hour")
SIGN_IN_PER_NETWORK: Final = parse("30/hour")
SIGN_IN_OF_ALL: Final = parse("3000/hour")
CHECKOUTS_PER_NETWORK: Final = parse("60/hour")
CHECKOUTS_OF_ALL: Final = parse("3000/hour")
# Each writes a letter to a mailbox that may be a stranger's.
ADDRESS_CHANGES_PER_ACCOUNT: Final = parse("5/day")
ADDRESS_CHANGES_PER_ADDRESS: Final = parse("3/day")
ADDRESS_CHANGES_PER_NETWORK: Final = parse("20/hour")
JOIN_LINKS_PER_ADDRESS: Final = parse("3/day")
JOIN_LINKS_PER_NETWORK: Final = parse("10/hour")
JOIN_LINKS_OF_ALL: Final = parse("300/hour")
# Of networks, and very many of all: a limit of an address would let a stranger use up somebody's
# right.
WITHDRAWALS_PER_NETWORK: Final = parse("20/hour")
WITHDRAWALS_OF_ALL: Final = parse("3000/hour")
# Each is a guess at somebody's payment (members/charges.py).
CHARGES_PER_NETWORK: Final = parse("5/day")
CHARGES_OF_ALL: Final = parse("200/day")
COPIES_PER_ACCOUNT: Final = parse("5/day")
# Of one member of staff: a busy day at the desk has fewer, a guess at names has more.
DESK_SEARCHES_PER_MEMBER: Final = parse("60/hour")
# Ids are no secrets to staff: without it a stolen session could read everybody's name by a script.
DESK_NAMES_PER_MEMBER: Final = parse("60/hour")
# A browser asks once a day (docs/news-site.md); a network may be a whole university.
BADGES_PER_NETWORK: Final = parse("600/hour")

# The public forms, by what their counts are called: for the staff's page.
FORMS: Final = {
    "checkout": "Payment pages",
    "join-link": "Links to the payment page, by letter",
    "sign-in": "Links to sign in",
    "withdrawals": "Withdrawals",
    "charges": "Charges not recognised",
}
# By what name its thresholds are set, where it is another.
_PRESSING: Final = {Signal.ASKED: "unpaid"}
_SALT_KEPT: Final = int(timedelta(days=2).total_seconds())


def allow(limit: RateLimitItem, *, what: str, who: str) -> bool:
    """Count one asking and say whether it is within the limit.

    `who` is hashed under today's key before it is kept, so an address does not lie in Redis.
    """
    key = _key_of_the_day(f"{timezone.now():%Y%m%d}")
    name = salted_hmac(f"members.limits.{key}", f"{what}:{who}", algorithm="sha256").hexdigest()
    try:
        allowed = FixedWindowRateLimiter(storage()).hit(limit, what, name)
    except StorageError:
        log.warning("limit not counted", what=what)
        return True
    if not allowed:
        log.info("limit reached", what=what)
    return allowed


def allow_network(limit: RateLimitItem, *, what: str, request: HttpRequest) -> bool:
    """Count one asking of the network that it comes from; the machine itself has no limit."""
    network = network_of(request)
    if not network:
        return True
    allowed = allow(limit, what=what, who=network)
    form = what.removesuffix("-network")
    pressure.note_form(form, let_through=allowed)
    if form == "sign-in":
        presses(Signal.SIGN_INS, request=request)
    if not allowed:
        presses(Signal.LIMITED, request=request)
    return allowed


def presses(signal: Signal, *, request: HttpRequest) -> None:
    """Count one for the shield; of one network only a third of what calls for its first level.

    One network alone is held by its limits, and never closes the door to everybody else. The
    machine itself is not counted.
    """
    network = network_of(request)
    first, _storm = settings.SHIELD_THRESHOLDS[_PRESSING.get(signal, signal.value)]
    seconds = int(pressure.WINDOWS[signal].total_seconds())
    share = RateLimitItemPerSecond(max(1, first // 3), seconds)
    if network and allow(share, what=f"presses-{signal}", who=network):
        pressure.note(signal)


def allow_all(limit: RateLimitItem, *, what: str, request: HttpRequest) -> bool:
    """Count one asking of everybody together; the machine itself is not counted."""
    return not network_of(request) or allow(limit, what=f"{what}-of-all", who="everybody")


def too_many(
    request: HttpRequest, template: str, limit: RateLimitItem, context: dict[str, Any] | None = None
) -> HttpResponse:
    """The page that asks to come back later, and says to machines when (RFC 9110, 10.2.3)."""
    response = render(request, template, context, status=429)
    response.headers["Retry-After"] = str(limit.get_expiry())
    return response


def network_of(request: HttpRequest) -> str:
    """The network that asks: an IPv4 address, or the /64 that one IPv6 household shares, or "".

    "" is the machine itself: a proxy beside us that we were not told of, behind which anybody is.

    Behind our own proxy (TRUSTED_PROXY) it is the last address that the proxy noted; what a
    browser wrote before it is anybody's claim.
    """
    text = request.META.get("REMOTE_ADDR", "")
    if settings.TRUSTED_PROXY:
        text = request.META.get("HTTP_X_FORWARDED_FOR", text).rpartition(",")[2].strip()
    try:
        address = ip_address(text)
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if address.is_loopback:
        return ""
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return str(address)


def _key_of_the_day(day: str) -> str:
    """The day's random key, the same for all processes; two days later it is nowhere."""
    name = f"limits:key:{day}"
    known: str | None = cache.get(name)
    if known is None:
        cache.add(name, secrets.token_hex(32), _SALT_KEPT)
        known = cache.get(name)
    # Without a cache there is no count to find again either.
    return known or day


@lru_cache(maxsize=1)
def storage() -> Storage:
    """Where the counts are kept."""
    if settings.REDIS_URL:
        return RedisStorage(
            settings.REDIS_URL, wrap_exceptions=True, socket_connect_timeout=1, socket_timeout=1
        )
    return MemoryStorage()
