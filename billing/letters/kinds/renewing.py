"""Letters before money is taken. Stripe is asked whether it really will be (DESIGN 6)."""

from datetime import date, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from billing import renewals, stripe_api
from billing.dates import dublin_date
from billing.letters import links
from billing.letters.ahead import morning
from billing.letters.draft import Draft, Outcome, Postpone, Skip, composes
from billing.letters.kinds.facts import facts, paid_with
from billing.letters.links import Purpose
from billing.models import Letter, Membership
from billing.models.letter import LetterState
from billing.models.membership import DIRECT_DEBIT
from billing.models.plan import Interval
from billing.money import format_amount
from billing.snapshots import MandateSnapshot, SubscriptionSnapshot
from billing.states import MembershipState, PaymentState, state_of
from billing.wording import long_date

PAUSE_NOTICE_DAYS: Final = 7
_PASSED: Final = "the day has passed"
_ENDS: Final = "it ends with this period"
_FREE: Final = "nothing is charged on that day"
_ANOTHER_DAY: Final = "it renews on another day"
_OVERDUE: Final = f"the membership is {MembershipState.PAST_DUE}"
_PAUSED: Final = f"the membership is {MembershipState.PAUSED}"
_NOT_PAUSED: Final = "it is not paused until that day"
_ANOTHER_CARD: Final = "it is paid with another card by now"
# Reasons that may come to nothing: an ending is taken back, a pause is over, a card is put back.
DOUBTS: Final = (_ENDS, _FREE, _ANOTHER_DAY, _OVERDUE, _PAUSED, _NOT_PAUSED, _ANOTHER_CARD)


@composes("reminder", owed=True)
def reminder(letter: Letter) -> Outcome:
    """The notice before a yearly renewal."""
    membership, period = _about(letter)
    snapshot = _asked(membership)
    if not isinstance(snapshot, SubscriptionSnapshot):
        return snapshot
    doubt = _doubt(snapshot, date.fromisoformat(period))
    if doubt:
        return Skip(doubt)
    try:
        debit = _debit_facts(snapshot, _mandate(membership, snapshot))
    except stripe_api.Unavailable:
        return Postpone("Stripe did not answer")
    amount, renews = _amount(snapshot, snapshot.period_end), long_date(snapshot.period_end)
    rows = [
        (_("Amount"), amount),
        (_("On"), renews),
        (_("Paid with"), paid_with(membership)),
        *debit,
        (_("Renews"), _until_ended(_price(snapshot, snapshot.period_end)[1])),
        (_("Reference"), str(membership.pk)),
    ]
    return Draft(facts(*rows) | _links(letter, membership) | {"renews": renews, "amount": amount})


@composes("sepa-notice", owed=True)
def sepa_notice(letter: Letter) -> Outcome:
    """The notice before a direct debit; a yearly one has had it with its reminder (DOMAIN 0)."""
    membership, period = _about(letter)
    snapshot = _asked(membership)
    if not isinstance(snapshot, SubscriptionSnapshot):
        return snapshot
    doubt = _doubt(snapshot, date.fromisoformat(period))
    if doubt:
        return Skip(doubt)
    if snapshot.method_kind != DIRECT_DEBIT:
        return Skip("it is not paid by direct debit")
    try:
        mandate = _mandate(membership, snapshot)
    except stripe_api.Unavailable:
        return Postpone("Stripe did not answer")
    if mandate and _reminded(letter, mandate):
        return Skip("the yearly reminder gave notice of it")
    amount, debited = _amount(snapshot, snapshot.period_end), long_date(snapshot.period_end)
    rows = [
        (_("Amount"), amount),
        (_("On"), debited),
        (_("From"), paid_with(membership)),
        *_debit_facts(snapshot, mandate),
        (_("Renews"), _until_ended(_price(snapshot, snapshot.period_end)[1])),
        (_("Reference"), str(membership.pk)),
    ]
    return Draft(facts(*rows) | _links(letter, membership) | {"debited": debited, "amount": amount})


@composes("card-expiring")
def card_expiring(letter: Letter) -> Outcome:
    """A card is about to run out. Banks renew many at Stripe by themselves: then it is silent."""
    membership, period = _about(letter)
    snapshot = _asked(membership)
    if not isinstance(snapshot, SubscriptionSnapshot):
        return snapshot
    state = state_of(snapshot)
    if state not in {MembershipState.ACTIVE, MembershipState.PAUSED}:
        return Skip(f"the membership is {state}")
    if snapshot.ends_on is not None:
        return Skip(_ENDS)
    expires = snapshot.card_expires_on
    if expires is None or f"{expires:%Y-%m}" != period:
        return Skip(_ANOTHER_CARD)
    due = _next_due(snapshot)
    rows = [
        (_("Paid with"), paid_with(membership)),
        (_("Good until"), long_date(expires)),
        (_("Next payment"), long_date(due)),
        (_("Amount"), _amount(snapshot, due)),
        (_("Reference"), str(membership.pk)),
    ]
    return Draft(
        facts(*rows)
        | _links(letter, membership)
        | {"expires": long_date(expires), "over": expires < dublin_date(timezone.now())}
    )


