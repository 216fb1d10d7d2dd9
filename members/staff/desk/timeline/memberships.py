"""The states of memberships with their cause, and what was wished and declared about them."""

from collections.abc import Iterator
from typing import Final

from billing.models import Intent, MembershipEvent
from billing.models.stripe import IntentKind, IntentState
from billing.states import MembershipState
from billing.wording import long_date
from members.models import Supporter
from members.staff.desk.timeline.line import Line, Link, Topic, row
from members.staff.desk.timeline.line import event as event_link

_CAUSES: Final = {
    "stripe": "Stripe told us by an event",
    "supporter": "The supporter asked for it",
    "staff": "Staff asked for it",
    "clock": "Its time had come",
    "reconcile": "The nightly check with Stripe found it",
}


def lines(supporter: Supporter) -> Iterator[Line]:
    """Each state with its cause, what was asked of Stripe, and what the supporter told us."""
    yield from _changes(supporter)
    yield from _wishes(supporter)
    yield from _declared(supporter)


def _changes(supporter: Supporter) -> Iterator[Line]:
    mine = supporter.memberships.values("pk")
    for event in MembershipEvent.objects.filter(membership__in=mine):
        came = event.old_state != event.new_state
        changed = ", ".join(sorted(name.replace("_", " ") for name in event.changes))
        links: tuple[Link, ...] = (row("billing_membership", event.membership_id, "Membership"),)
        links += (
            (event_link(event.reference),) if event.source == "stripe" and event.reference else ()
        )
        yield Line(
            event.recorded_at,
            Topic.STATES,
            f"Membership: {MembershipState(event.new_state).label.lower()}"
            if came
            else "Membership changed",
            "State is read from Stripe's subscription as it is, never from an event's type.",
            tone=TONES.get(MembershipState(event.new_state), "") if came else "",
            detail=f"{_CAUSES.get(event.source, event.source)}. Changed: {changed or 'the state'}.",
            links=links,
        )


TONES: Final = {
    MembershipState.ACTIVE: "good",
    MembershipState.PAST_DUE: "bad",
    MembershipState.PAUSED: "warn",
}
OUTCOMES: Final = {
    IntentState.OPEN: ("warn", "Waits for Stripe"),
    IntentState.REFUSED: ("bad", "Refused by Stripe"),
    IntentState.SUPERSEDED: ("", "Overtaken"),
}


def _wishes(supporter: Supporter) -> Iterator[Line]:
    """What was asked of Stripe, whoever asked. What staff asked has its own line."""
    subjects = [*supporter.memberships.values_list("pk", flat=True)]
    subjects += supporter.payments.values_list("pk", flat=True)
    for intent in Intent.objects.filter(subject__in=subjects).exclude(press__startswith="desk:"):
        tone, mark = OUTCOMES.get(IntentState(intent.state), ("", ""))
        by = "by the service" if ":" in intent.press else "by the supporter"
        yield Line(
            intent.created_at,
            Topic.STATES,
            f"Asked of Stripe: {IntentKind(intent.kind).label.lower()}",
            "A wish is a row before it is a call, and counts once however often it is pressed.",
            tone=tone,
            mark=mark,
            detail=f"Asked {by}.",
            links=(row("billing_intent", intent.pk, "Wish"),),
        )


def _declared(supporter: Supporter) -> Iterator[Line]:
    for consent in supporter.consents.all():
        yield Line(
            consent.given_at,
            Topic.STATES,
            "They consented",
            "GDPR Art. 9(2)(a): without it we may not know who supports us.",
            detail=f"Words of {consent.text_version}, {consent.locale}.",
            links=(row("members_consent", consent.pk, "Consent"),),
        )
    for change in supporter.address_changes.all():
        yield Line(
            change.confirmed_at or change.asked_at,
            Topic.STATES,
            "Another address was confirmed" if change.confirmed_at else "Another address was asked",
            "An address counts once its link is pressed from the new mailbox.",
            links=(row("members_addresschange", change.pk, "Change"),),
        )
    for statement in supporter.withdrawals.all():
        yield Line(
            statement.received_at,
            Topic.STATES,
            "They declared that they withdraw",
            "Within 14 days anybody may, and all that was paid goes back (Directive 2011/83).",
            links=(row("members_withdrawal", statement.pk, "Statement"),),
        )
    for comp in supporter.comp_memberships.all():
        yield Line(
            comp.granted_at,
            Topic.STATES,
            f"A free membership until {long_date(comp.ends_on)}",
            "Given by staff for a reason of a list. Stripe does not know it.",
            mark="Taken back" if comp.revoked_at else "",
            detail=comp.get_reason_display(),
            links=(row("billing_compmembership", comp.pk, "Row"),),
        )
