"""The timeline of a record: facts, states with their cause, letters, events, acts, and who looked.

Each line says the rule behind it, and leads to the row or the event that it is read from.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Final
from uuid import UUID

from django.db.models import TextChoices
from django.urls import reverse

from billing.models import Intent, MembershipEvent, StripeEvent
from billing.models.stripe import IntentKind, IntentState
from billing.money import format_amount
from billing.states import MembershipState, PaymentState
from billing.wording import long_date
from members import access
from members.models import StaffAct, Supporter
from members.models.access import Action, Field, Purpose
from members.models.desk import Act
from members.staff.events.words import SAYS
from members.staff.letters.words import trouble

_MOST: Final = 1000


class Topic(TextChoices):
    """What a line is about; the values stand in addresses."""

    MONEY = "money", "Money"
    STATES = "states", "Memberships"
    LETTERS = "letters", "Letters"
    EVENTS = "events", "Stripe"
    STAFF = "staff", "Staff"


@dataclass(frozen=True, slots=True)
class Link:
    """Where a line was read from."""

    url: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A moment (UTC), what happened, the rule behind it, and the rows it was read from."""

    at: datetime
    topic: Topic
    words: str
    rule: str
    tone: str = ""
    mark: str = ""
    detail: str = ""
    links: tuple[Link, ...] = ()


def of(supporter: Supporter, topics: list[Topic]) -> list[Line]:
    """The lines about these topics, newest first."""
    found = chain.from_iterable(_SOURCES[each](supporter) for each in topics)
    return sorted(found, key=lambda line: line.at, reverse=True)


def _row(model: str, pk: object, what: str) -> Link:
    return Link(reverse(f"admin:{model}_change", args=[pk]), f"{what} {str(pk)[-12:]}")


def _event(event_id: str) -> Link:
    return Link(reverse("staff-event", args=[event_id]), event_id)


def _money(supporter: Supporter) -> Iterator[Line]:
    payments = supporter.payments.exclude(state=PaymentState.EXPIRED)
    for payment in payments.prefetch_related("receipts", "refunds", "disputes"):
        amount = format_amount(payment.amount_cents, payment.currency)
        kind = "gift" if payment.is_gift else "payment"
        links = (_row("billing_payment", payment.pk, "Payment"),)
        if payment.first_failed_at is not None:
            yield Line(
                payment.first_failed_at,
                Topic.MONEY,
                f"A {kind} of {amount} was refused",
                "The bank said no to the first try. Stripe tries again; grace is 14 days.",
                tone="warn" if payment.state == PaymentState.SUCCEEDED else "bad",
                links=links,
            )
        if payment.paid_at is not None:
            yield Line(
                payment.paid_at,
                Topic.MONEY,
                f"A {kind} of {amount} arrived",
                "A payment counts by Stripe's own moment, however late we heard of it.",
                tone="good",
                detail=payment.method_label,
                links=links,
            )
        elif payment.state == PaymentState.PENDING:
            yield Line(
                payment.created_at,
                Topic.MONEY,
                f"A {kind} of {amount} waits for the bank",
                "A row of ours exists before Stripe hears of it. A debit takes some days.",
                tone="warn",
                links=links,
            )
        for receipt in payment.receipts.all():
            yield Line(
                receipt.issued_at,
                Topic.MONEY,
                f"{receipt.get_series_display()} {receipt.label} was issued",
                "Numbered without gaps, never changed: a second document corrects the first.",
                links=(_row("billing_receipt", receipt.pk, "Receipt"),),
            )
        for refund in payment.refunds.all():
            given = format_amount(refund.amount_cents, refund.currency)
            yield Line(
                refund.refunded_at,
                Topic.MONEY,
                f"{given} of {amount} was given back",
                "Known by Stripe's id of the refund; its credit note is issued once it is done.",
                mark=refund.get_state_display(),
                tone="bad" if refund.state == "failed" else "",
                links=(_row("billing_refund", refund.pk, "Refund"),),
            )
        for dispute in payment.disputes.all():
            asked = format_amount(dispute.amount_cents, dispute.currency)
            yield Line(
                dispute.opened_at,
                Topic.MONEY,
                f"Their bank questioned {asked}",
                "While a bank holds the money nothing is refunded: it would be paid twice.",
                mark=dispute.get_state_display(),
                tone="warn",
                links=(_row("billing_dispute", dispute.pk, "Dispute"),),
            )


_CAUSES: Final = {
    "stripe": "Stripe told us by an event",
    "supporter": "The supporter asked for it",
    "staff": "Staff asked for it",
    "clock": "Its time had come",
    "reconcile": "The nightly check with Stripe found it",
}


def _states(supporter: Supporter) -> Iterator[Line]:
    mine = supporter.memberships.values("pk")
    for event in MembershipEvent.objects.filter(membership__in=mine):
        came = event.old_state != event.new_state
        changed = ", ".join(sorted(name.replace("_", " ") for name in event.changes))
        links: tuple[Link, ...] = (_row("billing_membership", event.membership_id, "Membership"),)
        links += (_event(event.reference),) if event.source == "stripe" and event.reference else ()
        yield Line(
            event.recorded_at,
            Topic.STATES,
            f"Membership: {MembershipState(event.new_state).label.lower()}"
            if came
            else "Membership changed",
            "State is read from Stripe's subscription as it is, never from an event's type.",
            tone=_TONES.get(event.new_state, "") if came else "",
            detail=f"{_CAUSES.get(event.source, event.source)}. Changed: {changed or 'the state'}.",
            links=links,
        )
    yield from _wishes(supporter)
    yield from _asked(supporter)


