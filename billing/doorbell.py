"""The doorbell tells a worker that a row waits. The row is the queue: a lost ring loses nothing."""

import time
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
    transaction.on_commit(partial(_bell.press, task, args), robust=True)


class Bell:
    """Rings, unless the broker did not answer a moment ago: a dead one must not slow us down."""

    REST_SECONDS = 20

    def __init__(self, send: Callable[..., Any]) -> None:
        self.send = send
        self.silent_until = 0.0

    def press(self, task: str, args: tuple[Any, ...]) -> None:
        if time.monotonic() < self.silent_until:
            return
        try:
            self.send(task, args=args, retry=False, ignore_result=True)
        except (OperationalError, OSError) as error:
            # The sweeper will find the row within the minute.
            self.silent_until = time.monotonic() + self.REST_SECONDS
            log.warning("doorbell is dead", task=task, error=type(error).__name__)


_bell = Bell(current_app.send_task)
