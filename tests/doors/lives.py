"""Lives for the property tests: what supporters, the clock, staff, banks and bad luck may do.

An act is a name and a number that chooses among what there is. An act that is not possible just now
does nothing, so any list of acts is a life.
"""

import contextlib
import random
import urllib.error
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import stripe
import time_machine
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone
from hypothesis import strategies as st

from billing import backfill, checkout, dunning, refunds, reminders, stripe_api, sweeper, wishes
from billing.ids import new_id
from billing.models import Membership, Payment, Plan, StripeCustomer
from billing.models.membership import LIVE
from billing.states import EndReason, PaymentState
from members.models import Supporter
from tests import rows
from tests.local_stripe import LocalStripe
from tests.postman import Event, Postman

GOOD: Final = "4242424242424242"
FAILS_LATER: Final = "4000000000000341"
ASKS_ALWAYS: Final = "4000002760003184"
CARDS: Final = (GOOD, GOOD, GOOD, "5555555555554444", "4000000000005126", "4000000000007726")
GOOD_IBAN: Final = "DE89370400440532013000"
IBANS: Final = (GOOD_IBAN, "DE62370400440532013001", "DE65370400440002222227")
_REFUSED: Final = (
    stripe_api.Refused,
    wishes.NotNow,
    wishes.TooLittle,
    refunds.NothingLeft,
)


class Crash(BaseException):
    """The worker dies here: nothing catches it, so nothing tidies up after it."""


class Life:
    """One example: an account at the local Stripe, our rows, and a postman with bad habits."""

    def __init__(self, stripe: LocalStripe, postman: Postman, seed: int) -> None:
        self.stripe, self.postman = stripe, postman
        self.chance = random.Random(seed)
        self.lost: list[Event] = []
        self.log: list[str] = []

    def act(self, name: str, number: int) -> None:
        """Do one thing; the log tells afterwards what came of it."""
        with time_machine.travel(self.now(), tick=True):
            try:
                told = ACTS[name](self, number)
            except _REFUSED as no:
                told = f"refused: {type(no).__name__} {no}"
            except urllib.error.HTTPError as no:
                with no:
                    told = f"the local Stripe says {no.code}"
        self.log.append(f"{name} {number}: {told}")

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.stripe.ask("clock")["now"], UTC)

    def settle(self) -> None:
        """All that is on its way arrives, what was lost is asked for, and the clocks run out."""
        for _ in range(3):
            self.postman.carry()
            backfill.run()
            for hours in (0, 2, 30):
                with time_machine.travel(self.now() + timedelta(hours=hours), tick=True):
                    sweeper.do_what_waits(now=timezone.now())

    def deliver(self, number: int) -> str:
        """Some of what waits arrives, shuffled, some of it twice; some is lost on the way."""
        events = self.postman.fetch()
        self.chance.shuffle(events)
        chosen = events[: 1 + number % max(len(events), 1)]
        lost = [each for each in chosen if self.chance.random() < 0.15]
        kept = [each for each in chosen if each not in lost]
        self.postman.carried |= {each["id"] for each in lost}
        twice = [each for each in kept if self.chance.random() < 0.2]
        self.postman.carry(kept + twice)
        return f"{len(kept)} delivered, {len(twice)} twice, {len(lost)} lost"


def _pick(rows: QuerySet[Any], number: int) -> Any:
    found = list(rows.order_by("created_at", "pk"))
    return found[number % len(found)] if found else None


def _live(number: int) -> Membership | None:
    chosen: Membership | None = _pick(Membership.objects.filter(state__in=LIVE), number)
    return chosen


def _paid(number: int) -> Payment | None:
    rows = Payment.objects.filter(state=PaymentState.SUCCEEDED, outside_stripe=False)
    chosen: Payment | None = _pick(rows, number)
    return chosen


def _start(life: Life, who: Supporter, slug: str, cents: int, **paid: str) -> str:
    plan = Plan.objects.get(slug=slug)
    press = new_id().hex
    started = checkout.start(supporter=who, plan=plan, amount_cents=cents, press=press)
    life.stripe.pay(started.url, **paid)
    return f"paid {slug} {cents}"


def join(life: Life, number: int) -> str:
    slug, cents = ("monthly", 199 + number % 7) if number % 3 else ("yearly", 2388 + number)
    who = rows.alice() if number % 2 else rows.charlie()
    if number % 5 == 0:
        iban = IBANS[number % len(IBANS)]
        return _start(life, who, slug, cents, card="", iban=iban, name="A. Person")
    card = CARDS[number % len(CARDS)]
    return _start(life, who, slug, cents, card=card)


