"""Celery tasks: each takes ids, calls one verb, and may run twice."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from billing import (
    backfill,
    balance,
    checkout,
    dunning,
    figures,
    handlers,
    inbox,
    letters,
    reconcile,
    reminders,
    sweeper,
)
from billing.cause import Cause
from billing.letters import gathering


@shared_task
def process_event(event_id: str) -> None:
    inbox.process(event_id)


@shared_task
def deliver_letter(letter_id: str) -> None:
    letters.deliver_waiting(UUID(letter_id))


@shared_task
def deliver_letters() -> None:
    letters.deliver_waiting()


@shared_task
def carry_out(intent_id: str) -> None:
    sweeper.carry_out(UUID(intent_id))


@shared_task
def check_checkout(subject: str) -> None:
    session_id = checkout.session_of(UUID(subject))
    if session_id:
        handlers.take_checkout(session_id, Cause("thanks page"))


@shared_task
def sweep() -> None:
    sweeper.ring_what_waits(now=timezone.now())


@shared_task
def plan_reminders() -> None:
    reminders.plan(now=timezone.now())


@shared_task
def gather_receipts() -> None:
    gathering.plan(now=timezone.now())


@shared_task
def end_graces() -> None:
    dunning.end_graces(now=timezone.now())


@shared_task(name="billing.tasks.backfill")
def backfill_events() -> None:
    backfill.run()


@shared_task
def balance_books() -> None:
    balance.prove()


@shared_task
def prove_rollups() -> None:
    figures.nightly()


@shared_task(name="billing.tasks.reconcile")
def reconcile_all() -> None:
    reconcile.run(apply=True, nightly=True)
