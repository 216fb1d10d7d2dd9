"""Writes to Stripe that survive us: a row first, then the call, then the answer (DESIGN 5)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from billing import stripe_api
from billing.models import Intent
from billing.models.stripe import IntentKind, IntentState
from billing.stripe_api import NotFound, Refused, Unavailable
from billing.stripe_shapes import COMMENT_GRACE_ENDED, Shape

log = structlog.get_logger(__name__)

_RESUME_AFTER: Final = timedelta(minutes=1)
_LEAST_OPEN: Final = timedelta(minutes=30)
_BATCH: Final = 50
# A checkout is the supporter's to press again; the end of a grace is asked anew, with fresh facts.
_NOT_WISHES: Final = (IntentKind.CHECKOUT, IntentKind.CANCEL_NOW)


class PressMismatch(ValueError):
    """This press was already used for something else: a form that was tampered with."""


def record(*, kind: IntentKind, press: str, subject: UUID, params: Shape) -> Intent:
    """Write down what is to be done, once per press of a button. Raises PressMismatch.

    The same press finds the same row, with the params it was first pressed with.
    """
    intent, _ = Intent.objects.get_or_create(
        press=press, defaults={"kind": kind, "subject": subject, "params": params}
    )
    if (intent.kind, intent.subject) != (kind, subject):
        raise PressMismatch(press)
    return intent


def carry_out(intent: Intent, *, secret_params: Shape | None = None) -> str:
    """Do it at Stripe and note the answer; return the id of the Stripe object it made or changed.

    `secret_params` are what must not stand in the row (an address). Raises Unavailable, and the
    intent stays open; raises Refused, and a later press starts a new attempt.
    """
    if intent.state == IntentState.DONE:
        return intent.stripe_object_id
    if intent.state == IntentState.SUPERSEDED:
        raise Refused("superseded")
    if intent.state == IntentState.REFUSED:
        intent = _new_attempt(intent)
    call = _CALLS[IntentKind(intent.kind)]
    params = _frozen(intent)
    try:
        found = call(intent, {**params, **(secret_params or {})})
    except Unavailable as error:
        Intent.objects.filter(pk=intent.pk).update(error=str(error)[:100])
        raise
    except Refused as error:
        _answer(intent, IntentState.REFUSED, error=str(error)[:100])
        if not _ran_late(params):
            raise
        # The press waited out an outage: its expiry has come too near for Stripe. A refusal is
        # definitive, so a new attempt may carry a new one.
        intent.refresh_from_db()
        return carry_out(intent, secret_params=secret_params)
    _answer(intent, IntentState.DONE, stripe_object_id=found)
    return found


def supersede_before(intent: Intent) -> None:
    """Drop older wishes about the same membership that nobody has heard an answer to."""
    Intent.objects.filter(
        subject=intent.subject, state=IntentState.OPEN, created_at__lt=intent.created_at
    ).exclude(kind__in=_NOT_WISHES).update(state=IntentState.SUPERSEDED)


def unanswered(*, now: datetime) -> list[Intent]:
    """Wishes of supporters whose answer we never heard."""
    waiting = Intent.objects.filter(
        state=IntentState.OPEN, created_at__lt=now - _RESUME_AFTER
    ).exclude(kind__in=_NOT_WISHES)
    return list(waiting.order_by("created_at")[:_BATCH])


def _answer(intent: Intent, state: IntentState, **fields: str) -> None:
    Intent.objects.filter(pk=intent.pk, state=IntentState.OPEN, attempt=intent.attempt).update(
        state=state, answered_at=timezone.now(), **fields
    )
    log.info("intent answered", intent=str(intent.pk), kind=intent.kind, outcome=state.value)


def _new_attempt(intent: Intent) -> Intent:
    """Open a refused intent again, under a new idempotency key: its first answer was definitive."""
    params = dict(intent.params)
    if "expires_at" in params:
        params["expires_at"] = checkout_expiry()
    Intent.objects.filter(pk=intent.pk, state=IntentState.REFUSED, attempt=intent.attempt).update(
        state=IntentState.OPEN,
        attempt=F("attempt") + 1,
        params=params,
        error="",
        answered_at=None,
    )
    intent.refresh_from_db()
    return intent


def checkout_expiry() -> int:
    """When a checkout that is opened now runs out, in Stripe's Unix seconds."""
    return int((timezone.now() + timedelta(minutes=settings.CHECKOUT_MINUTES)).timestamp())


def _ran_late(params: Shape) -> bool:
    """Whether a checkout's expiry is nearer than the half hour that Stripe insists on."""
    soonest = timezone.now() + _LEAST_OPEN
    return "expires_at" in params and params["expires_at"] < soonest.timestamp()


def _frozen(intent: Intent) -> Shape:
    """The params of the call. What depends on Stripe's present state is asked once, then kept."""
    if intent.kind != IntentKind.KEEP or "fields" in intent.params:
        return dict(intent.params)
    snapshot = stripe_api.get_subscription(intent.params["subscription"])
    # With the flag set, Stripe shows a cancel_at as well, which goes with the flag; the portal, on
    # flexible billing, sets cancel_at alone.
    flag: Shape = {"cancel_at_period_end": False}
    fields: Shape = flag if snapshot.cancel_at_period_end else {"cancel_at": ""}
    with transaction.atomic():
        row = Intent.objects.select_for_update().get(pk=intent.pk)
        row.params.setdefault("fields", fields)
        row.save(update_fields=["params"])
    return dict(row.params)


def _open_checkout(intent: Intent, params: Shape) -> str:
    return stripe_api.create_checkout(params, key=intent.idempotency_key).id


def _change_subscription(intent: Intent, params: Shape) -> str:
    subscription = params["subscription"]
    key = intent.idempotency_key
    return stripe_api.update_subscription(subscription, params["fields"], key=key).id


def _end_subscription(intent: Intent, params: Shape) -> str:
    subscription: str = params["subscription"]
    fields = {
        "invoice_now": False,
        "prorate": False,
        "cancellation_details": {"comment": COMMENT_GRACE_ENDED},
    }
    try:
        return stripe_api.cancel_subscription(subscription, fields, key=intent.idempotency_key).id
    except NotFound:
        # DELETE knows no idempotency key: a second one does not find what the first one ended.
        return subscription


_CALLS: Final[dict[IntentKind, Callable[[Intent, dict[str, Any]], str]]] = {
    IntentKind.CHECKOUT: _open_checkout,
    IntentKind.CANCEL_AT_PERIOD_END: _change_subscription,
    IntentKind.KEEP: _change_subscription,
    IntentKind.CANCEL_NOW: _end_subscription,
}
