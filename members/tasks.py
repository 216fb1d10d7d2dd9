"""Celery tasks of members: each calls one verb, and may run twice."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from members import addresses, charges, digests, exports, retention, search, watch, withdrawals
from members.privacy import copies, erasure
from members.shield import orders
from members.shield import watch as doors


@shared_task
def tidy() -> None:
    retention.tidy(now=timezone.now())


@shared_task
def plan_digests() -> None:
    digests.plan(now=timezone.now())


@shared_task
def look_out() -> None:
    watch.look_out(now=timezone.now())


@shared_task
def look_after_people() -> None:
    withdrawals.settle_all()
    charges.settle_all()
    erasure.carry_on_all()
    addresses.forget()
    copies.forget(now=timezone.now())
    orders.forget(now=timezone.now())
    search.index_names()
    exports.asking.forget(now=timezone.now())
    exports.making.carry_on_all()


@shared_task
def watch_the_doors() -> None:
    doors.look(now=timezone.now())


@shared_task
def settle_withdrawal(statement_id: str) -> None:
    withdrawals.settle(UUID(statement_id))


@shared_task
def settle_charge(report_id: str) -> None:
    charges.settle(UUID(report_id))


@shared_task
def make_list(list_id: str) -> None:
    exports.making.carry_on(UUID(list_id))
