"""One line of a record's timeline: a moment, what happened, the rule behind it, where it stands."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import TextChoices
from django.urls import reverse

# Of what there may be without end, so many are shown.
MOST: Final = 1000


class Topic(TextChoices):
    """What a line is about; the values stand in addresses."""

    MONEY = "money", "Money"
    STATES = "states", "Memberships"
    LETTERS = "letters", "Letters"
    EVENTS = "events", "Stripe"
    STAFF = "staff", "Staff"


@dataclass(frozen=True, slots=True)
class Link:
    """Where a line was read from."""

    url: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A moment (UTC), what happened, the rule behind it, and the rows it was read from."""

    at: datetime
    topic: Topic
    words: str
    rule: str
    tone: str = ""
    mark: str = ""
    detail: str = ""
    links: tuple[Link, ...] = ()


def row(model: str, pk: object, what: str) -> Link:
    """The way to a row of the database."""
    return Link(reverse(f"admin:{model}_change", args=[pk]), f"{what} {str(pk)[-12:]}")


def event(event_id: str) -> Link:
    """The way to what Stripe told us."""
    return Link(reverse("staff-event", args=[event_id]), event_id)