@composes("resumes-soon")
def resumes_soon(letter: Letter) -> Outcome:
    """A pause ends by itself: when, and what is taken next."""
    membership, period = _about(letter)
    snapshot = _asked(membership)
    if not isinstance(snapshot, SubscriptionSnapshot):
        return snapshot
    day = date.fromisoformat(period)
    resumes = snapshot.resumes_on
    paused = state_of(snapshot) == MembershipState.PAUSED
    if not paused or resumes is None or dublin_date(resumes) != day:
        return Skip(_NOT_PAUSED)
    if snapshot.ends_on is not None:
        return Skip(_ENDS)
    if resumes <= timezone.now():
        return Skip(_PASSED)
    if _paused_since(membership) > morning(day - timedelta(days=PAUSE_NOTICE_DAYS)):
        return Skip("it was paused for a few days only: that letter named the day")
    due = _next_due(snapshot)
    amount = _amount(snapshot, due)
    rows = [
        (_("Goes on"), long_date(resumes)),
        (_("Next payment"), long_date(due)),
        (_("Amount"), amount),
        (_("Paid with"), paid_with(membership)),
        (_("Reference"), str(membership.pk)),
    ]
    return Draft(
        facts(*rows)
        | _links(letter, membership)
        | {"resumes": long_date(resumes), "amount": amount, "due": long_date(due)}
    )


def _about(letter: Letter) -> tuple[Membership, str]:
    """The membership and the period that a key names."""
    membership_id, _colon, period = letter.key.partition(":")
    return Membership.objects.get(pk=membership_id), period


def _asked(membership: Membership) -> SubscriptionSnapshot | Skip | Postpone:
    """What Stripe says of it now, or what to do where it says nothing."""
    if not membership.stripe_subscription_id:
        return Skip("it never began")
    try:
        return stripe_api.get_subscription(membership.stripe_subscription_id)
    except stripe_api.NotFound:
        return Skip("there is no such subscription any more")
    except stripe_api.Unavailable:
        return Postpone("Stripe did not answer")


def _doubt(snapshot: SubscriptionSnapshot, day: date) -> str:
    """Why nothing will be taken on this day, or ""."""
    state, resumes = state_of(snapshot), snapshot.resumes_on
    over_by_then = resumes is not None and resumes <= snapshot.period_end
    if state != MembershipState.ACTIVE and not (state == MembershipState.PAUSED and over_by_then):
        return f"the membership is {state}"
    if snapshot.ends_on is not None:
        return _ENDS
    if dublin_date(snapshot.period_end) != day:
        return _ANOTHER_DAY
    if not _price(snapshot, snapshot.period_end)[0]:
        return _FREE
    return _PASSED if snapshot.period_end <= timezone.now() else ""


def _price(snapshot: SubscriptionSnapshot, due: datetime) -> tuple[int, str]:
    """The cents that are taken at this moment, and the rhythm from then on."""
    changes = snapshot.changes_on
    if snapshot.next_amount_cents is not None and changes is not None and changes <= due:
        return snapshot.next_amount_cents, snapshot.next_interval or snapshot.interval
    if due == snapshot.period_end and snapshot.due_cents is not None:
        return snapshot.due_cents, snapshot.interval
    return snapshot.amount_cents, snapshot.interval


def _amount(snapshot: SubscriptionSnapshot, due: datetime) -> str:
    return format_amount(_price(snapshot, due)[0], snapshot.currency)


def _until_ended(interval: str) -> str:
    if interval == Interval.YEAR:
        return _("every year, until you end it")
    return _("every month, until you end it")


def _next_due(snapshot: SubscriptionSnapshot) -> datetime:
    """When money is taken next: at the period's end, or at the first one after the pause."""
    resumes = snapshot.resumes_on if snapshot.collection_paused else None
    if resumes is None or resumes <= snapshot.period_end:
        return snapshot.period_end
    return renewals.next_dues(
        1,
        period_start=snapshot.period_start,
        period_end=snapshot.period_end,
        interval=snapshot.interval,
        after=resumes - timedelta(seconds=1),
    )[0]


def _paused_since(membership: Membership) -> datetime:
    """When we learnt of the pause that it is in."""
    pauses = membership.history.filter(new_state=MembershipState.PAUSED)
    begun = pauses.exclude(old_state=MembershipState.PAUSED).order_by("-recorded_at").first()
    return begun.recorded_at if begun else membership.created_at


def _mandate(membership: Membership, snapshot: SubscriptionSnapshot) -> MandateSnapshot | None:
    """The mandate that the last payment was debited under. Raises stripe_api.Unavailable."""
    paid = membership.payments.filter(state=PaymentState.SUCCEEDED).order_by("-paid_at").first()
    if snapshot.method_kind != DIRECT_DEBIT or paid is None or not paid.stripe_charge_id:
        return None
    try:
        return stripe_api.mandate_of_charge(paid.stripe_charge_id)
    except stripe_api.Refused:
        return None


def _debit_facts(
    snapshot: SubscriptionSnapshot, mandate: MandateSnapshot | None
) -> list[tuple[str, str]]:
    if snapshot.method_kind != DIRECT_DEBIT:
        return []
    return [
        (_("Mandate"), mandate.reference if mandate else ""),
        (_("Creditor"), settings.SEPA_CREDITOR_ID),
    ]


def _reminded(letter: Letter, mandate: MandateSnapshot) -> bool:
    """Whether the reminder of the same day went out and told of this mandate."""
    sent = Letter.objects.filter(kind="reminder", key=letter.key, state=LetterState.SENT).first()
    told = mandate.accepted_at
    return bool(sent and sent.sent_at and told and told < sent.sent_at)


def _links(letter: Letter, membership: Membership) -> dict[str, Any]:
    """Where its supporter ends it, pauses it, or puts in another card, without signing in."""
    assert letter.supporter is not None  # noqa: S101 - the sender skips letters to nobody
    holder = letter.supporter.email_hash
    return {
        f"{purpose}_url": links.url(purpose, membership.pk, holder=holder)
        for purpose in (Purpose.CANCEL, Purpose.PAUSE, Purpose.CARD)
    }
