"""Celery tasks of members: each calls one verb, and may run twice."""

from celery import shared_task
from django.utils import timezone

from members import addresses, digests, retention
from members.privacy import copies, erasure


@shared_task
def tidy() -> None:
    retention.tidy(now=timezone.now())


@shared_task
def plan_digests() -> None:
    digests.plan(now=timezone.now())


@shared_task
def look_after_people() -> None:
    erasure.carry_on_all()
    addresses.forget()
    copies.forget(now=timezone.now())
