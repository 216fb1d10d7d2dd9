"""Complimentary memberships: given by staff, without money, for a time."""

from datetime import datetime
from typing import TYPE_CHECKING

import structlog
from django.utils import timezone

from billing.models import CompMembership
from billing.models.comp import CompReason

if TYPE_CHECKING:
    from members.models import Supporter

log = structlog.get_logger(__name__)


def grant(
    *,
    supporter: "Supporter",
    reason: CompReason,
    ends_on: datetime,
    actor: str,
    now: datetime | None = None,
) -> CompMembership:
    """Give a membership from now until `ends_on` (UTC). One that stands is returned as it is.

    `actor` is the id of the staff member. Raises ValueError if it would be over before it began.
    """
    now = now or timezone.now()
    if ends_on <= now:
        raise ValueError("it would be over already")
    standing = of(supporter, now=now)
    if standing is not None:
        return standing
    comp = CompMembership.objects.create(
        supporter=supporter, reason=reason, granted_by=actor, starts_on=now, ends_on=ends_on
    )
    log.info("comp granted", comp=str(comp.pk), reason=reason.value, actor=actor)
    return comp


def revoke(*, comp: CompMembership, actor: str) -> bool:
    """Take it back; False if that has been done."""
    taken = CompMembership.objects.filter(pk=comp.pk, revoked_at=None).update(
        revoked_at=timezone.now(), revoked_by=actor
    )
    log.info("comp revoked", comp=str(comp.pk), actor=actor)
    return bool(taken)


def of(supporter: "Supporter", *, now: datetime) -> CompMembership | None:
    """The supporter's complimentary membership that is in force, if there is one."""
    rows = CompMembership.objects.filter(supporter=supporter, revoked_at=None)
    return rows.filter(starts_on__lte=now, ends_on__gt=now).first()
