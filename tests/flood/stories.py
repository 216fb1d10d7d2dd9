"""What happened at Stripe while nobody listened: a story for each way a support can go.

A story comes in chapters of a month. What is told in the last one happens today, so that some of it
is ours to answer: a dispute, a new card, a second tab.
"""

import random
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import time_machine

from billing import checkout
from billing.ids import new_id
from billing.models import Plan
from members.models import Supporter
from members.models.supporter import supporter_for
from tests.local_stripe import LocalStripe
from tests.truth import Wire

GOOD: Final = "4242424242424242"
FAILS_LATER: Final = "4000000000000341"
IBAN: Final = "DE89370400440532013000"
IBAN_RETURNED: Final = "DE62370400440532013001"
# A day longer than any month, so that there is a renewal in each.
CHAPTER_DAYS: Final = 32
TODAY: Final = 4


@dataclass
class Person:
    """A supporter as Stripe knows them: the way they pay, and what they were given."""

    stripe: LocalStripe
    supporter: Supporter
    cents: int
    subject: UUID | None = None
    customer: str = ""
    subscription: str = ""

    def start(self, slug: str) -> str:
        """Press the pay button with us; the address of the checkout."""
        plan = Plan.objects.get(slug=slug)
        started = checkout.start(
            supporter=self.supporter,
            plan=plan,
            amount_cents=plan.least_cents + self.cents,
            press=new_id().hex,
        )
        self.subject = started.subject
        return started.url

    def join(self, slug: str = "monthly", *, card: str = GOOD, iban: str = "") -> None:
        means = {"iban": iban, "name": "A. Person"} if iban else {}
        told = self.stripe.pay(self.start(slug), card="" if iban else card, **means)
        self.customer, self.subscription = told["customer"] or "", told["subscription"] or ""

    def payments(self) -> list[str]:
        """The ids of the payments that arrived, newest first."""
        asked = {"customer": self.customer} if self.customer else {}
        found = Wire(self.stripe).all("payment_intents", **asked)
        ref = str(self.subject)
        return [
            each["id"]
            for each in found
            if each["status"] == "succeeded"
            and (self.customer or each["metadata"].get("meitheal_ref") == ref)
        ]

    def change(self, path: str, **fields: str) -> None:
        """What staff change in the Dashboard."""
        request = urllib.request.Request(  # noqa: S310 - an address of ours
            f"{self.stripe.url}/v1/{path}",
            data=urllib.parse.urlencode(fields).encode(),
            headers={"Authorization": "Bearer sk_test_dashboard"},
        )
        urllib.request.urlopen(request, timeout=30).close()  # noqa: S310 - the same


Act = Callable[[Person], object]


def _card(number: str) -> Act:
    return lambda who: who.stripe.tell(f"customers/{who.customer}/card", card=number)


def _refund(at: int = 0, **asked: Any) -> Act:
    return lambda who: who.stripe.tell("refund", payment_intent=who.payments()[at], **asked)


def _dispute(ending: str = "", **asked: Any) -> Act:
    def act(who: Person) -> None:
        dispute = who.stripe.tell("dispute", payment_intent=who.payments()[0], **asked)
        if ending:
            who.stripe.tell(f"disputes/{dispute['id']}/close", status=ending)

    return act


def _warn(who: Person) -> None:
    who.stripe.tell("fraud_warning", payment_intent=who.payments()[0])


def _cancel(*, at_period_end: bool) -> Act:
    return lambda who: who.stripe.tell(
        f"subscriptions/{who.subscription}/cancel", at_period_end=at_period_end
    )


def _pause(who: Person) -> None:
    who.change(f"subscriptions/{who.subscription}", **{"pause_collection[behavior]": "void"})


def _leave_again(who: Person) -> None:
    who.start("monthly")


def _join_beside(who: Person) -> None:
    """Once more with the same address, while the first one stands, or is overdue."""
    who.join()


def _two_tabs(who: Person) -> None:
    who.start("monthly")
    who.join()


