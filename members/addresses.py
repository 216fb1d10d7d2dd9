"""Another e-mail address: confirmed from the new mailbox, told to the old one (PEERS E7)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from billing import customers, letters
from billing.cause import Cause
from billing.letters import links
from billing.letters.links import Purpose
from billing.models import Letter
from billing.models.letter import LetterState
from members import signin, vault
from members.models import AddressChange, Supporter

CONFIRM: Final = "address-confirm"
TELL: Final = "address-told"
LASTS: Final = links.LASTS[Purpose.ADDRESS]
# As long as a mail server may be away before a letter to the old address is given up.
_TOLD_WITHIN: Final = timedelta(days=5)
_UNSENT: Final = (LetterState.QUEUED, LetterState.SENDING, LetterState.HELD)


def ask(supporter: Supporter, *, email: str) -> AddressChange:
    """Note the wish and queue the letter to the new address, whoever has that already.

    One wish at a time: an earlier one that was not confirmed is over.
    """
    now = timezone.now()
    with transaction.atomic():
        _open(supporter).update(expires_at=now)
        change = AddressChange(supporter=supporter, asked_at=now, expires_at=now + LASTS)
        change.new_email = email
        change.save(force_insert=True)
        letters.queue(
            kind=CONFIRM, key=str(change.pk), supporter_id=supporter.pk, cause=Cause.supporter()
        )
    return change


def taken(change: AddressChange) -> bool:
    """Whether the new address is somebody else's by now: told to nobody but its own mailbox."""
    others = Supporter.objects.filter(email_hash=change.new_hash)
    return others.exclude(pk=change.supporter_id).exists()


def waits(change: AddressChange) -> bool:
    """Whether it can still be confirmed: not by who is being erased, it would make them anew."""
    if change.confirmed_at is not None or change.expires_at <= timezone.now():
        return False
    return Supporter.objects.named().filter(pk=change.supporter_id).exists()


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a press on the link did; `fresh` is the press that did it, of several."""

    change: AddressChange
    fresh: bool


def confirm(change_id: UUID) -> Confirmed | None:
    """Make the new address theirs; None if it cannot be (any more). A second press changes nothing.

    Every session and sign-in link of theirs ends, links in letters to the old address open no
    longer, Stripe and the old address are told.
    """
    try:
        with transaction.atomic():
            return _confirm(change_id)
    except IntegrityError:
        # Somebody joined under this address in the very moment.
        return None


def _confirm(change_id: UUID) -> Confirmed | None:
    owner = AddressChange.objects.values("supporter").filter(pk=change_id)
    supporter = Supporter.objects.select_for_update().filter(pk__in=owner).first()
    change = AddressChange.objects.filter(pk=change_id).first()
    if supporter is None or change is None or supporter.erased:
        return None
    if change.confirmed_at is not None:
        return Confirmed(change, fresh=False) if supporter.email_hash == change.new_hash else None
    if not waits(change) or taken(change):
        return None
    now = timezone.now()
    change.old_email = supporter.email
    change.confirmed_at = now
    change.save(update_fields=["old_sealed", "old_hash", "confirmed_at"])
    supporter.email = change.new_email
    signin.end_all(supporter, now=now)
    supporter.save(update_fields=["email_sealed", "email_hash", "signed_out_at"])
    letters.queue(kind=TELL, key=str(change.pk), supporter_id=supporter.pk, cause=Cause.supporter())
    customers.tell_address(supporter, press=f"address:{change.pk.hex}")
    return Confirmed(change, fresh=True)


def forget() -> int:
    """Delete the changes that are over, and wipe old addresses that were told; how many.

    A confirmed one stays for as long as its link might be pressed again.
    """
    now = timezone.now()
    over = AddressChange.objects.filter(expires_at__lt=now)
    # One that was given up waits for staff to put it back, for as long as it would be worth it.
    given_up = Q(state=LetterState.FAILED, created_at__gt=now - _TOLD_WITHIN)
    telling = Letter.objects.filter(Q(state__in=_UNSENT) | given_up, kind=TELL)
    still = [UUID(key) for key in telling.values_list("key", flat=True)]
    told = AddressChange.objects.filter(confirmed_at__isnull=False).exclude(old_sealed=b"")
    told.exclude(pk__in=still).update(old_sealed=b"", old_hash="")
    gone, _ = over.exclude(pk__in=still, confirmed_at__gt=now - _TOLD_WITHIN).delete()
    return gone


def same(supporter: Supporter, email: str) -> bool:
    """Whether this is the address that they have already, in whatever case it is typed."""
    return vault.lookup_hash(email) == supporter.email_hash


def _open(supporter: Supporter) -> QuerySet[AddressChange]:
    return supporter.address_changes.filter(confirmed_at=None, expires_at__gt=timezone.now())
