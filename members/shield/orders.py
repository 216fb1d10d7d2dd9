"""Orders that wait for the link in a letter: sealed, for a day, nobody's until it is pressed."""

import json
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from billing import letters
from billing.cause import Cause
from billing.letters.links import LASTS, Purpose
from members import limits, vault
from members.models import JoinLink

KIND: Final = "join-link"
KEPT: Final = LASTS[Purpose.JOIN]


def write(*, press: str, order: dict[str, Any], language: str) -> None:
    """Keep the order and write its link to the address in it, once per press.

    The same happens whatever is known of the address: nobody is looked up. One that was written to
    often enough today gets no more, and who asks does not learn that.
    """
    if JoinLink.objects.filter(press=press).exists():
        return
    email = str(order["email"])
    local, _at, domain = vault.normalise_email(email).rpartition("@")
    # What follows a plus is the owner's own: one mailbox has as many such addresses as one types.
    mailbox = f"{local.partition('+')[0]}@{domain}"
    if not limits.allow(limits.JOIN_LINKS_PER_ADDRESS, what="join-link-address", who=mailbox):
        return
    row = JoinLink(press=press, language=language, expires_at=timezone.now() + KEPT)
    row.email = email
    row.order = json.dumps(order)
    with transaction.atomic():
        JoinLink.objects.bulk_create([row], ignore_conflicts=True)
        kept = JoinLink.objects.filter(press=press).values_list("pk", flat=True).first()
        if kept == row.pk:
            letters.queue(kind=KIND, key=str(row.pk), supporter_id=None, cause=Cause.supporter())


def find(link_id: UUID) -> JoinLink | None:
    """The order that waits under this link; None once it is over."""
    return JoinLink.objects.filter(pk=link_id, expires_at__gt=timezone.now()).first()


def order_of(row: JoinLink) -> dict[str, Any]:
    """What was chosen. Raises vault.VaultError."""
    kept: dict[str, Any] = json.loads(row.order)
    return kept


def came_by_letter(press: str) -> bool:
    """Whether this press is of a page behind a link. Only its bearer was ever shown that page."""
    try:
        return JoinLink.objects.filter(pk=UUID(press)).exists()
    except ValueError:
        return False


def forget(*, now: datetime) -> int:
    """Delete the orders whose link is over at `now`, and say how many."""
    gone, _ = JoinLink.objects.filter(expires_at__lt=now - timedelta(minutes=1)).delete()
    return gone