def give(life: Life, number: int) -> str:
    if number % 4 == 0:
        debit = {"iban": GOOD_IBAN, "name": "B. Person", "card": ""}
        return _start(life, rows.bob(), "once", 200 + number, **debit)
    return _start(life, rows.bob(), "once", 200 + number, card=CARDS[number % len(CARDS)])


def abandon(life: Life, number: int) -> str:
    plan = Plan.objects.get(slug="monthly" if number % 2 else "once")
    checkout.start(supporter=rows.alice(), plan=plan, amount_cents=500, press=new_id().hex)
    return "opened a checkout and left"


def _wish(verb: Callable[..., bool], **more: Any) -> Callable[[Life, int], str]:
    def act(life: Life, number: int) -> str:
        membership = _live(number)
        if membership is None:
            return "nobody there"
        given = {name: value(life, number) for name, value in more.items()}
        return str(verb(membership=membership, press=new_id().hex, **given))

    return act


def switch(life: Life, number: int) -> str:
    membership = _live(number)
    if membership is None:
        return "nobody there"
    slug = "yearly" if membership.interval == "month" else "monthly"
    plan = Plan.objects.get(slug=slug)
    return str(
        wishes.change_plan(
            membership=membership, plan=plan, amount_cents=plan.least_cents + number,
            press=new_id().hex,
        )
    )  # fmt: skip


def wait(life: Life, number: int) -> str:
    days = 1 + number % 40
    life.stripe.advance(days=days)
    return f"{days} days"


def graces(life: Life, number: int) -> str:
    return f"{dunning.end_graces(now=timezone.now())} ended"


def remind(life: Life, number: int) -> str:
    return f"{reminders.plan(now=timezone.now())} planned"


def work(life: Life, number: int) -> str:
    return str(sweeper.do_what_waits(now=timezone.now()))


def arrive(life: Life, number: int) -> str:
    """Everything that waits arrives and is worked on, as on a good day."""
    life.postman.carry()
    return work(life, number)


