"""Badges: a token by which a browser shows the news site that it may say thank you.

A token holds a random number, a day and their HMAC: nobody's name, nobody's id, no amount. It is
good until its day, while the row of its number stands and its supporter supports. Reading one
writes nothing, and costs the same whatever it is: one question to the database (DESIGN 9).
"""

import base64
import binascii
import hmac
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.crypto import salted_hmac

from billing.models import CompMembership, Membership, Payment, Refund
from billing.models.membership import LIVE
from billing.states import PaymentState, RefundState
from members.models import Badge, Supporter

# How long a gift is thanked for.
GIFT_LASTS: Final = timedelta(days=365)
_ID, _DAY, _MAC = 16, 4, 32
_NOBODY: Final = bytes(_ID + _DAY + _MAC)


@dataclass(frozen=True, slots=True)
class Link:
    """A link to the news site that carries a token behind the `#`, where no server sees it."""

    url: str
    last_day: date


def of(supporter: Supporter) -> Badge | None:
    return Badge.objects.filter(supporter=supporter).first()


def show(supporter: Supporter) -> None:
    """Let the supporter have links. Asking again keeps what was given out."""
    Badge.objects.get_or_create(supporter=supporter)


def take_back(supporter: Supporter) -> None:
    """Make every token of theirs worthless at once."""
    Badge.objects.filter(supporter=supporter).delete()


def link(badge: Badge, *, now: datetime) -> Link:
    """A fresh link to the first of the news site's addresses. Writes nothing."""
    last_day = (now + timedelta(days=settings.BADGE_DAYS)).astimezone(UTC).date()
    return Link(f"{settings.NEWS_ORIGINS[0]}/#support={token(badge.id, last_day)}", last_day)


def token(badge_id: UUID, last_day: date) -> str:
    body = badge_id.bytes + last_day.toordinal().to_bytes(_DAY)
    return base64.urlsafe_b64encode(body + _mac(body)).rstrip(b"=").decode()


def is_member(text: str, *, now: datetime) -> bool:
    """Whether this token is one of ours, still good, and of somebody who supports us now."""
    raw = _bytes_of(text)
    body, mac = raw[: _ID + _DAY], raw[_ID + _DAY :]
    genuine = hmac.compare_digest(mac, _mac(body))
    lasts = int.from_bytes(body[_ID:]) >= now.astimezone(UTC).date().toordinal()
    # Asked whatever the token is, so that a forged one takes as long as one that is over.
    stands = _standing(UUID(bytes=body[:_ID]), now).exists()
    return genuine and lasts and stands


def _bytes_of(text: str) -> bytes:
    """What the token says; of one that is none, the right number of zeros."""
    try:
        raw = base64.b64decode(text.encode() + b"==", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return _NOBODY
    return raw if len(raw) == len(_NOBODY) else _NOBODY


def _mac(body: bytes) -> bytes:
    digest: bytes = salted_hmac("members.embed.badges", body.hex(), algorithm="sha256").digest()
    return digest


def _standing(badge_id: UUID, now: datetime) -> QuerySet[Badge]:
    """The badge, if who wished for it supports us now and was not erased."""
    theirs = {"supporter": OuterRef("supporter")}
    live = Membership.objects.filter(**theirs, state__in=sorted(LIVE))
    given = CompMembership.objects.filter(
        **theirs, revoked_at=None, starts_on__lte=now, ends_on__gt=now
    )
    back = Refund.objects.filter(payment=OuterRef("pk")).exclude(
        state__in=[RefundState.FAILED, RefundState.CANCELED]
    )
    gift = Payment.objects.filter(
        ~Exists(back),
        **theirs,
        membership=None,
        state=PaymentState.SUCCEEDED,
        paid_at__gt=now - GIFT_LASTS,
    )
    named = Supporter.objects.named().filter(pk=OuterRef("supporter"))
    return Badge.objects.filter(
        Exists(named), Exists(live) | Exists(given) | Exists(gift), pk=badge_id
    )
