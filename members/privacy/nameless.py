"""The last of a supporter: the row that names nobody goes when the last of the books under it goes.

Before that the memberships stay, whose dates the figures of the living years are made of.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from billing import figures
from billing.models import (
    CompMembership,
    Intent,
    Membership,
    MembershipEvent,
    Payment,
)
from billing.states import MembershipState
from members.models import Consent, Supporter, Withdrawal

log = structlog.get_logger(__name__)


def due(before: datetime, *, payments_over: QuerySet[Payment]) -> QuerySet[Supporter]:
    """Nameless rows under which there is nothing but what is older than `before`."""
    ended = Q(state=MembershipState.ENDED, ended_at__lt=before)
    ended |= Q(state=MembershipState.EXPIRED, created_at__lt=before)
    comps = _of(CompMembership).annotate(over=Coalesce("revoked_at", "ends_on"))
    return Supporter.objects.filter(
        ~Exists(_of(Payment).exclude(pk__in=payments_over.values("pk"))),
        ~Exists(_of(Membership).exclude(ended)),
        ~Exists(comps.filter(over__gte=before)),
        ~Exists(_of(Consent).filter(given_at__gte=before)),
        ~Exists(_of(Withdrawal).filter(received_at__gte=before)),
        email_sealed=b"",
        created_at__lt=before,
    )


def let_go(rows: QuerySet[Supporter], supporter_id: UUID) -> bool:
    """Delete one with all that hangs on it, if it is still among `rows` once nobody else writes."""
    try:
        with transaction.atomic():
            supporter = Supporter.objects.select_for_update().filter(pk=supporter_id).first()
            if supporter is None or not rows.filter(pk=supporter_id).exists():
                return False
            _delete(supporter)
            return True
    except IntegrityError:
        # Money came in for it at this very moment.
        log.info("nameless row kept", supporter=str(supporter_id))
        return False


def _of(model: type[Model]) -> QuerySet[Any]:
    return model._default_manager.filter(supporter=OuterRef("pk"))


def _delete(supporter: Supporter) -> None:
    memberships = Membership.objects.filter(supporter=supporter)
    customers = supporter.customers.all()
    subjects = [row.pk for row in (*memberships, *customers)]
    with figures.letting_go(supporter.pk, []):
        Intent.objects.filter(subject__in=subjects).delete()
        MembershipEvent.objects.filter(membership__in=memberships).delete()
        supporter.comp_memberships.all().delete()
        memberships.delete()
    customers.delete()
    # With it, by cascade: letters, consents, and that it was erased.
    supporter.delete()
