"""How a membership stands, as its supporter is told: the row, and what they asked of it since."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from billing import renewals, withdrawal
from billing.dates import dublin_date
from billing.models import Intent, Membership, Payment, Plan
from billing.models.plan import Interval
from billing.models.stripe import IntentKind, IntentState
from billing.states import MembershipState, PaymentState
from members.models import Supporter

_K = IntentKind
# What a newer wish takes the place of an older one in.
ENDING: Final = frozenset({_K.CANCEL_AT_PERIOD_END, _K.KEEP})
CHANGE: Final = frozenset({_K.CHANGE_AMOUNT, _K.CHANGE_INTERVAL, _K.DROP_CHANGE})
BREAK: Final = frozenset({_K.PAUSE, _K.RESUME})
CLOSING: Final = frozenset({_K.END_NOW, _K.CANCEL_NOW})
_MATTERS: Final = (ENDING, CHANGE, BREAK, CLOSING)
_TOLD_FOR: Final = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Price:
    """An amount with its rhythm. Cents."""

    cents: int
    interval: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A membership with the wishes that Stripe has not carried out yet. Moments in UTC.

    `wishes` are the newest about each matter; `paid_cents` is what was paid for the present period;
    `older` is the supporter's older membership beside which this is a second one.
    """

    membership: Membership
    now: datetime
    wishes: tuple[Intent, ...] = ()
    paid_cents: int | None = None
    older: Membership | None = None
    other_plan: Plan | None = None

    def _noted(self, matter: frozenset[IntentKind]) -> Intent | None:
        """The wish about this matter that still waits for Stripe."""
        found = (each for each in self.wishes if each.kind in matter)
        return next((each for each in found if each.state == IntentState.OPEN), None)

    @property
    def noted(self) -> bool:
        """Whether anything that was asked still waits for Stripe."""
        return any(each.state == IntentState.OPEN for each in self.wishes)

    @property
    def refused(self) -> str:
        """What Stripe did not take when it was asked later, in a sentence; "" if all went well."""
        for each in self.wishes:
            recent = each.answered_at and each.answered_at > self.now - _TOLD_FOR
            if each.state == IntentState.REFUSED and recent:
                return str(_REFUSED.get(_K(each.kind), ""))
        return ""

    @property
    def closing(self) -> bool:
        """Whether it is to end at once, and Stripe has not been told yet."""
        return self._noted(CLOSING) is not None

    @property
    def second(self) -> bool:
        return self.older is not None and self.membership.live

    # When it ends
    @property
    def ending(self) -> bool:
        """Whether it is to end, be it at Stripe already or noted by us."""
        if self.closing:
            return True
        if noted := self._noted(ENDING):
            return noted.kind == _K.CANCEL_AT_PERIOD_END
        return self.membership.ends_on is not None

    @property
    def ends_on(self) -> datetime | None:
        """The last day that is paid for, if it is to end."""
        if not self.ending or self.closing:
            return None
        return self.membership.ends_on or self.membership.period_end

    # What is paid
    @property
    def price(self) -> Price:
        """What is paid from the next payment on, unless a switch of rhythm comes first."""
        noted = self._noted(CHANGE)
        if noted and noted.kind == _K.CHANGE_AMOUNT:
            return Price(noted.params["amount_cents"], self.membership.interval)
        return Price(self.membership.amount_cents, self.membership.interval)

    @property
    def switch(self) -> Price | None:
        """What a change of rhythm will bring, noted or planned at Stripe."""
        if noted := self._noted(CHANGE):
            if noted.kind != _K.CHANGE_INTERVAL:
                return None
            return Price(noted.params["amount_cents"], noted.params["interval"])
        # An ending that is noted drops it.
        if self.membership.next_amount_cents is None or self.ending:
            return None
        return Price(
            self.membership.next_amount_cents,
            self.membership.next_interval or self.membership.interval,
        )

    @property
    def switches_on(self) -> datetime | None:
        if self.switch is None:
            return None
        return self.membership.changes_on or self.membership.period_end

    @property
    def old_cents(self) -> int | None:
        """What was paid for this period, where the next payment will be another amount."""
        if self.paid_cents is None or self.switch or self.paid_cents == self.price.cents:
            return None
        return self.paid_cents

    @property
    def next_price(self) -> Price:
        """What the next payment is."""
        return self.switch or self.price

    @property
    def renews_on(self) -> datetime | None:
        """When the next payment is taken, if one is."""
        state = self.membership.state
        if self.ending or state not in {MembershipState.ACTIVE, MembershipState.PAUSED}:
            return None
        if self.membership.free:
            return None
        if self.paused:
            until = self.paused_until
            return next(iter(self.dues(1, after=until)), None) if until else None
        return self.switches_on or self.membership.period_end

    @property
    def next_due(self) -> datetime | None:
        """When a change that is asked for now begins: with the next period."""
        return next(iter(self.dues(1)), None)

    def dues(self, number: int, *, after: datetime | None = None) -> list[datetime]:
        """The next moments at which a payment would fall due."""
        membership = self.membership
        if membership.period_start is None or membership.period_end is None:
            return []
        return renewals.next_dues(
            number,
            period_start=membership.period_start,
            period_end=membership.period_end,
            interval=membership.interval,
            after=after or self.now,
        )

    # Pauses
    @property
    def paused(self) -> bool:
        if noted := self._noted(BREAK):
            return noted.kind == _K.PAUSE
        return self.membership.state == MembershipState.PAUSED

    @property
    def paused_until(self) -> datetime | None:
        """When the pause ends by itself; None too where it lasts until it is taken back."""
        if not self.paused:
            return None
        noted = self._noted(BREAK)
        if noted is None:
            return self.membership.resumes_on
        until = noted.params["fields"]["pause_collection"]["resumes_at"]
        return datetime.fromtimestamp(until, UTC)

    @property
    def left_out(self) -> list[datetime]:
        """The payments that a pause with an end leaves out."""
        until = self.paused_until
        return [due for due in self.dues(12) if due <= until] if until and not self.ending else []

    @property
    def charged_on_resuming(self) -> bool:
        """Whether a new period begins on the day the pause ends: Stripe's other kind of pause.

        It stops the periods themselves, so that the last one has passed.
        """
        membership = self.membership
        stopped = membership.resumes_on is None and membership.period_end is not None
        return bool(stopped and membership.period_end and membership.period_end <= self.now)

    # Days that count
    @property
    def grace_until(self) -> datetime | None:
        """Until when an overdue payment can be made before it ends."""
        if self.membership.past_due_since is None:
            return None
        return self.membership.past_due_since + timedelta(days=settings.GRACE_DAYS)

    @property
    def agreed_on(self) -> datetime:
        """When the contract was made: a renewal is no new one (DOMAIN 2.3)."""
        return self.membership.started_at or self.membership.created_at

    @property
    def last_day(self) -> date:
        """The last day, in Dublin, on which one can withdraw."""
        return withdrawal.deadline(dublin_date(self.agreed_on))

    @property
    def withdraw_by(self) -> date | None:
        """The same while that day has not passed, and there is something to withdraw from."""
        open_still = dublin_date(self.now) <= self.last_day
        return self.last_day if open_still and self.membership.live else None