def crash(life: Life, number: int) -> str:
    """The worker dies at some statement of its work."""
    life.postman.carry()
    left = 1 + 3 * number

    def count(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            raise Crash(sql[:60])
        return execute(sql, *args)

    with contextlib.suppress(Crash), connection.execute_wrapper(count):
        work(life, number)
        return "survived"
    return "died"


def lose_answer(life: Life, number: int) -> str:
    life.stripe.tell("down", drop_after_commit=1 + number % 2)
    return "the next answer is lost"


def card(life: Life, number: int) -> str:
    customer = _customer(number)
    if customer is None:
        return "nobody there"
    chosen = (GOOD, FAILS_LATER, ASKS_ALWAYS)[number % 3]
    life.stripe.tell(f"customers/{customer}/card", card=chosen)
    return chosen


def detach(life: Life, number: int) -> str:
    """Staff take a means of payment away in the dashboard."""
    membership = _live(number)
    if membership is None or not membership.stripe_method_id:
        return "nothing there"
    api = stripe.StripeClient("sk_test_local", base_addresses={"api": life.stripe.url}).v1
    with contextlib.suppress(stripe.InvalidRequestError):  # it went before, unheard of
        api.payment_methods.detach(membership.stripe_method_id)
    return "taken away"


def _customer(number: int) -> str | None:
    membership = _live(number)
    if membership is None or membership.customer_id is None:
        return None
    return StripeCustomer.objects.get(pk=membership.customer_id).stripe_customer_id


def portal_cancel(life: Life, number: int) -> str:
    membership = _live(number)
    if membership is None:
        return "nobody there"
    sub = membership.stripe_subscription_id
    life.stripe.tell(f"subscriptions/{sub}/cancel", at_period_end=bool(number % 2))
    return "cancelled there"


def dashboard_refund(life: Life, number: int) -> str:
    payment = _paid(number)
    if payment is None:
        return "nothing paid"
    amount = {"amount": 1 + number % payment.amount_cents} if number % 3 else {}
    life.stripe.tell("refund", payment_intent=payment.stripe_payment_intent_id, **amount)
    return f"refunded {amount or 'all'}"


def our_refund(life: Life, number: int) -> str:
    payment = _paid(number)
    if payment is None:
        return "nothing paid"
    cents = 1 + number % payment.amount_cents if number % 2 else None
    refunds.request(payment=payment, amount_cents=cents, press=new_id().hex)
    return f"asked for {cents or 'all'}"


def dispute(life: Life, number: int) -> str:
    payment = _paid(number)
    if payment is None:
        return "nothing paid"
    part = {"amount": 1 + number % payment.amount_cents} if number % 3 == 0 else {}
    asks = number % 5 == 0
    intent = payment.stripe_payment_intent_id
    life.stripe.tell("dispute", payment_intent=intent, inquiry=asks, **part)
    return f"disputed {part or 'all'}"


def escalate(life: Life, number: int) -> str:
    asked = [each for page in stripe_api.dispute_pages() for each in page]
    asked = [each for each in asked if each.status.startswith("warning_")]
    if not asked:
        return "nobody asks"
    life.stripe.tell(f"disputes/{asked[number % len(asked)].id}/escalate")
    return "escalated"


def return_debit(life: Life, number: int) -> str:
    debits = Payment.objects.filter(stripe_charge_id__startswith="py_")
    payment = _pick(debits.filter(state=PaymentState.SUCCEEDED), number)
    if payment is None:
        return "no debit"
    charge = payment.stripe_charge_id
    life.stripe.tell(f"debits/{charge}/return", as_failure=bool(number % 3))
    return "returned"


def close_dispute(life: Life, number: int) -> str:
    found = [each for page in stripe_api.dispute_pages() for each in page]
    if not found:
        return "no dispute"
    chosen, ending = found[number % len(found)], "won" if number % 2 else "lost"
    life.stripe.tell(f"disputes/{chosen.id}/close", status=ending)
    return ending


def fraud_warning(life: Life, number: int) -> str:
    payment = _paid(number)
    if payment is None:
        return "nothing paid"
    life.stripe.tell("fraud_warning", payment_intent=payment.stripe_payment_intent_id)
    return "warned"


def fail_refund(life: Life, number: int) -> str:
    found = [each for page in stripe_api.refund_pages() for each in page]
    if not found:
        return "no refund"
    life.stripe.tell(f"refunds/{found[number % len(found)].id}/fail")
    return "failed"


def _until(life: Life, number: int) -> datetime | None:
    return timezone.now() + timedelta(days=20 + number % 60) if number % 4 else None


ACTS: Final[dict[str, Callable[[Life, int], str]]] = {
    "join": join,
    "give": give,
    "abandon": abandon,
    "cancel": _wish(wishes.cancel_at_period_end),
    "keep": _wish(wishes.keep),
    "change amount": _wish(wishes.change_amount, amount_cents=lambda _, n: 200 + n),
    "switch": switch,
    "drop change": _wish(wishes.drop_change),
    "pause": _wish(wishes.pause, until=_until),
    "skip": _wish(wishes.skip_next),
    "resume": _wish(wishes.resume),
    "withdraw": _wish(wishes.end_now, reason=lambda *_: EndReason.WITHDRAWN),
    "undo second": _wish(wishes.end_now, reason=lambda *_: EndReason.DUPLICATE),
    "wait": wait,
    "graces": graces,
    "remind": remind,
    "arrive": arrive,
    "deliver": Life.deliver,
    "work": work,
    "crash": crash,
    "lose answer": lose_answer,
    "card": card,
    "detach": detach,
    "portal cancel": portal_cancel,
    "dashboard refund": dashboard_refund,
    "our refund": our_refund,
    "dispute": dispute,
    "close dispute": close_dispute,
    "escalate": escalate,
    "return debit": return_debit,
    "fraud warning": fraud_warning,
    "fail refund": fail_refund,
}

# Most things happen to people we have heard of: a good day follows on every other act.
OFTEN: Final = ("arrive", "arrive", "deliver", "work", "crash", "wait")


def drawn() -> "st.SearchStrategy[list[tuple[str, int]]]":
    """Lives of two to eight acts, each with what follows on it."""
    number = st.integers(0, 60)
    act = st.tuples(st.sampled_from(sorted(ACTS)), number)
    after = st.tuples(st.sampled_from(OFTEN), number)
    pairs = st.lists(st.tuples(act, after), min_size=2, max_size=8)
    begun = st.tuples(st.tuples(st.just("join"), number), st.tuples(st.just("arrive"), number))
    return st.builds(
        lambda first, rest: [*first, *(a for pair in rest for a in pair)], begun, pairs
    )
