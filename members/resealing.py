"""Changing the vault's keys: every row again, in batches, whenever it is run and however often.

Each row is written by compare-and-set, so a run beside a living service never undoes a change.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from members import vault
from members.models import AddressChange, JoinLink, ListPart, Supporter, Withdrawal
from members.models import name as names

# A part of a list is some thousand lines.
_FEW_PARTS: Final = 10


@dataclass(slots=True)
class Count:
    """What a run did: rows changed, rows that needed nothing, rows it could not help."""

    changed: int = 0
    fine: int = 0
    failed: int = 0


def rotate(*, batch: int) -> Count:
    """Seal again, under the newest key, what is under an older one."""
    count = _each(_reseal, Supporter.objects.exclude(email_sealed=b""), batch)
    for change in AddressChange.objects.order_by("pk").iterator(chunk_size=batch):
        _reseal_other(change, "addresschange", ("new", "old"))
    for order in JoinLink.objects.order_by("pk").iterator(chunk_size=batch):
        _reseal_other(order, "joinlink", ("email", "order"))
    for statement in Withdrawal.objects.order_by("pk").iterator(chunk_size=batch):
        _reseal_other(statement, "withdrawal", ("email", "name"))
    for part in ListPart.objects.order_by("pk").iterator(chunk_size=_FEW_PARTS):
        _reseal_part(part)
    return count


def rehash(*, batch: int) -> Count:
    """Compute each lookup hash, and the index of names, again under today's VAULT_LOOKUP_KEY."""
    return _each(_rehash, Supporter.objects.named(), batch)


def _each(change: Callable[[Supporter], bool], whom: QuerySet[Supporter], batch: int) -> Count:
    count = Count()
    for supporter in whom.order_by("pk").iterator(chunk_size=batch):
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


def _reseal_other(
    row: AddressChange | JoinLink | Withdrawal, table: str, columns: tuple[str, ...]
) -> None:
    """What does not open any more is left as it is: nothing that goes on depends on it."""
    for column in columns:
        old = bytes(getattr(row, f"{column}_sealed"))
        if not old or vault.sealed_under_newest(old):
            continue
        place = f"{table}.{column}"
        try:
            fresh = vault.seal(
                vault.unseal(old, row=row.pk, column=place), row=row.pk, column=place
            )
        except vault.VaultError:
            continue
        same = type(row)._default_manager.filter(pk=row.pk, **{f"{column}_sealed": old})
        same.update(**{f"{column}_sealed": fresh})


def _reseal_part(part: ListPart) -> None:
    """A part is never changed, and gone within a day: nobody writes beside us."""
    if vault.sealed_under_newest(part.body_sealed):
        return
    try:
        part.body = part.body
    except vault.VaultError:
        return
    ListPart.objects.filter(pk=part.pk).update(body_sealed=part.body_sealed)


def _rehash(supporter: Supporter) -> bool:
    names.index(supporter.pk, supporter.name)
    right = vault.lookup_hash(supporter.email)
    if right == supporter.email_hash:
        return False
    with transaction.atomic():
        Supporter.objects.filter(
            pk=supporter.pk, email_sealed=bytes(supporter.email_sealed)
        ).update(email_hash=right)
    return True
