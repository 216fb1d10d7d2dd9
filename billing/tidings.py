"""Tidings: the letters that a change calls for.

Each is named by facts, by Stripe's ids and moments where it has any, so that it is asked for once,
whoever hears of the change and however often. Whether it is still true is asked when it is sent.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple, Self
from uuid import UUID

from billing import renewals
from billing.dates import dublin_date
from billing.models import Intent, Letter, Membership, Payment
from billing.models.stripe import IntentKind
from billing.snapshots import SubscriptionSnapshot
from billing.states import MembershipState, PaymentState

CHANGED: Final = "changed"
_NOT: Final = "not-"


class Tiding(NamedTuple):
    """A letter to be asked for."""

    kind: str
    key: str


class Price(NamedTuple):
    """What is paid, and how often. Cents."""

    cents: int
    interval: str

    def __str__(self) -> str:
        return f"{self.cents}-{self.interval}"

    @classmethod
    def read(cls, text: str) -> Self:
        cents, _, interval = text.partition("-")
        return cls(int(cents), interval)


@dataclass(frozen=True, slots=True)
class Change:
    """Another price from this day on; the key of its letter holds all of it.

    `source` is what made it: a price at Stripe, or a schedule; with _NOT before it, one that was
    taken back.
    """

    membership_id: UUID
    old: Price
    new: Price
    day: date
    source: str

    @property
    def taken_back(self) -> bool:
        """Whether it is a plan that was dropped: then what was paid goes on."""
        return self.source.startswith(_NOT)

    @property
    def key(self) -> str:
        return f"{self.membership_id}:{self.old}:{self.new}:{self.day.isoformat()}:{self.source}"

    @classmethod
    def read(cls, key: str) -> Self:
        membership_id, old, new, day, source = key.split(":", 4)
        read = Price.read
        return cls(UUID(membership_id), read(old), read(new), date.fromisoformat(day), source)


def of_membership(
    before: Mapping[str, Any], now: Membership, snapshot: SubscriptionSnapshot
) -> Iterator[Tiding]:
    """What its supporter is to hear once this snapshot is applied. `before` are the old columns."""
    if now.state != before["state"]:
        if now.state == MembershipState.ACTIVE:
            yield Tiding("welcome", str(now.pk))
        if now.state == MembershipState.ENDED:
            yield Tiding("ended", str(now.pk))
    if now.live:
        # We have no words for a rhythm that we do not sell: the night tells a person instead.
        if snapshot.interval in {"", now.interval}:
            yield from _of_price(before, now, snapshot)
        yield from _of_pause(before, now)
        yield from _of_ending(before, now, snapshot)


def of_payment(payment: Payment, *, asks: bool) -> Iterator[Tiding]:
    """What the payer of a membership is to hear of a try; `asks` is whether the bank asks them.

    The letters decide whether they are sent: not to who saw the refusal on Stripe's page, and no
    good news to who never heard the bad.
    """
    if payment.membership_id is None:
        return
    if payment.state == PaymentState.SUCCEEDED:
        if payment.first_failed_at is not None:
            yield Tiding("recovered", str(payment.pk))
    elif asks:
        yield Tiding("authenticate", str(payment.pk))
    elif payment.state == PaymentState.FAILED:
        yield Tiding("payment-failed", str(payment.pk))


def next_due(membership: Membership) -> datetime | None:
    """When the next payment is taken, if there is one: after the pause, where it is paused."""
    if membership.period_start is None or membership.period_end is None or membership.ends_on:
        return None
    if membership.resumes_on is None:
        return membership.period_end
    found = renewals.next_dues(
        1,
        period_start=membership.period_start,
        period_end=membership.period_end,
        interval=membership.interval,
        after=membership.resumes_on,
    )
    return found[0]


def _of_price(
    before: Mapping[str, Any], now: Membership, snapshot: SubscriptionSnapshot
) -> Iterator[Tiding]:
    """Another amount or rhythm: planned, made at once, or no longer planned."""
    old, new = Price(before["amount_cents"], before["interval"]), price_of(now)
    was_planned, planned = _planned(before), planned_price(now)
    if planned is not None and planned != was_planned and now.changes_on is not None:
        day = dublin_date(now.changes_on)
        yield Tiding(CHANGED, Change(now.pk, new, planned, day, snapshot.schedule_id).key)
    elif new not in {old, was_planned}:
        day = _first_day(before, now)
        yield Tiding(CHANGED, Change(now.pk, old, new, day, snapshot.price_id).key)
    elif now.ends_on is None and (was_planned != planned or before["ends_on"] is not None):
        yield from _taken_back(now)


def price_of(membership: Membership) -> Price:
    return Price(membership.amount_cents, membership.interval)


def planned_price(membership: Membership) -> Price | None:
    """What a change that is still to come will bring."""
    names = ("interval", "next_amount_cents", "next_interval")
    return _planned({name: getattr(membership, name) for name in names})


def _planned(row: Mapping[str, Any]) -> Price | None:
    if row["next_amount_cents"] is None:
        return None
    return Price(row["next_amount_cents"], row["next_interval"] or row["interval"])


def _first_day(before: Mapping[str, Any], now: Membership) -> date:
    """The first day of the new price: that of the period which it began, or of the next one."""
    began = now.interval != before["interval"] or now.period_start != before["period_start"]
    moment = now.period_start if began else next_due(now)
    assert now.period_end is not None  # noqa: S101 - every snapshot has a period
    return dublin_date(moment or now.period_end)


def _taken_back(now: Membership) -> Iterator[Tiding]:
    """A plan that was dropped is told where it had been told of: else nobody heard of it.

    An ending drops it as well, of which it is told once the ending has been taken back.
    """
    letters = Letter.objects.filter(kind=CHANGED, key__startswith=f"{now.pk}:")
    last = letters.order_by("-created_at", "-pk").first()
    plan = Change.read(last.key) if last else None
    present = price_of(now)
    if plan is None or plan.taken_back or plan.new in {present, planned_price(now)}:
        return
    source = f"{_NOT}{plan.source}"
    yield Tiding(CHANGED, Change(now.pk, plan.new, present, plan.day, source).key)


def _of_pause(before: Mapping[str, Any], now: Membership) -> Iterator[Tiding]:
    paused = now.state == MembershipState.PAUSED
    if not paused or (before["state"] == now.state and before["resumes_on"] == now.resumes_on):
        return
    # A second pause until the same day is another one; of staff's there is no telling them apart.
    source = _wish(now) or f"{now.period_end:%Y-%m-%d}"
    yield Tiding("paused", f"{now.pk}:{moment_key(now.resumes_on)}:{source}")


def moment_key(moment: datetime | None) -> str:
    """A moment that may not be known, as it stands in a key."""
    return str(int(moment.timestamp())) if moment else "open"


def _wish(now: Membership) -> str:
    """The wish of ours that paused it until this moment, or ""."""
    asked = Intent.objects.filter(subject=now.pk, kind=IntentKind.PAUSE)
    last = asked.order_by("-created_at", "-pk").first()
    if last is None or now.resumes_on is None:
        return ""
    until = last.params["fields"]["pause_collection"]["resumes_at"]
    return str(last.pk) if until == int(now.resumes_on.timestamp()) else ""


def _of_ending(
    before: Mapping[str, Any], now: Membership, snapshot: SubscriptionSnapshot
) -> Iterator[Tiding]:
    if now.ends_on is None or now.ends_on == before["ends_on"]:
        return
    asked = snapshot.canceled_at or now.ends_on
    day = dublin_date(now.ends_on).isoformat()
    yield Tiding("cancelled", f"{now.pk}:{int(asked.timestamp())}:{day}")
