"""One supporter's record: opened for a purpose, every opening written down, the person masked."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from billing import comps, refunds
from billing.models import CompMembership, Payment, Receipt, Suppression
from billing.models.receipt import Series
from billing.states import MembershipState, PaymentState
from billing.wording import long_date, price
from members import access, limits, lockdown, sessions, standing
from members.models import StaffMember, Supporter
from members.models.access import Action, Field, Purpose
from members.models.desk import Act
from members.privacy import erasure
from members.roles import May, may
from members.staff.access import needs, refused, who
from members.staff.desk import cases, purposes, timeline
from members.staff.desk.cases import Case
from members.staff.desk.purposes import PurposeForm
from members.staff.desk.timeline import Topic
from members.staff.desk.timeline.memberships import TONES
from members.staff.desk.words import TITLES
from members.staff.letters import masks
from members.standing import Standing

_PER_PAGE: Final = 40
_PAYMENTS: Final = 12
_OF_MEMBERSHIP: Final = (Act.CANCEL, Act.KEEP, Act.PAUSE, Act.RESUME, Act.END)
_OF_PERSON: Final = (Act.NOTE, Act.ADDRESS, Act.COMP, Act.SIGN_OUT, Act.ERASE)
# What whoever opens the desk sees; all else is for those who help (May.HELP).
_FIELDS: Final = (Field.MEMBERSHIP, Field.PAYMENTS, Field.RECEIPTS)
_TOPICS: Final = (Topic.MONEY, Topic.STATES, Topic.EVENTS)


@dataclass(frozen=True, slots=True)
class Offer:
    """An act that can be done now."""

    act: Act
    about: UUID

    @property
    def title(self) -> str:
        return TITLES[self.act]


@dataclass(frozen=True, slots=True)
class MembershipCard:
    """A membership with what can be done about it."""

    found: Standing
    offers: list[Offer]

    @property
    def tone(self) -> str:
        return TONES.get(MembershipState(self.found.membership.state), "")

    @property
    def price(self) -> str:
        row = self.found.membership
        return price(row.amount_cents, row.currency, row.interval)

    @property
    def outlook(self) -> str:
        """What comes next, or what came last."""
        found, row = self.found, self.found.membership
        if row.ended_at:
            return f"Ended on {long_date(row.ended_at)}: {row.get_end_reason_display().lower()}."
        if found.closing:
            return "It is being ended, and Stripe has not answered yet."
        if found.ends_on:
            return f"Ends on {long_date(found.ends_on)}."
        if row.past_due_since and found.grace_until:
            since, ends = long_date(row.past_due_since), long_date(found.grace_until)
            return f"Overdue since {since}. It ends on {ends} unless it is paid."
        if found.renews_on:
            return f"The next payment is on {long_date(found.renews_on)}."
        return ""


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """A payment with its documents and what can be done about it."""

    payment: Payment
    receipts: list[Receipt]
    left_cents: int
    refund: Offer | None


@require_safe
@needs(May.DESK)
def record(request: HttpRequest, supporter_id: UUID) -> HttpResponseBase:
    """The record, if it is open in this session; else the question why."""
    supporter = get_object_or_404(Supporter, pk=supporter_id)
    purpose = purposes.held(request, supporter_id)
    if purpose is None:
        return _ask_why(request, supporter, PurposeForm())
    return _show(request, supporter, purpose, fields=_seen(who(request)))


@require_POST
@needs(May.DESK)
def open_record(request: HttpRequest, supporter_id: UUID) -> HttpResponseBase:
    """Open the record for the purpose that was chosen."""
    supporter = get_object_or_404(Supporter, pk=supporter_id)
    form = PurposeForm(request.POST)
    if not form.is_valid():
        return _ask_why(request, supporter, form, status=400)
    purpose = Purpose(form.cleaned_data["purpose"])
    purposes.hold(request, supporter_ids=[supporter.pk], purpose=purpose)
    return redirect("staff-desk-record", supporter.pk)


@require_POST
@needs(May.IDENTITY)
def show_who(request: HttpRequest, supporter_id: UUID) -> HttpResponseBase:
    """The record once more, with name and address in clear: a look of its own."""
    supporter = get_object_or_404(Supporter, pk=supporter_id)
    purpose = purposes.held(request, supporter_id)
    if purpose is None:
        return redirect("staff-desk-record", supporter.pk)
    if supporter.erased or lockdown.holds():
        return refused(request)
    limit = limits.DESK_NAMES_PER_MEMBER
    if not limits.allow(limit, what="desk-names", who=str(who(request).pk)):
        context = {"here": "desk", "supporter": supporter}
        return limits.too_many(request, "staff/desk/too_many.html", limit, context)
    fields = (Field.NAME, Field.EMAIL, *_seen(who(request)))
    return _show(request, supporter, purpose, fields=fields, clear=True)


def _seen(member: StaffMember) -> tuple[Field, ...]:
    """What the record shows them, as it is written down of each look."""
    return (*_FIELDS, Field.LETTERS, Field.WISHES) if may(member, May.HELP) else _FIELDS


def _ask_why(
    request: HttpRequest, supporter: Supporter, form: PurposeForm, *, status: int = 200
) -> HttpResponseBase:
    context = {"here": "desk", "supporter": supporter, "form": form}
    return render(request, "staff/desk/why.html", context, status=status)


def _show(
    request: HttpRequest,
    supporter: Supporter,
    purpose: Purpose,
    *,
    fields: tuple[Field, ...],
    clear: bool = False,
) -> HttpResponseBase:
    member = who(request)
    access.note(
        staff=member,
        supporter_id=supporter.pk,
        action=Action.SHOWN,
        fields=fields,
        purpose=purpose,
    )
    topics = [*Topic] if may(member, May.HELP) else [*_TOPICS]
    topic = next((each for each in topics if each.value == request.GET.get("show")), None)
    told = timeline.of(supporter, [topic] if topic else topics)
    return render(
        request,
        "staff/desk/record.html",
        {
            "here": "desk",
            "supporter": supporter,
            "purpose": purpose,
            "person": _person(supporter, member, clear=clear),
            "cards": [_card(each, member) for each in standing.all_of(supporter)],
            "comp": _comp(supporter, member),
            "payments": _payments(supporter, member),
            "offers": _offers(supporter, member),
            "topics": topics,
            "topic": topic,
            "page": Paginator(told, _PER_PAGE).get_page(request.GET.get("page")),
        },
    )


def _person(supporter: Supporter, member: StaffMember, *, clear: bool) -> dict[str, Any]:
    """Who it is, masked unless asked for, and how letters reach them."""
    sees = may(member, May.IDENTITY)
    shown: dict[str, Any] = {
        "may_show": sees and not supporter.erased and not clear,
        "clear": clear,
        "erasure": erasure.of(supporter),
        "browsers": len(sessions.of(supporter)),
        "language": dict(settings.LETTER_LANGUAGES).get(supporter.language, supporter.language),
    }
    if sees and not supporter.erased:
        shown["name"] = supporter.name if clear else (masks.VEIL if supporter.name_sealed else "")
        shown["email"] = supporter.email if clear else masks.address(supporter.email)
        known = Suppression.objects.filter(address_hash=supporter.email_hash, lifted_at=None)
        shown["suppressed"] = known.first()
    return shown


def _possible(case: Case, member: StaffMember) -> bool:
    return cases.may(member, case.act) and not cases.why_not(case)


def _card(found: Standing, member: StaffMember) -> MembershipCard:
    row = found.membership
    each_case = (
        Case(act, row.supporter, row.pk, membership=row, standing=found) for act in _OF_MEMBERSHIP
    )
    return MembershipCard(
        found, [Offer(case.act, row.pk) for case in each_case if _possible(case, member)]
    )


def _comp(supporter: Supporter, member: StaffMember) -> dict[str, Any] | None:
    comp: CompMembership | None = comps.of(supporter, now=timezone.now())
    if comp is None:
        return None
    offer = Offer(Act.UNCOMP, comp.pk) if cases.may(member, Act.UNCOMP) else None
    return {"row": comp, "offer": offer}


def _payments(supporter: Supporter, member: StaffMember) -> list[PaymentLine]:
    rows = supporter.payments.filter(state=PaymentState.SUCCEEDED).select_related("plan")
    found = []
    for payment in rows.prefetch_related("receipts", "disputes").order_by("-paid_at")[:_PAYMENTS]:
        case = Case(Act.REFUND, supporter, payment.pk, payment=payment)
        offer = Offer(Act.REFUND, payment.pk) if _possible(case, member) else None
        papers = sorted(payment.receipts.all(), key=lambda each: each.series != Series.RECEIPT)
        found.append(PaymentLine(payment, papers, refunds.left_of(payment), offer))
    return found


def _offers(supporter: Supporter, member: StaffMember) -> list[Offer]:
    """What can be done about the supporter, beside their memberships and payments."""
    every = (Case(act, supporter, supporter.pk) for act in _OF_PERSON)
    return [Offer(case.act, supporter.pk) for case in every if _possible(case, member)]
