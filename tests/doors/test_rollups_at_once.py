"""Many workers at once: none waits for another for ever, and no number is lost."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from random import Random
from threading import Event
from typing import Final
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone

from billing import figures, memberships, payments
from billing.accounts import closing, months, pack
from billing.cause import Cause
from billing.dates import day_start, dublin_date, months_back, next_month
from billing.figures import spans
from billing.models import Counted, LedgerLine, Membership, Payment, Period, Rollup
from billing.snapshots import InvoiceSnapshot, PaymentSnapshot
from members.models.supporter import supporter_for
from tests import rows
from tests.unit.test_states import SNAPSHOT

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.servers]

WORKERS: Final = 6
TURNS: Final = 15
CLOSED: Final = 4


def test_workers_at_once_lose_no_number_and_never_block_each_other() -> None:
    stays = [rows.membership(each).pk for each in (rows.alice(), rows.bob(), rows.charlie())]
    payments = [rows.payment(supporter=rows.bob()).pk for _ in range(4)]
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(lambda number: _work(number, stays, payments), range(WORKERS)))
        rebuilt = [pool.submit(_rebuild), *(pool.submit(_work, 9, stays, payments),)]
        for each in rebuilt:
            each.result(timeout=60)
    found = figures.compare()
    assert found.equal, [str(each) for each in found.differences]


def test_who_writes_a_membership_and_who_writes_its_payment_never_block_each_other() -> None:
    """As when a renewal fails: two events of the same second, taken in by two workers."""
    member = rows.membership(rows.alice())
    written = Event()
    with ThreadPoolExecutor(2) as pool:
        paying = pool.submit(_fail, member, written)
        changing = pool.submit(_change_price, member, written)
        for each in (paying, changing):
            each.result(timeout=60)
    assert figures.compare().equal
    assert Membership.objects.get().amount_cents == 500
    assert Payment.objects.get().state == "failed"


def _fail(member: Membership, written: Event) -> None:
    """Write down a payment that failed, and take a moment before the commit."""
    snapshot = PaymentSnapshot(
        id="pi_fails", status="requires_payment_method", ref="", customer_id="cus_1",
        amount_cents=199, currency="eur", charge_id="", paid_at=None,
        first_failed_at=rows.NEXT_MONTH, fee_cents=None, net_cents=None, method="", last4="",
        created=rows.NEXT_MONTH, livemode=False,
    )  # fmt: skip
    invoice = InvoiceSnapshot(
        id="in_fails", subscription_id="sub_1", customer_id="cus_1", status="open",
        billing_reason="subscription_cycle", attempt_count=1, next_attempt=None,
        period_start=None, period_end=None, payment_intent_ids=(snapshot.id,),
        created=rows.NEXT_MONTH, livemode=False,
    )  # fmt: skip
    try:
        with transaction.atomic():
            payments.record_renewal(
                snapshot, membership=member, invoice=invoice, ticket=1, cause=Cause.clock()
            )
            written.set()
            # Until the other waits for the rollups: no event tells of that.
            time.sleep(0.5)
    finally:
        connection.close()


def _change_price(member: Membership, written: Event) -> None:
    written.wait(timeout=30)
    snapshot = replace(SNAPSHOT, id=member.stripe_subscription_id or "", amount_cents=500)
    try:
        memberships.apply(member.pk, snapshot, ticket=2, cause=Cause.clock())
    finally:
        connection.close()


def _work(number: int, stays: list[UUID], payments: list[UUID]) -> None:
    """Let payments come and change, of one person and of several, in an order of chance."""
    chance = Random(number)
    try:
        for _ in range(TURNS):
            stay = Membership.objects.select_related("plan", "supporter").get(
                pk=chance.choice(stays)
            )
            rows.payment(stay, amount_cents=chance.randrange(100, 900))
            _change(chance.sample(payments, 2), chance.randrange(500, 9000))
            with transaction.atomic():
                figures.recount(stay.supporter_id)
    finally:
        connection.close()


def _change(ids: list[UUID], cents: int) -> None:
    with transaction.atomic():
        was = figures.before(ids)
        Payment.objects.filter(pk__in=ids).update(amount_cents=cents)
        figures.settle(ids, was=was)


def test_closings_among_workers_count_each_line_once() -> None:
    paid = [rows.payment(amount_cents=9000, extra_cents=100).pk for _ in range(4)]
    first = months_back(dublin_date(timezone.now()), CLOSED)
    rows.line(Payment.objects.all()[0], amount_cents=-1, booked_at=day_start(first))
    with ThreadPoolExecutor(4) as pool:
        working = [pool.submit(_book, Random(number), paid, first) for number in range(3)]
        pool.submit(_close, first).result(timeout=60)
        for each in working:
            each.result(timeout=60)
    found = figures.compare()
    assert found.equal, [str(each) for each in found.differences]
    assert Period.objects.count() == CLOSED
    last = pack.live(months.open_months()[-1])
    assert last.closing == sum(LedgerLine.objects.values_list("net_cents", flat=True))


def _book(chance: Random, paid: list[UUID], first: date) -> None:
    """Let money go back, in any month from the first on."""
    span = timezone.now() - day_start(first)
    try:
        for _ in range(TURNS):
            rows.line(
                Payment.objects.get(pk=chance.choice(paid)),
                amount_cents=-chance.randrange(100, 900),
                booked_at=day_start(first) + chance.random() * span,
            )
    finally:
        connection.close()


def _close(first: date) -> None:
    """Close month after month, as the clock does."""
    try:
        for _ in range(CLOSED):
            first = next_month(first)
            closing.close_as_they_stand(before=first)
    finally:
        connection.close()


def test_many_hands_make_the_figures_that_one_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spans, "PEOPLE", 2)
    for each in range(7):
        rows.payment(rows.membership(supporter_for(email=f"p{each}@example.org", name="")))
    kept, [cell, *_] = figures.stored(), figures.stored()
    figures.rebuild(hands=2)
    assert figures.stored() == kept
    assert figures.compare(hands=2).equal
    last = Counted.objects.order_by("pk").last()
    assert last is not None
    Counted.objects.filter(pk=last.pk).update(memberships=2)
    Rollup.objects.filter(figure=cell.figure).delete()
    found = figures.compare(hands=2)
    assert (found.people, len(found.differences) > 0) == (1, True)


def _rebuild() -> None:
    try:
        figures.rebuild()
    finally:
        connection.close()
