"""What somebody may say when they have ended their support, if they like."""

from typing import Final

from django import forms
from django.utils.translation import gettext_lazy as _

from members.models.farewell import Why

_REASONS: Final = [
    (Why.MONEY.value, _("I cannot spare it at the moment")),
    (Why.ONCE.value, _("I would rather give now and then")),
    (Why.ELSEWHERE.value, _("I support something else now")),
    (Why.READING.value, _("I read it less than I did")),
    (Why.PRIVACY.value, _("I do not want it on my bank statement")),
    (Why.TROUBLE.value, _("Something did not work")),
    (Why.OTHER.value, _("Something else")),
]


class FarewellForm(forms.Form):
    """One of a short list: there is no room for words about a person."""

    reason = forms.ChoiceField(
        choices=_REASONS,
        error_messages={
            "required": _("Choose one of these, or just leave this page."),
            "invalid_choice": _("Choose one of the answers that are listed here."),
        },
    )
