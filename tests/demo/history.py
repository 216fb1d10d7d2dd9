"""Fourteen months of made-up history: joins, renewals, failures, endings and gifts.

Our rows come from the product's own functions, Stripe's from the local Stripe's own clock; what
happened in between is taken in by reconcile, which sends no letters for it.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Final
from urllib.error import HTTPError

import time_machine

from billing import checkout, reconcile
from billing.ids import new_id
from billing.models import Plan
from members.models.supporter import supporter_for
from tests.demo.people import DECLINES_LATER, WEEKS, Person, everybody
from tests.local_stripe import LocalStripe, Told

WEEK: Final = timedelta(weeks=1)
Say = Callable[[str], None]


class History:
    """What the weeks leave behind for those to come: who will fail, and who will leave."""

    def __init__(self, stripe: LocalStripe) -> None:
        self.stripe = stripe
        self.failing: dict[int, list[str]] = {}
        self.leaving: dict[int, list[str]] = {}

    def live(self, week: int, people: list[Person], moment: datetime) -> None:
        """Let one week happen, at this moment of Stripe's clock."""
        for person in people:
            self._remember(person, self._come(person, moment))
        for customer in self.failing.pop(week, []):
            self.stripe.tell(f"customers/{customer}/card", card=DECLINES_LATER)
        for subscription in self.leaving.pop(week, []):
            self._leave(subscription)

    def _come(self, person: Person, moment: datetime) -> Told:
        # Our rows, and the time-out we ask of Stripe, are to be of that moment as well.
        with time_machine.travel(moment, tick=True):
            started = checkout.start(
                supporter=supporter_for(email=person.email, name=person.name),
                plan=Plan.objects.get(slug=person.plan),
                amount_cents=person.amount_cents,
                press=new_id().hex,
            )
        return self.stripe.pay(started.url)

    def _remember(self, person: Person, paid: Told) -> None:
        if person.fails is not None:
            self.failing.setdefault(person.fails, []).append(paid["customer"])
        if person.leaves is not None:
            self.leaving.setdefault(person.leaves, []).append(paid["subscription"])
        if person.refunded:
            self.stripe.tell("refund", payment_intent=paid["payment_intent"])

    def _leave(self, subscription: str) -> None:
        try:
            self.stripe.tell(f"subscriptions/{subscription}/cancel", at_period_end=True)
        except HTTPError:
            return  # it ended already, because the card failed


def begin(stripe: LocalStripe) -> datetime:
    """Set Stripe's clock back to where the history begins, and say when that is."""
    start = datetime.now(UTC) - WEEK * WEEKS
    stripe.tell("clock", now=int(start.timestamp()))
    return start


def make(stripe: LocalStripe, start: datetime, say: Say) -> None:
    """Let it all happen and take it in. Stripe's clock shows real time afterwards."""
    # What happened then was told to nobody then.
    stripe.tell("webhooks/hold", hold=True)
    stripe.tell("settings", payouts="weekly")
    history = History(stripe)
    coming = {week: list(group) for week, group in groupby(everybody(), key=lambda p: p.week)}
    for week in range(WEEKS):
        history.live(week, coming.get(week, []), start + WEEK * week)
        stripe.advance(to=int((start + WEEK * (week + 1)).timestamp()))
    stripe.tell("webhooks/hold", hold=False, discard=True)
    say("taking it in from the local Stripe")
    report = reconcile.run(apply=True, quiet=True)
    if report.errors:
        raise RuntimeError(f"differences remain: {report.errors[:3]}")
