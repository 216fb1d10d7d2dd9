"""Celery tasks of members: each calls one verb, and may run twice."""

from celery import shared_task
from django.utils import timezone

from members import digests, retention


@shared_task
def tidy() -> None:
    retention.tidy(now=timezone.now())


@shared_task
def plan_digests() -> None:
    digests.plan(now=timezone.now())
