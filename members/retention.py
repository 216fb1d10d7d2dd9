"""What is kept no longer than it is needed: links, sessions, looks, names, and at last the books.

The periods are DOMAIN 4.10's; the privacy page promises them, and docs/retention.md has them all.
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

from billing import alarms, bygones, figures, inbox, jobs, keeping, letters, tallies
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
from members.privacy import lapsed, nameless

log = structlog.get_logger(__name__)

NAME: Final = "tidy"
ABANDONED_AFTER: Final = timedelta(days=7)
LINK_KEPT: Final = timedelta(days=1)
STRAY_STATEMENT_KEPT: Final = timedelta(days=7)
# A claim from a contract is out of time after six years (Statute of Limitations 1957, s. 11).
STATEMENT_KEPT: Final = timedelta(days=6 * 366)
_SHOWN: Final = ("sessions", "links", "people", "statements")


@dataclass(frozen=True, slots=True)
class Tidied:
    """How many of each went, or would go. `people` counts those who never paid anything.

    Who lapsed is `forgotten`: the row stays without a name until the books under it go, when it is
    one of the `nameless`.
    """

    sessions: int
    links: int
    people: int
    statements: int = 0
    browsers: int = 0
    looks: int = 0
    acts: int = 0
    lists: int = 0
    forgotten: int = 0
    payments: int = 0
    documents: int = 0
    lines: int = 0
    payouts: int = 0
    nameless: int = 0
    letters: int = 0
    events: int = 0


def tidy(*, now: datetime) -> Tidied:
    """Delete what is over at `now` (UTC) and say how much it was. May run as often as one likes.

    A person goes in one transaction of their own, so that one who cannot go stops no other.
    """
    with jobs.noted(NAME) as run:
        jobs.forget(now=now)
        alarms.forget(now=now)
        tallies.forget(now=now)
        tidied = _tidied(now)
        found = asdict(tidied)
        # The board shows the first few always, of the rest what there was.
        run.count(**{name: found[name] for name in found if found[name] or name in _SHOWN})
        return tidied


def _tidied(now: datetime) -> Tidied:
    store = _session_store()
    sessions = _over_sessions(store, now).count()
    store.clear_expired()
    gone = {
        "links": _over_links(now).delete()[0],
        "statements": sum(each.delete()[0] for each in _over_statements(now)),
        "letters": letters.forget(now=now),
        "events": inbox.forget(now=now),
        "browsers": browsing.over(now).delete()[0],
        # A list: nobody's deletion may disturb the look at who is next.
        "people": sum(_forget(each, now=now) for each in list(_ids(_abandoned(now)))),
        **_books(now),
        "lists": asking.old(now).delete()[0],
        "acts": _over_acts(now).delete()[0] + search.over(now).delete()[0],
        "looks": access.over(now).delete()[0],
    }
    tidied = Tidied(sessions=sessions, **gone)
    log.info("tidied", **asdict(tidied))
    return tidied


def _books(now: datetime) -> dict[str, int]:
    """Who lapsed, and what the law no longer wants kept."""
    ends = list(_ids(_nameless(now)))
    forgotten = lapsed.forget_all(now=now)
    books = bygones.let_go(now=now, held=_held)
    rows = _nameless(now).filter(payments=None)
    ended = sum(nameless.let_go(rows, each) for each in ends)
    return {"forgotten": forgotten, "nameless": ended} | asdict(books)


def due(*, now: datetime) -> Tidied:
    """What `tidy` would delete at `now` (UTC). Changes nothing."""
    abandoned = _abandoned(now)
    return Tidied(
        sessions=_over_sessions(_session_store(), now).count(),
        links=_over_links(now).count(),
        people=abandoned.count(),
        statements=sum(each.count() for each in _over_statements(now)),
        browsers=browsing.over(now).count(),
        looks=access.over(now).count(),
        acts=_over_acts(now).count() + search.over(now).count(),
        lists=asking.old(now).count(),
        forgotten=lapsed.due(now=now).exclude(pk__in=_ids(abandoned)).count(),
        nameless=_nameless(now).exclude(pk__in=_ids(abandoned)).count(),
        letters=letters.over(now).count(),
        events=inbox.over(now).count(),
        **asdict(bygones.due(now=now, held=_held)),
    )


def _ids(people: QuerySet[Supporter]) -> QuerySet[Supporter, UUID]:
    return people.values_list("pk", flat=True)


def _nameless(now: datetime) -> QuerySet[Supporter]:
    before = keeping.begins(keeping.first_year(now=now))
    return nameless.due(before, payments_over=bygones.payments_over(before, held=_held))


def _held(before: datetime) -> Q:
    """Payments that somebody did not recognise: what they stated is kept for as long as books."""
    stated = ChargeReport.objects.filter(payment=OuterRef("pk"), received_at__gte=before)
    return Q(Exists(stated))


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
