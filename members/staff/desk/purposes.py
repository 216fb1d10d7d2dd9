"""Why a record is open: said once, kept in the session for half an hour, written with each look."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django import forms
from django.http import HttpRequest
from django.utils import timezone

from members.models.access import Purpose

LASTS: Final = timedelta(minutes=30)
_KEY: Final = "desk"
# As many as three full lists of hits.
_AT_ONCE: Final = 30


class PurposeField(forms.ChoiceField):
    """Why, of the list that the supporter reads in their account."""

    widget = forms.RadioSelect

    def __init__(self) -> None:
        super().__init__(
            choices=Purpose.choices,
            label="Why do you look?",
            help_text="The supporter reads it in their account, without your name.",
            error_messages={
                "required": "Choose why you look.",
                "invalid_choice": "Choose one of these.",
            },
        )


class PurposeForm(forms.Form):
    purpose = PurposeField()


def hold(request: HttpRequest, *, supporter_ids: list[UUID], purpose: Purpose) -> None:
    """Let these records be opened for this purpose in this session."""
    held: dict[str, list[str]] = request.session.get(_KEY, {})
    until = (timezone.now() + LASTS).isoformat()
    for each in supporter_ids:
        held.pop(str(each), None)  # to the end of the line
        held[str(each)] = [purpose.value, until]
    request.session[_KEY] = dict(list(held.items())[-_AT_ONCE:])


def held(request: HttpRequest, supporter_id: UUID) -> Purpose | None:
    """For what the record is open in this session; None where it is not, or not any more."""
    purpose, until = request.session.get(_KEY, {}).get(str(supporter_id), ["", ""])
    if not purpose or datetime.fromisoformat(until) <= timezone.now():
        return None
    return Purpose(purpose)
