"""An amount as people type it."""

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import Plan
from billing.models.plan import Interval
from billing.money import BadAmount, format_amount, parse_amount

MOST_CENTS: Final = 99_999

_LABELS: Final = {
    Interval.MONTH: gettext_lazy("Your amount every month"),
    Interval.YEAR: gettext_lazy("Your amount every year"),
    Interval.ONCE: gettext_lazy("Your gift"),
}


def amount_for(plan: Plan, text: str) -> int:
    """The cents that somebody typed for this plan. Raises ValidationError with advice."""
    if not text.strip():
        raise ValidationError(_("Enter an amount, for example 5 or 4.99."))
    try:
        cents = parse_amount(text)
    except BadAmount:
        raise ValidationError(
            _("Enter the amount in euros and cents, for example 5, 4.99 or 4,99.")
        ) from None
    if cents < plan.least_cents:
        least = format_amount(plan.least_cents, plan.currency)
        raise ValidationError(_("The least we can take this way is %(least)s.") % {"least": least})
    if cents > MOST_CENTS:
        most = format_amount(MOST_CENTS, plan.currency)
        words = _("The most we take on this page is %(most)s: please write to us first.")
        raise ValidationError(words % {"most": most})
    return cents


def amount_field(plan: Plan) -> forms.CharField:
    """The field in which an amount for this plan is typed."""
    least = format_amount(plan.least_cents, plan.currency)
    return forms.CharField(
        required=False,
        strip=True,
        label=_LABELS[Interval(plan.interval)],
        help_text=_("From %(least)s.") % {"least": least},
        widget=forms.TextInput(
            attrs={"inputmode": "decimal", "autocomplete": "off", "maxlength": 20}
        ),
    )


class AmountForm(forms.Form):
    """How much, for a plan: the field `amount` as people type it, read as `cents`."""

    def __init__(self, *args: Any, plan: Plan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.plan = plan
        self.fields["amount"] = amount_field(plan)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        try:
            cleaned["cents"] = amount_for(self.plan, cleaned.get("amount", ""))
        except ValidationError as error:
            self.add_error("amount", error)
        return cleaned
