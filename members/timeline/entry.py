"""One line of the history."""

from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.models import Receipt


class Topic(models.TextChoices):
    """What a line is about; the values stand in addresses."""

    MONEY = "payments", _("Payments")
    CHANGES = "changes", _("Changes")
    LETTERS = "letters", _("Letters")
    LOOKS = "looks", _("Who looked")


@dataclass(frozen=True, slots=True)
class Entry:
    """A moment (UTC), what happened in one sentence, and the rule behind it.

    `detail` is a second sentence where one does not tell it, `mood` how the line is marked ("",
    "good", "warn", "bad"), `mark` the few words of its mark.
    """

    at: datetime
    topic: Topic
    words: str
    rule: str
    detail: str = ""
    mood: str = ""
    mark: str = ""
    papers: tuple[Receipt, ...] = ()
