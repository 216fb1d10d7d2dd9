"""What was told: the letters that we sent, and the events by which Stripe told us of them."""

from collections.abc import Iterator
from uuid import UUID

from django.urls import reverse

from billing.models import Intent, StripeEvent
from billing.models.stripe import IntentKind
from members.models import Supporter
from members.staff.desk.timeline.line import MOST, Line, Link, Topic
from members.staff.desk.timeline.line import event as event_link
from members.staff.events.words import SAYS
from members.staff.letters.words import trouble


def letters(supporter: Supporter) -> Iterator[Line]:
    """Every letter, sent or not."""
    tones = {"sent": "good", "failed": "bad", "queued": "warn", "held": "warn"}
    for letter in supporter.letters.all():
        yield Line(
            letter.sent_at or letter.created_at,
            Topic.LETTERS,
            f"Letter: {letter.kind.replace('-', ' ')}",
            "A letter is a row before it is a mail: one for each kind and matter.",
            tone=tones.get(letter.state, ""),
            mark=letter.get_state_display(),
            detail=trouble(letter.reason) if letter.reason else "",
            links=(Link(reverse("staff-letter", args=[letter.pk]), "How it reads"),),
        )


def events(supporter: Supporter) -> Iterator[Line]:
    """What Stripe told about any object of theirs."""
    ids = [each for each in _stripe_ids(supporter) if each]
    for event in StripeEvent.objects.filter(object_id__in=ids).order_by("-created")[:MOST]:
        parked = event.state == "parked"
        yield Line(
            event.created,
            Topic.EVENTS,
            SAYS.get(event.type, event.type),
            "Only its id is kept. What it means is fetched anew, so its order does not matter.",
            tone="bad" if parked else "",
            mark=event.get_state_display() if event.state != "done" else "",
            detail=event.type,
            links=(event_link(event.pk),),
        )


def _stripe_ids(supporter: Supporter) -> Iterator[str | None]:
    yield from supporter.customers.values_list("stripe_customer_id", flat=True)
    yield from supporter.memberships.values_list("stripe_subscription_id", flat=True)
    columns = ("stripe_payment_intent_id", "stripe_charge_id", "stripe_invoice_id")
    for row in supporter.payments.values_list(*columns):
        yield from row
    subjects: list[UUID] = [*supporter.memberships.values_list("pk", flat=True)]
    subjects += supporter.payments.values_list("pk", flat=True)
    opened = Intent.objects.filter(subject__in=subjects, kind=IntentKind.CHECKOUT)
    yield from opened.values_list("stripe_object_id", flat=True)
    yield from supporter.payments.values_list("refunds__stripe_refund_id", flat=True)
    yield from supporter.payments.values_list("disputes__stripe_dispute_id", flat=True)
