"""How somebody is reached, what they are called, and how letters come to them."""

import unicodedata
from typing import Any, Final

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from members.models.supporter import ReceiptRhythm

LONGEST_ADDRESS: Final = 254  # RFC 5321, 4.5.3.1.3

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
        self.error_messages["required"] = gettext_lazy(
            "Enter your e-mail address: your receipts go there."
        )
        self.error_messages["invalid"] = gettext_lazy(
            "Enter an e-mail address like alice@example.org."
        )
        self.widget.attrs.update(autocomplete="email", inputmode="email", spellcheck="false")

    def to_python(self, value: Any) -> Any:
        # Before the strip: a line break is how a header is smuggled into a letter.
        if _has_control(value or ""):
            raise ValidationError(_("Enter the e-mail address on one line, without line breaks."))
        return super().to_python(value)

    def run_validators(self, value: str) -> None:
        if len(value) > LONGEST_ADDRESS:
            words = _("This e-mail address is too long: it may have %(most)s characters.")
            raise ValidationError(words % {"most": LONGEST_ADDRESS})
        domain = value.rpartition("@")[2]
        if domain.startswith("["):
            raise ValidationError(self.error_messages["invalid"])
        if not domain.isascii():
            raise ValidationError(
                _(
                    "We cannot write to a domain with letters outside a-z yet. "
                    "Enter it in its xn-- form, which your mail provider can tell you."
                )
            )
        super().run_validators(value)


class NameField(forms.CharField):
    """What somebody wants to be called, or nothing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=100, required=False, **kwargs)
        self.error_messages["max_length"] = gettext_lazy("Use 100 characters at most for the name.")
        self.widget.attrs.update(autocomplete="nickname")

    def clean(self, value: Any) -> str:
        name: str = unicodedata.normalize("NFC", super().clean(value))
        visible = name.translate(dict.fromkeys(map(ord, _JOINERS)))
        if _has_control(visible):
            raise ValidationError(
                _("Enter the name on one line, without signs that cannot be seen.")
            )
        return name if visible.strip() else ""


class AddressForm(forms.Form):
    email = AddressField(label=gettext_lazy("Your e-mail address"))


class NewAddressForm(forms.Form):
    email = AddressField(label=gettext_lazy("Your new e-mail address"))


class NameForm(forms.Form):
    name = NameField(label=gettext_lazy("What should we call you?"))


class LetterForm(forms.Form):
    """How letters come: the fields bear the names of a supporter's columns."""

    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        choices=settings.LETTER_LANGUAGES,
        error_messages={
            "invalid_choice": gettext_lazy("Choose one of the languages that are listed here.")
        },
    )
    receipt_rhythm = forms.ChoiceField(
        label=gettext_lazy("Receipts"),
        # Beside the labels of the model, which stand in migrations.
        choices=[
            (ReceiptRhythm.EVERY.value, gettext_lazy("With every payment")),
            (ReceiptRhythm.QUARTER.value, gettext_lazy("Every three months")),
            (ReceiptRhythm.YEAR.value, gettext_lazy("Once a year")),
        ],
        error_messages={
            "invalid_choice": gettext_lazy("Choose how often you would like to get receipts.")
        },
    )
    discreet = forms.BooleanField(label=gettext_lazy("Write to me discreetly"), required=False)
    wants_statement = forms.BooleanField(
        label=gettext_lazy("Send me a statement of the year each January"), required=False
    )
