"""One press of one button: an id made when the page is shown, so that a double click counts once.

It travels in a hidden field, signed together with what it is about, so that a page cannot be bent
into pressing another button or another amount. It is never part of a URL.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.core import signing
from django.utils import timezone

LASTS: Final = timedelta(hours=24)


class BadPress(ValueError):
    """The hidden field is missing, changed, too old, or of another button."""


@dataclass(frozen=True, slots=True)
class Press:
    """A press that was read back: its id, when its page was shown (UTC), and what it is about."""

    id: str
    shown_at: datetime
    about: dict[str, Any]


def make(
    *, button: str, about: dict[str, Any], press_id: str = "", shown_at: datetime | None = None
) -> str:
    """The hidden field's text for a new press of this button, or again for a known one, whose
    page was shown first at `shown_at`."""
    shown = shown_at or timezone.now()
    fields = {"id": press_id or uuid4().hex, "at": shown.isoformat(), "about": about}
    return signing.dumps(fields, salt=f"members.press.{button}", compress=True)


def read(text: str, *, button: str) -> Press:
    """The press that `make` wrote for this button. Raises BadPress."""
    try:
        fields = signing.loads(text, salt=f"members.press.{button}", max_age=LASTS)
    except signing.BadSignature as error:
        raise BadPress(type(error).__name__) from None
    return Press(fields["id"], datetime.fromisoformat(fields["at"]), fields["about"])


def read_for(text: str, *, button: str, subject: UUID) -> str:
    """The id of a press of this button about this row of ours. Raises BadPress."""
    press = read(text, button=button)
    if press.about.get("subject") != str(subject):
        raise BadPress("of another row")
    return press.id


def make_for(*, button: str, subject: UUID) -> str:
    """The hidden field's text for a new press of this button about this row of ours."""
    return make(button=button, about={"subject": str(subject)})
