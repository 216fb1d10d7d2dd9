"""What somebody states on a public page without signing in: a withdrawal, a strange charge."""

import re
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from billing.dates import dublin_date
from billing.money import BadAmount, parse_amount
from members.forms import MOST_CENTS, AddressField, NameField

OLDEST_CHARGE: Final = timedelta(days=400)
_BAD_REFERENCE: Final = _(
    "Enter the whole reference, for example 019aa1b2-c3d4-7e5f-8a6b-9c0d1e2f3a4b. A receipt has a "
    "number too, which begins with R: that one is not needed."
)
_BAD_AMOUNT: Final = _("Enter the amount in euros and cents, for example 4.99 or 4,99.")
# As it is printed, or without its hyphens. ASCII: other alphabets have digits of their own.
_REFERENCE: Final = re.compile(
    r"([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})"
)


class ReferenceField(forms.CharField):
    """The random reference that letters and receipts print, in whatever way it was copied."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=100, **kwargs)
        self.error_messages["required"] = _("Enter the reference that stands in our letter.")
        self.error_messages["max_length"] = _BAD_REFERENCE
        self.widget.attrs.update(autocomplete="off", spellcheck="false", autocapitalize="none")

    def to_python(self, value: Any) -> Any:
        return "".join((super().to_python(value) or "").split()).lower()

    def clean(self, value: Any) -> Any:
        found = _REFERENCE.fullmatch(super().clean(value))
        if found is None:
            raise ValidationError(_BAD_REFERENCE)
        return UUID("".join(found.groups()))


class WithdrawalForm(forms.Form):
    """What a statement of withdrawal needs (Directive 2011/83, Art. 11a(2)), and nothing more."""

    email = AddressField(
        label=_("Your e-mail address"), help_text=_("The one that our letters come to.")
    )
    reference = ReferenceField(
        label=_("Reference"),
        help_text=_(
            "Letters and digits with hyphens, beside “Reference” in our first letter and on each "
            "receipt. Not the number of the receipt."
        ),
    )
    name = NameField(label=_("Your name"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].error_messages["required"] = _(
            "Enter your e-mail address: our confirmation goes there."
        )
        self.fields["name"].widget.attrs["autocomplete"] = "name"


class EuroField(forms.CharField):
    """An amount in euros and cents, as a bank statement prints it; cleaned, in cents."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=20, **kwargs)
        self.error_messages["required"] = _("Enter the amount, for example 4.99.")
        self.error_messages["max_length"] = _BAD_AMOUNT
        self.widget.attrs.update(inputmode="decimal", autocomplete="off")

    def clean(self, value: Any) -> Any:
        # A statement may print what left the account with a minus.
        text = super().clean(value).lstrip("-\u2212 ")
        try:
            cents = parse_amount(text)
        except BadAmount:
            raise ValidationError(_BAD_AMOUNT) from None
        if not 0 < cents <= MOST_CENTS:
            raise ValidationError(_BAD_AMOUNT)
        return cents


class ChargeForm(forms.Form):
    """What a bank statement tells of a payment, and what the card itself shows."""

    day = forms.DateField(
        label=_("Day on your bank statement"),
        help_text=_("Day, month and year, for example 2/3/2026."),
        input_formats=["%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y-%m-%d"],
        error_messages={
            "required": _("Enter the day that stands beside the payment."),
            "invalid": _("Enter the day as day, month and year, for example 2/3/2026."),
        },
        widget=forms.TextInput(attrs={"inputmode": "text", "autocomplete": "off", "maxlength": 12}),
    )
    amount = EuroField(label=_("Amount in euros"), help_text=_("For example 4.99."))
    last4 = forms.RegexField(
        regex=re.compile(r"\A[0-9]{4}\Z"),
        label=_("Last four digits of the card"),
        help_text=_("For a direct debit, of the account number (IBAN)."),
        error_messages={
            "required": _("Enter the last four digits of the card that was charged."),
            "invalid": _("Enter four digits, the last ones of the card's number."),
        },
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "off", "maxlength": 4}
        ),
    )

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        today = dublin_date(timezone.now())
        if day > today + timedelta(days=1):
            raise ValidationError(_("This day is still to come. Enter the day on your statement."))
        if day < today - OLDEST_CHARGE:
            raise ValidationError(
                _(
                    "This is too long ago to be looked for here: please write to us, or ask your "
                    "bank."
                )
            )
        return day
