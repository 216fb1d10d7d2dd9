"""How often something may be asked: per address and per network, without keeping either.

Counts live in memory (one process), or in Redis where there is one, under keyed hashes. Where Redis
does not answer, the question is let through: a limit guards comfort, not safety.
"""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

import structlog
from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage, Storage
from limits.strategies import FixedWindowRateLimiter

log = structlog.get_logger(__name__)

SIGN_IN_PER_ADDRESS: Final = parse("5/hour")
SIGN_IN_PER_NETWORK: Final = parse("30/hour")
CHECKOUTS_PER_NETWORK: Final = parse("60/hour")
# Each writes a letter to a mailbox that may be a stranger's.
ADDRESS_CHANGES_PER_ACCOUNT: Final = parse("5/day")
ADDRESS_CHANGES_PER_ADDRESS: Final = parse("3/day")
ADDRESS_CHANGES_PER_NETWORK: Final = parse("20/hour")
# Of networks alone: a limit of an address would let a stranger use up somebody's right.
WITHDRAWALS_PER_NETWORK: Final = parse("20/hour")
# Each is a guess at somebody's payment (members/charges.py).
CHARGES_PER_NETWORK: Final = parse("5/day")
CHARGES_OF_ALL: Final = parse("200/day")
COPIES_PER_ACCOUNT: Final = parse("5/day")
# A browser asks once a day (docs/news-site.md); a network may be a whole university.
BADGES_PER_NETWORK: Final = parse("600/hour")


def allow(limit: RateLimitItem, *, what: str, who: str) -> bool:
    """Count one asking and say whether it is within the limit.

    `who` is hashed under a key of ours before it is kept, so an address does not lie in Redis.
    """
    name = salted_hmac("members.limits", f"{what}:{who}", algorithm="sha256").hexdigest()
    try:
        return FixedWindowRateLimiter(storage()).hit(limit, what, name)
    except StorageError:
        log.warning("limit_not_counted", what=what)
        return True


def allow_network(limit: RateLimitItem, *, what: str, request: HttpRequest) -> bool:
    """Count one asking of the network that it comes from; the machine itself has no limit."""
    network = network_of(request)
    return not network or allow(limit, what=what, who=network)


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


@lru_cache(maxsize=1)
def storage() -> Storage:
    """Where the counts are kept."""
    if settings.REDIS_URL:
        return RedisStorage(
            settings.REDIS_URL, wrap_exceptions=True, socket_connect_timeout=1, socket_timeout=1
        )
    return MemoryStorage()
