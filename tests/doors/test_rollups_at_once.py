"""Many workers at once: none waits for another for ever, and no number is lost."""

from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Final
from uuid import UUID

import pytest
from django.db import connection, transaction

from billing import figures
from billing.models import Membership, Payment
from tests import rows

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.servers]

WORKERS: Final = 6
TURNS: Final = 15


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


def _rebuild() -> None:
    try:
        figures.rebuild()
    finally:
        connection.close()
