"""What a supporter fills in."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.forms.boundfield import BoundField

from billing.models import Plan
from billing.models.plan import Interval
from billing.money import BadAmount, format_amount, parse_amount
from members.models.supporter import ReceiptRhythm
from members.offers import Offer

MOST_CENTS: Final = 99_999
LONGEST_ADDRESS: Final = 254  # RFC 5321, 4.5.3.1.3
FORM_WIDE_ERROR: Final = "Please look at the marked fields: nothing has been sent or charged yet."


# Signs that cannot be seen but belong to a word: Persian and Hindi spell with them, and an
# astronaut is a person joined to a rocket. Every other one of their kind can make a text lie.
_JOINERS: Final = "\u200c\u200d"


def _has_control(text: str) -> bool:
    return any(unicodedata.category(sign) in {"Cc", "Cf", "Zl", "Zp"} for sign in text)


class AddressField(forms.EmailField):
    """An e-mail address that every mail server takes: ASCII, one line, at most 254 characters.

    On a named host of the internet: not root@localhost, nor a machine by its number.
    """

    default_validators = [EmailValidator(allowlist=[])]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=LONGEST_ADDRESS, **kwargs)
        self.error_messages["required"] = "Enter your e-mail address: your receipts go there."
        self.error_messages["invalid"] = "Enter an e-mail address like alice@example.org."
        self.widget.attrs.update(autocomplete="email", inputmode="email", spellcheck="false")

    def to_python(self, value: Any) -> Any:
        # Before the strip: a line break is how a header is smuggled into a letter.
        if _has_control(value or ""):
            raise ValidationError("Enter the e-mail address on one line, without line breaks.")
        return super().to_python(value)

    def run_validators(self, value: str) -> None:
        if len(value) > LONGEST_ADDRESS:
            raise ValidationError(
                f"This e-mail address is too long: it may have {LONGEST_ADDRESS} characters."
            )
        domain = value.rpartition("@")[2]
        if domain.startswith("["):
            raise ValidationError(self.error_messages["invalid"])
        if not domain.isascii():
            raise ValidationError(
                "We cannot write to a domain with letters outside a-z yet. "
                "Enter it in its xn-- form, which your mail provider can tell you."
            )
        super().run_validators(value)


class NameField(forms.CharField):
    """What somebody wants to be called, or nothing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=100, required=False, **kwargs)
        self.error_messages["max_length"] = "Use 100 characters at most for the name."
        self.widget.attrs.update(autocomplete="nickname")

    def clean(self, value: Any) -> str:
        name: str = unicodedata.normalize("NFC", super().clean(value))
        visible = name.translate(dict.fromkeys(map(ord, _JOINERS)))
        if _has_control(visible):
            raise ValidationError("Enter the name on one line, without signs that cannot be seen.")
        return name if visible.strip() else ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to support, with its own amount field."""

    offer: Offer
    field: BoundField
    chosen: bool


class JoinForm(forms.Form):
    """Choose a way, an amount, an address. A signed-in supporter is known and gives no address."""

    plan = forms.ChoiceField(
        error_messages={
            "required": "Choose how you would like to help.",
            "invalid_choice": "Choose one of the ways to help that are listed here.",
        }
    )
    email = AddressField(label="Your e-mail address")
    name = NameField(label="What should we call you?")
    consent = forms.BooleanField(
        error_messages={"required": "Tick this box if you agree: we need your consent."}
    )
    adult = forms.BooleanField(
        label="I am 18 or older.",
        error_messages={"required": "Tick this box if you are 18 or older: only adults can pay."},
    )

    def __init__(self, *args: Any, offers: list[Offer], signed_in: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offers = offers
        self.plans = {offer.plan.slug: offer.plan for offer in offers}
        choices = [(slug, plan.name) for slug, plan in self.plans.items()]
        self.fields["plan"].choices = choices  # type: ignore[attr-defined]  # stubs: it is a ChoiceField
        if signed_in:
            del self.fields["email"], self.fields["name"]
        for offer in offers:
            self._add_amount(offer.plan)
        # The order on the page, so that the summary lists what is wrong from the top.
        self.order_fields(["plan", *(f"amount_{slug}" for slug in self.plans)])

    def _add_amount(self, plan: Plan) -> None:
        once = plan.interval == Interval.ONCE
        self.fields[f"amount_{plan.slug}"] = forms.CharField(
            required=False,
            strip=True,
            initial=format_amount(plan.suggested_cents, plan.currency)[1:],
            label="Your gift" if once else f"Your amount {plan.get_interval_display()}",
            help_text=f"From {format_amount(plan.least_cents, plan.currency)}.",
            widget=forms.TextInput(
                attrs={"inputmode": "decimal", "autocomplete": "off", "maxlength": 20}
            ),
        )

    def choices(self) -> Iterator[Choice]:
        """The ways to support with their fields, for the page."""
        chosen = self["plan"].value()
        for offer in self.offers:
            slug = offer.plan.slug
            yield Choice(offer, self[f"amount_{slug}"], slug == chosen)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        plan = self.plans.get(cleaned.get("plan", ""))
        if plan is not None:
            cleaned["chosen"] = plan
            self._clean_amount(plan, cleaned)
        return cleaned

    def _clean_amount(self, plan: Plan, cleaned: dict[str, Any]) -> None:
        name = f"amount_{plan.slug}"
        # A link or a form of somebody else's page says plain "amount" for the plan it names.
        text = cleaned.get(name) if name in self.data else self.data.get("amount", "")
        try:
            cleaned["amount_cents"] = amount_for(plan, text or "")
        except ValidationError as error:
            self.add_error(name, error)


def amount_for(plan: Plan, text: str) -> int:
    """The cents that somebody typed for this plan. Raises ValidationError with advice."""
    if not text.strip():
        raise ValidationError("Enter an amount, for example 5 or 4.99.")
    try:
        cents = parse_amount(text)
    except BadAmount:
        raise ValidationError(
            "Enter the amount in euros and cents, for example 5, 4.99 or 4,99."
        ) from None
    if cents < plan.least_cents:
        least = format_amount(plan.least_cents, plan.currency)
        raise ValidationError(f"The least we can take this way is {least}.")
    if cents > MOST_CENTS:
        most = format_amount(MOST_CENTS, plan.currency)
        raise ValidationError(f"The most we take on this page is {most}: please write to us first.")
    return cents


class AmountForm(forms.Form):
    """How much, for a plan: the field `amount` as people type it, read as `cents`."""

    amount = forms.CharField(
        required=False,
        strip=True,
        label="Your amount",
        widget=forms.TextInput(
            attrs={"inputmode": "decimal", "autocomplete": "off", "maxlength": 20}
        ),
    )

    def __init__(self, *args: Any, plan: Plan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.plan = plan
        self.fields["amount"].label = f"Your amount {plan.get_interval_display()}"
        self.fields["amount"].help_text = f"From {format_amount(plan.least_cents, plan.currency)}."

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        try:
            cleaned["cents"] = amount_for(self.plan, cleaned.get("amount", ""))
        except ValidationError as error:
            self.add_error("amount", error)
        return cleaned


class AddressForm(forms.Form):
    email = AddressField(label="Your e-mail address")


class NewAddressForm(forms.Form):
    email = AddressField(label="Your new e-mail address")


class LetterForm(forms.Form):
    """How letters come: the fields bear the names of a supporter's columns."""

    language = forms.ChoiceField(
        label="Language",
        choices=settings.LETTER_LANGUAGES,
        error_messages={"invalid_choice": "Choose one of the languages that are listed here."},
    )
    receipt_rhythm = forms.ChoiceField(
        label="Receipts",
        choices=ReceiptRhythm.choices,
        error_messages={"invalid_choice": "Choose how often you would like to get receipts."},
    )
    discreet = forms.BooleanField(label="Write to me discreetly", required=False)
    wants_statement = forms.BooleanField(
        label="Send me a statement of the year each January", required=False
    )


class NameForm(forms.Form):
    name = NameField(label="What should we call you?")
