"""What has to be chosen before an act: why, and what it needs to know. Never a text about a person.

`choice` is what the confirming press carries, signed: plain values of JSON.
"""

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError

from billing import refunds, wishes
from billing.models.comp import CompReason
from billing.money import BadAmount, decimal_amount, format_amount, parse_amount
from billing.wording import long_date
from members import addresses, limits, vault
from members.forms.people import AddressField
from members.models import StaffMember
from members.models.desk import Act, Phrase, Reason
from members.staff.desk import cases
from members.staff.desk.cases import Case

_MONTHS: Final = {"1": "One month", "3": "Three months", "6": "Six months", "12": "A year"}


class ActForm(forms.Form):
    """Why it is done."""

    def __init__(self, data: Any = None, *, case: Case, member: StaffMember) -> None:
        super().__init__(data, auto_id="do_%s")
        self.case, self.member = case, member
        self._ask()
        self.fields["reason"] = forms.ChoiceField(
            choices=Reason.choices,
            label="Why",
            widget=forms.RadioSelect,
            error_messages={"required": "Choose why.", "invalid_choice": "Choose one of these."},
        )

    def _ask(self) -> None:
        """Add the fields of this act, before the reason."""

    @property
    def choice(self) -> dict[str, Any]:
        """What was chosen beside the reason."""
        return {}


class RefundForm(ActForm):
    """How much goes back: all that is left, unless less is typed."""

    def _ask(self) -> None:
        left, currency = refunds.left_of(self.case.paid), self.case.paid.currency
        self.fields["amount"] = forms.CharField(
            max_length=20,
            label="How much goes back",
            help_text=f"At most {format_amount(left, currency)}.",
            initial=decimal_amount(left),
            error_messages={"required": "Enter how much goes back, for example 4.99."},
        )
        self.fields["amount"].widget.attrs.update(inputmode="decimal", autocomplete="off")

    def clean_amount(self) -> int:
        left, currency = refunds.left_of(self.case.paid), self.case.paid.currency
        try:
            cents = parse_amount(self.cleaned_data["amount"])
        except BadAmount:
            raise ValidationError(
                "Enter the amount in euros and cents, for example 4.99."
            ) from None
        if not 0 < cents <= left:
            raise ValidationError(f"Enter an amount up to {format_amount(left, currency)}.")
        if reason := cases.over_ceiling(self.case, self.member, cents):
            raise ValidationError(reason)
        return cents

    @property
    def choice(self) -> dict[str, Any]:
        return {"cents": self.cleaned_data["amount"]}


class PauseForm(ActForm):
    """How many payments are left out, each choice with its days."""

    def _ask(self) -> None:
        found = self.case.ground
        self.fields["payments"] = forms.ChoiceField(
            choices=[
                (
                    str(len(each.left_out)),
                    f"{len(each.left_out)}: the next payment is on {long_date(each.then)}",
                )
                for each in wishes.breaks(found.membership, now=found.now)
            ],
            label="How many payments are left out",
            widget=forms.RadioSelect,
            error_messages={"required": "Choose how many payments are left out."},
        )

    @property
    def choice(self) -> dict[str, Any]:
        return {"payments": int(self.cleaned_data["payments"])}


class CompForm(ActForm):
    """For whom it is free, and how long."""

    def _ask(self) -> None:
        self.fields["kind"] = forms.ChoiceField(
            choices=CompReason.choices,
            label="What it is given for",
            widget=forms.RadioSelect,
            error_messages={"required": "Choose what it is given for."},
        )
        self.fields["months"] = forms.ChoiceField(
            choices=list(_MONTHS.items()),
            label="How long",
            widget=forms.RadioSelect,
            error_messages={"required": "Choose how long."},
        )

    @property
    def choice(self) -> dict[str, Any]:
        return {"kind": self.cleaned_data["kind"], "months": int(self.cleaned_data["months"])}


class AddressForm(ActForm):
    """The address that is to be theirs, once they confirm it from there."""

    def _ask(self) -> None:
        self.fields["email"] = AddressField(
            label="The right address",
            help_text="It counts once they press the link that we send there. Nobody else can.",
        )
        self.fields["email"].widget.attrs.update(autocomplete="off", autocapitalize="none")

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if addresses.same(self.case.supporter, email):
            raise ValidationError("They have this address already.")
        # A letter goes to a mailbox that may be a stranger's, whoever asks for it.
        limit, who = limits.ADDRESS_CHANGES_PER_ADDRESS, vault.normalise_email(email)
        if not limits.allow(limit, what="address-address", who=who):
            raise ValidationError("We have written to this address often enough for today.")
        return email

    @property
    def choice(self) -> dict[str, Any]:
        return {"email": self.cleaned_data["email"]}


class NoteForm(ActForm):
    """What is noted: one of a few phrases."""

    def _ask(self) -> None:
        self.fields["phrase"] = forms.ChoiceField(
            choices=Phrase.choices,
            label="What to note",
            widget=forms.RadioSelect,
            error_messages={"required": "Choose what to note."},
        )

    @property
    def choice(self) -> dict[str, Any]:
        return {"phrase": self.cleaned_data["phrase"]}


FORMS: Final[dict[Act, type[ActForm]]] = {
    Act.REFUND: RefundForm,
    Act.PAUSE: PauseForm,
    Act.COMP: CompForm,
    Act.ADDRESS: AddressForm,
    Act.NOTE: NoteForm,
}


def form_of(case: Case, member: StaffMember, data: Any = None) -> ActForm:
    """The form of this act, filled in where something was posted."""
    return FORMS.get(case.act, ActForm)(data, case=case, member=member)
