"""What is kept no longer than it is needed: used-up links, old sessions and looks, unpaid joins.

The periods are DOMAIN 4.10's; the privacy page promises them.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from importlib import import_module
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from billing import alarms, figures, jobs
from billing.models import (
    CompMembership,
    Intent,
    Membership,
    MembershipEvent,
    Payment,
    StripeCustomer,
)
from billing.states import MembershipState, PaymentState
from members import access, search
from members import sessions as browsing
from members.exports import asking
from members.models import ChargeReport, Consent, SignIn, StaffAct, Supporter, Withdrawal
from members.models.charge import Finding
from members.models.withdrawal import Outcome

log = structlog.get_logger(__name__)

NAME: Final = "tidy"
ABANDONED_AFTER: Final = timedelta(days=7)
LINK_KEPT: Final = timedelta(days=1)
STRAY_STATEMENT_KEPT: Final = timedelta(days=7)
# A claim from a contract is out of time after six years (Statute of Limitations 1957, s. 11).
STATEMENT_KEPT: Final = timedelta(days=6 * 366)


@dataclass(frozen=True, slots=True)
class Tidied:
    """How many of each went, or would go. `people` counts those who never paid anything."""

    sessions: int
    links: int
    people: int
    statements: int = 0
    browsers: int = 0
    looks: int = 0
    acts: int = 0
    lists: int = 0


def tidy(*, now: datetime) -> Tidied:
    """Delete what is over at `now` (UTC) and say how much it was. May run as often as one likes.

    A person goes in one transaction of their own, so that one who cannot go stops no other.
    """
    with jobs.noted(NAME) as run:
        jobs.forget(now=now)
        alarms.forget(now=now)
        tidied = _tidied(now)
        run.count(
            sessions=tidied.sessions,
            links=tidied.links,
            people=tidied.people,
            statements=tidied.statements,
        )
        return tidied


def _tidied(now: datetime) -> Tidied:
    store = _session_store()
    sessions = _over_sessions(store, now).count()
    store.clear_expired()
    links, _ = _over_links(now).delete()
    statements = sum(each.delete()[0] for each in _over_statements(now))
    browsers, looks = browsing.over(now).delete()[0], access.over(now).delete()[0]
    acts = _over_acts(now).delete()[0] + search.over(now).delete()[0]
    lists, _ = asking.old(now).delete()
    # A list: nobody's deletion may disturb the look at who is next.
    candidates = list(_abandoned(now).values_list("pk", flat=True))
    people = sum(_forget(supporter_id, now=now) for supporter_id in candidates)
    tidied = Tidied(
        sessions=sessions,
        links=links,
        people=people,
        statements=statements,
        browsers=browsers,
        looks=looks,
        acts=acts,
        lists=lists,
    )
    log.info("tidied", **asdict(tidied))
    return tidied


def due(*, now: datetime) -> Tidied:
    """What `tidy` would delete at `now` (UTC). Changes nothing."""
    return Tidied(
        sessions=_over_sessions(_session_store(), now).count(),
        links=_over_links(now).count(),
        people=_abandoned(now).count(),
        statements=sum(each.count() for each in _over_statements(now)),
        browsers=browsing.over(now).count(),
        looks=access.over(now).count(),
        acts=_over_acts(now).count() + search.over(now).count(),
        lists=asking.old(now).count(),
    )


def _session_store() -> type[SessionStore]:
    store: type[SessionStore] = import_module(settings.SESSION_ENGINE).SessionStore
    return store


def _over_sessions(store: type[SessionStore], now: datetime) -> QuerySet[AbstractBaseSession]:
    return store.get_model_class().objects.filter(expire_date__lt=now)


def _over_links(now: datetime) -> QuerySet[SignIn]:
    return SignIn.objects.filter(expires_at__lt=now - LINK_KEPT)


def _over_acts(now: datetime) -> QuerySet[StaffAct]:
    """What staff did goes when the looks of that time go."""
    return StaffAct.objects.filter(at__lt=now - access.KEPT)


def _over_statements(now: datetime) -> tuple[QuerySet[Withdrawal], QuerySet[ChargeReport]]:
    """Statements that named nothing of ours, and those whose proof is out of time."""
    old = Q(received_at__lt=now - STATEMENT_KEPT)
    stray = Q(received_at__lt=now - STRAY_STATEMENT_KEPT)
    return (
        Withdrawal.objects.filter(old | stray & Q(outcome=Outcome.UNKNOWN)),
        ChargeReport.objects.filter(old | stray & Q(finding=Finding.UNKNOWN)),
    )


def _abandoned(now: datetime) -> QuerySet[Supporter]:
    """Those who began to join, never paid, and have not come back for a week."""
    limit = now - ABANDONED_AFTER
    theirs = Q(supporter=OuterRef("pk"))
    recent = Q(created_at__gte=limit)
    over = {PaymentState.EXPIRED, PaymentState.FAILED}
    # What has a subscription, or was ever paid, paid back or receipted, is in the books.
    begun = ~Q(state=MembershipState.EXPIRED) | Q(stripe_subscription_id__isnull=False)
    booked = ~Q(state__in=over) | Q(paid_at__isnull=False)
    booked |= Q(receipts__isnull=False) | Q(refunds__isnull=False)
    booked |= Q(disputes__isnull=False) | Q(ledger_lines__isnull=False)
    return Supporter.objects.filter(
        ~Exists(StripeCustomer.objects.filter(theirs)),
        ~Exists(Membership.objects.filter(theirs, recent | begun)),
        ~Exists(Payment.objects.filter(theirs, recent | booked)),
        ~Exists(CompMembership.objects.filter(theirs)),
        ~Exists(Consent.objects.filter(theirs, given_at__gte=limit)),
        created_at__lt=limit,
    )


def _forget(supporter_id: UUID, *, now: datetime) -> bool:
    """Delete one person and all their rows, if they are still abandoned once nobody else writes."""
    try:
        with transaction.atomic():
            return _delete(supporter_id, now=now)
    except IntegrityError:
        # Somebody joined under this address in the very moment: then they are not abandoned.
        log.info("abandoned join kept", supporter=str(supporter_id))
        return False


def _delete(supporter_id: UUID, *, now: datetime) -> bool:
    memberships = Membership.objects.filter(supporter=supporter_id)
    payments = Payment.objects.filter(supporter=supporter_id)
    # The rows before their person: the order in which a late event of Stripe's locks them.
    subjects = [row.pk for row in memberships.order_by("pk").select_for_update()]
    subjects += [row.pk for row in payments.order_by("pk").select_for_update()]
    locked = Supporter.objects.select_for_update().filter(pk=supporter_id).first()
    # Asked again under the locks: a late payment may have come in between.
    if locked is None or not _abandoned(now).filter(pk=supporter_id).exists():
        return False
    Intent.objects.filter(subject__in=subjects).delete()
    figures.forget(supporter_id)
    payments.delete()
    MembershipEvent.objects.filter(membership__in=memberships).delete()
    memberships.delete()
    # With it, by cascade: letters, consents, sign-in links, and what they asked of their data.
    locked.delete()
    return True