_REFUSED: Final[dict[IntentKind, Promise | str]] = {
    _K.CANCEL_AT_PERIOD_END: _(
        "You asked to end this membership, and our payment provider did not take it."
    ),
    _K.KEEP: _("You asked to keep this membership, and our payment provider did not take it."),
    _K.CHANGE_AMOUNT: _(
        "You asked to change the amount, and our payment provider did not take it."
    ),
    _K.CHANGE_INTERVAL: _(
        "You asked to change how often you pay, and our payment provider did not take it."
    ),
    _K.DROP_CHANGE: _(
        "You asked to take the change back, and our payment provider did not take it."
    ),
    _K.PAUSE: _("You asked to pause, and our payment provider did not take it."),
    _K.RESUME: _("You asked to end the pause, and our payment provider did not take it."),
    _K.END_NOW: _(
        "You asked to end this membership at once, and our payment provider did not take it."
    ),
}


def of(membership: Membership) -> Standing:
    """The membership as it stands now, with its supporter's newest wishes about it."""
    return next(each for each in all_of(membership.supporter) if each.membership == membership)


def all_of(supporter: Supporter) -> list[Standing]:
    """All memberships of a supporter as they stand now, the newest first."""
    now = timezone.now()
    memberships = list(
        supporter.memberships.select_related("plan", "customer").order_by("-created_at", "-pk")
    )
    wishes = _newest_wishes(memberships)
    paid = _paid_now(memberships)
    plans = list(Plan.objects.filter(active=True).order_by("position"))
    live = [each for each in memberships if each.live]
    return [
        Standing(
            membership=each,
            now=now,
            wishes=tuple(wishes[each.pk]),
            paid_cents=paid.get(each.pk),
            older=live[-1] if each in live[:-1] else None,
            other_plan=_other(plans, each),
        )
        for each in memberships
    ]


def _newest_wishes(memberships: Iterable[Membership]) -> dict[UUID, list[Intent]]:
    """The newest wish about each matter, for each membership. One question to the database."""
    kinds = [kind for matter in _MATTERS for kind in matter]
    intents = Intent.objects.filter(
        subject__in=[each.pk for each in memberships], kind__in=kinds
    ).exclude(state=IntentState.SUPERSEDED)
    newest: dict[tuple[UUID, frozenset[IntentKind]], Intent] = {}
    for intent in intents.order_by("created_at"):
        matter = next(each for each in _MATTERS if intent.kind in each)
        newest[intent.subject, matter] = intent
    found: dict[UUID, list[Intent]] = defaultdict(list)
    for (subject, _matter), intent in newest.items():
        found[subject].append(intent)
    return found


def _paid_now(memberships: Iterable[Membership]) -> dict[UUID, int]:
    """What was paid for the period that each membership is in, in cents."""
    ends = {each.pk: each.period_end for each in memberships}
    payments = Payment.objects.filter(membership__in=list(ends), state=PaymentState.SUCCEEDED)
    rows = payments.order_by("paid_at").values_list("membership", "period_end", "amount_cents")
    return {pk: cents for pk, period_end, cents in rows if period_end and period_end == ends[pk]}


def _other(plans: Iterable[Plan], membership: Membership) -> Plan | None:
    """The plan with the other rhythm."""
    wanted = {Interval.MONTH: Interval.YEAR, Interval.YEAR: Interval.MONTH}
    interval = wanted.get(Interval(membership.interval))
    fits = (each for each in plans if each.interval == interval)
    return next((each for each in fits if each.currency == membership.currency), None)
