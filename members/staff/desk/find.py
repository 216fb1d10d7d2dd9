"""Finding one supporter: one box that recognises what it is given, or a line of a statement.

The terms are posted, so that they stand in no address, no history and no log.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import structlog
from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from billing.dates import dublin_date
from billing.models import Membership
from billing.money import BadAmount, parse_amount
from members import limits, lockdown, search
from members.models import StaffMember, Supporter
from members.models.access import Purpose
from members.models.desk import Sought
from members.roles import May, may
from members.search import CardPayment, Found
from members.staff.access import needs, who
from members.staff.desk import purposes
from members.staff.letters import masks

log = structlog.get_logger(__name__)


class FindForm(forms.Form):
    """One term of any kind, or a payment as a bank statement shows it; and why."""

    term = forms.CharField(
        max_length=255,
        required=False,
        label="What they can tell you",
        help_text="Their e-mail address, words of their name, a receipt number, or an id.",
        error_messages={"max_length": "That is too long."},
    )
    last4 = forms.RegexField(
        r"^\d{4}$",
        required=False,
        label="Last four digits",
        help_text="Of the card or account.",
        error_messages={"invalid": "Enter four digits."},
    )
    amount = forms.CharField(
        max_length=20,
        required=False,
        label="Amount",
        help_text="For example 4.99.",
    )
    day = forms.DateField(
        required=False,
        label="Day",
        help_text="As the bank has it.",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": "Enter a day, such as 2026-11-23."},
    )
    purpose = purposes.PurposeField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        quiet = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        for name, kind in {"term": "search", "last4": "numeric", "amount": "decimal"}.items():
            self.fields[name].widget.attrs.update(quiet, inputmode=kind)

    @property
    def by_payment(self) -> bool:
        """Whether the line of a statement was filled in, and nothing else."""
        return not self.data.get("term") and any(self.data.get(each) for each in _LINE)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.by_payment:
            for name in _LINE:
                if not cleaned.get(name) and name not in self.errors:
                    self.add_error(name, _MISSING[name])
        elif not cleaned.get("term") and "term" not in self.errors:
            self.add_error("term", "Enter what to look for.")
        return cleaned

    def clean_amount(self) -> int:
        text = self.cleaned_data["amount"]
        try:
            return parse_amount(text) if text else 0
        except BadAmount:
            raise ValidationError(_MISSING["amount"]) from None

    def clean_day(self) -> date | None:
        day: date | None = self.cleaned_data["day"]
        if day is not None and (day > dublin_date(timezone.now()) or day.year < 2000):
            raise ValidationError("Enter a day that has been.")
        return day


_LINE: Final = ("last4", "amount", "day")
_MISSING: Final = {
    "last4": "Enter four digits.",
    "amount": "Enter the amount in euros and cents, for example 4.99.",
    "day": "Enter the day that stands on the statement.",
}


@dataclass(frozen=True, slots=True)
class Hit:
    """One who was found: no more of them than is needed to choose."""

    supporter: Supporter
    shows_who: bool
    locked: bool

    @property
    def short_id(self) -> str:
        return str(self.supporter.pk)[-12:]

    @property
    def name(self) -> str:
        """The first word of what they are called; not while the house is locked down."""
        if not self.shows_who or self.supporter.erased or self.locked:
            return ""
        return self.supporter.name.partition(" ")[0]

    @property
    def address(self) -> str:
        if self.supporter.erased:
            return "Erased: nobody is named here"
        return masks.address(self.supporter.email) if self.shows_who else ""

    @property
    def memberships(self) -> list[Membership]:
        rows = self.supporter.memberships.select_related("plan")
        return list(rows.order_by("-created_at")[:2])


@require_http_methods(["GET", "HEAD", "POST"])
@needs(May.DESK)
def find(request: HttpRequest) -> HttpResponseBase:
    """The form; with a term posted, whom it leads to."""
    form = FindForm(request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {"here": "desk", "form": form}
    if not form.is_bound or not form.is_valid():
        return _page(request, context, status=400 if form.is_bound else 200)
    member = who(request)
    limit = limits.DESK_SEARCHES_PER_MEMBER
    if not limits.allow(limit, what="desk-searches", who=str(member.pk)):
        return _page(request, context | {"too_many": True}, status=429)
    found = _found(form, member)
    purpose = Purpose(form.cleaned_data["purpose"])
    ids = [each.pk for each in found.supporters]
    purposes.hold(request, supporter_ids=ids, purpose=purpose)
    log.info("desk searched", staff=str(member.pk), sought=found.sought.value, hits=len(ids))
    sees, locked = may(member, May.IDENTITY), lockdown.holds()
    hits = [Hit(each, sees, locked) for each in found.supporters]
    return _page(
        request, context | {"found": found, "hits": hits, "why_none": _none(found, member)}
    )


def _found(form: FindForm, member: StaffMember) -> Found:
    given, by_name = form.cleaned_data, may(member, May.IDENTITY)
    purpose = Purpose(given["purpose"])
    if not form.by_payment:
        term = given["term"]
        return search.find(term=term, staff=member, purpose=purpose, by_name=by_name)
    paid = CardPayment(given["last4"], given["amount"], given["day"])
    return search.find_payment(payment=paid, staff=member, purpose=purpose, by_name=by_name)


def _none(found: Found, member: StaffMember) -> str:
    """What to try, where nobody was found."""
    if found.sought is Sought.NOTHING and not may(member, May.IDENTITY):
        return "Names are for the support team. Ask for a receipt number, or a line of a statement."
    return _ADVICE[found.sought]


_ADVICE: Final = {
    Sought.EMAIL: "Nobody has this address. They may have joined with another one.",
    Sought.NAME: "Nobody is called so. A name is found by its whole words; it can also be empty.",
    Sought.RECEIPT: "There is no receipt with this number. It looks like R-2026-000123.",
    Sought.PAYMENT: "No payment fits. Look for the day again: a bank books some days later.",
    Sought.STRIPE: "No row of ours has this id of Stripe's.",
    Sought.OURS: "No row of ours has this id.",
    Sought.NOTHING: "That is no address, name, receipt number or id. A word needs two letters.",
}


def _page(request: HttpRequest, context: dict[str, Any], *, status: int = 200) -> HttpResponseBase:
    return render(request, "staff/desk/find.html", context, status=status)