@dataclass(frozen=True)
class Story:
    """How somebody begins, in which chapter (None: by an act), and what happens in which later."""

    title: str
    plan: str = "monthly"
    joins: int | None = 0
    card: str = GOOD
    iban: str = ""
    then: Mapping[int, Act] = field(default_factory=dict)

    def act(self, chapter: int, *, months_before: int) -> Act | None:
        """What happens in this chapter, to somebody who joined so many months before."""
        joined = self.joins is not None and chapter == self.joins - months_before
        return self._begin if joined else self.then.get(chapter)

    def _begin(self, who: Person) -> None:
        who.join(self.plan, card=self.card, iban=self.iban)


STORIES: Final = (
    Story("gives every month", joins=1),
    Story("gave once", "once"),
    Story("gives every year", "yearly"),
    Story("gives by direct debit", joins=3, iban=IBAN),
    Story("whose debit the bank returned", joins=3, iban=IBAN_RETURNED),
    Story("failed, then paid at Stripe's next try", then={1: _card(FAILS_LATER), 2: _card(GOOD)}),
    Story("failed until Stripe gave up", joins=1, then={2: _card(FAILS_LATER)}),
    Story("is overdue, with a new card", joins=2, then={3: _card(FAILS_LATER), TODAY: _card(GOOD)}),
    Story("is overdue and joins again", joins=2, then={3: _card(FAILS_LATER), TODAY: _join_beside}),
    Story("cancels for the month's end", joins=3, then={TODAY: _cancel(at_period_end=True)}),
    Story("whose refund failed", joins=2, card="4000000000005126", then={3: _refund()}),
    Story("gave once and got it back", "once", then={1: _refund()}),
    Story("disputes a month today", joins=3, then={TODAY: _dispute()}),
    Story("won back what the bank took", joins=3, then={TODAY: _dispute("won")}),
    Story("lost to the bank", joins=3, then={TODAY: _dispute("lost")}),
    Story("whose bank only asks", joins=3, then={TODAY: _dispute(inquiry=True)}),
    Story("whose card was stolen", joins=3, then={TODAY: _warn}),
    Story("gave once with a stolen card", "once", then={TODAY: _warn}),
    Story("has two", joins=2, then={3: _join_beside}),
    Story("left a page open", joins=2, then={3: _leave_again}),
    Story("had two tabs open", joins=None, then={TODAY: _two_tabs}),
    # The first 21 are told in every run.
    Story("is overdue", joins=2, then={3: _card(FAILS_LATER)}),
    Story("cancelled, and the month ran out", joins=2, then={3: _cancel(at_period_end=True)}),
    Story("was ended by staff", joins=2, then={3: _cancel(at_period_end=False)}),
    Story("was paused by staff", joins=2, then={3: _pause}),
    Story("got a part back, later a month", joins=1, then={2: _refund(amount=50), 3: _refund()}),
)


def tell(stripe: LocalStripe, *, people: int, months_before: int, chance: random.Random) -> None:
    """Let this many people live through the stories, one after the other in each chapter.

    With `months_before` each gives so many months longer. Stripe's clock ends at about this moment,
    and so do the dates of our rows.
    """
    chapters = range(-months_before, TODAY)
    today = int(datetime.now(UTC).timestamp())
    stripe.tell("settings", payouts="off")
    stripe.tell("clock", now=today - len(chapters) * CHAPTER_DAYS * 86_400)
    told = [(STORIES[number % len(STORIES)], _person(stripe, number)) for number in range(people)]
    chance.shuffle(told)
    for chapter in chapters:
        _live(
            stripe, [(story.act(chapter, months_before=months_before), who) for story, who in told]
        )
        # Only the last payouts are heard of: there is nothing to race with in the others.
        stripe.tell("settings", payouts="weekly" if chapter == chapters[-1] else "off")
        stripe.advance(days=CHAPTER_DAYS)
    stripe.advance(to=max(today, stripe.ask("clock")["now"]))
    _live(stripe, [(story.then.get(TODAY), who) for story, who in told])


def _person(stripe: LocalStripe, number: int) -> Person:
    return Person(stripe, supporter_for(email=f"supporter{number}@example.org"), cents=number)


def _live(stripe: LocalStripe, acts: Iterable[tuple[Act | None, Person]]) -> None:
    """Everybody's chapter, by Stripe's clock, so that our rows are of that day."""
    for act, who in acts:
        if act is not None:
            now = datetime.fromtimestamp(stripe.ask("clock")["now"], UTC)
            with time_machine.travel(now, tick=True):
                act(who)
