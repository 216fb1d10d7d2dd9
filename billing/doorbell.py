"""The doorbell tells a worker that a row waits. The row is the queue: a lost ring loses nothing."""

from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)


def ring(task: str, *args: Any) -> None:
    """Ring for a task once the row it is about is committed. Never raises for want of a broker."""
    transaction.on_commit(partial(_press, task, args), robust=True)


def _press(task: str, args: tuple[Any, ...]) -> None:
    send: Callable[..., Any] = current_app.send_task
    try:
        send(task, args=args, retry=False, ignore_result=True)
    except (OperationalError, OSError) as error:
        # The sweeper will find the row within the minute.
        log.warning("doorbell is dead", task=task, error=type(error).__name__)
