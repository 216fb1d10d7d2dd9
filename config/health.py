"""Whether the whole service is alive, not only the process that answers."""

from datetime import timedelta
from typing import Any, Final

from celery import current_app, shared_task
from celery.signals import before_task_publish
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError

from billing.models import Pulse
from members import canary

STALE_AFTER: Final = timedelta(seconds=60)
PARTS: Final = ("worker", "beat")


def _beat(part: str) -> None:
    Pulse.objects.update_or_create(name=part, defaults={"seen_at": timezone.now()})


@shared_task
def pulse() -> None:
    """Leave the worker's sign of life; beat left its own when it sent this task."""
    _beat("worker")


@before_task_publish.connect(sender=pulse.name)
def _beat_was_here(**_kwargs: Any) -> None:
    # Only beat sends this task, so sending it is beat's sign of life, with or without a worker.
    _beat("beat")


@require_safe
@never_cache
def healthz(_request: HttpRequest) -> JsonResponse:
    """200 while database, broker, worker and beat are well and the vault opens, else 503.

    The JSON names what is down, and nothing else.
    """
    parts = {"database": _database_answers(), "broker": _broker_answers()}
    parts["vault"] = parts["database"] and not canary.complaint()
    seen = _last_seen() if parts["database"] else {}
    for part in PARTS:
        parts[part] = part in seen and timezone.now() - seen[part] < STALE_AFTER
    healthy = all(parts.values())
    state = {name: "ok" if well else "down" for name, well in parts.items()}
    return JsonResponse(
        {"status": "ok" if healthy else "down", **state}, status=200 if healthy else 503
    )


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _broker_answers() -> bool:
    try:
        with current_app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=1, timeout=2, interval_start=0)
    except (OperationalError, OSError):
        return False
    return True


def _last_seen() -> dict[str, Any]:
    return dict(Pulse.objects.values_list("name", "seen_at"))