_TONES: Final = {"active": "good", "past_due": "bad", "paused": "warn"}
_INTENTS: Final = {
    IntentState.OPEN: ("warn", "Waits for Stripe"),
    IntentState.REFUSED: ("bad", "Refused by Stripe"),
    IntentState.SUPERSEDED: ("", "Overtaken"),
}


def _wishes(supporter: Supporter) -> Iterator[Line]:
    """What was asked of Stripe, whoever asked. What staff asked has its own line."""
    subjects = [*supporter.memberships.values_list("pk", flat=True)]
    subjects += supporter.payments.values_list("pk", flat=True)
    for intent in Intent.objects.filter(subject__in=subjects).exclude(press__startswith="desk:"):
        tone, mark = _INTENTS.get(IntentState(intent.state), ("", ""))
        by = "by the service" if ":" in intent.press else "by the supporter"
        yield Line(
            intent.created_at,
            Topic.STATES,
            f"Asked of Stripe: {IntentKind(intent.kind).label.lower()}",
            "A wish is a row before it is a call, and counts once however often it is pressed.",
            tone=tone,
            mark=mark,
            detail=f"Asked {by}.",
            links=(_row("billing_intent", intent.pk, "Wish"),),
        )


def _asked(supporter: Supporter) -> Iterator[Line]:
    for consent in supporter.consents.all():
        yield Line(
            consent.given_at,
            Topic.STATES,
            "They consented",
            "GDPR Art. 9(2)(a): without it we may not know who supports us.",
            detail=f"Words of {consent.text_version}, {consent.locale}.",
            links=(_row("members_consent", consent.pk, "Consent"),),
        )
    for change in supporter.address_changes.all():
        yield Line(
            change.confirmed_at or change.asked_at,
            Topic.STATES,
            "Another address was confirmed" if change.confirmed_at else "Another address was asked",
            "An address counts once its link is pressed from the new mailbox.",
            links=(_row("members_addresschange", change.pk, "Change"),),
        )
    for statement in supporter.withdrawals.all():
        yield Line(
            statement.received_at,
            Topic.STATES,
            "They declared that they withdraw",
            "Within 14 days anybody may, and all that was paid goes back (Directive 2011/83).",
            links=(_row("members_withdrawal", statement.pk, "Statement"),),
        )
    for comp in supporter.comp_memberships.all():
        yield Line(
            comp.granted_at,
            Topic.STATES,
            f"A free membership until {long_date(comp.ends_on)}",
            "Given by staff for a reason of a list. Stripe does not know it.",
            mark="Taken back" if comp.revoked_at else "",
            detail=comp.get_reason_display(),
            links=(_row("billing_compmembership", comp.pk, "Row"),),
        )


def _letters(supporter: Supporter) -> Iterator[Line]:
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


def _events(supporter: Supporter) -> Iterator[Line]:
    """What Stripe told about any object of theirs."""
    ids = [each for each in _stripe_ids(supporter) if each]
    for event in StripeEvent.objects.filter(object_id__in=ids).order_by("-created")[:_MOST]:
        parked = event.state == "parked"
        yield Line(
            event.created,
            Topic.EVENTS,
            SAYS.get(event.type, event.type),
            "Only its id is kept. What it means is fetched anew, so its order does not matter.",
            tone="bad" if parked else "",
            mark=event.get_state_display() if event.state != "done" else "",
            detail=event.type,
            links=(_event(event.pk),),
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


def _staff(supporter: Supporter) -> Iterator[Line]:
    acts = list(StaffAct.objects.filter(supporter=supporter).select_related("staff"))
    wishes = Intent.objects.filter(press__in=[each.press for each in acts])
    states = dict(wishes.values_list("press", "state"))
    for act in acts:
        tone, mark = _outcome(act, states)
        amount = format_amount(act.amount_cents, act.currency) if act.amount_cents else ""
        words = act.get_phrase_display() if act.act == Act.NOTE else act.get_act_display()
        yield Line(
            act.at,
            Topic.STAFF,
            f"{words}: {amount}" if amount else words,
            "Written before it is done, never changed, and told to the supporter.",
            tone=tone,
            mark=mark,
            detail=f"{_name(act.staff)}: {act.get_reason_display().lower()}.",
            links=(_row("members_staffact", act.pk, "Act"),),
        )
    for look in access.of(supporter).select_related("staff")[:_MOST]:
        fields = ", ".join(Field(each).label.lower() for each in look.fields)
        yield Line(
            look.at,
            Topic.STAFF,
            f"{Action(look.action).label}: {fields}",
            "Every look is written down at once, and told to the supporter (DPA 2018, s. 36).",
            detail=f"{_name(look.staff)}: {Purpose(look.purpose).label.lower()}.",
            links=(_row("members_accesslog", look.pk, "Look"),),
        )


_ASKS_STRIPE: Final = frozenset({Act.REFUND, Act.CANCEL, Act.KEEP, Act.END, Act.PAUSE, Act.RESUME})


def _outcome(act: StaffAct, states: dict[str, str]) -> tuple[str, str]:
    """How an act went: told by its wish, for its own line is never changed."""
    if act.act not in _ASKS_STRIPE:
        return "", ""
    if act.press not in states:
        return "bad", "Not done"
    return _INTENTS.get(IntentState(states[act.press]), ("good", "Done"))


def _name(member: object) -> str:
    return str(getattr(member, "name", "") or getattr(member, "email", ""))


_SOURCES: Final[dict[Topic, Callable[[Supporter], Iterator[Line]]]] = {
    Topic.MONEY: _money,
    Topic.STATES: _states,
    Topic.LETTERS: _letters,
    Topic.EVENTS: _events,
    Topic.STAFF: _staff,
}
