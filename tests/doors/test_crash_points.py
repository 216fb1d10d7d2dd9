"""A worker may die at any moment: each write of each money path is one, and after each the end is
the same as if nobody had died.

The path runs once for every write it makes and dies there, with a `BaseException` that nothing
catches, as a kill does. Then another worker takes up what was left.
"""

import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest
import time_machine
from django.core import mail
from django.db import connection, transaction
from django.utils import timezone

from billing import balance, refunds, sweeper, wishes
from billing.ids import new_id
from billing.models import Membership, Payment, Plan
from billing.states import EndReason
from tests import rows, truth
from tests.doors.lives import FAILS_LATER, Crash, Life
from tests.local_stripe import LocalStripe
from tests.postman import Postman

pytestmark = [pytest.mark.django_db, pytest.mark.once]

Path = Callable[[Life], object]
_STRIDE: Final = 20
_WRITES: Final = ("INSERT", "UPDATE", "DELETE", "RELEASE")


def member() -> Membership:
    return Membership.objects.get()


def arrive(life: Life) -> None:
    """Every event that waits arrives and is worked on, and so is what that calls for."""
    life.postman.carry()
    for minutes in (0, 2):
        sweeper.do_what_waits(now=timezone.now() + timedelta(minutes=minutes))


def begin_nothing(life: Life) -> None:
    life.act("join", 1)


def begin_member(life: Life) -> None:
    life.act("join", 1)
    arrive(life)


def begin_overdue(life: Life) -> None:
    begin_member(life)
    customer = member().customer
    assert customer is not None
    life.stripe.tell(f"customers/{customer.stripe_customer_id}/card", card=FAILS_LATER)
    life.stripe.advance(months=1, seconds=7200)


def begin_disputed(life: Life) -> None:
    begin_member(life)
    intent = Payment.objects.get().stripe_payment_intent_id
    life.stripe.tell("dispute", payment_intent=intent)


def begin_failing_refund(life: Life) -> None:
    begin_member(life)
    told = life.stripe.tell("refund", payment_intent=Payment.objects.get().stripe_payment_intent_id)
    arrive(life)
    life.stripe.tell(f"refunds/{told['id']}/fail")


def begin_with_two(life: Life) -> None:
    begin_overdue(life)
    arrive(life)
    life.act("join", 7)


def wish(verb: Callable[..., Any], **more: Any) -> Path:
    """One press of a button; the same press again if the first was cut short."""
    press = new_id().hex

    def act(life: Life) -> None:
        with contextlib.suppress(wishes.NotNow):
            verb(membership=member(), press=press, **more)
        arrive(life)

    return act


def switch(life: Life) -> None:
    plan = Plan.objects.get(slug="yearly")
    press = f"switch:{member().pk}"
    wishes.change_plan(membership=member(), plan=plan, amount_cents=2388, press=press)
    arrive(life)


def refund(life: Life) -> None:
    payment = Payment.objects.get()
    with contextlib.suppress(refunds.NothingLeft):
        refunds.request(payment=payment, amount_cents=100, press=f"refund:{payment.pk}")
    arrive(life)


PATHS: Final[dict[str, tuple[Path, Path]]] = {
    "a first payment": (begin_nothing, arrive),
    "a renewal that fails": (begin_overdue, arrive),
    "a dispute": (begin_disputed, arrive),
    "a refund that fails": (begin_failing_refund, arrive),
    "a new membership beside an overdue one": (begin_with_two, arrive),
    "cancelling": (begin_member, wish(wishes.cancel_at_period_end)),
    "another amount": (begin_member, wish(wishes.change_amount, amount_cents=700)),
    "another rhythm": (begin_member, switch),
    "skipping a payment": (begin_member, wish(wishes.skip_next)),
    "withdrawing": (begin_member, wish(wishes.end_now, reason=EndReason.WITHDRAWN)),
    "a refund of ours": (begin_member, refund),
}


@pytest.mark.case("E3", "F1", "F12")
@pytest.mark.parametrize("name", PATHS)
def test_the_end_is_the_same_wherever_the_worker_dies(
    stripe: LocalStripe, postman: Postman, pytestconfig: pytest.Config, name: str
) -> None:
    # Every write in the long run; in the short one every twentieth, beginning at another each time.
    stride = 1 if pytestconfig.getoption("--long") else _STRIDE
    start = sorted(PATHS).index(name) % stride
    rows.alice()
    begin, act = PATHS[name]
    life = Life(stripe, postman, seed=1)
    begin(life)
    stripe.tell("snapshots", name="begin")
    carried, mails = set(postman.carried), list(mail.outbox)
    reached, died = start, True
    while died:
        reached += stride
        mail.outbox[:] = mails
        before = transaction.savepoint()
        stripe.tell("snapshots/begin/restore")
        postman.carried = set(carried)
        died = _dies_at(reached, act, life)
        _take_up(life, act)
        found = [*truth.problems(stripe), *balance.prove().problems]
        assert not found, f"died at write {reached} of {name}: {found}"
        transaction.savepoint_rollback(before)
    assert reached > 5


def _dies_at(write: int, act: Path, life: Life) -> bool:
    left = write

    def count(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        nonlocal left
        left -= sql.startswith(_WRITES)
        if left == 0 and sql.startswith(_WRITES):
            raise Crash
        return execute(sql, *args)

    with time_machine.travel(life.now(), tick=True), connection.execute_wrapper(count):
        try:
            act(life)
        except Crash:
            return True
    return False


def _take_up(life: Life, act: Path) -> None:
    """The supporter presses again, and the other workers go on."""
    with time_machine.travel(life.now(), tick=True):
        act(life)
    life.settle()
