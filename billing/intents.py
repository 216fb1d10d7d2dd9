"""Writes to Stripe that survive us: a row first, then the call, then the answer (DESIGN 5)."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final, TypedDict
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from billing import doorbell
from billing.ids import read_id
from billing.intent_calls import CALLS, FREEZE
from billing.models import Intent
from billing.models.stripe import IntentKind, IntentState
from billing.states import GIVEN_BACK, EndReason
from billing.stripe_api import Refused, Unavailable
from billing.stripe_shapes import COMMENT_PREFIX, Shape

log = structlog.get_logger(__name__)

_K = IntentKind
_RESUME_AFTER: Final = timedelta(minutes=1)
_LONGEST_WAIT: Final = timedelta(hours=1)
_LEAST_OPEN: Final = timedelta(minutes=30)
_BATCH: Final = 50
# A checkout is the supporter's to press again; the end of a grace is asked anew, with fresh facts.
_NOT_RESUMED: Final = (_K.CHECKOUT, _K.CANCEL_NOW)
_ENDINGS: Final = frozenset({_K.END_NOW, _K.CANCEL_NOW})
# Where a fact still calls for it, the reason of the refusal may be gone: a bank held the money.
_ASKED_ANEW: Final = frozenset({_K.END_NOW, _K.REFUND, _K.DELETE_CUSTOMER})
# A later wish overtakes an earlier one about the same matter, and an end overtakes them all.
_MATTERS: Final = (
    frozenset({_K.CANCEL_AT_PERIOD_END, _K.KEEP}),
    frozenset({_K.CHANGE_AMOUNT, _K.CHANGE_INTERVAL, _K.DROP_CHANGE}),
    frozenset({_K.PAUSE, _K.RESUME}),
    # Of two addresses, and of one and none, the later counts. These are about a customer.
    frozenset({_K.UPDATE_CUSTOMER, _K.DELETE_CUSTOMER}),
)
# To end or to pause drops a change of rhythm, so one that was only noted must not come after it.
_DROPS_CHANGE: Final = frozenset({_K.CANCEL_AT_PERIOD_END, _K.PAUSE})


class Wanted(TypedDict):
    """What a fact calls for, before it is written down."""

    kind: IntentKind
    press: str
    subject: UUID
    params: Shape


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


def call_for(*, kind: IntentKind, press: str, subject: UUID, params: Shape) -> None:
    """Write down what a fact calls for, in the fact's transaction, and have a worker do it."""
    intent = record(kind=kind, press=press, subject=subject, params=params)
    if intent.state == IntentState.REFUSED and kind in _ASKED_ANEW:
        intent = _new_attempt(intent)
    if intent.state == IntentState.OPEN:
        doorbell.ring("billing.tasks.carry_out", str(intent.pk))


def carry_out(intent: Intent, *, secret_params: Shape | None = None) -> str:
    """Do it at Stripe and note the answer; return the id of the Stripe object it made or changed.

    `secret_params` are what must not stand in the row (an address). Raises Unavailable, and the
    intent stays open, also while another worker has something about the same subject in hand;
    raises Refused, and a later press starts a new attempt.
    """
    intent.refresh_from_db()
    if intent.kind == _K.CHECKOUT or intent.state in {IntentState.DONE, IntentState.SUPERSEDED}:
        # Two clicks that open one checkout may both be answered: Stripe gives both the same page.
        return _carry_out(intent, secret_params)
    with _in_hand(intent):
        return _carry_out(intent, secret_params)


def _carry_out(intent: Intent, secret_params: Shape | None) -> str:
    # Whoever read it some time ago must not do what a newer wish has overtaken since.
    intent.refresh_from_db()
    if intent.state == IntentState.DONE:
        return intent.stripe_object_id
    if intent.state == IntentState.SUPERSEDED:
        raise Refused("superseded")
    if intent.state == IntentState.REFUSED:
        intent = _new_attempt(intent)
    params: Shape = intent.params
    try:
        params = _frozen(intent)
        found = CALLS[_K(intent.kind)](intent, {**params, **(secret_params or {})})
    except Unavailable as error:
        _postpone(intent, str(error)[:100])
        raise
    except Refused as error:
        _answer(intent, IntentState.REFUSED, error=str(error)[:100])
        if not _ran_late(params):
            raise
        # The press waited out an outage: its expiry has come too near for Stripe. A refusal is
        # definitive, so a new attempt may carry a new one.
        intent.refresh_from_db()
        return _carry_out(intent, secret_params)
    _answer(intent, IntentState.DONE, stripe_object_id=found)
    return found


