"""A copy of everything (GDPR Art. 15 and 20): asked for, told by letter, made when downloaded."""

import json
from datetime import datetime
from typing import Final

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from billing import letters
from billing.cause import Cause
from billing.letters import links
from billing.letters.links import Purpose
from members.models import Export, Supporter
from members.privacy.parts import PARTS

FILE_NAME: Final = "copy-of-my-data.json"
LASTS: Final = links.LASTS[Purpose.EXPORT]


def ask(supporter: Supporter, *, press: str) -> Export:
    """Give leave to download a copy for a week, and tell them by letter; once per press."""
    now = timezone.now()
    with transaction.atomic():
        export, made = Export.objects.get_or_create(
            press=press,
            defaults={"supporter": supporter, "asked_at": now, "expires_at": now + LASTS},
        )
        if made:
            letters.queue(
                kind="export-ready",
                key=str(export.pk),
                supporter_id=supporter.pk,
                cause=Cause.supporter(),
            )
    return export


def of(supporter: Supporter) -> bytes:
    """Everything we hold of them, as JSON in UTF-8. Amounts in cents, times in UTC."""
    found = {part.name: part.copy(supporter) for part in PARTS}
    told = {"made_at": timezone.now(), "amounts": "cents", "times": "UTC"}
    return json.dumps(
        {"about": told, **found}, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2
    ).encode()


def open_of(supporter: Supporter) -> Export | None:
    """The newest leave to download that still holds."""
    return supporter.exports.filter(_lasting(timezone.now())).order_by("-asked_at").first()


def lasts(export: Export) -> bool:
    return export.expires_at > timezone.now()


def forget(*, now: datetime) -> int:
    """Delete the leaves that are over; how many."""
    gone, _ = Export.objects.exclude(_lasting(now)).delete()
    return gone


def _lasting(now: datetime) -> Q:
    return Q(expires_at__gt=now)
