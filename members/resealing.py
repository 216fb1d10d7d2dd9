"""Changing the vault's keys: every row again, in batches, whenever it is run and however often.

Each row is written by compare-and-set, so a run beside a living service never undoes a change.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from members import vault
from members.models import Supporter


@dataclass(slots=True)
class Count:
    """What a run did: rows changed, rows that needed nothing, rows it could not help."""

    changed: int = 0
    fine: int = 0
    failed: int = 0


def rotate(*, batch: int) -> Count:
    """Seal again, under the newest key, what is under an older one."""
    return _each(_reseal, batch)


def rehash(*, batch: int) -> Count:
    """Compute each lookup hash again under the present VAULT_LOOKUP_KEY."""
    return _each(_rehash, batch)


def _each(change: Callable[[Supporter], bool], batch: int) -> Count:
    count = Count()
    for supporter in Supporter.objects.order_by("pk").iterator(chunk_size=batch):
        try:
            if change(supporter):
                count.changed += 1
            else:
                count.fine += 1
        except (vault.VaultError, IntegrityError):
            count.failed += 1
    return count


def _reseal(supporter: Supporter) -> bool:
    stale = [
        column
        for column in ("email_sealed", "name_sealed")
        if (blob := bytes(getattr(supporter, column))) and not vault.sealed_under_newest(blob)
    ]
    for column in stale:
        place = f"supporter.{column.removesuffix('_sealed')}"
        old = bytes(getattr(supporter, column))
        text = vault.unseal(old, row=supporter.pk, column=place)
        fresh = vault.seal(text, row=supporter.pk, column=place)
        # Somebody who changed it meanwhile sealed it under the newest key: theirs stays.
        Supporter.objects.filter(pk=supporter.pk, **{column: old}).update(**{column: fresh})
    return bool(stale)


def _rehash(supporter: Supporter) -> bool:
    right = vault.lookup_hash(supporter.email)
    if right == supporter.email_hash:
        return False
    with transaction.atomic():
        Supporter.objects.filter(
            pk=supporter.pk, email_sealed=bytes(supporter.email_sealed)
        ).update(email_hash=right)
    return True