@contextmanager
def _in_hand(intent: Intent) -> Iterator[None]:
    """Hold what is asked of this subject for the length of a block, so that no call of ours lands
    at Stripe after that of a later wish. Raises Unavailable while another worker holds it.

    A worker that is killed in the block holds it until its lease runs out; the sweeper goes on with
    the same idempotency key.
    """
    claim = uuid4()
    _claim(intent, claim)
    try:
        yield
    except Exception:
        _let_go(intent, claim)
        raise
    _let_go(intent, claim)


def _claim(intent: Intent, claim: UUID) -> None:
    now = timezone.now()
    asked = Intent.objects.filter(subject=intent.subject).exclude(kind=_K.CHECKOUT)
    with transaction.atomic():
        # Of two wishes the later one sees the earlier: both lock that row, one after the other.
        list(asked.select_for_update().order_by("pk").values_list("pk"))
        # Asked only now: another may have claimed while we waited for the locks.
        if asked.filter(lease_until__gte=now).exists():
            raise Unavailable("in hand")
        lease = timedelta(seconds=settings.LEASE_SECONDS)
        asked.filter(pk=intent.pk).update(claim=claim, lease_until=now + lease)


def _let_go(intent: Intent, claim: UUID) -> None:
    Intent.objects.filter(pk=intent.pk, claim=claim).update(claim=None, lease_until=None)


def supersede_before(intent: Intent) -> None:
    """Drop older wishes about the same matter that nobody has heard an answer to."""
    kind = _K(intent.kind)
    matters = [each for each in _MATTERS if kind in each or kind in _ENDINGS]
    if kind in _DROPS_CHANGE:
        matters.append(frozenset({_K.CHANGE_INTERVAL}))
    Intent.objects.filter(
        subject=intent.subject,
        state=IntentState.OPEN,
        created_at__lt=intent.created_at,
        kind__in=frozenset().union(*matters),
    ).update(state=IntentState.SUPERSEDED)


def unanswered(*, now: datetime) -> list[Intent]:
    """Intents whose answer we never heard, and whose time for another try has come."""
    waiting = Intent.objects.filter(
        state=IntentState.OPEN, created_at__lt=now - _RESUME_AFTER, next_try_at__lte=now
    ).exclude(kind__in=_NOT_RESUMED)
    return list(waiting.order_by("created_at")[:_BATCH])


def ending_of(comment: str, *, subject: UUID) -> str:
    """The reason we ended this membership for, from the comment at Stripe; "" if it was not us.

    Payers may type a comment of their own there, so it counts for nothing but the id of a row.
    """
    intent_id = read_id(comment.removeprefix(COMMENT_PREFIX))
    if intent_id is None or not comment.startswith(COMMENT_PREFIX):
        return ""
    intent = Intent.objects.filter(pk=intent_id, subject=subject, kind__in=_ENDINGS).first()
    # Rows of the first release, which ended graces alone, say no reason.
    return str(intent.params.get("reason", EndReason.PAYMENT_FAILED)) if intent else ""


def promised_back(subject: UUID) -> str:
    """The reason for which its supporter was promised all their money back; "" if none was.

    For an ending that another came before at Stripe, so that its comment does not tell of ours.
    """
    promised = Intent.objects.filter(
        subject=subject,
        kind=_K.END_NOW,
        state__in=(IntentState.OPEN, IntentState.DONE),
        params__reason__in=sorted(GIVEN_BACK),
    ).first()
    return str(promised.params["reason"]) if promised else ""


def _postpone(intent: Intent, error: str) -> None:
    """Wait longer with each try, and not all at the same moment."""
    wait = min(timedelta(seconds=30 * 2 ** min(intent.tries, 10)), _LONGEST_WAIT)
    Intent.objects.filter(pk=intent.pk, state=IntentState.OPEN).update(
        error=error,
        tries=F("tries") + 1,
        next_try_at=timezone.now() + wait * random.uniform(0.5, 1.0),  # noqa: S311 - spreads load
    )


def _answer(intent: Intent, state: IntentState, **fields: str) -> None:
    Intent.objects.filter(pk=intent.pk, state=IntentState.OPEN, attempt=intent.attempt).update(
        state=state, answered_at=timezone.now(), **fields
    )
    log.info("intent answered", intent=str(intent.pk), kind=intent.kind, outcome=state.value)


def _new_attempt(intent: Intent) -> Intent:
    """Open a refused intent again, under a new idempotency key: its first answer was definitive."""
    params = {name: value for name, value in intent.params.items() if name != "frozen"}
    if intent.error == "resource_missing":
        params.pop("customer", None)  # of a checkout; another is made
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
    freeze = FREEZE.get(_K(intent.kind))
    if freeze is None or "frozen" in intent.params:
        return dict(intent.params)
    found = freeze(intent.params)
    with transaction.atomic():
        row = Intent.objects.select_for_update().get(pk=intent.pk)
        row.params.setdefault("frozen", found)
        row.save(update_fields=["params"])
    return dict(row.params)
