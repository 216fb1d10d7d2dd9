"""The door Stripe knocks at. It verifies, stores, rings and answers: nothing else (HOUSE 15)."""

from datetime import UTC, datetime
from typing import Any, Final

import orjson
import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing import inbox, stripe_api
from billing.models import StripeEvent

log = structlog.get_logger(__name__)

_THIN: Final = "v2.core.event"


class NotAnEvent(ValueError):
    """The signed body is not an event of a shape that Stripe sends."""


@csrf_exempt
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """Take one event in. 200 once it is stored, or needs no storing; 400 and 413 store nothing."""
    try:
        body = request.body
    except RequestDataTooBig:
        return HttpResponse("too large", status=413, content_type="text/plain")
    try:
        stripe_api.verify_signature(body, request.headers.get("Stripe-Signature", ""))
        event, account = read_event(body)
    except stripe_api.BadSignature:
        log.warning("webhook refused", reason="signature")
        return HttpResponse("bad signature", status=400, content_type="text/plain")
    except NotAnEvent as error:
        log.warning("webhook refused", reason=str(error))
        return HttpResponse("not an event", status=400, content_type="text/plain")
    outcome = inbox.take_in(event, account=account)
    return HttpResponse(outcome, content_type="text/plain")


def read_event(body: bytes) -> tuple[StripeEvent, str]:
    """The unsaved inbox row that a body describes, and the connected account it is about, if any.

    Ids, type and moment, never the payload.

    Reads the snapshot form and the thin form of an event (https://docs.stripe.com/event-destinations),
    in every API version, since only the envelope is used. Raises NotAnEvent.
    """
    try:
        shape = orjson.loads(body)
        thin = shape.get("object") == _THIN
        subject = shape["related_object"] if thin else shape["data"]["object"]
        event = StripeEvent(
            id=_text(shape["id"]),
            type=_text(shape["type"]).removeprefix("v1." if thin else ""),
            # A few objects have no id of their own (a balance, a previewed invoice).
            object_id=str(subject.get("id") or "")[:255],
            api_version=str(shape.get("api_version") or "")[:64],
            # One that does not say its mode is not of ours: answered, and left alone.
            livemode=bool(shape.get("livemode", not settings.STRIPE_LIVEMODE)),
            created=_moment(shape.get("created", 0)),
        )
        return event, str(shape.get("account") or "")
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise NotAnEvent(type(error).__name__) from None


def _text(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 255:
        raise TypeError("text")
    return value


def _moment(value: Any) -> datetime:
    """Seconds in a snapshot event, ISO 8601 in a thin one."""
    if isinstance(value, str):
        return datetime.fromisoformat(value).astimezone(UTC)
    return datetime.fromtimestamp(value, UTC)
